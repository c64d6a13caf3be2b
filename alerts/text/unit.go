package text

import (
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Unit is one condition as all queries share it that ask for the same: a word
// or a phrase, required or excluded, a row of neighbouring words, or the bond
// between two of them. An index that holds a million queries decides each unit
// once for a posting. Units are immutable and safe for concurrent use.
type Unit struct {
	a    *Analyser
	key  string
	word string   // or phrase; "" for a row and a bond
	cut  *cutWord // what else a query needs of it
	ways []alternative

	// Of two neighbours in a row. Their ways are found when somebody asks for them:
	// seldom, and there are as many rows as pairs of words.
	left, right *Unit
	made        atomic.Pointer[Unit]

	bond   *bond // instead of ways
	groups []group
}

// all are the ways in which u may hold, those of a bond excepted.
func (u *Unit) all() []alternative {
	if u.right == nil {
		return u.ways
	}
	made := u.made.Load()
	if made == nil {
		made = u.a.rowUnit([]string{u.left.word, u.right.word})
		u.made.Store(made)
	}
	return made.ways
}

// pair is the row of two neighbours.
func (a *Analyser) pair(left, right *Unit) *Unit { return &Unit{a: a, left: left, right: right} }

// Key tells what the unit asks for and how: units of Analysers with one hash
// that have the same key hold for the same documents.
func (u *Unit) Key() string {
	if u.right != nil {
		return rowKey(u.left.word + " " + u.right.word)
	}
	return u.key
}

// Alternatives is in how many ways the unit may hold; 0 for a bond, of which
// only Holds can tell.
func (u *Unit) Alternatives() int { return len(u.all()) }

// Terms are all in Document.Terms whenever alternative i holds: necessary,
// never empty. The caller must not change them.
func (u *Unit) Terms(i int) []Term { return u.all()[i].terms }

// Question is an alternative of a unit, to be asked.
type Question struct{ alt *alternative }

// Question asks for alternative i.
func (u *Unit) Question(i int) Question { return Question{&u.all()[i]} }

// Holds tells whether the alternative holds for d.
func (q Question) Holds(d *Document) bool { return q.alt.holds(d) }

// Fetch reads what Holds reads first. Who has many questions fetches for all of them
// before, so that the processor waits for their memory together.
func (q Question) Fetch() int { return len(q.alt.terms) }

// Ways are how a term may occur in a document.
type Ways uint8

// Needs are the ways in which term k of alternative i occurs, in one of them at
// least, in every document for which the alternative holds.
func (u *Unit) Needs(i, k int) Ways { return Ways(u.all()[i].needs(k)) }

// Unless is what the title of no document says for which alternative i holds.
func (u *Unit) Unless(i int) Beside { return u.all()[i].unless }

// Suffices tells whether alternative i, which has one term, holds for every
// document for which Needs and Unless do not rule it out.
func (u *Unit) Suffices(i int) bool {
	alt := &u.all()[i]
	return len(alt.terms) == 1 && (alt.mode == single || alt.mode == inTitle || alt.mode == anyTitle)
}

// Pair is how two terms hold together: all of an alternative but the terms.
type Pair uint8

const (
	pairMode  Pair = 1<<3 - 1
	pairTitle Pair = 1 << 3 // in the title alone
	pairHead  Pair = 1 << 4 // the first of the two is the head
	aPair     Pair = 1 << 5 // the zero value is none
)

// Pair gives how the terms of alternative i hold together, of which first is the
// number of the one that Pair.Holds gets first; 0 if these are not two.
func (u *Unit) Pair(i, first int) Pair {
	alt := &u.all()[i]
	if len(alt.terms) != 2 || alt.terms[0] == alt.terms[1] || alt.mode == inRow && alt.gaps[1] != 1 {
		return 0
	}
	p := aPair | Pair(alt.mode)
	if alt.title {
		p |= pairTitle
	}
	if first == 1 {
		p |= pairHead
	}
	return p
}

// Holds tells what HoldsBy does of the alternative, if Unless does not rule it out.
// p must not be 0.
func (p Pair) Holds(first, other Term, d *Document) bool {
	terms := [2]Term{first, other}
	if p&pairHead != 0 {
		terms = [2]Term{other, first}
	}
	alt := alternative{terms: terms[:], mode: mode(p & pairMode), title: p&pairTitle != 0, gaps: nextTo}
	return alt.holds(d)
}

// nextTo are the gaps of two words in a row.
var nextTo = []int{0, 1}

// Occurs tells whether the term at index i of Terms occurs in one of these ways.
func (d *Document) Occurs(i int, ways Ways) bool { return d.summary[i]&uint8(ways) != 0 }

// Has tells whether t is among Terms and occurs in one of these ways.
func (d *Document) Has(t Term, ways Ways) bool { return d.has(t, uint8(ways)) }

// Says tells whether the title says anything of b.
func (d *Document) Says(b Beside) bool { return d.company&b != 0 }

// Holds tells whether the unit holds for d in any way.
func (u *Unit) Holds(d *Document) bool {
	if u.bond != nil {
		return u.bond.holds(d, u.groups)
	}
	ways := u.all()
	for i := range ways {
		if ways[i].holds(d) {
			return true
		}
	}
	return false
}

// RowOf is the row of plain words that stand next to each other in a query, as
// Condition.Rows has it.
func RowOf(words ...*Unit) *Unit { return words[0].a.rowUnit(wordsOf(words)) }

// RowTerms gives the Terms of each alternative of RowOf(words...), some of them twice.
// It keeps nothing: an index asks once for each of hundreds of thousands of rows.
func RowTerms(words ...*Unit) iter.Seq[[]Term] {
	a := words[0].a
	if len(words) == 2 {
		return a.pairTerms(words[0], words[1])
	}
	return termsOf(a.rowWays(wordsOf(words)))
}

// EachTerms gives the Terms of each alternative, some of them twice. The alternatives of
// a row of two that nobody has asked for are not made for it.
func (u *Unit) EachTerms() iter.Seq[[]Term] {
	if u.right == nil {
		return termsOf(u.ways)
	}
	a := u.a
	return slices.Values(a.pairs.once(u.Key(), func() [][]Term { return slices.Collect(a.pairTerms(u.left, u.right)) }))
}

func wordsOf(units []*Unit) []string {
	ws := make([]string, len(units))
	for i, u := range units {
		ws[i] = u.word
	}
	return ws
}

// Condition is one required condition of a query: it holds if one of Units
// does, or one of Rows, each of which stands for all conditions that have it.
type Condition struct{ Units, Rows []*Unit }

// Conditions appends what a query requires, in its order. The query holds if
// all of these do, all Bonds, and none of Excluded. The caller must not change
// the units.
func (q Query) Conditions(dst []Condition) []Condition {
	if q.c == nil {
		return dst
	}
	for i := range q.c.required {
		g := &q.c.required[i]
		dst = append(dst, Condition{g.units[:g.atoms:g.atoms], g.units[g.atoms:]})
	}
	return dst
}

// Excluded appends the units of which none may hold.
func (q Query) Excluded(dst []*Unit) []*Unit {
	if q.c == nil {
		return dst
	}
	for i := range q.c.excluded {
		dst = append(dst, q.c.excluded[i].units...)
	}
	return dst
}

// Bonds appends the query's bonds, which must all hold as well.
func (q Query) Bonds(dst []*Unit) []*Unit {
	if q.c == nil {
		return dst
	}
	for i := range q.c.bonds {
		b := &q.c.bonds[i]
		dst = append(dst, &Unit{key: q.c.bondKey(b), bond: b, groups: q.c.required})
	}
	return dst
}

// bondKey is the run of plain words in which the bond stands, on which all
// depends that it looks at.
func (c *compiled) bondKey(b *bond) string {
	group, at := 0, 0 // the clause of the bond's first word
	for i := range c.clauses {
		if c.clauses[i].excluded {
			continue
		}
		if group == b.left {
			at = i
			break
		}
		group++
	}
	from, to := at, at+1
	for from > 0 && isPlain(c.clauses[from-1]) {
		from--
	}
	for to < len(c.clauses) && isPlain(c.clauses[to]) {
		to++
	}
	return "~" + strconv.Itoa(at-from) + " " + strings.Clone(printClauses(c.clauses[from:to]))
}

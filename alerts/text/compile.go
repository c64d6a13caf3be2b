package text

import (
	"slices"
	"strings"
)

// group is one condition of a query; one of its units must hold. Units are
// shared between the queries that ask for the same word.
type group struct {
	asked string
	units []*Unit // one an atom, then those of the rows it stands in
	atoms int
}

// alternative is one way in which a group may hold.
type alternative struct {
	terms  []Term // all necessary; the last is the head
	mode   mode
	title  bool   // in the title alone
	unless Beside // does not hold in such a title
	gaps   []int  // of a phrase: how many places each term stands behind the first
	asked  string
	rule   Rule
	via    string
}

type mode uint8

const (
	single   mode = iota // the term ends a word
	inTitle              // all in the title, the head ending a word, and one at least in another word
	anyTitle             // all in the title, in any part of a word
	together             // as inTitle, or all in one sentence, where first parts count only in the head's own word
	near                 // whole words within a few words of the title, or, in order, of a sentence
	inRow                // whole words in a row
)

// MaxAlternatives bounds a unit: synonyms of synonyms' parts add up.
const MaxAlternatives = 96

// distinct leaves out what says the same again, and what is beyond the bound.
func distinct(alts []alternative) []alternative {
	var out []alternative
	for _, n := range alts {
		if len(n.terms) == 0 || len(out) >= MaxAlternatives {
			continue
		}
		known := slices.ContainsFunc(out, func(o alternative) bool {
			return o.mode == n.mode && o.title == n.title && slices.Equal(o.terms, n.terms) && slices.Equal(o.gaps, n.gaps)
		})
		if !known {
			out = append(out, n)
		}
	}
	return slices.Clip(out)
}

// compile turns clauses into what is looked up.
func (a *Analyser) compile(clauses []clause) *compiled {
	c := &compiled{clauses: clauses}
	bare := 0
	for _, cl := range clauses {
		if !cl.excluded {
			bare++
		}
	}
	at := make([]int, len(clauses)) // clause to group
	for i, cl := range clauses {
		g := group{asked: cl.asked(), units: make([]*Unit, 0, len(cl.atoms)+1), atoms: len(cl.atoms)}
		led := a.led(clauses, i)
		for _, x := range cl.atoms {
			x.title = x.title || led
			g.units = append(g.units, a.atomUnit(x, cl.excluded, bare > 1))
		}
		if cl.excluded {
			c.excluded = append(c.excluded, g)
			continue
		}
		at[i] = len(c.required)
		c.required = append(c.required, g)
	}
	a.addRows(c, at)
	a.addBonds(c, at)
	return c
}

// asked is the clause as printed, but for the sign of exclusion.
func (c clause) asked() string {
	if len(c.atoms) == 1 {
		return c.atoms[0].String()
	}
	return strings.TrimPrefix(printClauses([]clause{c}), "-")
}

// led tells whether clause i says what is led, beside Leiter or Head of.
func (a *Analyser) led(clauses []clause, i int) bool {
	if !isPlain(clauses[i]) || a.leads(clauses[i]) {
		return false
	}
	return i > 0 && a.leads(clauses[i-1]) || i+1 < len(clauses) && a.leads(clauses[i+1])
}

func (a *Analyser) leads(c clause) bool {
	if !isPlain(c) {
		return false
	}
	ps := a.pieces(c.atoms[0].text)
	return len(ps) == 1 && a.lex.leads[ps[0].base]
}

// titleOnly tells words for a kind of contract: in a text, Ausbildung and
// Praktikum speak of what one has behind oneself.
func (a *Analyser) titleOnly(x atom) bool {
	ps := a.pieces(x.text)
	return !x.phrase && len(ps) == 1 && a.lex.titleOnly[a.lex.stemGerman(ps[0].base)]
}

// atomUnit has the ways in which an atom may hold, shared if asked before.
func (a *Analyser) atomUnit(x atom, excluded, several bool) *Unit {
	key := x.String()
	switch {
	case excluded:
		key = "-" + key
	case several:
		key = "+" + key
	}
	return a.units.once(key, func() *Unit {
		var out []alternative
		switch {
		case x.phrase:
			out = a.phrase(x.text)
		case excluded:
			out = a.plain(x.text)
		default:
			out = a.plain(x.text)
			if !several {
				out = a.helpedByName(out, x.text)
			}
			out = append(out, a.compoundWays(x.text)...)
			out = append(out, a.inTitleOnly(x.text, several)...)
			out = append(out, a.synonymWays([]string{x.text})...)
			out = append(out, a.synonymWays(a.apart(x.text))...)
			out = append(out, a.headSynonyms(x.text)...)
		}
		for i := range out {
			out[i].asked, out[i].title = x.text, out[i].title || x.title || a.titleOnly(x)
		}
		return &Unit{a: a, key: key, word: x.text, cut: a.cutOf(x.text), ways: distinct(out)}
	})
}

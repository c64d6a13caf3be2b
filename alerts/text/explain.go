package text

import (
	"strings"
)

// Rule says by which rule a word was found; the set is closed.
type Rule string

// The rules, from the plainest to the furthest.
const (
	Exact      Rule = "exact"
	Inflection Rule = "inflection" // plural, case
	Gender     Rule = "gender"     // feminine form or gender mark
	Spelling   Rule = "spelling"   // umlaut, ß, hyphen, case
	Compound   Rule = "compound"   // the end of a compound, or two words written as one
	Parts      Rule = "parts"      // a compound's parts, apart
	Activity   Rule = "activity"   // Leitung for Leiter, in a title
	Synonym    Rule = "synonym"
	Phrase     Rule = "phrase"
)

// Indirect rules find what was not itself asked for.
func (r Rule) Indirect() bool { return r == Synonym || r == Parts }

// Hit says what became of one group of a query.
type Hit struct {
	Asked    string // as typed; a group's alternatives with OR if none was found
	Found    string // as written in the posting; empty if the group failed
	InTitle  bool
	Excluded bool // Found is a word that the query leaves out
	Rule     Rule
	Via      string // the synonyms' line, or the compound's parts
}

// Explain tells whether the query holds for d and why: a hit for each
// required group, in order, and one for each excluded word that was found.
// It agrees with Matches.
func (q Query) Explain(d *Document) (held bool, hits []Hit) {
	if q.c == nil {
		return true, nil
	}
	held = true
	for i := range q.c.required {
		h, ok := q.c.required[i].explain(d)
		held = held && ok
		hits = append(hits, h)
	}
	for i := range q.c.bonds {
		if b := &q.c.bonds[i]; held && !b.holds(d, q.c.required) {
			held = false
			hits[b.left], hits[b.right] = Hit{Asked: b.asked}, Hit{Asked: b.asked}
		}
	}
	for i := range q.c.excluded {
		if h, ok := q.c.excluded[i].explain(d); ok {
			h.Excluded = true
			held = false
			hits = append(hits, h)
		}
	}
	return held, hits
}

// Weigh counts, of the groups that a query requires, those found in the text
// alone, and those found by way of a synonym or a compound's parts. d must meet
// the query. It agrees with Explain, allocates nothing, and costs a tenth.
func (q Query) Weigh(d *Document) (inText, indirect int) {
	if q.c == nil {
		return 0, 0
	}
	for i := range q.c.required {
		alt, inTitle := q.c.required[i].best(d)
		if !inTitle {
			inText++
		}
		if alt != nil && alt.rule.Indirect() {
			indirect++
		}
	}
	return inText, indirect
}

// best is the first alternative that holds in the title, else the first that
// holds; nil if none does.
func (g *group) best(d *Document) (alt *alternative, inTitle bool) {
	for _, u := range g.units {
		a, title := u.best(d)
		if title {
			return a, true
		}
		if alt == nil {
			alt = a
		}
	}
	return alt, false
}

// best is group.best among the unit's.
func (u *Unit) best(d *Document) (alt *alternative, inTitle bool) {
	ways := u.all()
	for i := range ways {
		if !ways[i].holds(d) {
			continue
		}
		if ways[i].holdsInTitle(d) {
			return &ways[i], true
		}
		if alt == nil {
			alt = &ways[i]
		}
	}
	return alt, false
}

func (g *group) explain(d *Document) (Hit, bool) {
	alt, inTitle := g.best(d)
	if alt == nil {
		return Hit{Asked: g.asked}, false
	}
	h := Hit{Asked: alt.asked, InTitle: inTitle, Rule: alt.rule, Via: alt.via}
	places := alt.found(d, inTitle)
	h.Found = d.quote(places)
	if alt.rule == Inflection {
		h.Rule = plainRule(h.Asked, h.Found, d, alt.terms[0], places[0])
		if h.Rule == Compound {
			h.Via = h.Found
		}
	}
	return h, true
}

func (alt *alternative) holdsInTitle(d *Document) bool {
	t := *alt
	t.title = true
	return t.holds(d)
}

// found returns the places of an alternative that holds, one a term.
func (alt *alternative) found(d *Document, title bool) []uint32 {
	last := len(alt.terms) - 1
	if alt.mode == inRow {
		t := *alt
		t.title = title
		at, _ := t.row(d)
		return []uint32{at, at + uint32(alt.gaps[last])}
	}
	within := func(at uint32) bool { return (at < d.titlePlaces) == title }
	if alt.mode == near {
		t := *alt
		t.title = title
		head, _ := t.nearHead(d)
		far := uint32(last * nearPlaces)
		within = func(at uint32) bool {
			return at+far >= head && at <= head+far && d.places[at].sentence == d.places[head].sentence
		}
	}
	if !title && alt.mode == together {
		sentence := alt.sentence(d)
		within = func(at uint32) bool { return d.places[at].sentence == sentence }
	}
	var each [][]uint32
	for k, t := range alt.terms {
		part := alt.mode == anyTitle || k < last && (alt.mode == together || alt.mode == inTitle)
		var places []uint32
		for _, o := range d.at(d.lookup(t)) {
			if within(o>>occurrenceBits) && (o&asPart == 0 || part || alt.mode == near && whole(o)) && len(places) < maxHeads {
				places = append(places, o>>occurrenceBits)
			}
		}
		each = append(each, places)
	}
	return closest(each)
}

// closest picks one place of each row so that they lie close to the last's.
func closest(each [][]uint32) []uint32 {
	var best []uint32
	bestSpan := ^uint32(0)
	for _, head := range each[len(each)-1] {
		row, from, to := []uint32(nil), head, head
		for _, places := range each[:len(each)-1] {
			near, distance := head, ^uint32(0)
			for _, p := range places {
				if gap := max(p, head) - min(p, head); gap < distance {
					near, distance = p, gap
				}
			}
			row, from, to = append(row, near), min(from, near), max(to, near)
		}
		if to-from < bestSpan {
			best, bestSpan = append(row, head), to-from
		}
	}
	return best
}

// sentence is the first one of the body in which a together-alternative holds.
func (alt *alternative) sentence(d *Document) uint32 {
	last := len(alt.terms) - 1
	for _, head := range d.at(d.lookup(alt.terms[last])) {
		at := head >> occurrenceBits
		if head&asPart != 0 || at < d.titlePlaces {
			continue
		}
		if alt.aroundHead(d, at) {
			return d.places[at].sentence
		}
	}
	return 0
}

// maxQuote is how long a quotation may be before the words stand alone.
const maxQuote = 80

// quote returns the words at places as the posting has them: what lies
// between, too, if it is short.
func (d *Document) quote(places []uint32) string {
	if len(places) == 0 {
		return ""
	}
	text := d.body
	if places[0] < d.titlePlaces {
		text = d.title
	}
	from, to := d.places[places[0]].start, d.places[places[0]].end
	for _, p := range places {
		from, to = min(from, d.places[p].start), max(to, d.places[p].end)
	}
	if to-from <= maxQuote {
		return strings.Join(strings.Fields(text[from:to]), " ")
	}
	var out []string
	for _, p := range places {
		out = append(out, text[d.places[p].start:d.places[p].end])
	}
	return strings.Join(out, " … ")
}

// feminineOf tells whether f looks like a form of m for women, or for both.
func feminineOf(f, m string) bool {
	return hasAnySuffix(f, "in", "innen", "frau", "frauen", "leute", "schwester") && len(f) > len(m) || strings.HasSuffix(f, "frau") && strings.HasSuffix(m, "mann")
}

// plainRule tells how the word found differs from the word asked.
func plainRule(asked, found string, d *Document, t Term, at uint32) Rule {
	if asked == found {
		return Exact
	}
	suffix := false
	for _, o := range d.at(d.lookup(t)) {
		if o>>occurrenceBits == at {
			suffix = o&asSuffix != 0
			if !suffix {
				break
			}
		}
	}
	a, f := canonical(asked), canonical(found)
	switch {
	case suffix, strings.ContainsRune(found, '-') && !strings.ContainsRune(asked, '-') && len(f) > len(a)+2:
		return Compound
	case strings.EqualFold(asked, found):
		return Exact
	case a == f:
		return Spelling
	case strings.ContainsAny(found, ":*_/("), feminineOf(f, a), feminineOf(a, f):
		return Gender
	}
	return Inflection
}

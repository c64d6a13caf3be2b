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
	for i := range q.c.excluded {
		if h, ok := q.c.excluded[i].explain(d); ok {
			h.Excluded = true
			held = false
			hits = append(hits, h)
		}
	}
	return held, hits
}

func (g *group) explain(d *Document) (Hit, bool) {
	best := -1
	inTitle := false
	for i := range g.alternatives {
		alt := &g.alternatives[i]
		if !alt.holds(d) {
			continue
		}
		if t := alt.holdsInTitle(d); best < 0 || t && !inTitle {
			best, inTitle = i, t
		}
	}
	if best < 0 {
		return Hit{Asked: g.asked}, false
	}
	alt := &g.alternatives[best]
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
	if !title && alt.mode == near {
		head, _ := alt.nearHead(d)
		within = func(at uint32) bool {
			return d.places[at].sentence == d.places[head].sentence && head < at+nearPlaces && at <= head+nearPlaces
		}
	}
	if !title && alt.mode == together {
		sentence := alt.sentence(d)
		within = func(at uint32) bool { return d.places[at].sentence == sentence }
	}
	var out []uint32
	for k, t := range alt.terms {
		i := d.lookup(t)
		part := alt.mode == anyTitle || k < last && (alt.mode == together || alt.mode == inTitle)
		for _, o := range d.at(i) {
			if within(o>>occurrenceBits) && (o&asPart == 0 || part) {
				out = append(out, o>>occurrenceBits)
				break
			}
		}
	}
	return out
}

// sentence is the first one of the body in which a together-alternative holds.
func (alt *alternative) sentence(d *Document) uint32 {
	last := len(alt.terms) - 1
	for _, head := range d.at(d.lookup(alt.terms[last])) {
		at := head >> occurrenceBits
		if head&asPart != 0 || at < d.titlePlaces {
			continue
		}
		all := true
		for _, t := range alt.terms[:last] {
			all = all && d.beside(d.lookup(t), at)
		}
		if all {
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
	case suffix:
		return Compound
	case strings.EqualFold(asked, found):
		return Exact
	case spelled(a) == spelled(f):
		return Spelling
	case strings.ContainsAny(found, ":*_/(") || strings.HasSuffix(f, "in") || strings.HasSuffix(f, "innen") ||
		strings.HasSuffix(f, "frau") || strings.HasSuffix(f, "leute") || strings.HasSuffix(a, "in") || strings.HasSuffix(a, "frau"):
		return Gender
	}
	return Inflection
}

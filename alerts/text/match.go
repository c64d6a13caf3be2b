package text

// Group is a condition of a query, for an index: one alternative must hold.
type Group struct{ Alternatives []Alternative }

// Alternative names terms that are all in Document.Terms whenever the
// alternative holds: a necessary condition, never empty. Matches decides.
type Alternative struct{ Terms []Term }

// Required returns the groups that must all hold, for an index that files
// queries under terms. The caller owns what it gets, but not the Terms.
func (q Query) Required() []Group {
	if q.c == nil {
		return nil
	}
	out := make([]Group, len(q.c.required))
	for i, g := range q.c.required {
		for _, u := range g.units {
			for _, alt := range u.all() {
				out[i].Alternatives = append(out[i].Alternatives, Alternative{alt.terms})
			}
		}
	}
	return out
}

// Matches tells whether the query holds for d, which must come from an
// Analyser with the same hash. It allocates nothing.
func (q Query) Matches(d *Document) bool {
	if q.c == nil {
		return true
	}
	for i := range q.c.required {
		if !q.c.required[i].holds(d) {
			return false
		}
	}
	for i := range q.c.bonds {
		if !q.c.bonds[i].holds(d, q.c.required) {
			return false
		}
	}
	for i := range q.c.excluded {
		if q.c.excluded[i].holds(d) {
			return false
		}
	}
	return true
}

func (g *group) holds(d *Document) bool {
	for _, u := range g.units {
		if u.Holds(d) {
			return true
		}
	}
	return false
}

func (alt *alternative) holds(d *Document) bool {
	for _, t := range alt.terms { // nearly always this is the end of it
		if !d.may(bitOf(t)) {
			return false
		}
	}
	if alt.unless&d.company != 0 {
		return false
	}
	switch alt.mode {
	case single:
		return d.has(alt.terms[0], alt.where(endsInTitle, endsInBody))
	case inTitle:
		return alt.allInTitle(d, endsInTitle)
	case anyTitle:
		return alt.allInTitle(d, endsInTitle|partInTitle)
	case together:
		return alt.allInTitle(d, endsInTitle) || !alt.title && alt.inSentence(d)
	case near:
		return alt.nearby(d)
	}
	_, ok := alt.row(d)
	return ok
}

// needs are the ways of which holds wants one of term k.
func (alt *alternative) needs(k int) uint8 {
	head := k == len(alt.terms)-1
	switch alt.mode {
	case inTitle:
		if head {
			return endsInTitle
		}
		return endsInTitle | partInTitle
	case anyTitle:
		return endsInTitle | partInTitle
	case together:
		if head {
			return alt.where(endsInTitle, endsInBody)
		}
		return alt.where(endsInTitle|partInTitle, endsInBody|partInBody)
	case near, inRow:
		return alt.where(wholeInTitle, wholeInBody)
	}
	if k > 0 { // single looks at the first alone
		return anyhow
	}
	return alt.where(endsInTitle, endsInBody)
}

func (alt *alternative) where(title, body uint8) uint8 {
	if alt.title {
		return title
	}
	return title | body
}

// has tells whether t occurs in one of these ways.
func (d *Document) has(t Term, ways uint8) bool {
	i := d.lookup(t)
	return i >= 0 && d.summary[i]&ways != 0
}

// allInTitle wants the head in one of these ways, the others in any.
func (alt *alternative) allInTitle(d *Document, head uint8) bool {
	last := len(alt.terms) - 1
	if !d.has(alt.terms[last], head) {
		return false
	}
	for _, t := range alt.terms[:last] {
		if !d.has(t, endsInTitle|partInTitle) {
			return false
		}
	}
	return last == 0 || alt.apart(d)
}

// apart tells whether some head in the title has one of the other terms in
// another word. Within one word parts count only in a row, which is found
// without this: a Kinderkrankenpfleger is no Kinderpfleger.
func (alt *alternative) apart(d *Document) bool {
	last := len(alt.terms) - 1
	for _, head := range d.at(d.lookup(alt.terms[last])) {
		at := head >> occurrenceBits
		if head&asPart != 0 || at >= d.titlePlaces {
			continue
		}
		for _, t := range alt.terms[:last] {
			for _, o := range d.at(d.lookup(t)) {
				if p := o >> occurrenceBits; p < d.titlePlaces && d.places[p].start != d.places[at].start {
					return true
				}
			}
		}
	}
	return false
}

// maxHeads bounds how many occurrences of a head are tried in one posting.
const maxHeads = 64

// inSentence looks for a sentence of the body with the head ending a word,
// and each other term ending a word or being a first part of the head's.
func (alt *alternative) inSentence(d *Document) bool {
	last := len(alt.terms) - 1
	h := d.lookup(alt.terms[last])
	if h < 0 || d.summary[h]&endsInBody == 0 {
		return false
	}
	heads := d.at(h)
	for n, head := range heads {
		if n == maxHeads {
			return false
		}
		if head&asPart != 0 || head>>occurrenceBits < d.titlePlaces {
			continue
		}
		if alt.aroundHead(d, head>>occurrenceBits) {
			return true
		}
	}
	return false
}

// aroundHead tells whether every other term stands in the sentence of the
// head at that place, ending a word or within the head's, and one of them in
// another word.
func (alt *alternative) aroundHead(d *Document, at uint32) bool {
	here, outside := d.places[at], false
	for _, t := range alt.terms[:len(alt.terms)-1] {
		i := d.lookup(t)
		if i < 0 {
			return false
		}
		found := false
		for _, o := range d.inSentence(i, here.sentence) {
			p := d.places[o>>occurrenceBits]
			if o&asPart != 0 && p.start != here.start {
				continue
			}
			found = true
			outside = outside || p.start != here.start
		}
		if !found {
			return false
		}
	}
	return outside
}

// nearPlaces is how far from the last word of a synonym the others may stand,
// for each of them.
const nearPlaces = 3

func (alt *alternative) nearby(d *Document) bool {
	for _, t := range alt.terms {
		if !d.has(t, alt.where(wholeInTitle, wholeInBody)) {
			return false
		}
	}
	_, ok := alt.nearHead(d)
	return ok
}

// nearHead finds the place of the last term with all others near it, in the
// title if they are there.
func (alt *alternative) nearHead(d *Document) (uint32, bool) {
	last := len(alt.terms) - 1
	for n, head := range d.at(d.lookup(alt.terms[last])) {
		at := head >> occurrenceBits
		if n == maxHeads {
			break
		}
		if !whole(head) || alt.title && at >= d.titlePlaces {
			continue
		}
		all := true
		for _, t := range alt.terms[:last] {
			all = all && d.near(d.lookup(t), at, uint32(last*nearPlaces))
		}
		if all {
			return at, true
		}
	}
	return 0, false
}

// near tells whether the term with index i stands before at, or in a title on
// either side of it, as far away at most.
func (d *Document) near(i int, at, far uint32) bool {
	for _, o := range d.inSentence(i, d.places[at].sentence) {
		p := o >> occurrenceBits
		if !whole(o) {
			continue
		}
		if p < at && p+far >= at || p > at && at+far >= p && p < d.titlePlaces {
			return true
		}
	}
	return false
}

// row finds a phrase and returns the place of its first word.
func (alt *alternative) row(d *Document) (uint32, bool) {
	first := d.lookup(alt.terms[0])
	if first < 0 || d.summary[first]&alt.where(wholeInTitle, wholeInBody) == 0 {
		return 0, false
	}
	for _, o := range d.at(first) {
		at := o >> occurrenceBits
		if !whole(o) || alt.title && at >= d.titlePlaces {
			continue
		}
		if alt.follows(d, at) {
			return at, true
		}
	}
	return 0, false
}

func (alt *alternative) follows(d *Document, at uint32) bool {
	for k, t := range alt.terms[1:] {
		i := d.lookup(t)
		want := at + uint32(alt.gaps[k+1])
		if i < 0 || int(want) >= len(d.places) || d.places[want].sentence != d.places[at].sentence || !d.wholeAt(i, want) {
			return false
		}
	}
	return true
}

func (d *Document) wholeAt(i int, at uint32) bool {
	for _, o := range d.at(i) {
		if o>>occurrenceBits == at && whole(o) {
			return true
		}
	}
	return false
}

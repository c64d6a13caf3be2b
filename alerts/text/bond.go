package text

import "slices"

// bond is an everyday English word asked for together with an occupation:
// "sales manager", "data engineer". Wherever else a posting says sales or
// data, it says nothing of what the manager or the engineer does.
type bond struct {
	left, right           int // groups
	asked                 string
	modifiers, occupation []Term // stems, and the root of who does it and what is done
}

// addBonds notes where such words follow each other in a query.
func (a *Analyser) addBonds(c *compiled, at []int) {
	for i := range c.clauses {
		if i+1 == len(c.clauses) {
			return
		}
		l, r := c.clauses[i], c.clauses[i+1]
		if !isPlain(l) || !isPlain(r) {
			continue
		}
		left, right := l.atoms[0].text, r.atoms[0].text
		if !a.modifies(left) || !a.word(right).person {
			continue
		}
		b := bond{
			left: at[i], right: at[i+1], asked: left + " " + right,
			modifiers: a.asked(left).wholes(), occupation: a.asked(right).wholes(),
		}
		if ps := a.pieces(right); len(ps) == 1 { // "Data Engineering Lead"
			b.occupation = append(b.occupation, termOf(rootTerm, a.lex.root(a.lex.stemGerman(ps[0].base))))
		}
		c.bonds = append(c.bonds, b)
	}
}

// modifies tells an everyday word that says what an occupation behind it is about.
func (a *Analyser) modifies(word string) bool {
	return a.lex.everyday[a.lex.stemEnglish(canonical(word))]
}

func isPlain(c clause) bool {
	return !c.excluded && len(c.atoms) == 1 && !c.atoms[0].phrase && !c.atoms[0].title
}

// holds tells whether the two words stand together, or either was found as
// something else: by a synonym, a translation, or both written as one.
func (b *bond) holds(d *Document, groups []group) bool {
	for _, g := range []int{b.left, b.right} {
		for _, u := range groups[g].units {
			ways := u.all()
			for i := range ways {
				if !b.literal(&ways[i]) && ways[i].holds(d) {
					return true
				}
			}
		}
	}
	for _, t := range b.occupation {
		for _, head := range d.of(t) {
			if head&asPart == 0 && b.beside(d, head>>occurrenceBits) {
				return true
			}
		}
	}
	return false
}

// literal tells a way that finds nothing but one of the two words.
func (b *bond) literal(alt *alternative) bool {
	return alt.rule != Synonym && len(alt.terms) == 1 && !(alt.rule == Compound && len(alt.asked) == len(b.asked))
}

// beside tells whether the modifier stands with the occupation at that place:
// in its word, before it, or behind it where a title says of what ("Manager,
// Sales"), and then not before a word of its own ("Engineer, Data Centers").
func (b *bond) beside(d *Document, at uint32) bool {
	for _, t := range b.modifiers {
		i := d.lookup(t)
		if i < 0 {
			continue
		}
		if slices.ContainsFunc(d.inSentence(i, d.places[at].sentence), func(o uint32) bool {
			return d.modifies(o>>occurrenceBits, at)
		}) {
			return true
		}
	}
	return false
}

// modifies tells whether the word at place p says what the head at place h is.
func (d *Document) modifies(p, h uint32) bool {
	inTitle := h < d.titlePlaces
	switch {
	case d.places[p].start == d.places[h].start:
		return true
	case p < h:
		return inTitle || p+nearPlaces >= h
	case !inTitle || p > h+2*nearPlaces:
		return false
	case h == 0 && p == 1, p+1 == d.titlePlaces: // "Assistant, Medical Practice"
		return true
	}
	from, to := d.places[p].end, d.places[p+1].start
	return to != from+1 || d.title[from] != ' '
}

// of returns the occurrences of t.
func (d *Document) of(t Term) []uint32 {
	i := d.lookup(t)
	if i < 0 {
		return nil
	}
	return d.at(i)
}

package text

import (
	"strings"
	"sync/atomic"
	"unicode"
)

// plainWord is a word as a query of nothing else is understood. Most queries are
// a few such words, and a daemon that starts reads a million of them.
type plainWord struct {
	text   string
	simple bool // it is one atom, just as typed, whatever plain words stand beside it
	key    string
	// What it may be together with its neighbours, which parse looks into.
	leads, opens, modifies, person bool

	alone, several, excluded atomic.Pointer[Unit]
}

// plainWord returns what is known of a word.
func (a *Analyser) plainWord(text string) *plainWord {
	if w := a.plains.get(text); w != nil {
		return *w
	}
	w := &plainWord{text: strings.Clone(text)}
	c := a.clauses(w.text)
	w.simple = len(c) == 1 && len(text) > 1 && isPlain(c[0]) && c[0].atoms[0].text == w.text
	if w.simple {
		clause := clause{atoms: []atom{{text: w.text}}}
		w.key, w.leads, w.opens = c[0].atoms[0].key(), a.leads(clause), a.opens(w.text)
		w.modifies, w.person = a.modifies(w.text), a.word(w.text).person
	}
	return *a.plains.keep(w.text, w)
}

// unit is the word's as required, alone or among several words, or as excluded.
func (w *plainWord) unit(a *Analyser, excluded, several bool) *Unit {
	at := &w.alone
	switch {
	case excluded:
		at = &w.excluded
	case several:
		at = &w.several
	}
	u := at.Load()
	if u == nil {
		u = a.atomUnit(atom{text: w.text}, excluded, several)
		at.Store(u)
	}
	return u
}

// parsePlain parses what is nothing but plain words with a blank between, some
// of them excluded, in a fraction of the time that parse takes; ok is false for
// everything else, and where words may mean something beside each other.
func (a *Analyser) parsePlain(query string) (_ Query, ok bool) {
	var words [maxQueryAtoms]*plainWord
	var excluded [maxQueryAtoms]bool
	n, required := 0, 0
	for rest, more := query, true; more; n++ {
		var word string
		word, rest, more = strings.Cut(rest, " ")
		if n == maxQueryAtoms {
			return Query{}, false
		}
		word, excluded[n] = strings.CutPrefix(word, "-")
		if !letters(word) {
			return Query{}, false
		}
		w := a.plainWord(word)
		if !w.simple || w.leads || w.opens {
			return Query{}, false
		}
		for _, other := range words[:n] {
			if other.key == w.key {
				return Query{}, false
			}
		}
		if n > 0 && !excluded[n] && !excluded[n-1] && words[n-1].modifies && w.person {
			return Query{}, false
		}
		words[n] = w
		if !excluded[n] {
			required++
		}
	}
	if required == 0 {
		return Query{}, false
	}
	return Query{a.compilePlain(words[:n], excluded[:n], required)}, true
}

// letters tells words of Latin letters in one normal form.
func letters(word string) bool {
	for _, r := range word {
		if r >= 0x250 || !unicode.IsLetter(r) {
			return false
		}
	}
	return len(word) > 1
}

// compilePlain is compile for plain words that have neither bonds nor leaders nor
// rows of more than two among them.
func (a *Analyser) compilePlain(words []*plainWord, excluded []bool, required int) *compiled {
	c := &compiled{clauses: make([]clause, len(words))}
	atoms, groups := make([]atom, len(words)), make([]group, 0, len(words))
	units := make([]*Unit, 0, 3*len(words)) // a word's and two rows'
	c.required = groups[:0:required]
	c.excluded = groups[required:required:len(words)]
	if required == len(words) {
		c.excluded = nil
	}
	var left *Unit // the row with the word before
	for i, w := range words {
		atoms[i] = atom{text: w.text}
		c.clauses[i] = clause{excluded[i], atoms[i : i+1 : i+1]}
		from := len(units)
		units = append(units, w.unit(a, excluded[i], required > 1))
		if excluded[i] {
			c.excluded = append(c.excluded, group{w.text, units[from:len(units):len(units)], 1})
			left = nil
			continue
		}
		if left != nil {
			units = append(units, left)
		}
		left = nil
		if i+1 < len(words) && !excluded[i+1] && a.synonyms.most > 1 {
			left = a.pair(w.text, words[i+1].text)
			units = append(units, left)
		}
		c.required = append(c.required, group{w.text, units[from:len(units):len(units)], 1})
	}
	return c
}

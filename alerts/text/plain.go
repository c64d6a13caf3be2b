package text

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
)

// plainWord is a word as a query of nothing else is understood. Most queries are
// a few such words, and a daemon that starts reads a million of them.
type plainWord struct {
	text   string
	simple bool // it is one atom, just as typed, whatever plain words stand beside it
	or     bool // it is the operator
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
	w := &plainWord{text: strings.Clone(text), or: text == "OR" || text == "ODER"}
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

// plainItem is one atom of a plain query.
type plainItem struct {
	word     *plainWord
	phrase   string // instead of a word
	excluded bool
	or       bool // belongs to the clause of the item before
}

func (x *plainItem) atom() atom {
	if x.word == nil {
		return atom{text: x.phrase, phrase: true}
	}
	return atom{text: x.word.text}
}

// parsePlain parses what is nothing but plain words and phrases of such with a
// blank between, OR between some and others excluded, in a fraction of the time
// that parse takes; ok is false for everything else, and where words may mean
// something beside each other.
func (a *Analyser) parsePlain(query string) (_ Query, ok bool) {
	var room [maxQueryAtoms]plainItem
	items, required, or := room[:0], 0, false
	for rest, more := query, true; more; {
		var x plainItem
		if x, rest, more, ok = a.plainItem(rest); !ok || len(items) == maxQueryAtoms {
			return Query{}, false
		}
		if x.word != nil && x.word.or {
			if or || !more || len(items) == 0 || items[len(items)-1].excluded {
				return Query{}, false
			}
			or = true
			continue
		}
		x.or, or = or, false
		if !x.fits(items) {
			return Query{}, false
		}
		items = append(items, x)
		if !x.excluded && !x.or {
			required++
		}
	}
	if required == 0 {
		return Query{}, false
	}
	return Query{a.compilePlain(items, required)}, true
}

// plainItem cuts the first item off a query, and tells whether more follows.
func (a *Analyser) plainItem(query string) (x plainItem, rest string, more, ok bool) {
	if phrase, quoted := strings.CutPrefix(query, `"`); quoted {
		if x.phrase, rest, ok = strings.Cut(phrase, `"`); !ok {
			return x, "", false, false
		}
		for w := range strings.SplitSeq(x.phrase, " ") {
			if !letters(w) || !a.plainWord(w).simple {
				return x, "", false, false
			}
		}
		rest, more = strings.CutPrefix(rest, " ")
		return x, rest, more, more || rest == ""
	}
	text, rest, more := strings.Cut(query, " ")
	text, x.excluded = strings.CutPrefix(text, "-")
	if !letters(text) {
		return x, "", false, false
	}
	x.word = a.plainWord(text)
	if x.word.or {
		return x, rest, more, !x.excluded
	}
	return x, rest, more, x.word.simple && !x.word.leads
}

// fits tells whether x says the same beside these items as alone.
func (x *plainItem) fits(items []plainItem) bool {
	if x.or && x.excluded {
		return false
	}
	for i := range items {
		y := &items[i]
		switch {
		case x.word != nil && y.word != nil && x.word.key == y.word.key, x.word == nil && x.phrase == y.phrase:
			return false
		case (x.word == nil || y.word == nil) && (x.excluded || y.excluded):
			return false
		}
	}
	if len(items) == 0 || x.word == nil || x.or || x.excluded {
		return true
	}
	for i, y := range slices.Backward(items) { // a row of three words or more may mean something
		if y.word == nil || y.excluded {
			break
		}
		if y.word.opens && len(items)-i > 1 {
			return false
		}
	}
	y := &items[len(items)-1]
	return y.word == nil || y.excluded || !y.word.modifies || !x.word.person
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

// compilePlain is compile for items that have neither bonds nor leaders nor rows of
// more than two among them.
func (a *Analyser) compilePlain(items []plainItem, required int) *compiled {
	atoms, units := make([]atom, len(items)), make([]*Unit, 0, 3*len(items)) // a word's and two rows'
	c := &compiled{clauses: make([]clause, 0, len(items)), required: make([]group, 0, required)}
	var left *Unit // the row with the word before
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].or {
			to++
		}
		first := len(units)
		for i := from; i < to; i++ {
			atoms[i] = items[i].atom()
			if w := items[i].word; w != nil {
				units = append(units, w.unit(a, items[i].excluded, required > 1))
			} else {
				units = append(units, a.atomUnit(atoms[i], false, required > 1))
			}
		}
		x := clause{items[from].excluded, atoms[from:to:to]}
		c.clauses = append(c.clauses, x)
		if left != nil {
			units = append(units, left)
		}
		left = nil
		if to < len(items) && a.synonyms.most > 1 && isPlain(x) && items[to].word != nil && !items[to].excluded && !(to+1 < len(items) && items[to+1].or) {
			left = a.pair(units[first], items[to].word.unit(a, false, required > 1))
			units = append(units, left)
		}
		g := group{x.asked(), units[first:len(units):len(units)], to - from}
		if x.excluded {
			c.excluded = append(c.excluded, g)
		} else {
			c.required = append(c.required, g)
		}
		from = to
	}
	return c
}

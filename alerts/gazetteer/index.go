package gazetteer

import "slices"

// tier says how a key belongs to a place, best first.
type tier uint8

const (
	byName  tier = iota // its name
	byAlias             // its name in another language, or longer or shorter
	byBase              // its name without what tells it from namesakes
	byLoose             // a name with umlauts dropped
	byPart              // one half of a double name
)

// nameIndex finds records by key. Links of one key form a list.
type nameIndex struct {
	heads map[string]int32 // 1 + number of the first link
	links []link
	buf   []byte // scratch while loading
	words []word // likewise
}

type link struct {
	record int32
	next   int32 // 1 + number of the next link; 0 ends the list
	tier   tier
	full   string // for byBase: the key of the whole name
}

func (x *nameIndex) add(k []byte, record int32, t tier, full string) string {
	head, ok := x.heads[string(k)]
	for at := head; at != 0; at = x.links[at-1].next {
		l := &x.links[at-1]
		if l.record == record && (t != byBase || l.full == full) {
			l.tier = min(l.tier, t)
			return ""
		}
	}
	x.links = append(x.links, link{record: record, next: head, tier: t, full: full})
	n := int32(len(x.links))
	if ok {
		x.heads[string(k)] = n
		return ""
	}
	s := string(k)
	x.heads[s] = n
	return s
}

// addQuarter files a quarter under its name only: neither "Zürich (Kreis 11)"
// nor "Halle-Neustadt" is meant by a part of its name.
func (x *nameIndex) addQuarter(record int32, name string, t tier) {
	x.words = splitInto(x.words[:0], name)
	words := x.words
	if len(words) == 0 {
		return
	}
	x.buf = appendKey(x.buf[:0], words, false)
	x.add(x.buf, record, t, "")
	x.buf = appendKey(x.buf[:0], words, true)
	x.add(x.buf, record, byLoose, "")
}

// addName files a record under a name and what follows from it.
func (x *nameIndex) addName(record int32, name string, t tier) {
	x.words = splitInto(x.words[:0], name)
	words := x.words
	if len(words) == 0 {
		return
	}
	x.buf = appendKey(x.buf[:0], words, false)
	full := x.add(x.buf, record, t, "")
	loose := slices.ContainsFunc(words, func(w word) bool { return w.loose != w.text })
	if loose {
		x.buf = appendKey(x.buf[:0], words, true)
		x.add(x.buf, record, byLoose, "")
	}
	base := baseLength(words)
	if base < len(words) {
		if full == "" {
			full = key(words)
		}
		x.buf = appendKey(x.buf[:0], words[:base], false)
		x.add(x.buf, record, byBase, full)
		if loose {
			x.buf = appendKey(x.buf[:0], words[:base], true)
			x.add(x.buf, record, byLoose, "")
		}
	}
	x.addHalves(record, words[:base])
	if base > 1 && titles[words[0].text] {
		x.buf = appendKey(x.buf[:0], words[1:], false)
		x.add(x.buf, record, byAlias, "")
	}
}

// addHalves files Garmisch-Partenkirchen and Bad Neuenahr-Ahrweiler under
// both of their names.
func (x *nameIndex) addHalves(record int32, words []word) {
	at := slices.IndexFunc(words, func(w word) bool { return w.sep == hyphen })
	if at < 1 || at != len(words)-1 || len(words) > 3 {
		return
	}
	for _, half := range [][]word{words[:at], words[at:]} {
		if w := half[len(half)-1].text; len(w) >= 5 && !describing[w] {
			x.buf = appendKey(x.buf[:0], half, false)
			x.add(x.buf, record, byPart, "")
		}
	}
}

// candidate is a record that a name may mean.
type candidate struct {
	record int32
	tier   tier
	full   string
}

// find returns the records filed under k, in no particular order, each once.
func (x *nameIndex) find(k string) []candidate {
	var out []candidate
	for at := x.heads[k]; at != 0; at = x.links[at-1].next {
		l := &x.links[at-1]
		out = append(out, candidate{record: l.record, tier: l.tier, full: l.full})
	}
	return out
}

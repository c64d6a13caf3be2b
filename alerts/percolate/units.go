package percolate

import (
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// unit is one condition that subscriptions share: decided at most once for a
// posting, and referred to by number. In a base units are numbered from 1 by
// rarity, so that the least number of a conjunction is its anchor.
type unit struct {
	text  *text.Unit // of a query, or nil
	again bool       // a second number of it: for conditions that no row stands for
	kind  uint64     // ofEmployer, ofLanguage or ofSource: names are of that kind; ofKey: filed under key alone
	names []string   // one of them must be the posting's
	key   key
}

// holds decides names; queries' units are decided by alternatives.
func (u *unit) holds(d *alerts.Document) bool {
	switch u.kind {
	case ofEmployer:
		return slices.Contains(u.names, d.EmployerKey())
	case ofLanguage:
		return slices.Contains(u.names, d.Language)
	case ofSource:
		return slices.Contains(u.names, d.Source)
	}
	return true // its key was the posting's
}

// weak units hold for so many postings that nothing is filed under them.
func (u *unit) weak() bool { return u.kind == ofLanguage || u.kind == ofSource }

// lazyUnit marks the numbers of units that no term of a posting tells of: bonds.
// They are decided when a record asks.
const lazyUnit = 1 << 31

// dictionary numbers units in order of appearance, from 1, and lazy ones from
// lazyUnit.
type dictionary struct {
	units  []unit
	lazies []*text.Unit
	byText map[*text.Unit]uint32 // a unit may come as several equal values
	byName map[string]uint32     // queries' units by Key, names by kind and names
	byKey  map[key]uint32
}

func newDictionary() *dictionary {
	return &dictionary{units: make([]unit, 1), byText: map[*text.Unit]uint32{}, byName: map[string]uint32{}, byKey: map[key]uint32{}}
}

func (d *dictionary) add(u unit) uint32 {
	d.units = append(d.units, u)
	return uint32(len(d.units) - 1)
}

func (d *dictionary) ofText(u *text.Unit) uint32 {
	n, ok := d.byText[u]
	if ok {
		return n
	}
	n, ok = d.byName[u.Key()]
	lazy := u.Alternatives() == 0
	switch {
	case ok:
	case lazy:
		n = lazyUnit | uint32(len(d.lazies))
		d.lazies = append(d.lazies, u)
	default:
		n = d.add(unit{text: u})
	}
	d.byName[u.Key()] = n
	if !lazy { // bonds are made for each query anew
		d.byText[u] = n
	}
	return n
}

// again is a second number for a unit: of a condition that no row stands for.
func (d *dictionary) again(u *text.Unit) uint32 {
	const mark = "\x00again"
	n, ok := d.byName[u.Key()+mark]
	if !ok {
		n = d.add(unit{text: u, again: true})
		d.byName[u.Key()+mark] = n
	}
	return n
}

// same is the number of another dictionary's unit, which is not lazy.
func (d *dictionary) same(u *unit) uint32 {
	switch {
	case u.text == nil:
		return d.ofNames(u.kind, u.names)
	case u.again:
		return d.again(u.text)
	}
	return d.ofText(u.text)
}

func (d *dictionary) ofNames(kind uint64, names []string) uint32 {
	k := string(rune('\x00'+kind)) + strings.Join(names, "\x00")
	n, ok := d.byName[k]
	if !ok {
		n = d.add(unit{kind: kind, names: names})
		d.byName[k] = n
	}
	return n
}

func (d *dictionary) ofKey(k key) uint32 {
	n, ok := d.byKey[k]
	if !ok {
		n = d.add(unit{kind: ofKey, key: k})
		d.byKey[k] = n
	}
	return n
}

// ref is one way in which a unit may hold: an alternative of a query's unit, with
// what it needs of two of its terms, the one that it is filed under and the rarest of
// the others. That decides nearly all of them: where an alternative lies in memory
// is seldom looked at. 16 bytes.
type ref struct {
	other       text.Term // or the same one, where there is no other
	unit        uint32
	alternative uint8 // its number; or inline and how it holds, if that is all to know
	first, rest text.Ways
	unless      text.Beside
}

// inline marks an alternative of one term, or of two and how these hold together.
const inline = 1 << 7

var _ [inline - text.MaxAlternatives]struct{} // their numbers are below it

func newRef(unit uint32, u *text.Unit, i, first, other int) ref {
	r := ref{
		other: u.Terms(i)[other], unit: unit, alternative: uint8(i),
		first: u.Needs(i, first), rest: u.Needs(i, other), unless: u.Unless(i),
	}
	pair := u.Pair(i, first)
	if pair != 0 || u.Suffices(i) {
		r.alternative = inline | uint8(pair)
	}
	return r
}

// holds decides the alternative for a document that has the term it is filed under,
// at index i of its terms; open is true where only the alternative itself can tell.
func (r *ref) holds(i int, d *text.Document) (holds, open bool) {
	if !d.Occurs(i, r.first) || d.Says(r.unless) {
		return false, false
	}
	switch {
	case r.alternative == inline:
		return true, false
	case !d.Has(r.other, r.rest):
		return false, false
	case r.alternative&inline != 0:
		return text.Pair(r.alternative&^inline).Holds(d.Terms()[i], r.other, d), false
	}
	return false, true
}

// ask is a ref that its alternative has to decide.
type ask struct {
	*ref
	text     *text.Unit
	question text.Question
}

// finder leads from what a posting has to the units that may hold.
type finder struct {
	filter []uint64 // a bit a hash: nearly everything ends here
	slots  []finderSlot
	refs   []ref
}

type finderSlot struct {
	hash uint64
	span // of refs; empty where from is to
}

type finding struct {
	hash uint64
	ref  ref
}

// newFinder files every unit under the rarest term of each alternative, or under
// its names or key.
func newFinder(units []unit, df *Frequencies, p *pace) finder {
	var all []finding
	for n := range units {
		p.spend(aRecord)
		u, number := &units[n], uint32(n)
		switch {
		case u.text != nil:
			for i := range u.text.Alternatives() {
				terms := u.text.Terms(i)
				first, other := rarest2(terms, df)
				all = append(all, finding{uint64(terms[first]), newRef(number, u.text, i, first, other)})
			}
		case u.kind == ofKey:
			all = append(all, finding{uint64(u.key), ref{unit: number}})
		default:
			for _, name := range u.names {
				all = append(all, finding{uint64(wordKey(u.kind, name)), ref{unit: number}})
			}
		}
	}
	slices.SortFunc(all, func(a, b finding) int {
		p.spend(aStep)
		switch {
		case a.hash < b.hash:
			return -1
		case a.hash > b.hash:
			return 1
		}
		return int(int64(a.ref.unit) - int64(b.ref.unit))
	})
	distinct := 0
	for i := range all {
		if i == 0 || all[i].hash != all[i-1].hash {
			distinct++
		}
	}
	f := finder{filter: newFilter(distinct), slots: make([]finderSlot, powerOfTwo(2*distinct+1)), refs: make([]ref, len(all))}
	for from := 0; from < len(all); {
		to := from
		for ; to < len(all) && all[to].hash == all[from].hash; to++ {
			f.refs[to] = all[to].ref
		}
		h := all[from].hash
		*f.slot(h) = finderSlot{h, span{uint32(from), uint32(to)}}
		setFilter(f.filter, h)
		from = to
	}
	return f
}

func powerOfTwo(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

// newFilter has sixteen bits for each of n hashes.
func newFilter(n int) []uint64 { return make([]uint64, powerOfTwo(n/4+1)) }

func setFilter(f []uint64, h uint64) { f[h>>6&uint64(len(f)-1)] |= 1 << (h & 63) }

// inFilter is 0 for a hash that was not set.
func inFilter(f []uint64, h uint64) uint32 { return uint32(f[h>>6&uint64(len(f)-1)]>>(h&63)) & 1 }

// slot is where h is, or the empty slot where it would be.
func (f *finder) slot(h uint64) *finderSlot {
	mask := uint64(len(f.slots) - 1)
	for i := f.place(h); ; i = (i + 1) & mask {
		if s := &f.slots[i]; s.hash == h && s.from < s.to || s.from == s.to {
			return s
		}
	}
}

// place is where h would be if nothing else were.
func (f *finder) place(h uint64) uint64 { return h >> 20 & uint64(len(f.slots)-1) }

// may is 0 for nearly every hash that find finds nothing for.
func (f *finder) may(h uint64) uint32 { return inFilter(f.filter, h) }

// find gives the refs of h.
func (f *finder) find(h uint64) span { return f.slot(h).span }

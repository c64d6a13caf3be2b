package percolate

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// base is a part of an index that does not change but for tombstones. Its zero
// value holds nothing.
//
// A posting is met in two steps. First the units that hold for it are found, each
// decided once. Then the records filed under these are read: those of one anchor
// lie side by side, in groups by the second unit that they require, within a
// group by radius and latitude. A record and its extras say all that the
// criteria say, so what passes is a match.
type base struct {
	units  []unit // by number; 0 is none
	lazies []*text.Unit
	finder finder
	places places

	anchors []uint32 // by unit: its first group; one more
	groups  []group  // and one more, at the end of records
	records []record
	extras  extras
	rows    rowTable

	inert  []uint32 // subscriptions that can match nothing
	count  int
	held   idSet        // the numbers of its subscriptions
	dead   idSet        // set once the death is in deaths
	died   atomic.Int64 // how many are dead
	deaths sync.Map     // number to the instant at which it died
}

// group are the records under one anchor that require a second unit, or none (0).
type group struct {
	second uint32
	first  uint32 // record; the next group's is the end
}

// state is what one posting knows while it is matched with a base.
type state struct {
	asked
	of    *base // for which the sizes are right
	d     *alerts.Document
	bits  []uint64 // units that hold
	list  []uint32 // the same
	memo  []uint8  // by set of places, then by lazy unit: 0 undecided
	known []uint32 // entries of memo that are not 0
	rows  []uint32 // that hold
	keys  []key
}

const (
	no  = 1
	yes = 2
)

func (s *state) begin(x *base, d *alerts.Document) {
	if s.of != x {
		s.of = x
		s.bits, s.memo = make([]uint64, len(x.units)/64+1), make([]uint8, len(x.places.sets)+len(x.lazies))
		s.list, s.known = s.list[:0], s.known[:0]
	}
	for _, u := range s.list {
		s.bits[u>>6] = 0
	}
	for _, i := range s.known {
		s.memo[i] = 0
	}
	s.list, s.known, s.d = s.list[:0], s.known[:0], d
	s.bits[0] |= 1 // what requires no unit
	s.asked.set(d)
}

func (s *state) has(u uint32) bool { return s.bits[u>>6]&(1<<(u&63)) != 0 }

// holds is has for numbers of lazy units as well.
func (s *state) holds(u uint32) bool {
	if u&lazyUnit == 0 {
		return s.has(u)
	}
	n := u &^ lazyUnit
	return s.decide(uint32(len(s.of.places.sets))+n, func() bool { return s.of.lazies[n].Holds(s.d.Text) })
}

func (s *state) decide(i uint32, holds func() bool) bool {
	if s.memo[i] == 0 {
		s.memo[i] = no
		if holds() {
			s.memo[i] = yes
		}
		s.known = append(s.known, i)
	}
	return s.memo[i] == yes
}

// find decides the units.
func (s *state) find() {
	f := &s.of.finder
	for i, t := range s.d.Text.Terms() {
		for _, r := range f.find(uint64(t)) {
			if !s.has(r.unit) && r.holds(i, s.of.units, s.d.Text) {
				s.take(r.unit)
			}
		}
	}
	s.keys = otherKeys(s.keys[:0], s.d)
	for _, k := range s.keys {
		for _, r := range f.find(uint64(k)) {
			if !s.has(r.unit) && s.of.units[r.unit].holds(s.d) {
				s.take(r.unit)
			}
		}
	}
	slices.Sort(s.list)
}

func (s *state) take(u uint32) {
	s.bits[u>>6] |= 1 << (u & 63)
	s.list = append(s.list, u)
}

// percolate appends the numbers that match and were alive at the instant, in any
// order, some of them more than once.
func (x *base) percolate(dst []uint32, at instant, d *alerts.Document, s *state) []uint32 {
	if len(x.records) == 0 {
		return dst
	}
	s.begin(x, d)
	s.find()
	from := len(dst)
	for _, anchor := range s.list {
		dst = x.scan(dst, anchor, s)
	}
	s.rows = x.met(s.rows[:0], d)
	for _, row := range s.rows {
		dst = x.byRow(dst, row, s)
	}
	if x.died.Load() == 0 {
		return dst
	}
	found := slices.DeleteFunc(dst[from:], func(id uint32) bool { return !x.alive(id, at) })
	return dst[:from+len(found)]
}

// scan reads the groups of an anchor whose second unit holds.
func (x *base) scan(dst []uint32, anchor uint32, s *state) []uint32 {
	from, to := x.anchors[anchor], x.anchors[anchor+1]
	if from == to {
		return dst
	}
	groups := x.groups[from : to+1]
	n := len(groups) - 1
	if n <= 8*len(s.list) {
		for i := range n {
			if g := groups[i]; g.second == 0 || s.has(g.second) {
				dst = x.scanGroup(dst, g.first, groups[i+1].first, s)
			}
		}
		return dst
	}
	i := 0
	if groups[0].second == 0 {
		dst = x.scanGroup(dst, groups[0].first, groups[1].first, s)
		i = 1
	}
	for _, u := range s.list {
		i += sort.Search(n-i, func(k int) bool { return groups[i+k].second >= u })
		if i == n {
			break
		}
		if groups[i].second == u {
			dst = x.scanGroup(dst, groups[i].first, groups[i+1].first, s)
		}
	}
	return dst
}

// searchFrom is how many records a group must have for looking up its latitudes.
const searchFrom = 256

func (x *base) scanGroup(dst []uint32, from, to uint32, s *state) []uint32 {
	records := x.records[from:to]
	if len(records) < searchFrom || s.remote {
		return x.scanRecords(dst, records, s)
	}
	for len(records) > 0 {
		r := records[0]
		if r.flags&inCircle == 0 {
			end := sort.Search(len(records), func(i int) bool { return records[i].flags&inCircle != 0 })
			dst = x.scanRecords(dst, records[:end], s)
			records = records[end:]
			continue
		}
		end := sort.Search(len(records), func(i int) bool { return records[i].circle > r.circle })
		reach := x.places.circles[r.circle].latitudes
		for i := range s.spots {
			low, high := s.spots[i].y-reach, s.spots[i].y+reach
			begin := sort.Search(end, func(i int) bool { return float64(records[i].lat) >= low })
			n := sort.Search(end-begin, func(i int) bool { return float64(records[begin+i].lat) > high })
			dst = x.scanRecords(dst, records[begin:begin+n], s)
		}
		records = records[end:]
	}
	return dst
}

// scanRecords is where the time goes: what most records fail by comes first.
func (x *base) scanRecords(dst []uint32, records []record, s *state) []uint32 {
	bits, types, reach := s.bits, s.types, s.reach
	never, more := s.never, hasExtras
	if !s.remote { // remote postings pass any place
		more |= inCircle | inSet
	}
	for i := range records {
		r := &records[i]
		if bits[r.third>>6]&(1<<(r.third&63)) == 0 || r.flags&never != 0 || r.wish > reach || r.types != 0 && r.types&types == 0 {
			continue
		}
		if r.flags&more == 0 || x.passesMore(r, s) {
			dst = append(dst, r.id)
		}
	}
	return dst
}

// passesMore decides place and extras.
func (x *base) passesMore(r *record, s *state) bool {
	if !s.remote && r.flags&(inCircle|inSet) != 0 && !x.placed(r, s) {
		return false
	}
	if r.flags&hasExtras == 0 {
		return true
	}
	e := x.extras[r.extra:]
	for _, u := range e.required() {
		if !s.holds(u) {
			return false
		}
	}
	return x.passesRest(e, s)
}

func (x *base) placed(r *record, s *state) bool {
	if r.flags&inCircle != 0 {
		return s.near(r, x.places.circles)
	}
	n := uint32(r.lat)
	return s.decide(n, func() bool { return x.places.sets[n].Holds(s.d) })
}

// passesRest decides the extras but for the required units.
func (x *base) passesRest(e extras, s *state) bool {
	for _, u := range e.excluded() {
		if s.has(u) {
			return false
		}
	}
	if f, ok := e.foreign(); ok && !s.pays(f) {
		return false
	}
	return e.groups(func(g extras) bool { return slices.ContainsFunc(g, s.has) })
}

// byRow tests the records for which a row that holds may stand.
func (x *base) byRow(dst []uint32, row uint32, s *state) []uint32 {
	for _, n := range x.rows.list(row) {
		r := &x.records[n]
		stands := func(u uint32) bool {
			if s.holds(u) {
				return true
			}
			return slices.ContainsFunc(s.rows, func(other uint32) bool {
				if !slices.Contains(x.rows.units(other), u) {
					return false
				}
				_, in := slices.BinarySearch(x.rows.list(other), n)
				return in
			})
		}
		if x.requires(n, stands) && x.passesBut(r, s) {
			dst = append(dst, r.id)
		}
	}
	return dst
}

// passesBut decides all but the units that the record requires.
func (x *base) passesBut(r *record, s *state) bool {
	if r.flags&s.never != 0 || r.wish > s.reach || r.types != 0 && r.types&s.types == 0 {
		return false
	}
	if !s.remote && r.flags&(inCircle|inSet) != 0 && !x.placed(r, s) {
		return false
	}
	return r.flags&hasExtras == 0 || x.passesRest(x.extras[r.extra:], s)
}

// requires asks for every unit that record n requires.
func (x *base) requires(n uint32, stands func(uint32) bool) bool {
	r := &x.records[n]
	anchor, second := x.above(n)
	if r.flags&looseAnchor == 0 && !stands(anchor) || second != 0 && !stands(second) || r.third != 0 && !stands(r.third) {
		return false
	}
	if r.flags&hasExtras == 0 {
		return true
	}
	for _, u := range x.extras[r.extra:].required() {
		if !stands(u) {
			return false
		}
	}
	return true
}

// above finds the anchor and the second unit of record n.
func (x *base) above(n uint32) (anchor, second uint32) {
	g := sort.Search(len(x.groups)-1, func(i int) bool { return x.groups[i+1].first > n })
	a := sort.Search(len(x.anchors)-1, func(i int) bool { return x.anchors[i+1] > uint32(g) })
	return uint32(a), x.groups[g].second
}

func (x *base) alive(id uint32, at instant) bool {
	if !x.dead.has(id) {
		return true
	}
	died, _ := x.deaths.Load(id)
	return died.(instant) > at
}

// kill ends a subscription at an instant and reports whether it lived here.
func (x *base) kill(id uint32, at instant) bool {
	if !x.held.has(id) || x.dead.has(id) {
		return false
	}
	x.deaths.Store(id, at)
	x.dead.put(id)
	x.died.Add(1)
	return true
}

// bytes is the size of everything the base has, but for the queries' units, which
// the analyser's cache shares.
func (x *base) bytes() int64 {
	n := int64(len(x.units))*int64(unsafe.Sizeof(unit{})) + int64(len(x.lazies))*8 + int64(len(x.anchors))*4 +
		int64(len(x.groups))*int64(unsafe.Sizeof(group{})) + int64(len(x.records))*int64(unsafe.Sizeof(record{})) + int64(len(x.extras))*4
	n += int64(len(x.finder.filter))*8 + int64(len(x.finder.slots))*int64(unsafe.Sizeof(finderSlot{})) + int64(len(x.finder.refs))*int64(unsafe.Sizeof(ref{}))
	r := &x.rows
	n += int64(len(r.filter))*8 + int64(len(r.buckets)+len(r.rows)+len(r.memberStarts)+len(r.members)+len(r.listStarts)+len(r.lists))*4 + int64(len(r.low))*2
	n += int64(len(x.places.circles))*int64(unsafe.Sizeof(circle{})) + int64(len(x.places.sets))*int64(unsafe.Sizeof(alerts.Where{}))
	return n + x.held.bytes() + x.dead.bytes()
}

package percolate

import (
	"slices"
	"sort"
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
	rings  *rings // of places

	anchors []uint32 // by unit: its first group; one more
	groups  []group  // and one more, at the end of records
	records []record
	extras  extras
	rows    rowTable

	inert  []uint32 // subscriptions that can match nothing
	count  int
	held   idSet                   // the numbers of its subscriptions
	dead   idSet                   // set once the death is in deaths
	died   atomic.Int64            // how many are dead
	deaths atomic.Pointer[passing] // the last one, which leads to those before it
}

// passing is the death of one subscription, with those before it.
type passing struct {
	death
	before *passing
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

	leads   []lead           // to units
	asks    []ask            // for units
	anchors []span           // of groups, under units that hold
	runs    []span           // of records to be tested
	kept    [keptRoom]uint32 // records that have passed so far
	matched [keptRoom]uint32 // subscriptions
	rings   *rings           // by which they are located
	at      spot             // the posting's one, if rings ask for it
	fetched uint32           // so that what is read ahead counts as read
}

// lead is a term or a key of a posting that leads to units.
type lead struct {
	hash uint64
	term int  // its index among the posting's terms, or -1
	refs span // of the finder's
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
	s.lead()
	f := &s.of.finder
	s.asks = s.asks[:0]
	for _, l := range s.leads {
		for i := l.refs.from; i < l.refs.to; i++ {
			r := &f.refs[i]
			if s.has(r.unit) {
				continue
			}
			holds, open := false, false
			if l.term < 0 {
				holds = s.of.units[r.unit].holds(s.d)
			} else {
				holds, open = r.holds(l.term, s.d.Text)
			}
			if holds {
				s.take(r.unit)
			}
			if open {
				s.asks = append(s.asks, ask{ref: r})
			}
		}
	}
	s.ask()
	slices.Sort(s.list)
}

// ask decides what refs could not. An alternative is at the end of a chain of places in
// memory: each step is taken for all of them before the next.
func (s *state) ask() {
	for i := range s.asks {
		a := &s.asks[i]
		a.text = s.of.units[a.unit].text
	}
	for i := range s.asks {
		a := &s.asks[i]
		a.question = a.text.Question(int(a.alternative))
	}
	for i := range s.asks {
		s.fetched += uint32(s.asks[i].question.Fetch())
	}
	for i := range s.asks {
		if a := &s.asks[i]; !s.has(a.unit) && a.question.Holds(s.d.Text) {
			s.take(a.unit)
		}
	}
	clear(s.asks) // a merge must not leave an old base alive
}

// lead finds which of the posting's terms and keys lead to units.
func (s *state) lead() {
	terms := s.d.Text.Terms()
	s.keys = otherKeys(s.keys[:0], s.d)
	all := len(terms) + len(s.keys)
	s.leads = slices.Grow(s.leads[:0], all)[:all]
	f, n := &s.of.finder, uint32(0)
	for i, t := range terms {
		s.leads[n] = lead{hash: uint64(t), term: i}
		n += f.may(uint64(t))
	}
	for _, k := range s.keys {
		s.leads[n] = lead{hash: uint64(k), term: -1}
		n += f.may(uint64(k))
	}
	s.leads = s.leads[:n]
	for i := range s.leads {
		s.fetched += f.slots[f.place(s.leads[i].hash)].from
	}
	for i := range s.leads {
		l := &s.leads[i]
		l.refs = f.find(l.hash)
		s.fetched += f.refs[l.refs.from].unit
	}
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
	x.findRuns(s)
	dst = x.readRuns(dst, s)
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
	if r.refuses(&s.asked) || !x.placed(r, s) {
		return false
	}
	if r.traits&excludesOne != 0 && s.has(r.extra) {
		return false
	}
	return r.traits&hasExtras == 0 || s.passesRest(x.extras[r.extra:])
}

// requires asks for every unit that record n requires.
func (x *base) requires(n uint32, stands func(uint32) bool) bool {
	r := &x.records[n]
	anchor, second := x.above(n)
	if r.traits&looseAnchor == 0 && !stands(anchor) || second != 0 && !stands(second) {
		return false
	}
	if r.traits&hasExtras == 0 {
		return r.traits&asksUnit == 0 || stands(r.extra)
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

// alive tells whether a subscription stood at an instant. It looks through the deaths
// since then, of which there are hardly any.
func (x *base) alive(id uint32, at instant) bool {
	if !x.dead.has(id) {
		return true
	}
	for p := x.deaths.Load(); p != nil && p.at > at; p = p.before {
		if p.id == id {
			return true
		}
	}
	return false
}

// kill ends a subscription at an instant, later than all before, and reports
// whether it lived here.
func (x *base) kill(id uint32, at instant) bool {
	if !x.held.has(id) || x.dead.has(id) {
		return false
	}
	x.deaths.Store(&passing{death{id, at}, x.deaths.Load()})
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
	n += int64(len(x.places.circles))*int64(unsafe.Sizeof(circle{})) + int64(len(x.rings))*int64(unsafe.Sizeof(ring{})) + int64(len(x.places.sets))*int64(unsafe.Sizeof(alerts.Where{}))
	return n + x.held.bytes() + x.dead.bytes()
}

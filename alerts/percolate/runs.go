package percolate

import (
	"math"
	"slices"
	"sort"
)

// The processor is fast and memory is far: what a posting has to read lies in a
// hundred places of many megabytes. So each step is taken for all places before the
// next one, and where most of the time goes nothing in a loop depends on what the round
// before it has fetched, neither by an address nor by a branch that may go either way:
// then the processor waits for dozens of places at once (docs/adr/0022).

// span is a run of groups or of records.
type span struct{ from, to uint32 }

// one is 1 for true.
func one(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// findRuns finds the runs of records that may match: those under the units that hold,
// in groups whose second unit does, and in large groups near enough.
func (x *base) findRuns(s *state) {
	s.anchors = slices.Grow(s.anchors[:0], len(s.list))[:len(s.list)]
	n := uint32(0)
	for _, anchor := range s.list {
		groups := span{x.anchors[anchor], x.anchors[anchor+1]}
		s.anchors[n] = groups
		n += one(groups.from != groups.to)
	}
	s.anchors = s.anchors[:n]
	for _, groups := range s.anchors {
		s.fetched += x.groups[groups.from].first
	}
	s.runs = s.runs[:0]
	for _, groups := range s.anchors {
		x.groupsOf(groups, s)
	}
	for _, run := range s.runs {
		s.fetched += x.records[run.from].id
	}
	if !s.remote {
		x.narrow(s)
	}
}

// groupsOf appends the groups of an anchor whose second unit holds.
func (x *base) groupsOf(anchor span, s *state) {
	groups := x.groups[anchor.from : anchor.to+1]
	n := len(groups) - 1
	if n <= 8*len(s.list) {
		for i := range n {
			if s.has(groups[i].second) {
				s.runs = append(s.runs, span{groups[i].first, groups[i+1].first})
			}
		}
		return
	}
	i := 0
	if groups[0].second == 0 {
		s.runs = append(s.runs, span{groups[0].first, groups[1].first})
		i = 1
	}
	for _, u := range s.list {
		i += sort.Search(n-i, func(k int) bool { return groups[i+k].second >= u })
		if i == n {
			break
		}
		if groups[i].second == u {
			s.runs = append(s.runs, span{groups[i].first, groups[i+1].first})
		}
	}
}

// searchFrom is how many records a group must have for looking up its latitudes.
const searchFrom = 256

// narrow leaves of large groups what is near the posting.
func (x *base) narrow(s *state) {
	all := len(s.runs)
	for _, run := range s.runs[:all] {
		if run.to-run.from < searchFrom {
			s.runs = append(s.runs, run)
			continue
		}
		x.nearRuns(run, s)
	}
	s.runs = append(s.runs[:0], s.runs[all:]...)
}

// nearRuns appends the parts of a group that are near the posting.
func (x *base) nearRuns(run span, s *state) {
	for run.from < run.to {
		records := x.records[run.from:run.to]
		r := records[0]
		if r.flags&inCircle == 0 {
			end := sort.Search(len(records), func(i int) bool { return records[i].flags&inCircle != 0 })
			s.runs = append(s.runs, span{run.from, run.from + uint32(end)})
			run.from += uint32(end)
			continue
		}
		end := sort.Search(len(records), func(i int) bool { return records[i].circle > r.circle })
		reach := x.places.circles[r.circle].latitudes
		for i := range s.spots {
			low, high := s.spots[i].y-reach, s.spots[i].y+reach
			begin := sort.Search(end, func(i int) bool { return float64(records[i].lat) >= low })
			n := sort.Search(end-begin, func(i int) bool { return float64(records[begin+i].lat) > high })
			if n > 0 {
				s.runs = append(s.runs, span{run.from + uint32(begin), run.from + uint32(begin+n)})
			}
		}
		run.from += uint32(end)
	}
}

// keptRoom is how many records are sifted before they are tested further. These lie
// in the processor's first cache.
const keptRoom = 1 << 10

// readRuns tests the records of the runs. This is where the time goes.
func (x *base) readRuns(dst []uint32, s *state) []uint32 {
	n := uint32(0)
	for _, run := range s.runs {
		for run.from < run.to {
			part := span{run.from, min(run.to, run.from+keptRoom-n)}
			n += x.sift(s.kept[n:], part, s)
			if run.from = part.to; n > keptRoom/2 {
				dst, n = x.settle(dst, n, s), 0
			}
		}
	}
	return x.settle(dst, n, s)
}

// sift writes to kept the numbers of those records that pass all but place and
// extras, and returns how many.
func (x *base) sift(kept []uint32, run span, s *state) uint32 {
	never, reach, types := s.never, s.reach, s.types
	records := x.records[run.from:run.to]
	kept = kept[:len(records)]
	n := uint32(0)
	for i := range records {
		r := &records[i]
		kept[n] = run.from + uint32(i)
		n += one(r.flags&never == 0) & one(r.wish <= reach) & one(r.types&types != 0)
	}
	return n
}

// settle decides place and extras of the first n of kept, and appends the subscriptions
// that match.
func (x *base) settle(dst []uint32, n uint32, s *state) []uint32 {
	if !s.remote { // remote postings pass any place
		n = x.settlePlaces(n, s)
	}
	n, more := x.divide(n, &s.kept, &s.other, s.bits)
	dst = append(dst, s.other[:n]...)
	for _, k := range s.kept[:more] {
		s.fetched += x.extras[x.records[k].extra]
	}
	for _, k := range s.kept[:more] {
		if r := &x.records[k]; s.passesAll(x.extras[r.extra:]) {
			dst = append(dst, r.id)
		}
	}
	return dst
}

// divide writes to matched those of all subscriptions in kept that match and have no
// extras to be asked, leaves in kept the records that have some, and returns how many.
func (x *base) divide(all uint32, kept, matched *[keptRoom]uint32, bits []uint64) (n, more uint32) {
	records := x.records
	for i := range all {
		k := kept[i&(keptRoom-1)]
		r := &records[k]
		asks, excludes := one(r.flags&asksExtras != 0), one(r.flags&excludesOne != 0)
		u := r.extra & (one(r.flags&hasExtras != 0) - 1) // unit 0, which holds, where extra is none
		holds := one(bits[u>>6]&(1<<(u&63)) != 0)
		matched[n&(keptRoom-1)] = r.id
		n += (holds ^ excludes) &^ asks
		kept[more&(keptRoom-1)] = k
		more += asks
	}
	return n, more
}

// settlePlaces leaves of the first n of kept those near the posting, and returns how many.
func (x *base) settlePlaces(n uint32, s *state) uint32 {
	unsure := s.kept[:n]
	if len(s.spots) == 1 && s.spots[0].flat && len(x.places.circles) > 0 {
		var m uint32
		n, m = x.nearOnMap(n, &s.kept, &s.other, &s.spots[0])
		unsure = s.other[:m]
	} else {
		n = 0
	}
	for _, k := range unsure {
		r := &x.records[k]
		s.kept[n] = k
		n += one(r.flags&(inCircle|inSet) == 0 || x.placed(r, s))
	}
	return n
}

// nearOnMap leaves in kept those of all its records that pass the posting's one place by
// what is known of circles on the flat map, writes to unsure those that this cannot
// decide, and returns how many.
func (x *base) nearOnMap(all uint32, kept, unsure *[keptRoom]uint32, p *spot) (n, m uint32) {
	at, circles, records := *p, x.places.circles, x.records
	for i := range all { // spot.within, but for what that alone can decide
		k := kept[i&(keptRoom-1)]
		r := &records[k]
		c := &circles[r.circle]
		dy, square := at.flatTo(r.lat, r.lon)
		inside := one(r.flags&inCircle != 0)
		may := inside & one(math.Abs(dy) <= c.latitudes) & one(square <= c.outer)
		within := may & one(square < c.inner)
		set := one(r.flags&inSet != 0)
		kept[n&(keptRoom-1)] = k
		n += within | (1 - (inside | set))
		unsure[m&(keptRoom-1)] = k
		m += set | (may - within)
	}
	return n, m
}

// placed decides the record's place.
func (x *base) placed(r *record, s *state) bool {
	if r.flags&inCircle != 0 {
		return s.near(r, x.places.circles)
	}
	n := uint32(r.lat)
	return s.decide(n, func() bool { return x.places.sets[n].Holds(s.d) })
}

// passesAll decides the extras.
func (s *state) passesAll(e extras) bool {
	for _, u := range e.required() {
		if !s.holds(u) {
			return false
		}
	}
	return s.passesRest(e)
}

// passesRest decides the extras but for the required units.
func (s *state) passesRest(e extras) bool {
	for _, u := range e.excluded() {
		if s.has(u) {
			return false
		}
	}
	if f, ok := e.foreign(); ok && !s.pays(f) {
		return false
	}
	n, rest := e.groups()
	for range n {
		var group extras
		if group, rest = rest.next(); !s.hasAny(group) {
			return false
		}
	}
	return true
}

func (s *state) hasAny(units []uint32) bool {
	for _, u := range units {
		if s.has(u) {
			return true
		}
	}
	return false
}

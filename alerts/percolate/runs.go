package percolate

import (
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
		circle := records[0].traits.circle()
		if circle < firstCircle {
			end := sort.Search(len(records), func(i int) bool { return records[i].traits.circle() >= firstCircle })
			s.runs = append(s.runs, span{run.from, run.from + uint32(end)})
			run.from += uint32(end)
			continue
		}
		end := sort.Search(len(records), func(i int) bool { return records[i].traits.circle() > circle })
		reach := x.places.circles[circle].latitudes
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
	s.aim(x)
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

// sift writes to kept the numbers of those records that pass all but several
// employment types, place and extras, and returns how many.
func (x *base) sift(kept []uint32, run span, s *state) uint32 {
	never, reach := s.never, uint64(s.reach)
	records := x.records[run.from:run.to]
	kept = kept[:len(records)]
	n := uint32(0)
	for i := range records {
		r := &records[i]
		kept[n] = run.from + uint32(i)
		beyond := traits((reach - uint64(r.wish)) >> 32) // 0 unless the wish is larger
		n += one(r.traits&never|beyond == 0)
	}
	return n
}

// settle decides the rest of the first n of kept, and appends the subscriptions
// that match.
func (x *base) settle(dst []uint32, n uint32, s *state) []uint32 {
	if s.types != 0 {
		n = s.siftTypes(n, x.records)
	}
	matched, n := s.locate(n, x.records)
	dst = append(dst, s.matched[:matched]...)
	left := s.kept[:0]
	for _, k := range s.kept[:n] {
		if k&near != 0 || x.placed(&x.records[k], s) {
			left = append(left, k&^near)
		}
	}
	for _, k := range left {
		if r := &x.records[k]; r.traits&asksExtras != 0 {
			s.fetched += x.extras[r.extra]
		}
	}
	for _, k := range left {
		if r := &x.records[k]; x.passesExtra(r, s) {
			dst = append(dst, r.id)
		}
	}
	return dst
}

// siftTypes leaves in kept those of all its records that take one of several types, and
// returns how many.
func (s *state) siftTypes(all uint32, records []record) (n uint32) {
	for i := range all {
		k := s.kept[i&(keptRoom-1)]
		s.kept[n&(keptRoom-1)] = k
		n += one(records[k].traits&s.types != s.types)
	}
	return n
}

// near marks a record in kept that is known to be near. A base has not as many records.
const near = 1 << 31

// aim makes ready for locate.
func (s *state) aim(x *base) {
	switch {
	case s.remote:
		s.rings = remoteRings
	case len(s.spots) == 0:
		s.rings = placelessRings
	case len(s.spots) == 1 && s.spots[0].flat:
		s.rings, s.at = x.rings, s.spots[0]
	default:
		s.rings = carefulRings
	}
}

// locate writes to matched the subscriptions of those of all records in kept that are
// near and ask for nothing more, leaves in kept the others that may be near, and returns
// how many. What it works with is in one place, the state, since the processor has as
// many registers as this loop needs and not one more.
func (s *state) locate(all uint32, records []record) (n, m uint32) {
	for i := range all {
		k := s.kept[i&(keptRoom-1)]
		r := &records[k]
		ring := &s.rings[r.traits>>circleShift]
		square := s.at.flatTo(r.lat, r.lon)
		within, may := one(square < ring.inner), one(square <= ring.outer)
		done := within & one(r.traits&asks == 0)
		s.matched[n&(keptRoom-1)] = r.id
		n += done
		s.kept[m&(keptRoom-1)] = k | near*within
		m += may - done
	}
	return n, m
}

// passesExtra decides a record's extras, or the one unit in their place.
func (x *base) passesExtra(r *record, s *state) bool {
	switch {
	case r.traits&asksExtras != 0:
		return s.passesAll(x.extras[r.extra:])
	case r.traits&asksUnit != 0:
		return s.has(r.extra)
	}
	return r.traits&excludesOne == 0 || !s.has(r.extra)
}

// placed decides the record's place.
func (x *base) placed(r *record, s *state) bool {
	circle := r.traits.circle()
	switch {
	case s.remote || circle == anywhere:
		return true
	case circle == inSet:
		n := uint32(r.lat)
		return s.decide(n, func() bool { return x.places.sets[n].Holds(s.d) })
	}
	return s.near(r, x.places.circles)
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

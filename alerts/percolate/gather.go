package percolate

import (
	"iter"
	"slices"
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// gatherAtOnce is how many subscriptions wait until the cores take them in.
const gatherAtOnce = 1 << 12

// arrival is a subscription that waits.
type arrival struct {
	id uint32
	c  *alerts.Criteria
}

// gather takes in many subscriptions, about so many, on some cores: each has a builder
// of its own, and these become one.
func (x *Index) gather(cores, about int, subscriptions iter.Seq2[uint32, *alerts.Criteria]) *builder {
	shares := make([]*builder, cores)
	for i := range shares {
		shares[i] = newBuilder(x.df)
		shares[i].hurry()
	}
	shares[0].expect(about + about/8) // where all end up
	for _, s := range shares[1:] {
		s.expect(about/cores + about/cores/8)
	}
	waiting := make([]arrival, 0, gatherAtOnce)
	take := func() {
		var all sync.WaitGroup
		for i, s := range shares {
			all.Go(func() {
				for some := range slices.Chunk(waiting[i*len(waiting)/cores:(i+1)*len(waiting)/cores], peekAtOnce) {
					s.peek(some)
					for _, a := range some {
						if a.c.Canary() {
							x.canaries.put(a.id, a.c)
						} else {
							s.add(a.id, a.c)
						}
					}
				}
			})
		}
		all.Wait()
		waiting = waiting[:0]
	}
	for id, c := range subscriptions {
		if waiting = append(waiting, arrival{id, c}); len(waiting) == gatherAtOnce {
			take()
		}
	}
	take()
	b := shares[0]
	b.cores = cores
	for i, s := range shares[1:] {
		b.join(s)
		shares[i+1] = nil // its memory is needed
	}
	return b
}

// peekAtOnce is how many subscriptions, or filings, are read ahead: what is asked of them
// fits into the processor's first cache.
const peekAtOnce = 32

// peek reads what add will read, so that memory is waited for once for all of some.
func (b *builder) peek(some []arrival) {
	for depth := range text.PeekDepth + 1 {
		for _, a := range some {
			b.peeked += a.c.Peek(depth)
		}
	}
}

// join takes in what another builder has taken in. No subscription may be in both.
func (b *builder) join(o *builder) {
	c := newRenumbering(b, o.dictionary.units, o.lazies, &o.places)
	c.all()
	lists, drafts := len(b.lists), len(b.drafts)
	b.lists = roomFor(b.lists, len(o.lists))[:lists+len(o.lists)]
	b.drafts = roomFor(b.drafts, len(o.drafts))[:drafts+len(o.drafts)]
	o.drafts = append(o.drafts, record{extra: uint32(len(o.lists))}) // where the last one's lists end
	b.parts(len(o.drafts)-1, func(_, from, to int, _ *pace) {
		first, end := o.drafts[from].extra, o.drafts[to].extra
		copy(b.lists[lists+int(first):], o.lists[first:end])
		copy(b.drafts[drafts+from:], o.drafts[from:to])
		for i := range b.drafts[drafts+from : drafts+to] {
			r := &b.drafts[drafts+from+i]
			r.extra += uint32(lists)
			c.relocate(r)
			b.lists[r.extra:].eachUnits(c.rename)
		}
	})
	b.inert = append(b.inert, o.inert...)
	longer := make([]rowKey, len(o.rows.members)) // by their number in o
	for n, units := range o.rows.members {
		c.rename(units)
		longer[n] = b.rows.key(units)
	}
	filings := len(b.rows.filings)
	b.rows.filings = roomFor(b.rows.filings, len(o.rows.filings))[:filings+len(o.rows.filings)]
	b.parts(len(o.rows.filings), func(_, from, to int, _ *pace) {
		for i, f := range o.rows.filings[from:to] {
			if f.left&longRow != 0 {
				f.rowKey = longer[f.left&^longRow]
			} else {
				f.rename(c.toUnits)
			}
			f.draft += uint32(drafts)
			b.rows.filings[filings+from+i] = f
		}
	})
}

// renumbering gives what another builder or a base refers to, units and places, the
// numbers that it has in a builder.
type renumbering struct {
	b      *builder
	units  []unit
	lazies []*text.Unit
	places *places

	toUnits, toLazies, toSets []uint32 // 0 for what is not in the builder yet; one more for sets
	toCircles                 []uint8  // 0 too

	overflow sync.Mutex // on making sets of circles
}

func newRenumbering(b *builder, units []unit, lazies []*text.Unit, places *places) *renumbering {
	return &renumbering{
		b: b, units: units, lazies: lazies, places: places,
		toUnits: make([]uint32, len(units)), toLazies: make([]uint32, len(lazies)),
		toSets: make([]uint32, len(places.sets)), toCircles: make([]uint8, len(places.circles)),
	}
}

// all gives everything its number. From then on rename and relocate can go on beside
// each other: they change what they are given, and, under a lock, the sets of circles for
// whose radius the builder has no number left, nor will have.
func (c *renumbering) all() {
	for n := range c.units[1:] {
		c.unit(uint32(n + 1))
	}
	for n := range c.lazies {
		c.unit(lazyUnit | uint32(n))
	}
	for n := range c.places.sets {
		c.set(uint32(n))
	}
	for n := firstCircle; n < len(c.places.circles); n++ {
		c.circle(uint8(n))
	}
}

func (c *renumbering) unit(n uint32) uint32 {
	if n&lazyUnit != 0 {
		to := &c.toLazies[n&^lazyUnit]
		if *to == 0 {
			*to = c.b.ofText(c.lazies[n&^lazyUnit])
		}
		return *to
	}
	to := &c.toUnits[n]
	if *to == 0 {
		*to = c.b.same(&c.units[n])
	}
	return *to
}

func (c *renumbering) rename(list []uint32) {
	for i, n := range list {
		list[i] = c.unit(n)
	}
}

// relocate gives r's place its number in the builder. A circle becomes a set where the
// builder has no number left for its radius.
func (c *renumbering) relocate(r *record) {
	switch n := r.traits.circle(); {
	case n == inSet:
		r.lat = int32(c.set(uint32(r.lat)))
	case n == anywhere:
	case c.circle(n) > 0:
		r.traits = r.traits.withCircle(c.circle(n))
	default:
		lat, lon, km := exact(r.lat), exact(r.lon), c.places.circles[n].km
		c.overflow.Lock()
		defer c.overflow.Unlock()
		r.lat = int32(c.b.setOf(alerts.Where{Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}}))
		r.traits = r.traits.withCircle(inSet)
	}
}

func (c *renumbering) set(n uint32) uint32 {
	to := &c.toSets[n]
	if *to == 0 {
		*to = c.b.setOf(c.places.sets[n]) + 1
	}
	return *to - 1
}

// circle is the number of a circle in the builder, or 0.
func (c *renumbering) circle(n uint8) uint8 {
	to := &c.toCircles[n]
	if *to == 0 {
		if in, ok := c.b.circleFor(c.places.circles[n].km); ok {
			*to = in
		}
	}
	return *to
}

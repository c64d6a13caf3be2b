package percolate

import (
	"iter"
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
	shares[0].expect(about) // where all end up
	for _, s := range shares[1:] {
		s.expect(about/cores + about/cores/8)
	}
	waiting := make([]arrival, 0, gatherAtOnce)
	take := func() {
		var all sync.WaitGroup
		for i, s := range shares {
			all.Go(func() {
				for _, a := range waiting[i*len(waiting)/cores : (i+1)*len(waiting)/cores] {
					if a.c.Canary() {
						x.canaries.put(a.id, a.c)
					} else {
						s.add(a.id, a.c)
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
	for _, s := range shares[1:] {
		b.join(s)
	}
	return b
}

// join takes in what another builder has taken in. No subscription may be in both.
func (b *builder) join(o *builder) {
	c := newRenumbering(b, o.dictionary.units, o.lazies, &o.places)
	c.all()
	lists, drafts := uint32(len(b.lists)), len(b.drafts)
	b.lists = append(roomFor(b.lists, len(o.lists)), o.lists...)
	b.drafts = append(roomFor(b.drafts, len(o.drafts)), o.drafts...)
	for i := range b.drafts[drafts:] {
		r := &b.drafts[drafts+i]
		r.extra += lists
		c.relocate(r)
	}
	b.parts(len(o.drafts), func(_, from, to int, _ *pace) {
		for i := from; i < to; i++ {
			b.lists[b.drafts[drafts+i].extra:].eachUnits(c.rename)
		}
	})
	b.inert = append(b.inert, o.inert...)
	b.rows.filings = roomFor(b.rows.filings, len(o.rows.filings))
	var units []uint32
	for _, f := range o.rows.filings {
		units = o.rows.appendUnits(units[:0], f.rowKey)
		c.rename(units)
		b.rows.file(units, uint32(drafts)+f.draft)
	}
}

// renumbering gives what another builder or a base refers to, units and places, the
// numbers that it has in a builder.
type renumbering struct {
	b      *builder
	units  []unit
	lazies []*text.Unit
	places *places

	toUnits, toLazies, toSets, toCircles []uint32 // 0 for what is not in the builder yet; one more for sets and circles
}

func newRenumbering(b *builder, units []unit, lazies []*text.Unit, places *places) *renumbering {
	return &renumbering{
		b: b, units: units, lazies: lazies, places: places,
		toUnits: make([]uint32, len(units)), toLazies: make([]uint32, len(lazies)),
		toSets: make([]uint32, len(places.sets)), toCircles: make([]uint32, len(places.circles)),
	}
}

// all gives every unit its number, so that rename changes nothing but lists.
func (c *renumbering) all() {
	for n := range c.units[1:] {
		c.unit(uint32(n + 1))
	}
	for n := range c.lazies {
		c.unit(lazyUnit | uint32(n))
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

// relocate gives r's place its number in the builder.
func (c *renumbering) relocate(r *record) {
	switch {
	case r.flags&inCircle != 0:
		r.circle = c.circle(r)
	case r.flags&inSet != 0:
		to := &c.toSets[r.lat]
		if *to == 0 {
			*to = c.b.setOf(c.places.sets[r.lat]) + 1
		}
		r.lat = int32(*to - 1)
	}
}

// circle is the number of r's circle, which becomes a set where the builder has no
// number left for its radius.
func (c *renumbering) circle(r *record) uint8 {
	to := &c.toCircles[r.circle]
	km := c.places.circles[r.circle].km
	if *to == 0 {
		if n, ok := c.b.circleFor(km); ok {
			*to = uint32(n) + 1
		}
	}
	if *to > 0 {
		return uint8(*to - 1)
	}
	lat, lon := exact(r.lat), exact(r.lon)
	r.lat, r.flags = int32(c.b.setOf(alerts.Where{Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}})), r.flags&^inCircle|inSet
	return 0
}

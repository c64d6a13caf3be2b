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
	for _, s := range shares[1:] {
		shares[0].join(s)
	}
	shares[0].cores = cores
	return shares[0]
}

// join takes in what another builder has taken in. No subscription may be in both.
func (b *builder) join(o *builder) {
	c := newRenumbering(b, o.dictionary.units, o.lazies)
	first := uint32(len(b.drafts))
	for i := range o.drafts {
		b.spend(aStep)
		r := o.drafts[i]
		b.relocate(&r, &o.places)
		list := o.lists[r.extra:]
		list = list[:list.size()]
		list.eachUnits(c.rename)
		r.extra = uint32(len(b.lists))
		b.lists = append(roomFor(b.lists, len(list)), list...)
		b.drafts = append(roomFor(b.drafts, 1), r)
	}
	b.inert = append(b.inert, o.inert...)
	b.rows.join(&o.rows, first, c)
}

// join takes in the rows of another builder, whose first draft is this one's draft
// first. Nobody has looked for their terms yet.
func (b *rowBuilder) join(o *rowBuilder, first uint32, c *renumbering) {
	to := make([]uint32, len(o.starts))
	var units []uint32
	for row := range o.starts {
		units = append(units[:0], o.units(row)...)
		c.rename(units)
		n, known := b.row(units)
		if !known {
			b.fresh = append(roomFor(b.fresh, 1), n)
		}
		to[row] = n
	}
	b.filings = roomFor(b.filings, len(o.filings))
	for _, f := range o.filings {
		b.filings = append(b.filings, rowFiling{to[f.row], first + f.draft})
	}
}

// renumbering gives the units of another builder, or of a base, the numbers that they
// have in a builder.
type renumbering struct {
	b             *builder
	theirs        []unit
	lazy          []*text.Unit
	units, lazies []uint32 // their numbers in the builder, 0 for what is not in it yet
}

func newRenumbering(b *builder, theirs []unit, lazy []*text.Unit) *renumbering {
	return &renumbering{b: b, theirs: theirs, lazy: lazy, units: make([]uint32, len(theirs)), lazies: make([]uint32, len(lazy))}
}

func (c *renumbering) unit(n uint32) uint32 {
	list := c.units
	if n&lazyUnit != 0 {
		list, n = c.lazies, n&^lazyUnit
		if list[n] == 0 {
			list[n] = c.b.ofText(c.lazy[n])
		}
		return list[n]
	}
	if list[n] == 0 {
		list[n] = c.b.same(&c.theirs[n])
	}
	return list[n]
}

func (c *renumbering) rename(list []uint32) {
	for i, n := range list {
		list[i] = c.unit(n)
	}
}

// relocate gives r, which refers to these places, the numbers of the builder's.
func (b *builder) relocate(r *record, theirs *places) {
	switch {
	case r.flags&inCircle != 0:
		km := theirs.circles[r.circle].km
		circle, ok := b.circleFor(km)
		if r.circle = circle; ok {
			return
		}
		lat, lon := exact(r.lat), exact(r.lon)
		r.flags &^= inCircle
		b.set(r, alerts.Where{Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &km}}})
	case r.flags&inSet != 0:
		b.set(r, theirs.sets[r.lat])
	}
}

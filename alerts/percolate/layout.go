package percolate

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// filed is one filing on its way into the base.
type filed struct {
	anchor uint32
	second uint32
	draft  uint32
	lat    int32
	circle uint8 // 0: no circle; else one more than its number
	loose  bool
	copy   bool
}

// checkEvery is how many subscriptions are laid out between two looks at the
// context.
const checkEvery = 1 << 12

// build lays everything out. The builder is used up.
func (b *builder) build(ctx context.Context) (*base, error) {
	b.renumber()
	filings := make([]filed, 0, len(b.drafts)+len(b.drafts)/8) // some are filed more than once
	for i := range b.drafts {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.spend(aRecord)
		filings = b.file(filings, uint32(i))
	}
	filings, starts := b.byAnchor(filings, len(b.dictionary.units))
	groups := 0
	for i := range filings {
		if i == 0 || filings[i].anchor != filings[i-1].anchor || filings[i].second != filings[i-1].second {
			groups++
		}
	}
	x := &base{
		units: b.dictionary.units, lazies: b.lazies, finder: newFinder(b.dictionary.units, b.df, &b.pace), places: b.places,
		anchors: make([]uint32, len(starts)), records: make([]record, 0, len(filings)),
		groups: make([]group, 0, groups+1), extras: make(extras, 0, len(b.lists)),
	}
	at := make([]uint32, len(b.drafts)) // where each draft's first record is
	for a := range starts {
		if a%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		x.anchors[a] = uint32(len(x.groups))
		if a+1 < len(starts) {
			b.lay(x, filings[starts[a]:starts[a+1]], at)
		}
	}
	x.groups = append(x.groups, group{first: uint32(len(x.records))})
	x.extras = b.trimmed(x.extras)
	x.rows = b.rows.table(at, &b.pace)
	x.inert = b.inert
	x.count, x.held = len(b.drafts)+len(b.inert), b.held()
	x.dead = newIDSet(b.highest())
	return x, nil
}

// renumber numbers units by rarity, those that nothing is filed under last.
func (b *builder) renumber() {
	units := b.dictionary.units
	type ranked struct {
		cost uint64
		unit uint32
	}
	order := make([]ranked, 0, len(units))
	for n := range units[1:] {
		u := &units[n+1]
		cost := uint64(0)
		switch {
		case u.weak():
			cost = math.MaxUint64
		case u.text != nil:
			cost = costOf(u.text, b.df)
		}
		order = append(order, ranked{cost, uint32(n + 1)})
	}
	slices.SortFunc(order, func(x, y ranked) int {
		b.spend(aStep)
		return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.unit, y.unit))
	})
	sorted, to := make([]unit, 1, len(units)), make([]uint32, len(units))
	b.costs = make([]uint64, 1, len(units))
	for _, o := range order {
		to[o.unit] = uint32(len(sorted))
		sorted, b.costs = append(sorted, units[o.unit]), append(b.costs, o.cost)
	}
	b.dictionary.units = sorted
	rename := func(list []uint32) {
		for i, n := range list {
			if n&lazyUnit == 0 {
				list[i] = to[n]
			}
		}
	}
	for i := range b.drafts {
		b.spend(aStep)
		x := b.lists[b.drafts[i].extra:]
		rename(x.required())
		rename(x.excluded())
		n, rest := x.groups()
		for range n {
			var group extras
			group, rest = rest.next()
			rename(group)
		}
	}
	rename(b.rows.members)
}

// file appends the filings of a draft: under its rarest required unit, or under
// every alternative of a group that is rarer, or under what else it needs.
func (b *builder) file(filings []filed, draft uint32) []filed {
	r := &b.drafts[draft]
	f := filed{draft: draft}
	if r.flags&inCircle != 0 {
		f.circle, f.lat = r.circle+1, r.lat
	}
	x := b.lists[r.extra:]
	anchor, second := least2(x.required())
	if anchor != 0 && b.costs[anchor] == math.MaxUint64 { // weak: it may still tell groups apart
		anchor, second = 0, anchor
	}
	best := uint64(math.MaxUint64)
	if anchor != 0 {
		best = b.costs[anchor]
	}
	var under extras
	n, rest := x.groups()
	for range n {
		var group extras
		group, rest = rest.next()
		cost := uint64(0)
		for _, u := range group {
			cost += b.costs[u]
		}
		if 2*cost < best { // copies cost room
			best, under = cost, group
		}
	}
	switch {
	case under != nil:
		if anchor != 0 {
			second = anchor
		}
		return fileUnder(filings, f, under, second)
	case anchor != 0:
		f.anchor, f.second = anchor, second
		return append(filings, f)
	}
	b.numbers = b.fallback(b.numbers[:0], r, x)
	return fileUnder(filings, f, b.numbers, second)
}

func fileUnder(filings []filed, f filed, anchors []uint32, second uint32) []filed {
	f.loose, f.second = true, second
	for _, a := range anchors {
		f.anchor = a
		filings = append(filings, f)
		f.copy = true
	}
	return filings
}

// least2 returns the two least numbers that are not lazy, 0 where there is none.
func least2(list []uint32) (first, second uint32) {
	for _, n := range list {
		switch {
		case n&lazyUnit != 0 || n == first || n == second:
		case first == 0 || n < first:
			first, second = n, first
		case second == 0 || n < second:
			second = n
		}
	}
	return first, second
}

// fallback appends what a subscription without words or employers is filed
// under: remote work, the cells, states and countries it asks for, its sources,
// or what every posting has.
func (b *builder) fallback(anchors []uint32, r *record, x extras) []uint32 {
	add := func(k key) {
		if n := b.ofKey(k); !slices.Contains(anchors, n) {
			anchors = append(anchors, n)
		}
	}
	switch {
	case r.flags&onlyRemote != 0:
		add(remoteKey)
	case r.flags&inCircle != 0:
		cells, ok := appendCells(nil, boxOf(exact(r.lat), exact(r.lon), b.circles[r.circle].km))
		if !ok {
			return []uint32{b.ofKey(allKey)}
		}
		for _, k := range cells {
			add(k)
		}
	case r.flags&inSet != 0:
		if !placeKeys(b.places.sets[r.lat], add) {
			return []uint32{b.ofKey(allKey)}
		}
	default:
		for _, n := range x.required() {
			if n&lazyUnit == 0 && b.dictionary.units[n].kind == ofSource {
				return append(anchors, n)
			}
		}
		add(allKey)
	}
	if r.flags&(inCircle|inSet) != 0 && r.flags&(onlyRemote|notRemote) == 0 {
		add(remoteKey)
	}
	return anchors
}

// byAnchor sorts filings by anchor and within by group, radius and latitude, and
// returns where each of n anchors begins, and the end.
func (b *builder) byAnchor(filings []filed, n int) ([]filed, []uint32) {
	starts := make([]uint32, n+1)
	for i := range filings {
		starts[filings[i].anchor+1]++
	}
	for a := range n {
		starts[a+1] += starts[a]
	}
	out, next := make([]filed, len(filings)), slices.Clone(starts)
	for i := range filings {
		b.spend(aStep)
		a := filings[i].anchor
		out[next[a]] = filings[i]
		next[a]++
	}
	for a := range n {
		slices.SortFunc(out[starts[a]:starts[a+1]], func(x, y filed) int {
			b.spend(aStep)
			switch {
			case x.second != y.second:
				return cmp.Compare(x.second, y.second)
			case x.circle != y.circle:
				return int(x.circle) - int(y.circle)
			case x.lat != y.lat:
				return cmp.Compare(x.lat, y.lat)
			}
			return cmp.Compare(x.draft, y.draft)
		})
	}
	return out, starts
}

// lay appends the groups, records and extras of one anchor.
func (b *builder) lay(x *base, filings []filed, at []uint32) {
	for i := range filings {
		b.spend(aRecord)
		f := &filings[i]
		if i == 0 || f.second != filings[i-1].second {
			x.groups = append(x.groups, group{f.second, uint32(len(x.records))})
		}
		r := b.drafts[f.draft]
		lists := b.lists[r.extra:]
		b.required, r.third = b.required[:0], 0
		for _, n := range lists.required() {
			if !f.loose && n == f.anchor || n == f.second {
				continue
			}
			if n&lazyUnit == 0 && (r.third == 0 || n < r.third) {
				n, r.third = r.third, n
			}
			if n != 0 && n != r.third && !slices.Contains(b.required, n) {
				b.required = append(b.required, n)
			}
		}
		r.extra = 0
		if len(b.required) > 0 || lists[0]>>8 != 0 {
			r.flags |= hasExtras
			r.extra = uint32(len(x.extras))
			rest := lists[1+len(lists.required()) : lists.size()]
			x.extras = append(x.extras, lists[0]&^0xff|uint32(len(b.required)))
			x.extras = append(append(x.extras, b.required...), rest...)
		}
		if f.loose {
			r.flags |= looseAnchor
		}
		if f.copy {
			r.flags |= isCopy
		} else {
			at[f.draft] = uint32(len(x.records))
		}
		x.records = append(x.records, r)
	}
}

// trimmed copies x without the room that is left, a little at a time: nothing can take
// the processor from a long copy.
func (b *builder) trimmed(x extras) extras {
	const atOnce = 1 << 14
	out := make(extras, len(x))
	for from := 0; from < len(x); from += atOnce {
		b.spend(paceEvery / 10)
		copy(out[from:], x[from:min(len(x), from+atOnce)])
	}
	return out
}

func (b *builder) highest() uint32 {
	highest := uint32(0)
	for i := range b.drafts {
		highest = max(highest, b.drafts[i].id)
	}
	for _, id := range b.inert {
		highest = max(highest, id)
	}
	return highest
}

// held are the numbers of all subscriptions in the base.
func (b *builder) held() idSet {
	s := newIDSet(b.highest())
	for i := range b.drafts {
		s.put(b.drafts[i].id)
	}
	for _, id := range b.inert {
		s.put(id)
	}
	return s
}

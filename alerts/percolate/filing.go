package percolate

import (
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
	circle uint8 // the record's, and lat as well
	loose  bool
	copy   bool
}

// checkEvery is how many subscriptions are filed between two looks at the context.
const checkEvery = 1 << 12

// fileAll makes the filings of all drafts, in some lists, or of some if ctx ends.
func (b *builder) fileAll(ctx context.Context) [][]filed {
	filings, left := make([][]filed, b.cores+1), make([][]uint32, b.cores)
	b.parts(len(b.drafts), func(part, from, to int, p *pace) {
		list := make([]filed, 0, to-from+(to-from)/8) // some are filed more than once
		for i := from; i < to && (i%checkEvery != 0 || ctx.Err() == nil); i++ {
			p.spend(aRecord)
			var ok bool
			if list, ok = b.file(list, uint32(i)); !ok {
				left[part] = append(left[part], uint32(i))
			}
		}
		filings[part] = list
	})
	for _, part := range left {
		for i, draft := range part {
			if i%checkEvery == 0 && ctx.Err() != nil {
				return filings
			}
			b.spend(aRecord)
			filings[b.cores] = b.fileWordless(roomFor(filings[b.cores], 1), draft)
		}
	}
	return filings
}

// file appends the filings of a draft: under its rarest required unit, or under
// every alternative of a group that is rarer. It changes nothing if the draft has
// neither.
func (b *builder) file(filings []filed, draft uint32) (_ []filed, ok bool) {
	f, x := b.toFile(draft)
	anchor, second := b.anchorsOf(x)
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
		return fileUnder(filings, f, under, second), true
	case anchor != 0:
		f.anchor, f.second = anchor, second
		return append(filings, f), true
	}
	return filings, false
}

// toFile begins a filing of a draft, whose lists it returns as well.
func (b *builder) toFile(draft uint32) (filed, extras) {
	r := &b.drafts[draft]
	return filed{draft: draft, circle: r.traits.circle(), lat: r.lat}, b.lists[r.extra:]
}

// anchorsOf are the units that a draft with these lists would be filed under, 0 where
// there is none: the second may be weak, it still tells groups apart.
func (b *builder) anchorsOf(x extras) (anchor, second uint32) {
	anchor, second = least2(x.required())
	if anchor != 0 && b.costs[anchor] == math.MaxUint64 {
		return 0, anchor
	}
	return anchor, second
}

// fileWordless appends the filings of a draft that file can do nothing with.
func (b *builder) fileWordless(filings []filed, draft uint32) []filed {
	f, x := b.toFile(draft)
	_, second := b.anchorsOf(x)
	b.numbers = b.fallback(b.numbers[:0], &b.drafts[draft], x)
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
	case r.traits&onlyRemote != 0:
		add(remoteKey)
	case r.traits.circle() >= firstCircle:
		cells, ok := appendCells(nil, boxOf(exact(r.lat), exact(r.lon), b.circles[r.traits.circle()].km))
		if !ok {
			return []uint32{b.ofKey(allKey)}
		}
		for _, k := range cells {
			add(k)
		}
	case r.traits.circle() == inSet:
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
	if r.traits.circle() != anywhere && r.traits&(onlyRemote|notRemote) == 0 {
		add(remoteKey)
	}
	return anchors
}

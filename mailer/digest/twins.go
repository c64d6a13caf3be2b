package digest

import (
	"context"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
)

// Sketch is what near-duplicates are told by, made once a posting.
type Sketch any

// Twins tells near-duplicates: one job that several sources publish (implemented
// by cmd over alerts/cluster).
type Twins interface {
	Sketch(p *alerts.Posting) Sketch
	// Groups gives the groups of two or more that are one job, by index; apart
	// forbids pairs.
	Groups(sketches []Sketch, apart func(i, j int) bool) [][]int
	// Possible gives the pairs, by index, that Groups may join in some selection.
	Possible(sketches []Sketch) [][2]int
}

// fold puts near-duplicates among the items behind the best of each group: it is
// shown, the others are named with it, and all are in order then. Nothing is folded
// that she said are two jobs.
func (b *Builder) fold(ctx context.Context, items []item, apart separated, docs *documents) ([]item, error) {
	if b.Twins == nil || len(items) < 2 || !docs.mayFold(items) {
		return items, nil
	}
	slices.SortFunc(items, func(a, b item) int { return a.rank.Compare(b.rank) }) // perhaps only the first were
	numbers := make([]uint32, len(items))
	for i := range items {
		numbers[i] = items[i].number
	}
	sketches := make([]Sketch, 0, len(items))
	for part := range slices.Chunk(numbers, docs.limit) {
		if err := docs.load(ctx, b.DB.Reader, part); err != nil {
			return nil, err
		}
		for _, n := range part {
			s, ok := docs.sketch(n, b.Twins)
			if !ok {
				return items, nil // it was removed a moment ago
			}
			sketches = append(sketches, s)
		}
	}
	var forbid func(i, j int) bool
	if len(apart) > 0 {
		forbid = func(i, j int) bool { return apart[pairOf(numbers[i], numbers[j])] }
	}
	groups := b.Twins.Groups(sketches, forbid)
	if len(groups) == 0 {
		return items, nil
	}
	folded := make([]bool, len(items))
	for _, g := range groups {
		best := &items[g[0]] // members ascend, and the items are best first
		for _, i := range g[1:] {
			best.takeIn(&items[i])
			folded[i] = true
		}
	}
	kept := items[:0]
	for i := range items {
		if !folded[i] {
			kept = append(kept, items[i])
		}
	}
	return kept, nil
}

// takeIn makes o a twin of it, with the alerts that wanted o.
func (it *item) takeIn(o *item) {
	it.twins = append(it.twins, o.number)
	it.waited = it.waited || o.waited
	for _, a := range append([]*alert{o.alert}, o.also...) {
		it.meet(a)
	}
}

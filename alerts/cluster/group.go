package cluster

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// maxBlock bounds how many postings of one title's word are compared with one
// another; those of a more frequent word are compared within each town alone.
const maxBlock = 2000

// Groups returns the groups of two or more postings that are one job, by their
// index among sketches: members ascending, groups by their first. The strongest
// likeness joins first, and no group holds two that contradict each other (two
// towns joined by a third posting that names both stay two). apart, unless nil,
// forbids pairs: whoever decided that they are two jobs.
func Groups(sketches []*Sketch, apart func(i, j int) bool) [][]int {
	// Which of equal likenesses joins first must not hang on the order given.
	order := make([]int, len(sketches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sketches[a].order, sketches[b].order) })
	ordered := make([]*Sketch, len(sketches))
	for to, from := range order {
		ordered[to] = sketches[from]
	}
	var forbid func(i, j int) bool
	if apart != nil {
		forbid = func(i, j int) bool { return apart(order[i], order[j]) }
	}
	groups := grouped(ordered, forbid)
	for _, g := range groups {
		for n, i := range g {
			g[n] = order[i]
		}
		slices.Sort(g)
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}

// grouped is Groups for sketches in an order of their own.
func grouped(sketches []*Sketch, apart func(i, j int) bool) [][]int {
	type edge struct {
		i, j     int
		strength float64
	}
	pairs := candidates(sketches)
	t := &batch{mixed: mixedBoards(sketches, pairs)}
	t.common = sync.OnceValue(func() boilerplate { return t.commonShingles(sketches) })
	t.words = sync.OnceValue(func() commonWords { return t.commonWords(sketches) })
	var edges []edge
	for _, p := range pairs {
		if apart != nil && apart(p.i, p.j) {
			continue
		}
		if v := t.compare(sketches[p.i], sketches[p.j]); v.same {
			edges = append(edges, edge{p.i, p.j, v.strength})
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(b.strength, a.strength) })
	of := make(map[int]*[]int, 2*len(edges))
	group := func(i int) *[]int {
		if of[i] == nil {
			of[i] = &[]int{i}
		}
		return of[i]
	}
	for _, e := range edges {
		a, b := group(e.i), group(e.j)
		if a == b || t.conflict(sketches, *a, *b, apart) {
			continue
		}
		*a = append(*a, *b...)
		for _, i := range *b {
			of[i] = a
		}
	}
	return collect(of)
}

func (t *batch) conflict(sketches []*Sketch, a, b []int, apart func(i, j int) bool) bool {
	for _, i := range a {
		for _, j := range b {
			if t.compare(sketches[i], sketches[j]).apart || apart != nil && apart(i, j) {
				return true
			}
		}
	}
	return false
}

func collect(of map[int]*[]int) [][]int {
	var out [][]int
	seen := map[*[]int]bool{}
	for _, g := range of {
		if seen[g] || len(*g) < 2 {
			continue
		}
		seen[g] = true
		out = append(out, *g)
	}
	return out
}

type pair struct{ i, j int }

// maxLoop is up to how many postings looking at every pair is quicker than blocks.
const maxLoop = 64

// meet reports whether two ascending lists have anything in common.
func meet(a, b []uint32) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			return true
		}
	}
	return false
}

// candidates pairs postings in one town whose titles share a key.
func candidates(sketches []*Sketch) []pair {
	if len(sketches) <= maxLoop {
		var out []pair
		for i, s := range sketches {
			for j := i + 1; j < len(sketches); j++ {
				if meet(s.keys, sketches[j].keys) && comparePlaces(s, sketches[j]) != elsewhere {
					out = append(out, pair{i, j})
				}
			}
		}
		return out
	}
	blocks := map[uint32][]int{}
	for i, s := range sketches {
		for _, k := range s.keys {
			blocks[k] = append(blocks[k], i)
		}
	}
	seen := map[pair]bool{}
	var out []pair
	add := func(members []int) {
		for n, i := range members {
			for _, j := range members[n+1:] {
				if p := (pair{i, j}); !seen[p] && comparePlaces(sketches[i], sketches[j]) != elsewhere {
					seen[p] = true
					out = append(out, p)
				}
			}
		}
	}
	for _, members := range blocks {
		if len(members) <= maxBlock {
			add(members)
			continue
		}
		for _, town := range byTown(sketches, members) {
			add(town)
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return cmp.Or(cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j)) })
	return out
}

// byTown takes a frequent word's postings apart by the first word of their towns,
// and by postcode for those without a name.
func byTown(sketches []*Sketch, members []int) map[string][]int {
	towns := map[string][]int{}
	for _, i := range members {
		keys := map[string]bool{}
		for _, p := range sketches[i].places {
			first, _, _ := strings.Cut(p.name, " ")
			keys[cmp.Or(first, p.postcode)] = true
		}
		if len(keys) == 0 {
			keys[""] = true
		}
		for k := range keys {
			towns[k] = append(towns[k], i)
		}
	}
	return towns
}

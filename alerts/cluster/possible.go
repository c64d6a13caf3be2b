package cluster

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
)

// Possible returns the pairs, by index, that Groups may find to be one job in any
// selection of these postings: no other pair is ever joined, whatever else is in
// the selection. So who groups many selections of one batch need look no further
// at those that hold no such pair.
func Possible(sketches []*Sketch) [][2]int {
	blocks := map[uint32][]int{}
	for i, s := range sketches {
		for _, k := range s.keys {
			blocks[k] = append(blocks[k], i)
		}
	}
	found := map[[2]int]bool{}
	looked := make([]int, len(sketches)) // of each: with whom it was compared last, plus one
	for _, members := range blocks {
		b := blockOf(sketches, members)
		for _, i := range members {
			b.beside(sketches[i], func(j int) {
				if j <= i || looked[j] == i+1 {
					return
				}
				looked[j] = i + 1
				if possible(sketches[i], sketches[j]) {
					found[[2]int{i, j}] = true
				}
			})
		}
		for _, i := range members {
			looked[i] = 0
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
}

// possible reports whether two may be found to be one job in some selection: what of
// compare is theirs alone. Their texts, which cost the most, are compared last.
func possible(a, b *Sketch) bool {
	employer := compareEmployers(a, b)
	if employer == othersEmployer {
		if _, _, equal := compared(a, b); !equal {
			return false
		}
	}
	if comparePlaces(a, b) == elsewhere || contradict(a, b, employer) {
		return false
	}
	if !fewWords(a, b, employer) {
		return true
	}
	if employer == relatedEmployer {
		return false
	}
	containment, resemblance := compareSamples(a.text, b.text)
	return !unlike(containment, resemblance, employer)
}

// block is the postings that share a word of their titles, by where they are.
type block struct {
	members  []int
	anywhere []int // who does not say
	at       map[spot][]int
}

// smallBlock is up to how many postings looking at all is quicker than looking nearby.
const smallBlock = 50

func blockOf(sketches []*Sketch, members []int) *block {
	b := &block{members: members}
	if len(members) <= smallBlock {
		return b
	}
	b.at = map[spot][]int{}
	for _, i := range members {
		if len(sketches[i].places) == 0 {
			b.anywhere = append(b.anywhere, i)
		}
		for k := range spots(sketches[i], false) {
			b.at[k] = append(b.at[k], i)
		}
	}
	return b
}

// beside calls look with everybody who may have a place in common with s, some
// more than once.
func (b *block) beside(s *Sketch, look func(j int)) {
	if b.at == nil || len(s.places) == 0 {
		for _, j := range b.members {
			look(j)
		}
		return
	}
	for _, j := range b.anywhere { // from either side, since pairs are told once
		look(j)
	}
	for k := range spots(s, true) {
		for _, j := range b.at[k] {
			look(j)
		}
	}
}

// spot is something that places which are one town have in common: the first word
// of their names, a postcode, or a cell of the map.
type spot struct {
	name, postcode string
	row, column    int16
}

// cellDegrees makes cells at least streetKM wide up to 70 degrees of latitude, so
// that of two points so close one lies in the cells around the other.
const cellDegrees = 0.03

// spots gives a posting's; around adds the cells around its own.
func spots(s *Sketch, around bool) iter.Seq[spot] {
	return func(yield func(spot) bool) {
		for i := range s.places {
			p := &s.places[i]
			if first, _, _ := strings.Cut(p.name, " "); first != "" && !yield(spot{name: first}) {
				return
			}
			if p.postcode != "" && !yield(spot{postcode: p.postcode}) {
				return
			}
			if !p.located {
				continue
			}
			row, column := int16(math.Floor(float64(p.lat)/cellDegrees)), int16(math.Floor(float64(p.lon)/cellDegrees))
			for d := range int16(9) {
				if (around || d == 4) && !yield(spot{row: row + d/3 - 1, column: column + d%3 - 1}) {
					return
				}
			}
		}
	}
}

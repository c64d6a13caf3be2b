package percolate

import (
	"math/bits"
	"slices"
)

// digit is how many bits sortNumbers sorts by at a time.
const digit = 11

// sortNumbers sorts list, with spare as room of its own, and returns that. A
// posting may meet thousands of subscriptions; counting beats comparing.
func sortNumbers(list, spare []uint32) []uint32 {
	if len(list) < 128 {
		slices.Sort(list)
		return spare
	}
	highest := slices.Max(list)
	spare = slices.Grow(spare[:0], len(list))[:len(list)]
	from, to := list, spare
	var counts [1 << digit]uint32
	for shift := 0; shift < bits.Len32(highest); shift += digit {
		clear(counts[:])
		for _, n := range from {
			counts[n>>shift&(1<<digit-1)]++
		}
		at := uint32(0)
		for i, n := range counts {
			counts[i] = at
			at += n
		}
		for _, n := range from {
			c := &counts[n>>shift&(1<<digit-1)]
			to[*c] = n
			*c++
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
	return spare
}

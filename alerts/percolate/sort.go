package percolate

import (
	"math/bits"
	"slices"
)

// sorter puts numbers in order by setting a bit for each, and in top one for each
// word of bits that is not empty. A posting may meet hundreds of thousands of
// subscriptions; this takes the same time for each of them, and a number that was
// found twice is there once. All bits are clear between two uses.
type sorter struct{ words, top []uint64 }

const (
	// fewNumbers are compared with each other: that needs no look at top.
	fewNumbers = 64
	// highestMarked bounds a sorter's room, to 8 MB. Subscriptions are numbered
	// from 1 on, so nobody gets there.
	highestMarked = 1 << 26
)

// sort returns the numbers of list, which it overwrites, ascending and without
// duplicates.
func (s *sorter) sort(list []uint32) []uint32 {
	if len(list) < fewNumbers {
		slices.Sort(list)
		return slices.Compact(list)
	}
	highest := slices.Max(list)
	if highest >= highestMarked {
		slices.Sort(list)
		return slices.Compact(list)
	}
	if n := (int(highest>>16) + 1) << 10; n > len(s.words) { // more than it takes now: numbers grow
		s.words, s.top = make([]uint64, n), make([]uint64, n>>6)
	}
	for _, n := range list {
		s.words[n>>6] |= 1 << (n & 63)
		s.top[n>>12] |= 1 << (n >> 6 & 63)
	}
	return s.take(list[:0])
}

// take appends the numbers that are marked, and clears the marks.
func (s *sorter) take(dst []uint32) []uint32 {
	for i, full := range s.top {
		s.top[i] = 0
		for ; full != 0; full &= full - 1 {
			at := uint32(i)<<6 | uint32(bits.TrailingZeros64(full))
			word := s.words[at]
			s.words[at] = 0
			for ; word != 0; word &= word - 1 {
				dst = append(dst, at<<6|uint32(bits.TrailingZeros64(word)))
			}
		}
	}
	return dst
}

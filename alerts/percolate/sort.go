package percolate

import "slices"

// sorter puts numbers in order by their bytes, the lowest first (a radix sort): that
// takes the same few nanoseconds for each of hundreds of thousands, and looks at no
// memory but the numbers' own.
type sorter struct {
	spare []uint32
	bytes [4][256]uint32 // how many numbers have a byte, then where the next one of them goes
}

// fewNumbers are compared with each other: that needs no counting.
const fewNumbers = 64

// sort returns the numbers of list, which it overwrites, ascending and without
// duplicates.
func (s *sorter) sort(list []uint32) []uint32 {
	if len(list) < fewNumbers {
		slices.Sort(list)
		return slices.Compact(list)
	}
	b := &s.bytes
	*b = [4][256]uint32{}
	for _, n := range list {
		b[0][uint8(n)]++
		b[1][uint8(n>>8)]++
		b[2][uint8(n>>16)]++
		b[3][n>>24]++
	}
	s.spare = slices.Grow(s.spare[:0], len(list))[:len(list)]
	from, to := list, s.spare
	for i := range b {
		if int(b[i][0]) == len(list) { // small numbers have no high bytes
			continue
		}
		startAt(&b[i])
		switch i { // shifting by a constant is quicker
		case 0:
			distribute(to, from, &b[0], 0)
		case 1:
			distribute(to, from, &b[1], 8)
		case 2:
			distribute(to, from, &b[2], 16)
		case 3:
			distribute(to, from, &b[3], 24)
		}
		from, to = to, from
	}
	k, last := 0, ^from[0]
	for _, n := range from {
		list[k] = n
		if n != last {
			k++
		}
		last = n
	}
	return list[:k]
}

// startAt makes of how many there are where the first of them goes.
func startAt(places *[256]uint32) {
	at := uint32(0)
	for i, n := range places {
		places[i] = at
		at += n
	}
}

// distribute puts each number where its byte goes, those of one byte as they came.
func distribute(to, from []uint32, places *[256]uint32, shift uint) {
	for _, n := range from {
		p := &places[uint8(n>>shift)]
		to[*p] = n
		*p++
	}
}

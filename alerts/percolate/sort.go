package percolate

import "slices"

// sorter puts numbers in order by their digits, the lowest first (a radix sort): that
// takes the same few nanoseconds for each of hundreds of thousands, and looks at no
// memory but the numbers' own.
type sorter struct {
	spare  []uint32
	digits [4][1 << 12]uint32 // how many numbers have a digit, then where the next one of them goes
}

const (
	// fewNumbers are compared with each other: that needs no counting.
	fewNumbers = 64
	// manyNumbers are worth longer digits, of which there are fewer.
	manyNumbers = 1 << 12
)

// sort returns the numbers of list, which it overwrites, ascending and without
// duplicates.
func (s *sorter) sort(list []uint32) []uint32 {
	if len(list) < fewNumbers {
		slices.Sort(list)
		return slices.Compact(list)
	}
	s.spare = slices.Grow(s.spare[:0], len(list))[:len(list)]
	var ordered []uint32
	if len(list) < manyNumbers {
		ordered = s.byBytes(list, s.spare)
	} else {
		ordered = s.byTwelveBits(list, s.spare)
	}
	k, last := 0, ^ordered[0]
	for _, n := range ordered {
		list[k] = n
		if n != last {
			k++
		}
		last = n
	}
	return list[:k]
}

// byBytes sorts list into list or spare, and returns which. Its passes are written out,
// because shifting by a constant is a quarter quicker.
func (s *sorter) byBytes(list, spare []uint32) []uint32 {
	d := &s.digits
	for i := range d {
		clear(d[i][:1<<8])
	}
	for _, n := range list {
		d[0][n&0xff]++
		d[1][n>>8&0xff]++
		d[2][n>>16&0xff]++
		d[3][n>>24]++
	}
	if differ(list, d[0][:1<<8]) {
		distribute(spare, list, &d[0], 0, 0xff)
		list, spare = spare, list
	}
	if differ(list, d[1][:1<<8]) {
		distribute(spare, list, &d[1], 8, 0xff)
		list, spare = spare, list
	}
	if differ(list, d[2][:1<<8]) {
		distribute(spare, list, &d[2], 16, 0xff)
		list, spare = spare, list
	}
	if differ(list, d[3][:1<<8]) {
		distribute(spare, list, &d[3], 24, 0xff)
		list = spare
	}
	return list
}

// byTwelveBits is byBytes with two longer digits and what is left of the number.
func (s *sorter) byTwelveBits(list, spare []uint32) []uint32 {
	d := &s.digits
	clear(d[0][:])
	clear(d[1][:])
	clear(d[2][:1<<8])
	for _, n := range list {
		d[0][n&0xfff]++
		d[1][n>>12&0xfff]++
		d[2][n>>24]++
	}
	if differ(list, d[0][:]) {
		distribute(spare, list, &d[0], 0, 0xfff)
		list, spare = spare, list
	}
	if differ(list, d[1][:]) {
		distribute(spare, list, &d[1], 12, 0xfff)
		list, spare = spare, list
	}
	if differ(list, d[2][:1<<8]) {
		distribute(spare, list, &d[2], 24, 0xff)
		list = spare
	}
	return list
}

// differ makes of how many numbers have a digit where the first of them goes, and
// reports whether they differ in it, as far as the higher digits of small numbers go.
func differ(list, digits []uint32) bool {
	if int(digits[0]) == len(list) {
		return false
	}
	at := uint32(0)
	for i, n := range digits {
		digits[i] = at
		at += n
	}
	return true
}

// distribute puts each number where its digit goes, those of one digit as they came.
// It is made for constants, and to be inlined.
func distribute(to, from []uint32, places *[1 << 12]uint32, shift, mask uint32) {
	for _, n := range from {
		p := &places[n>>shift&mask]
		to[*p] = n
		*p++
	}
}

package alerts

import (
	"encoding/binary"

	"github.com/RoaringBitmap/roaring/v2"
)

// What the portable format begins with when no container has runs, and how many
// numbers a container lists at most.
const (
	noRunsCookie = 12346
	mostListed   = 4096
)

// PackNumbers makes a Roaring bitmap, in the portable format
// (github.com/RoaringBitmap/RoaringFormatSpec), of ascending numbers. Most are few and
// far between: they are written as they stand, container by container, which costs a
// tenth of filling a bitmap. Where many lie together the library decides how.
func PackNumbers(numbers []uint32) ([]byte, error) {
	containers, listed := 0, 0
	for i := range numbers {
		if i == 0 || numbers[i]>>16 != numbers[i-1]>>16 {
			containers, listed = containers+1, 0
		}
		if listed++; listed > mostListed {
			bm := roaring.BitmapOf(numbers...)
			bm.RunOptimize()
			return bm.ToBytes()
		}
	}
	header := 8 + 8*containers // cookie and count; key and cardinality, and offset, of each
	b := make([]byte, header+2*len(numbers))
	binary.LittleEndian.PutUint32(b, noRunsCookie)
	binary.LittleEndian.PutUint32(b[4:], uint32(containers))
	keys, offsets, at := b[8:], b[8+4*containers:], header
	for from := 0; from < len(numbers); {
		key, to := numbers[from]>>16, from
		binary.LittleEndian.PutUint32(offsets, uint32(at))
		for ; to < len(numbers) && numbers[to]>>16 == key; to++ {
			binary.LittleEndian.PutUint16(b[at:], uint16(numbers[to]))
			at += 2
		}
		binary.LittleEndian.PutUint16(keys, uint16(key))
		binary.LittleEndian.PutUint16(keys[2:], uint16(to-from-1))
		keys, offsets, from = keys[4:], offsets[4:], to
	}
	return b, nil
}

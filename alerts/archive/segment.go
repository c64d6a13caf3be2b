package archive

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// segment is an immutable part of the archive, in order of position.
type segment struct {
	items []item
	cards []card // of items
	lists lists
}

// listsFrom is the size from which a segment has lists of its terms: in a
// smaller one asking every posting is as quick.
const listsFrom = 512

// newSegment takes items, which it sorts and keeps.
func newSegment(items []item) *segment {
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.position, b.position) })
	s := &segment{items: items, cards: make([]card, len(items))}
	for i := range items {
		s.cards[i] = cardOf(items[i].doc)
	}
	if len(items) >= listsFrom {
		s.lists = newLists(items)
	}
	return s
}

// find is the index of the posting whose content has a position, or -1.
func (s *segment) find(position int64) int {
	i, ok := slices.BinarySearchFunc(s.items, position, func(x item, p int64) int { return cmp.Compare(x.position, p) })
	if !ok {
		return -1
	}
	return i
}

// lists say which postings of a segment have a term: for each term the indexes,
// ascending, as variable-length differences, one behind the other.
type lists struct {
	number map[text.Term]uint32 // of a term
	starts []uint32             // of a term's bytes, by number; one more than terms
	counts []uint32             // of its postings
	bytes  []byte
}

func newLists(items []item) lists {
	l := lists{number: make(map[text.Term]uint32)}
	var last, size []uint32 // by term: the last index seen plus one, and the bytes needed
	for i := range items {
		for _, t := range items[i].doc.Text.Terms() {
			n, ok := l.number[t]
			if !ok {
				n = uint32(len(size))
				l.number[t] = n
				l.counts, last, size = append(l.counts, 0), append(last, 0), append(size, 0)
			}
			l.counts[n]++
			size[n] += varintSize(uint32(i) + 1 - last[n])
			last[n] = uint32(i) + 1
		}
	}
	l.starts = make([]uint32, len(size)+1)
	for n, s := range size {
		l.starts[n+1] = l.starts[n] + s
	}
	l.bytes = make([]byte, l.starts[len(size)])
	next := slices.Clone(l.starts[:len(size)])
	clear(last)
	for i := range items {
		for _, t := range items[i].doc.Text.Terms() {
			n := l.number[t]
			next[n] += uint32(binary.PutUvarint(l.bytes[next[n]:l.starts[n+1]:l.starts[n+1]], uint64(uint32(i)+1-last[n])))
			last[n] = uint32(i) + 1
		}
	}
	return l
}

func varintSize(x uint32) uint32 {
	n := uint32(1)
	for x >= 0x80 {
		x >>= 7
		n++
	}
	return n
}

// count is how many postings have the term.
func (l *lists) count(t text.Term) int {
	n, ok := l.number[t]
	if !ok {
		return 0
	}
	return int(l.counts[n])
}

// mark sets the bits of the postings that have the term.
func (l *lists) mark(bits []uint64, t text.Term) {
	n, ok := l.number[t]
	if !ok {
		return
	}
	at := uint32(0)
	for b := l.bytes[l.starts[n]:l.starts[n+1]]; len(b) > 0; {
		x, size := binary.Uvarint(b)
		b = b[size:]
		at += uint32(x)
		bits[(at-1)>>6] |= 1 << ((at - 1) & 63)
	}
}

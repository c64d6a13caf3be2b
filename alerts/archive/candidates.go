package archive

import (
	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// scratch is what one search works with and gives back.
type scratch struct {
	bits, other []uint64
	unpacked    text.Unpacked
	doc         alerts.Document
}

// read makes the whole document of a posting, as far as the words wanted go. It is
// valid until the next one is read.
func (b *scratch) read(x *item, wanted *text.Wanted) *alerts.Document {
	b.doc = *x.doc
	b.doc.Text = b.unpacked.Read(x.text, wanted)
	return &b.doc
}

// unset makes room for n bits, all unset.
func unset(bits []uint64, n int) []uint64 {
	words := (n + 63) / 64
	if cap(bits) < words {
		return make([]uint64, words)
	}
	bits = bits[:words]
	clear(bits)
	return bits
}

// worthIt is how many times as many postings as the rarest group's another
// group's lists may hold and still be read: reading one entry of a list is that
// much cheaper than asking one posting.
const worthIt = 50

// candidates are the postings of the segment that can meet all groups, as bits;
// all of them when the words tell too little. A group is met by any of its
// alternatives, found by its rarest term.
func (s *segment) candidates(groups []text.Group, scratch *scratch) (bits []uint64, all bool) {
	if s.lists.starts == nil {
		return nil, true
	}
	best, least := -1, len(s.items)/2
	for i := range groups {
		if n := s.cost(&groups[i]); n < least {
			best, least = i, n
		}
	}
	if best < 0 {
		return nil, true
	}
	scratch.bits = s.meeting(&groups[best], scratch.bits)
	for i := range groups {
		if i == best || s.cost(&groups[i]) > worthIt*least {
			continue
		}
		scratch.other = s.meeting(&groups[i], scratch.other)
		for w := range scratch.bits {
			scratch.bits[w] &= scratch.other[w]
		}
	}
	return scratch.bits, false
}

// meeting writes over bits with the postings that can meet the group.
func (s *segment) meeting(g *text.Group, bits []uint64) []uint64 {
	bits = unset(bits, len(s.items))
	for i := range g.Alternatives {
		s.mark(bits, s.rarest(g.Alternatives[i].Terms))
	}
	return bits
}

// cost is at most how many postings meet one of the group's alternatives.
func (s *segment) cost(g *text.Group) int {
	n := 0
	for i := range g.Alternatives {
		n += s.count(s.rarest(g.Alternatives[i].Terms))
	}
	return n
}

func (s *segment) rarest(terms []text.Term) text.Term {
	best := terms[0]
	for _, t := range terms[1:] {
		if s.count(t) < s.count(best) {
			best = t
		}
	}
	return best
}

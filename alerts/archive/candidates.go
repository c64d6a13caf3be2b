package archive

import (
	"github.com/jobalertd/jobalertd/alerts/text"
)

// scratch is what one search works with and gives back.
type scratch struct{ bits []uint64 }

// reset makes room for n bits, all unset.
func (s *scratch) reset(n int) []uint64 {
	words := (n + 63) / 64
	if cap(s.bits) < words {
		s.bits = make([]uint64, words)
	}
	s.bits = s.bits[:words]
	clear(s.bits)
	return s.bits
}

// candidates are the postings of the segment that can meet the groups, as bits;
// all of them when the words tell too little. The group that the fewest postings
// meet decides: each of its alternatives by its rarest term.
func (s *segment) candidates(groups []text.Group, scratch *scratch) (bits []uint64, all bool) {
	if s.lists.number == nil {
		return nil, true
	}
	best, least := -1, len(s.items)/2
	for i := range groups {
		if n := s.lists.cost(&groups[i]); n < least {
			best, least = i, n
		}
	}
	if best < 0 {
		return nil, true
	}
	bits = scratch.reset(len(s.items))
	for _, a := range groups[best].Alternatives {
		s.lists.mark(bits, s.lists.rarest(a.Terms))
	}
	return bits, false
}

// cost is at most how many postings meet one of the group's alternatives.
func (l *lists) cost(g *text.Group) int {
	n := 0
	for i := range g.Alternatives {
		n += l.count(l.rarest(g.Alternatives[i].Terms))
	}
	return n
}

func (l *lists) rarest(terms []text.Term) text.Term {
	best := terms[0]
	for _, t := range terms[1:] {
		if l.count(t) < l.count(best) {
			best = t
		}
	}
	return best
}

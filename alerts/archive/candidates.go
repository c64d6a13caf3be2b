package archive

import (
	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// scratch is what one search works with and gives back.
type scratch struct {
	may, sure           []uint64 // bits by index: of candidates, and of those that certainly meet the query
	groupMay, groupSure []uint64
	unpacked            text.Unpacked
	doc                 alerts.Document
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

// worthIt is how many times as many postings as the rarest condition's another
// condition's lists may hold and still be read: reading one entry of a list is that
// much cheaper than asking one posting.
const worthIt = 50

// candidates sets in b.may the postings of the segment that can meet the query, and
// in b.sure those of them that certainly do. It reports false, and sets nothing, when
// the words tell too little and all postings are candidates.
func (s *segment) candidates(plan *text.Plan, b *scratch) bool {
	if s.lists.starts == nil {
		return false
	}
	best, least := -1, len(s.items)/2
	for i, ways := range plan.Required {
		if n := s.cost(ways); n < least {
			best, least = i, n
		}
	}
	if best < 0 {
		return false
	}
	b.may, b.sure = s.meeting(plan.Required[best], b.may, b.sure)
	certain := !plan.Bound()
	for i, ways := range plan.Required {
		if i == best {
			continue
		}
		if s.cost(ways) > worthIt*least {
			certain = false
			continue
		}
		b.groupMay, b.groupSure = s.meeting(ways, b.groupMay, b.groupSure)
		for w := range b.may {
			b.may[w] &= b.groupMay[w]
			b.sure[w] &= b.groupSure[w]
		}
	}
	for _, ways := range plan.Excluded {
		b.groupMay, b.groupSure = s.meeting(ways, b.groupMay, b.groupSure)
		for w := range b.sure {
			b.sure[w] &^= b.groupMay[w]
		}
	}
	if !certain {
		clear(b.sure)
	}
	return true
}

// meeting writes over the bits with the postings that can meet a condition, and
// with those that certainly do. A way is found by its rarest term.
func (s *segment) meeting(ways []text.Way, may, sure []uint64) (_, _ []uint64) {
	may, sure = unset(may, len(s.items)), unset(sure, len(s.items))
	for _, way := range ways {
		if way.Sure {
			s.mark(may, sure, way.Terms[0])
			continue
		}
		s.mark(may, nil, s.rarest(way.Terms))
	}
	return may, sure
}

// cost is at most how many postings meet one of the ways.
func (s *segment) cost(ways []text.Way) int {
	n := 0
	for _, way := range ways {
		n += s.count(s.rarest(way.Terms))
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

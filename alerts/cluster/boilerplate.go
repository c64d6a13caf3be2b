package cluster

// boilerplate holds the shingles that postings of quite different titles share:
// what an employer, an agency or a board writes into every ad. It says nothing of
// whether two ads are one job.
type boilerplate map[uint32]bool

// differentTitles is how many titles without a common word must share a shingle.
const differentTitles = 3

// commonShingles looks through a batch.
func commonShingles(sketches []*Sketch) boilerplate {
	if len(sketches) < differentTitles {
		return nil
	}
	holders := map[uint32][]*Sketch{} // of each shingle: some whose titles have no common word
	found := boilerplate{}
	for _, s := range sketches {
		for _, h := range s.text.smallest {
			known := holders[h]
			if len(known) < differentTitles && foreign(s, known) {
				if holders[h] = append(known, s); len(known)+1 == differentTitles {
					found[h] = true
				}
			}
		}
	}
	return found
}

func foreign(s *Sketch, known []*Sketch) bool {
	for _, k := range known {
		if !disjointTitles(s, k) {
			return false
		}
	}
	return true
}

// without is s less the boilerplate; what is left is still a fair sample.
func (b boilerplate) without(s shingles) shingles {
	left := shingles{limit: s.limit, smallest: make([]uint32, 0, len(s.smallest))}
	for _, h := range s.smallest {
		if !b[h] {
			left.smallest = append(left.smallest, h)
		}
	}
	return left
}

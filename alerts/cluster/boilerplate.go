package cluster

import (
	"iter"
	"slices"
)

// boilerplate holds the shingles that postings of quite different titles share, or
// two jobs of one employer on one board: what an employer, an agency or a board
// writes into every ad. It says nothing of whether two ads are one job.
type boilerplate map[uint32]bool

// differentTitles is how many titles without a common word must share a shingle.
const differentTitles = 3

// commonShingles finds a batch's boilerplate.
func (t *batch) commonShingles(sketches []*Sketch) boilerplate {
	found := boilerplate{}
	t.employersWords(sketches, found)
	holders := map[uint32][]*Sketch{} // of each shingle: some whose titles have no common word
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

// maxOfEmployer bounds how many postings of one employer on one board are compared.
const maxOfEmployer = 32

// employersWords adds to found what an employer's jobs on one board have in common.
func (t *batch) employersWords(sketches []*Sketch, found boilerplate) {
	for x, y := range t.otherJobs(sketches) {
		found.add(x.text, y.text)
	}
}

// onOneBoard gives the pairs of ads that one employer has on one board, unless
// several boards' ads were brought together there.
func (t *batch) onOneBoard(sketches []*Sketch) iter.Seq2[*Sketch, *Sketch] {
	type page struct{ board, firm uint32 }
	pages := map[page][]*Sketch{}
	for _, s := range sketches {
		if p := (page{s.board, s.firm}); s.board != 0 && !t.mixed[s.board] && s.firm != 0 && len(pages[p]) < maxOfEmployer {
			pages[p] = append(pages[p], s)
		}
	}
	return func(yield func(x, y *Sketch) bool) {
		for _, ads := range pages {
			for n, x := range ads {
				for _, y := range ads[n+1:] {
					if !yield(x, y) {
						return
					}
				}
			}
		}
	}
}

// otherJobs gives those that are two jobs, since a board writes a job's ad once.
func (t *batch) otherJobs(sketches []*Sketch) iter.Seq2[*Sketch, *Sketch] {
	return func(yield func(x, y *Sketch) bool) {
		for x, y := range t.onOneBoard(sketches) {
			if t.twoJobs(x, y) && !yield(x, y) {
				return
			}
		}
	}
}

// twoJobs reports whether two ads of one employer on one board are two jobs.
func (t *batch) twoJobs(x, y *Sketch) bool {
	if !slices.Equal(x.title.levels, y.title.levels) || compareTitles(x, y) == otherTitles {
		return true
	}
	// One job's words in two towns are no less its own.
	return comparePlaces(x, y) != elsewhere && (numbersDiffer(x, y) || t.siblings(x, y))
}

// add adds what two texts share.
func (b boilerplate) add(x, y sample) {
	for i, j := 0, 0; i < len(x.smallest) && j < len(y.smallest); {
		switch {
		case x.smallest[i] < y.smallest[j]:
			i++
		case x.smallest[i] > y.smallest[j]:
			j++
		default:
			b[x.smallest[i]] = true
			i, j = i+1, j+1
		}
	}
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
func (b boilerplate) without(s sample) sample {
	left := sample{limit: s.limit, smallest: make([]uint32, 0, len(s.smallest))}
	for _, h := range s.smallest {
		if !b[h] {
			left.smallest = append(left.smallest, h)
		}
	}
	return left
}

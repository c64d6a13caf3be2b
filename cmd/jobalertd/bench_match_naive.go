package main

import (
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
)

// naiveScan asks Criteria.Matches of every subscription: the definition, and a peer.
type naiveScan struct {
	documents []*alerts.Document
	sample    []int
	taken     latencies // by place in the sample
	found     [][]uint32
}

func (n *naiveScan) begin(documents []*alerts.Document, sample []int) {
	*n = naiveScan{documents: documents, sample: sample, taken: make(latencies, len(sample)), found: make([][]uint32, len(sample))}
}

// see takes criteria by their lines, of which the first is given.
func (n *naiveScan) see(first int, criteria []*alerts.Criteria) {
	for k, i := range n.sample {
		n.taken[k] += timed(func() {
			for line, c := range criteria {
				if c != nil && c.Matches(n.documents[i]) {
					n.found[k] = append(n.found[k], uint32(first+line+1))
				}
			}
		})
	}
}

// figures compare what was found with the index's answers, by document.
func (n *naiveScan) figures(answers [][]uint32) peerFigures {
	p := peerFigures{Postings: len(n.sample), Agrees: true}
	for k, i := range n.sample {
		p.Agrees = p.Agrees && slices.Equal(n.found[k], answers[i])
	}
	p.rate(n.taken)
	return p
}

// checkPairs bounds how many pairs of posting and subscription are compared
// unless asked otherwise.
const checkPairs = 20_000_000

// sample is which documents are compared, spread evenly; at least ten.
func (w *matching) sample(n int) []int {
	if n == 0 {
		n = max(10, checkPairs/max(1, w.lines))
	}
	n = min(n, len(w.documents))
	out := make([]int, n)
	for i := range out {
		out[i] = i * len(w.documents) / n
	}
	return out
}

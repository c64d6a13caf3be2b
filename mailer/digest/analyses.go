package digest

import (
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
)

// analyses keeps the analysis of postings between the envelopes that are composed
// one after another: the same postings are in very many of them. The rows are read
// again for each envelope, so that what was withdrawn is known; only the analysis,
// which costs most, is kept. It is bounded and safe for concurrent use.
type analyses struct {
	mu    sync.Mutex
	known map[uint32]analysis
}

// analysis is a posting's at one position: other content has another.
type analysis struct {
	position int64
	document *alerts.Document
}

// maxAnalyses bounds what is kept: some 10 KB each.
const maxAnalyses = 4096

// of returns the analysis of p, made by make if it is not kept.
func (a *analyses) of(p *alerts.Stored, make func(*alerts.Posting) *alerts.Document) *alerts.Document {
	a.mu.Lock()
	kept, ok := a.known[p.Number]
	a.mu.Unlock()
	if ok && kept.position == p.Position {
		return kept.document
	}
	d := make(&p.Posting)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) >= maxAnalyses {
		a.known = map[uint32]analysis{}
	}
	a.known[p.Number] = analysis{p.Position, d}
	return d
}

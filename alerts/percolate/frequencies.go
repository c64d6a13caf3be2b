package percolate

import (
	"sync/atomic"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// frequencySlots is how many counters terms share. Terms that share one look
// more frequent than they are, which costs a little speed and nothing else.
const frequencySlots = 1 << 16

// learnAll is how many postings are all counted; from then on one in
// learnEvery is, to keep counting out of the way of matching.
const (
	learnAll   = 2000
	learnEvery = 16
)

// Frequencies counts in how many postings a term occurs, which decides under
// which of its words a query is filed. It is approximate, of fixed size, and safe
// for concurrent use. The zero value has seen nothing.
type Frequencies struct {
	seen  atomic.Uint64
	slots [frequencySlots]atomic.Uint32
}

// Learn counts the terms of one posting.
func (f *Frequencies) Learn(d *alerts.Document) {
	for _, t := range d.Text.Terms() {
		f.slots[slotOf(t)].Add(1)
	}
}

// sample learns from one posting of those that pass by.
func (f *Frequencies) sample(d *alerts.Document) {
	if n := f.seen.Add(1); n <= learnAll || n%learnEvery == 0 {
		f.Learn(d)
	}
}

// Of is about how many of the postings learnt from had the term.
func (f *Frequencies) Of(t text.Term) uint32 { return f.slots[slotOf(t)].Load() }

func slotOf(t text.Term) uint64 { return mix(uint64(t)) >> 48 }

package main

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// soakFigures say whether an index stays as it is under changes and postings.
type soakFigures struct {
	Seconds  float64     `json:"seconds"`
	Changes  int         `json:"changes"`
	Postings int         `json:"postings"`
	Merges   int         `json:"merges"`
	Posting  spanFigures `json:"percolate"` // of a sample
	Put      spanFigures `json:"put"`       // of a sample, once there are many
	// Heap is what was reachable, at the beginning and after each tenth.
	Heap   []int64 `json:"heap_bytes"`
	RSS    []int64 `json:"rss_bytes"`
	Agrees bool    `json:"agrees"` // with the answers before: everything was put back
}

// soakChanges is how many subscriptions a soak changes over and over, and
// soakPause how long it waits between two changes.
const (
	soakChanges = 20_000
	soakPause   = time.Millisecond
)

// soak edits, removes and adds subscriptions for a while, merging as a daemon
// does, while postings are percolated without a break.
func (w *matching) soak(ctx context.Context, atLeast time.Duration) (*soakFigures, error) {
	held, err := w.some(soakChanges)
	if err != nil {
		return nil, err
	}
	// A prime, so that nearly every posting comes up in its turn.
	put, posting := newThinned(1), newThinned(17)
	f := &soakFigures{Agrees: true}
	f.note()
	var over atomic.Bool
	var failed error
	var parts sync.WaitGroup
	parts.Go(func() { w.churn(held, put, &over, &f.Changes) })
	parts.Go(func() {
		for !over.Load() && failed == nil {
			var merged bool
			if merged, failed = mergeDue(ctx, w.index); merged {
				f.Merges++
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	parts.Go(func() {
		var dst []uint32
		for ; !over.Load(); f.Postings++ {
			d := w.documents[f.Postings%len(w.documents)]
			posting.add(timed(func() { dst = w.index.Percolate(dst[:0], d) }))
		}
	})
	began := time.Now()
	for range 10 {
		time.Sleep(atLeast / 10)
		f.note()
	}
	over.Store(true)
	parts.Wait()
	f.Seconds = time.Since(began).Seconds()
	f.Posting, f.Put = posting.taken.figures(), put.taken.figures()
	var dst []uint32
	for i, d := range w.documents {
		dst = w.index.Percolate(dst[:0], d)
		f.Agrees = f.Agrees && slices.Equal(dst, w.answers[i])
	}
	return f, failed
}

func (f *soakFigures) note() {
	f.Heap, f.RSS = append(f.Heap, heapBytes()), append(f.RSS, residentBytes())
}

// thinned keeps every so manieth of many times, ever fewer of them, in a room that does
// not grow: what a soak measures with must not look like the index's memory.
type thinned struct {
	every, seen int
	taken       latencies
}

func newThinned(every int) *thinned {
	return &thinned{every: every, taken: make(latencies, 0, 1<<17)}
}

func (s *thinned) add(d time.Duration) {
	if s.seen++; s.seen%s.every != 0 {
		return
	}
	if len(s.taken) == cap(s.taken) {
		kept := s.taken[:0]
		for i := 1; i < cap(s.taken); i += 2 { // those that twice every would have kept
			kept = append(kept, s.taken[i])
		}
		s.taken, s.every = kept, 2*s.every
		if s.seen%s.every != 0 {
			return
		}
	}
	s.taken = append(s.taken, d)
}

// churn changes subscriptions until it is over, to each other's criteria too, and then
// puts all of them back.
func (w *matching) churn(held map[uint32]*alerts.Criteria, taken *thinned, over *atomic.Bool, changes *int) {
	r := rand.New(rand.NewPCG(1, 1))
	ids, others := slices.Sorted(maps.Keys(held)), othersOf(held)
	for ; !over.Load(); *changes++ {
		id := ids[r.IntN(len(ids))]
		switch r.IntN(3) {
		case 0:
			w.index.Remove(id)
		case 1:
			taken.add(timed(func() { w.index.Put(id, held[id]) }))
		case 2:
			taken.add(timed(func() { w.index.Put(id, held[others[id]]) }))
		}
		time.Sleep(soakPause)
	}
	for id, c := range held {
		w.index.Put(id, c)
	}
}

package main

import (
	"context"
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
	Posting  spanFigures `json:"percolate"`
	Put      spanFigures `json:"put"`
	// Heap is what was reachable, at the beginning and after each tenth.
	Heap   []int64 `json:"heap_bytes"`
	RSS    []int64 `json:"rss_bytes"`
	Agrees bool    `json:"agrees"` // with the answers before: everything was put back
}

// soakChanges is how many subscriptions a soak changes over and over, and
// soakPause how long it waits between two changes. Of its postings it keeps no more than
// soakSample times: what it measures with must not grow.
const (
	soakChanges = 20_000
	soakPause   = time.Millisecond
	soakSample  = 1 << 17
)

// soak edits, removes and adds subscriptions for a while, merging as a daemon
// does, while postings are percolated without a break.
func (w *matching) soak(ctx context.Context, atLeast time.Duration) (*soakFigures, error) {
	held, err := w.some(soakChanges)
	if err != nil {
		return nil, err
	}
	f := &soakFigures{Agrees: true}
	f.note()
	var over atomic.Bool
	var failed error
	put, posting := make(latencies, 0, atLeast/soakPause), make(latencies, 0, soakSample)
	var parts sync.WaitGroup
	parts.Go(func() { put = w.churn(held, put, &over, &f.Changes) })
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
		every := 17 // no part of the number of postings, so that all of them come up
		for ; !over.Load(); f.Postings++ {
			d := w.documents[f.Postings%len(w.documents)]
			taken := timed(func() { dst = w.index.Percolate(dst[:0], d) })
			if f.Postings%every != 0 {
				continue
			}
			if posting = append(posting, taken); len(posting) == soakSample {
				posting, every = posting.halved(), 2*every
			}
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
	f.Posting, f.Put = posting.figures(), put.figures()
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

// halved keeps every second, in the same room.
func (l latencies) halved() latencies {
	kept := l[:0]
	for i := 0; i < len(l); i += 2 {
		kept = append(kept, l[i])
	}
	return kept
}

// churn changes subscriptions until it is over, and then puts all of them back. It
// adds the times of the puts to taken.
func (w *matching) churn(held map[uint32]*alerts.Criteria, taken latencies, over *atomic.Bool, changes *int) latencies {
	r := rand.New(rand.NewPCG(1, 1))
	ids := make([]uint32, 0, len(held))
	for id := range held {
		ids = append(ids, id)
	}
	for ; !over.Load(); *changes++ {
		id := ids[r.IntN(len(ids))]
		if r.IntN(3) == 0 {
			w.index.Remove(id)
		} else {
			taken = append(taken, timed(func() { w.index.Put(id, held[id]) }))
		}
		time.Sleep(soakPause)
	}
	for id, c := range held {
		w.index.Put(id, c)
	}
	return taken
}

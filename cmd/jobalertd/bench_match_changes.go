package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// changeFigures say what changes of subscriptions cost, and whether anybody waits
// while the index is merged.
type changeFigures struct {
	Put    spanFigures `json:"put"`    // replacing criteria: visible when it returns
	Remove spanFigures `json:"remove"` // the same
	Add    spanFigures `json:"add"`

	// Settled is a posting before anything was changed, Unfolded and Folded one while
	// all changes wait for a merge, as they were put and folded in.
	Settled     spanFigures `json:"percolate_settled"`
	Unfolded    spanFigures `json:"percolate_while_unfolded"`
	Folded      spanFigures `json:"percolate_while_folded"`
	FoldSeconds float64     `json:"fold_seconds"`

	MergeSeconds   float64     `json:"merge_seconds"`
	MergingPut     spanFigures `json:"put_while_merging"`
	MergingPosting spanFigures `json:"percolate_while_merging"`
	Agrees         bool        `json:"agrees"` // with the answers before: everything was put back
}

type spanFigures struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
	P999  float64 `json:"p999_us"`
	Max   float64 `json:"max_us"`
}

func (l latencies) figures() spanFigures {
	var total time.Duration
	for _, d := range l {
		total += d
	}
	return spanFigures{Count: len(l), Mean: micros(total) / float64(max(1, len(l))), P50: micros(l.quantile(0.50)), P99: micros(l.quantile(0.99)), P999: micros(l.quantile(0.999)), Max: micros(l.quantile(1))}
}

// change replaces subscriptions by themselves, takes some out and puts them back,
// merges while it goes on doing so, and compares the answers.
func (w *matching) change(ctx context.Context, n int) (*changeFigures, error) {
	f := &changeFigures{Agrees: true}
	held, err := w.some(n)
	if err != nil {
		return nil, err
	}
	var put, remove, add latencies
	f.Settled = w.postings()
	for id, c := range held {
		put = append(put, timed(func() { w.index.Put(id, c) }))
	}
	for id := range held {
		remove = append(remove, timed(func() { w.index.Remove(id) }))
	}
	for id, c := range held {
		add = append(add, timed(func() { w.index.Put(id, c) }))
	}
	f.Put, f.Remove, f.Add = put.figures(), remove.figures(), add.figures()
	f.Unfolded = w.postings()
	began := time.Now()
	if err := w.index.Fold(ctx); err != nil {
		return nil, err
	}
	f.FoldSeconds = time.Since(began).Seconds()
	f.Folded = w.postings()
	if err := w.merge(ctx, held, f); err != nil {
		return nil, err
	}
	var dst []uint32
	for i, d := range w.documents {
		dst = w.index.Percolate(dst[:0], d)
		f.Agrees = f.Agrees && slices.Equal(dst, w.answers[i])
	}
	return f, nil
}

// postings times each posting in turn.
func (w *matching) postings() spanFigures {
	var taken latencies
	var dst []uint32
	for _, d := range w.documents {
		taken = append(taken, timed(func() { dst = w.index.Percolate(dst[:0], d) }))
	}
	return taken.figures()
}

// merge times a writer and a reader beside a merge.
func (w *matching) merge(ctx context.Context, held map[uint32]*alerts.Criteria, f *changeFigures) error {
	var done atomic.Bool
	var put, posting latencies
	var failed error
	began := time.Now()
	writer := make(chan struct{})
	merged := make(chan struct{})
	go func() {
		defer close(merged)
		failed = w.index.Merge(ctx)
		f.MergeSeconds = time.Since(began).Seconds()
		done.Store(true)
	}()
	go func() {
		defer close(writer)
		for id, c := range held {
			put = append(put, timed(func() { w.index.Put(id, c) }))
			time.Sleep(100 * time.Microsecond)
			if done.Load() {
				return
			}
		}
	}()
	var dst []uint32
	for i := 0; !done.Load(); i++ {
		posting = append(posting, timed(func() { dst = w.index.Percolate(dst[:0], w.documents[i%len(w.documents)]) }))
	}
	<-merged
	<-writer
	f.MergingPut, f.MergingPosting = put.figures(), posting.figures()
	return failed
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// some picks n subscriptions, spread evenly.
func (w *matching) some(n int) (map[uint32]*alerts.Criteria, error) {
	held := make(map[uint32]*alerts.Criteria, n)
	step := max(1, w.lines/n)
	wanted := func(line int) bool { return line%step == 0 }
	err := w.chunks(wanted, func(first int, chunk []*alerts.Criteria) {
		for i, c := range chunk {
			if c != nil && wanted(first+i) {
				held[uint32(first+i+1)] = c
			}
		}
	})
	return held, err
}

package main

import (
	"context"
	"maps"
	"slices"
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
	Settled  spanFigures `json:"percolate_settled"`
	Unfolded spanFigures `json:"percolate_while_unfolded"`
	Folded   spanFigures `json:"percolate_while_folded"`

	// A writer and a reader beside Fold and Merge; and, as long as the merge took,
	// beside a loop that only counts and makes as much garbage as the merge did, and
	// beside nothing: what they wait for there is the machine's.
	Folding  besideFigures `json:"folding"`
	Merging  besideFigures `json:"merging"`
	Counting besideFigures `json:"counting"`
	Alone    besideFigures `json:"alone"`
	Agrees   bool          `json:"agrees"` // edits were seen, removals too, and in the end the answers are those from before
}

type spanFigures struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean_us"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
	P999  float64 `json:"p999_us"`
	Max   float64 `json:"max_us"`
	Long  int     `json:"over_1_ms"` // how many took longer
}

func (l latencies) figures() spanFigures {
	var total time.Duration
	for _, d := range l {
		total += d
	}
	long := 0
	for _, d := range l {
		if d > time.Millisecond {
			long++
		}
	}
	return spanFigures{Count: len(l), Mean: micros(total) / float64(max(1, len(l))), P50: micros(l.quantile(0.50)), P99: micros(l.quantile(0.99)),
		P999: micros(l.quantile(0.999)), Max: micros(l.quantile(1)), Long: long}
}

// change gives subscriptions each other's criteria, takes them out and puts them back
// as they were, merges while it goes on changing, and compares the answers.
func (w *matching) change(ctx context.Context, n int) (*changeFigures, error) {
	f := &changeFigures{Agrees: true}
	held, err := w.some(n)
	if err != nil {
		return nil, err
	}
	var put, remove, add latencies
	f.Settled = w.postings()
	others := othersOf(held)
	for id, other := range others {
		put = append(put, timed(func() { w.index.Put(id, held[other]) }))
	}
	f.Agrees = w.found(others)
	for id := range held {
		remove = append(remove, timed(func() { w.index.Remove(id) }))
	}
	f.Agrees = f.Agrees && w.foundNone(held)
	for id, c := range held {
		add = append(add, timed(func() { w.index.Put(id, c) }))
	}
	f.Put, f.Remove, f.Add = put.figures(), remove.figures(), add.figures()
	f.Unfolded = w.postings()
	if f.Folding, err = w.beside(held, func() error { return w.index.Fold(ctx) }); err != nil {
		return nil, err
	}
	f.Folded = w.postings()
	if f.Merging, err = w.beside(held, func() error { return w.index.Merge(ctx) }); err != nil {
		return nil, err
	}
	f.Counting, _ = w.beside(held, func() error { count(f.Merging.Seconds, f.Merging.Allocated); return nil })
	f.Alone, _ = w.beside(held, func() error { time.Sleep(seconds(f.Merging.Seconds)); return nil })
	var dst []uint32
	for i, d := range w.documents {
		dst = w.index.Percolate(dst[:0], d)
		f.Agrees = f.Agrees && slices.Equal(dst, w.answers[i])
	}
	return f, nil
}

// othersOf gives each subscription another one.
func othersOf(held map[uint32]*alerts.Criteria) map[uint32]uint32 {
	ids := slices.Sorted(maps.Keys(held))
	others := make(map[uint32]uint32, len(ids))
	for i, id := range ids {
		others[id] = ids[(i+1)%len(ids)]
	}
	return others
}

// checkedChanges is by how many postings changes are checked.
const checkedChanges = 100

// found reports whether each subscription is found now where another one was before.
func (w *matching) found(others map[uint32]uint32) bool {
	var dst []uint32
	for i, d := range w.documents[:min(checkedChanges, len(w.documents))] {
		dst = w.index.Percolate(dst[:0], d)
		for id, other := range others {
			_, is := slices.BinarySearch(dst, id)
			if _, was := slices.BinarySearch(w.answers[i], other); is != was {
				return false
			}
		}
	}
	return true
}

func (w *matching) foundNone(held map[uint32]*alerts.Criteria) bool {
	for _, d := range w.documents[:min(checkedChanges, len(w.documents))] {
		if slices.ContainsFunc(w.index.Percolate(nil, d), func(id uint32) bool { return held[id] != nil }) {
			return false
		}
	}
	return true
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

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

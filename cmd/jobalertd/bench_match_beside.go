package main

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// besideFigures say what a writer and a reader wait for beside something else.
type besideFigures struct {
	Seconds   float64     `json:"seconds"` // that the other took
	Allocated int64       `json:"allocated_bytes"`
	Put       spanFigures `json:"put"`
	Remove    spanFigures `json:"remove"`
	Posting   spanFigures `json:"percolate"`
}

// writerPause is how long a writer waits between two changes: some thousand a
// second are more than any site has.
const writerPause = 100 * time.Microsecond

// beside replaces, removes and adds subscriptions and percolates postings while
// other runs. Everything is in place afterwards.
func (w *matching) beside(held map[uint32]*alerts.Criteria, other func() error) (f besideFigures, err error) {
	var over atomic.Bool
	var put, remove, posting latencies
	var parts sync.WaitGroup
	parts.Go(func() {
		for !over.Load() {
			for id, c := range held {
				put = append(put, timed(func() { w.index.Put(id, c) }))
				remove = append(remove, timed(func() { w.index.Remove(id) }))
				put = append(put, timed(func() { w.index.Put(id, c) }))
				if over.Load() {
					return
				}
				time.Sleep(writerPause)
			}
		}
	})
	parts.Go(func() {
		var dst []uint32
		for i := 0; !over.Load(); i++ {
			posting = append(posting, timed(func() { dst = w.index.Percolate(dst[:0], w.documents[i%len(w.documents)]) }))
		}
	})
	allocated, began := allocatedBytes(), time.Now()
	err = other()
	f.Seconds, f.Allocated = time.Since(began).Seconds(), allocatedBytes()-allocated
	over.Store(true)
	parts.Wait()
	f.Put, f.Remove, f.Posting = put.figures(), remove.figures(), posting.figures()
	return f, err
}

// count keeps a core busy for a while, and makes garbage.
func count(forSeconds float64, garbage int64) {
	const piece = 4096
	began := time.Now()
	var last []byte
	for made := int64(0); ; {
		passed := time.Since(began).Seconds()
		if passed >= forSeconds {
			break
		}
		for ; float64(made) < float64(garbage)*passed/forSeconds; made += piece {
			last = make([]byte, piece)
		}
	}
	runtime.KeepAlive(last)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// allocatedBytes is what was ever allocated on the heap.
func allocatedBytes() int64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}} // which stops nobody, unlike runtime.ReadMemStats
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

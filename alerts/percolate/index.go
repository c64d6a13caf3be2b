package percolate

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/jobalertd/jobalertd/alerts"
)

// instant counts the changes of an index: each Put and Remove is one later. A
// reader sees the index as it stood at the instant at which it began.
type instant uint64

// Index answers which subscriptions a posting matches. It is safe for concurrent
// use. Criteria that were put in must not be changed afterwards.
type Index struct {
	df      *Frequencies
	layers  atomic.Pointer[layers]
	now     atomic.Uint64 // the last instant; written with mu held
	live    atomic.Int64
	scratch sync.Pool // of *scratch

	mu      sync.Mutex // held by writers, and at both ends of a merge
	maker   maker
	merging bool
	killed  []death // while merging

	oneMerge sync.Mutex
}

// layers are what a reader walks: a base, and overlays of which the last one is
// being written to. There is more than one while a merge is under way, or when
// one was broken off.
type layers struct {
	base     *base
	overlays []*overlay
}

type death struct {
	id uint32
	at instant
}

// scratch is what one Percolate works with.
type scratch struct {
	probe probe
	keys  []key
	seen  marks
}

// New returns an empty Index.
func New() *Index { return Build(func(func(uint32, *alerts.Criteria) bool) {}, nil) }

// Build makes an Index of many subscriptions at once, each id at most once. df
// are the frequencies to file by, nil when none are known; the Index goes on
// learning into them.
func Build(subscriptions iter.Seq2[uint32, *alerts.Criteria], df *Frequencies) *Index {
	if df == nil {
		df = &Frequencies{}
	}
	var subs []subscription
	for id, c := range subscriptions {
		subs = append(subs, subscription{id, c})
	}
	b, err := buildBase(context.Background(), subs, df)
	if err != nil {
		panic(err) // only a context that has ended makes it fail
	}
	x := &Index{df: df}
	x.scratch.New = func() any { return new(scratch) }
	x.layers.Store(&layers{base: b, overlays: []*overlay{newOverlay()}})
	x.live.Store(int64(len(subs)))
	return x
}

// Frequencies are what the index files by. Postings known from elsewhere can be
// learnt into them before subscriptions are put.
func (x *Index) Frequencies() *Frequencies { return x.df }

// Put adds a subscription, or replaces its criteria. A Percolate that begins
// after Put has returned sees it; one under way sees the index without it.
func (x *Index) Put(id uint32, c *alerts.Criteria) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := instant(x.now.Load() + 1)
	l := x.layers.Load()
	existed := x.kill(l, id, at)
	e := x.maker.make(c, x.df)
	l.overlays[len(l.overlays)-1].put(id, c, at, x.maker.keys, e)
	if !existed {
		x.live.Add(1)
	}
	x.now.Store(uint64(at))
}

// Remove takes a subscription out; an unknown one is none.
func (x *Index) Remove(id uint32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := instant(x.now.Load() + 1)
	if x.kill(x.layers.Load(), id, at) {
		x.live.Add(-1)
		x.now.Store(uint64(at))
	}
}

// kill ends the live record of id, in whichever layer it is.
func (x *Index) kill(l *layers, id uint32, at instant) bool {
	found := false
	for _, o := range slices.Backward(l.overlays) {
		if found = o.kill(id, at); found {
			break
		}
	}
	if found = found || l.base.kill(id, at); found && x.merging {
		x.killed = append(x.killed, death{id, at})
	}
	return found
}

// Percolate appends to dst the numbers of the subscriptions whose criteria d
// satisfies, ascending and without duplicates, and returns it. It agrees with
// Criteria.Matches by definition, sees the index as it stood at one instant, and
// waits for nobody.
func (x *Index) Percolate(dst []uint32, d *alerts.Document) []uint32 {
	x.df.sample(d)
	l, at := x.standing()
	return x.percolateAt(dst, l, at, d)
}

// percolateAt is Percolate for a reader that began at an instant.
func (x *Index) percolateAt(dst []uint32, l *layers, at instant, d *alerts.Document) []uint32 {
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	s.probe.set(d)
	s.keys = documentKeys(s.keys[:0], d)
	from := len(dst)
	dst = l.base.percolate(dst, at, s.keys, &s.probe, d, &s.seen)
	for _, o := range l.overlays {
		dst = o.percolate(dst, at, s.keys, &s.probe, d)
	}
	found := dst[from:]
	slices.Sort(found)
	return dst[:from+len(slices.Compact(found))]
}

// standing returns layers with an instant at which they were the index's: deaths
// after a merge are known to the new base alone.
func (x *Index) standing() (*layers, instant) {
	for {
		l := x.layers.Load()
		at := instant(x.now.Load())
		if x.layers.Load() == l {
			return l, at
		}
	}
}

// Len is how many subscriptions are in the index.
func (x *Index) Len() int { return int(x.live.Load()) }

// Stats say how an index is doing.
type Stats struct {
	Subscriptions int
	Base          int // subscriptions built into the base, the dead among them included
	Pending       int // filings in overlays and dead subscriptions in the base: what the next Merge folds in
	Keys          int // distinct keys in the base
	Entries       int // filings in the base: a subscription may need several
	// Bytes is the size of the base's arrays, without the criteria they point to.
	Bytes int64
}

// Stats are read from the base and the overlays as they stand.
func (x *Index) Stats() Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.layers.Load()
	b := l.base
	s := Stats{Subscriptions: x.Len(), Base: len(b.ids), Entries: len(b.entries)}
	inOverlays := 0
	for _, o := range l.overlays {
		inOverlays += len(o.byID)
		s.Pending += o.links
	}
	s.Pending += s.Base + inOverlays - s.Subscriptions
	for _, k := range b.keys {
		if k != 0 {
			s.Keys++
		}
	}
	s.Bytes = int64(len(b.keys))*16 + int64(len(b.entries))*int64(unsafe.Sizeof(entry{})) +
		int64(len(b.ids))*(4+8) + int64(len(b.dead))*4 + int64(len(b.place.dense))*4 + int64(len(b.place.sparse))*16
	return s
}

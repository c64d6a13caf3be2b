package percolate

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jobalertd/jobalertd/alerts"
)

// instant counts the changes of an index: each Put and Remove is one later. A
// reader sees the index as it stood at the instant at which it began.
type instant uint64

// Index answers which subscriptions a posting matches. It is safe for concurrent
// use. Criteria that were put in must not be changed afterwards.
type Index struct {
	df       *Frequencies
	layers   atomic.Pointer[layers]
	now      atomic.Uint64 // the last instant; written with mu held
	live     atomic.Int64  // in the layers
	canaries canaries
	scratch  sync.Pool // of *scratch
	filings  sync.Pool // of *filing

	mu      sync.Mutex // held by writers, and at both ends of a merge
	merging bool
	killed  []death // while merging

	oneMerge sync.Mutex
}

// layers are what a reader walks: two bases, and overlays of which the last one is
// being written to. There is more than one overlay while a merge is under way, or
// when one was broken off, or when one was full.
type layers struct {
	bases    [2]*base // that of the last Merge, and what was folded in since
	overlays []*overlay
}

// Which bases a merge makes anew.
const (
	every  = 0
	recent = 1
)

type death struct {
	id uint32
	at instant
}

// scratch is what one Percolate works with.
type scratch struct {
	states [2]state // of the bases
	probe  probe
	keys   []key
	sorter sorter
}

// New returns an empty Index. df are the frequencies to file by, nil when none
// are known; the Index goes on learning into them.
func New(df *Frequencies) *Index {
	if df == nil {
		df = &Frequencies{}
	}
	x := &Index{df: df}
	x.scratch.New = func() any { return new(scratch) }
	x.filings.New = func() any { return new(filing) }
	x.Load(0, func(func(uint32, *alerts.Criteria) bool) {})
	return x
}

// Build makes an Index of many subscriptions at once, each id at most once.
func Build(subscriptions iter.Seq2[uint32, *alerts.Criteria], df *Frequencies) *Index {
	x := New(df)
	x.Load(0, subscriptions)
	return x
}

// Load replaces what the index holds, each id at most once. The criteria are not
// kept, so a million may pass by one after the other, but must not be changed before
// Load returns: some thousands wait for all cores. about is how many come, as far
// as is known: more may, or fewer. Nothing else may be done with the index meanwhile, but
// what its Frequencies learn before the last one has come counts.
func (x *Index) Load(about int, subscriptions iter.Seq2[uint32, *alerts.Criteria]) {
	x.canaries.clear()
	b, err := x.gather(runtime.GOMAXPROCS(0), about, subscriptions).build(context.Background())
	if err != nil {
		panic(err) // only a context that has ended makes it fail
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.layers.Store(&layers{bases: [2]*base{b, {}}, overlays: []*overlay{newOverlay(firstChains)}})
	x.live.Store(int64(b.count))
}

// Frequencies are what the index files by. Postings known from elsewhere can be
// learnt into them before subscriptions are put.
func (x *Index) Frequencies() *Frequencies { return x.df }

// Put adds a subscription, or replaces its criteria. A Percolate that begins
// after Put has returned sees it; one under way sees the index without it.
func (x *Index) Put(id uint32, c *alerts.Criteria) {
	if c.Canary() {
		x.Remove(id)
		x.canaries.put(id, c)
		return
	}
	x.canaries.remove(id)
	f := x.filings.Get().(*filing)
	defer x.filings.Put(f)
	f.file(c, x.df)
	added := &change{id: id, c: c, entry: makeEntry(c)}
	x.mu.Lock()
	defer x.mu.Unlock()
	added.born = instant(x.now.Load() + 1)
	l := x.layers.Load()
	if !x.kill(l, id, added.born) {
		x.live.Add(1)
	}
	last := l.overlays[len(l.overlays)-1]
	if last.full() {
		last = newOverlay(4 * len(last.chains))
		x.layers.Store(&layers{bases: l.bases, overlays: append(l.overlays[:len(l.overlays):len(l.overlays)], last)})
	}
	last.put(added, f.keys)
	x.now.Store(uint64(added.born))
}

// Remove takes a subscription out; an unknown one is none.
func (x *Index) Remove(id uint32) {
	x.canaries.remove(id)
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
	found := l.kill(id, at)
	if found && x.merging {
		x.killed = append(x.killed, death{id, at})
	}
	return found
}

// kill ends the live record of id, of which there is one at most, and reports whether
// there was one. The bases come first, since they know from two bits.
func (l *layers) kill(id uint32, at instant) bool {
	for _, b := range l.bases {
		if b.kill(id, at) {
			return true
		}
	}
	for _, o := range slices.Backward(l.overlays) {
		if o.kill(id, at) {
			return true
		}
	}
	return false
}

// Percolate appends to dst the numbers of the subscriptions whose criteria d
// satisfies, ascending and without duplicates, and returns it. It agrees with
// Criteria.Matches by definition, sees the index as it stood at one instant, and
// waits for nobody.
func (x *Index) Percolate(dst []uint32, d *alerts.Document) []uint32 {
	if d.Source == alerts.CanarySource {
		return x.canaries.percolate(dst, d)
	}
	x.df.sample(d)
	l, at := x.standing()
	return x.percolateAt(dst, l, at, d)
}

// percolateAt is Percolate for a reader that began at an instant.
func (x *Index) percolateAt(dst []uint32, l *layers, at instant, d *alerts.Document) []uint32 {
	s := x.scratch.Get().(*scratch)
	defer x.scratch.Put(s)
	from := len(dst)
	for i, b := range l.bases {
		dst = b.percolate(dst, at, d, &s.states[i])
	}
	probed := false
	for _, o := range l.overlays {
		if o.empty() {
			continue
		}
		if !probed {
			probed = true
			s.probe.set(d)
			s.keys = documentKeys(s.keys[:0], d)
		}
		dst = o.percolate(dst, at, s.keys, &s.probe, d)
	}
	return dst[:from+len(s.sorter.sort(dst[from:]))]
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
func (x *Index) Len() int { return int(x.live.Load()) + x.canaries.len() }

// Stats say how an index is doing.
type Stats struct {
	Subscriptions int
	Base          int   // subscriptions built into the base, the dead among them included
	Unfolded      int   // filings in overlays: what the next Fold takes in
	Pending       int   // these, subscriptions folded in, and the dead: what the next Merge takes in
	Units         int   // distinct conditions in the base
	Entries       int   // filings in the base: a subscription may need several
	Bytes         int64 // of the arrays of both bases
}

// Stats are read from the bases and the overlays as they stand.
func (x *Index) Stats() Stats {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := x.layers.Load()
	b, folded := l.bases[0], l.bases[1]
	s := Stats{Subscriptions: x.Len(), Base: b.count, Entries: len(b.records), Units: len(b.units) - 1 + len(b.lazies), Bytes: b.bytes() + folded.bytes()}
	for _, o := range l.overlays {
		s.Unfolded += int(o.links.Load())
	}
	s.Pending = s.Unfolded + folded.count + int(b.died.Load()+folded.died.Load())
	return s
}

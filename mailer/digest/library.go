package digest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
)

// library holds the postings of a large run's window, read and analysed once for
// all of its subscribers, without their texts, and which of them may be one job.
// It does not change once it is open, and its pairs once they are found; a nil one is
// empty.
type library struct {
	of       map[uint32]*kept
	partners map[uint32][]uint32 // near-duplicates that a digest may fold, both ways
	apart    bits                // of those in of that have no partners
	paired   chan struct{}       // closed when partners and apart are known
}

// bits is a set of posting numbers, asked for each of a run's proposals.
type bits []uint64

func (b bits) has(n uint32) bool { return int(n>>6) < len(b) && b[n>>6]&(1<<(n&63)) != 0 }

func (b *bits) add(n uint32) {
	if short := int(n>>6) + 1 - len(*b); short > 0 {
		*b = append(*b, make(bits, short)...)
	}
	(*b)[n>>6] |= 1 << (n & 63)
}

// kept is a posting in a library: some 4 KB, half of them its sketch.
type kept struct {
	packed                  *alerts.Packed
	sketch                  Sketch
	expires                 time.Time
	position, firstPosition int64
	number                  uint32
}

// errFull ends the filling of a library.
var errFull = errors.New("the library is full")

// libraryFor opens a library of the window that most of the alerts have that are due,
// listed by their subscribers; nil if they are few.
func (b *Builder) libraryFor(ctx context.Context, r run, due []int64) (*library, error) {
	if len(due) < b.LibraryFrom {
		return nil, nil
	}
	var some []int64 // of all: those due first may all be instant
	for i := 0; i < len(due); i += len(due)/b.LibraryFrom + 1 {
		some = append(some, due[i])
	}
	pages, err := b.due(ctx, r, some)
	if err != nil {
		return nil, err
	}
	var after []int64
	for _, p := range pages {
		for _, a := range p.alerts {
			after = append(after, a.window.After)
		}
	}
	if len(after) == 0 {
		return nil, nil
	}
	slices.Sort(after)
	return b.openLibrary(ctx, after[len(after)/2], r.cutoff)
}

// openLibrary reads the open postings whose present content lies in (after,
// through], as many as may be kept; others are read when they are asked for.
func (b *Builder) openLibrary(ctx context.Context, after, through int64) (*library, error) {
	l := &library{of: map[uint32]*kept{}, paired: make(chan struct{})}
	var (
		mu    sync.Mutex
		batch []alerts.Stored
		n     int
		g     errgroup.Group
	)
	g.SetLimit(runtime.GOMAXPROCS(0))
	analyse := func(batch []alerts.Stored) {
		g.Go(func() error {
			made := b.keep(batch)
			mu.Lock()
			defer mu.Unlock()
			for _, k := range made {
				l.of[k.number] = k
			}
			return nil
		})
	}
	err := b.Postings.OpenBetween(ctx, b.DB.Reader, after, through, b.Now(), func(p alerts.Stored) error {
		if n == b.MaxDocuments {
			return errFull
		}
		n++
		if batch = append(batch, p); len(batch) == packedTogether {
			analyse(batch)
			batch = nil
		}
		return nil
	})
	analyse(batch)
	_ = g.Wait() // nothing returns an error
	if err != nil && !errors.Is(err, errFull) {
		return nil, err
	}
	go func() { // the first range can be turned round meanwhile
		defer close(l.paired)
		l.pair(b.Twins)
	}()
	return l, nil
}

// packedTogether is how many postings share the dictionary of their words.
const packedTogether = 500

// keep makes of postings what a library keeps of them.
func (b *Builder) keep(batch []alerts.Stored) []*kept {
	docs, out := make([]*alerts.Document, len(batch)), make([]*kept, len(batch))
	for i := range batch {
		p, k := &batch[i], new(kept)
		docs[i], out[i] = b.Meaning.Document(&p.Posting), k
		if b.Twins != nil {
			k.sketch = b.Twins.Sketch(&p.Posting)
		}
		k.number, k.expires, k.position, k.firstPosition = p.Number, p.ExpiresAt, p.Position, p.FirstPosition
	}
	for i, p := range alerts.Pack(docs) {
		out[i].packed = p
	}
	return out
}

// pair finds which postings may be one job.
func (l *library) pair(t Twins) {
	if t == nil {
		return
	}
	numbers, sketches := make([]uint32, 0, len(l.of)), make([]Sketch, 0, len(l.of))
	for n, d := range l.of {
		numbers, sketches = append(numbers, n), append(sketches, d.sketch)
	}
	l.partners = map[uint32][]uint32{}
	for _, p := range t.Possible(sketches) {
		a, b := numbers[p[0]], numbers[p[1]]
		l.partners[a], l.partners[b] = append(l.partners[a], b), append(l.partners[b], a)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		if len(l.partners[n]) == 0 {
			l.apart.add(n)
		}
	}
}

// close waits until nothing works for the library any more.
func (l *library) close() {
	if l != nil {
		<-l.paired
	}
}

func (l *library) get(number uint32) *kept {
	if l == nil {
		return nil
	}
	return l.of[number]
}

// mayFold reports whether any two of the postings may be one job.
func (l *library) mayFold(numbers []uint32) bool {
	if l == nil {
		return true
	}
	<-l.paired
	for _, n := range numbers {
		if l.apart.has(n) {
			continue
		}
		if l.of[n] == nil || slices.ContainsFunc(l.partners[n], func(p uint32) bool { return slices.Contains(numbers, p) }) {
			return true
		}
	}
	return false
}

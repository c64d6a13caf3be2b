package percolate

import (
	"iter"
	"sync/atomic"

	"github.com/jobalertd/jobalertd/alerts"
)

// overlay holds what was put since the base was built. One writer at a time adds
// to it, under the index's lock, while any number of readers walk it: a chain
// only ever grows at its head, and a change says from when to when it stands.
type overlay struct {
	chains []chain            // a power of two
	byID   map[uint32]*change // the writer's: live changes
	links  atomic.Int64
}

// chain is filings whose keys have their last bits in common.
type chain struct {
	tags atomic.Uint64 // tagOf of each key in it: most of a posting's keys are in no chain, and walk none
	head atomic.Pointer[link]
}

// tagOf is one bit for a key, by other bits than its chain.
func tagOf(k key) uint64 { return 1 << (k >> 58) }

// change is one subscription in an overlay.
type change struct {
	id    uint32
	c     *alerts.Criteria
	entry entry
	born  instant
	died  atomic.Uint64 // an instant; 0 while it lives
}

func (c *change) alive(at instant) bool {
	died := instant(c.died.Load())
	return c.born <= at && (died == 0 || died > at)
}

// link is one filing of a change in a chain.
type link struct {
	key    key
	change *change
	next   *link
}

const firstChains = 1 << 8

func newOverlay(chains int) *overlay {
	return &overlay{chains: make([]chain, chains), byID: make(map[uint32]*change)}
}

// full says that chains grow long: a further overlay, four times as wide, goes on
// faster than one that is filed anew while a writer waits.
func (o *overlay) full() bool { return o.links.Load() > 4*int64(len(o.chains)) }

// put adds a change filed under keys. It must not hold a live one of that id.
func (o *overlay) put(c *change, keys []key) {
	o.byID[c.id] = c
	links := make([]link, len(keys))
	for i, k := range keys {
		at := &o.chains[int(k)&(len(o.chains)-1)]
		links[i] = link{k, c, at.head.Load()}
		at.head.Store(&links[i])
		at.tags.Or(tagOf(k))
	}
	o.links.Add(int64(len(keys)))
}

// standing gives each change that stood at an instant once.
func (o *overlay) standing(at instant) iter.Seq[*change] {
	return func(yield func(*change) bool) {
		seen := make(map[*change]bool)
		for i := range o.chains {
			for l := o.chains[i].head.Load(); l != nil; l = l.next {
				if c := l.change; c.alive(at) && !seen[c] {
					seen[c] = true
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}

// kill ends the change of id at an instant and reports whether there was a live one.
func (o *overlay) kill(id uint32, at instant) bool {
	c, ok := o.byID[id]
	if ok {
		c.died.Store(uint64(at))
		delete(o.byID, id)
	}
	return ok
}

// empty reports whether nothing was ever put.
func (o *overlay) empty() bool { return o.links.Load() == 0 }

// percolate appends the ids that match and were alive at the instant.
func (o *overlay) percolate(dst []uint32, at instant, keys []key, p *probe, d *alerts.Document) []uint32 {
	mask := len(o.chains) - 1
	for _, k := range keys {
		its := &o.chains[int(k)&mask]
		if its.tags.Load()&tagOf(k) == 0 {
			continue
		}
		for l := its.head.Load(); l != nil; l = l.next {
			if c := l.change; l.key == k && p.admits(&c.entry) && c.alive(at) && c.c.Matches(d) {
				dst = append(dst, c.id)
			}
		}
	}
	return dst
}

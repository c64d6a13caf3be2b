package percolate

import (
	"sync/atomic"

	"github.com/jobalertd/jobalertd/alerts"
)

// overlay holds what was put since the base was built. One writer at a time adds
// to it, under the index's lock, while any number of readers walk it: a chain
// only ever grows at its head, and a record says from when to when it stands.
type overlay struct {
	table atomic.Pointer[[]atomic.Pointer[link]] // a power of two of chains
	byID  map[uint32]*record                     // the writer's: live records
	links int                                    // the writer's
}

// record is one subscription in an overlay.
type record struct {
	id   uint32
	c    *alerts.Criteria
	born instant
	died atomic.Uint64 // an instant; 0 while it lives
}

func (r *record) alive(at instant) bool {
	died := instant(r.died.Load())
	return r.born <= at && (died == 0 || died > at)
}

// link is one entry of a record in a chain.
type link struct {
	key    key
	entry  entry
	record *record
	next   *link
}

const firstChains = 1 << 8

func newOverlay() *overlay {
	o := &overlay{byID: make(map[uint32]*record)}
	o.table.Store(newChains(firstChains))
	return o
}

func newChains(n int) *[]atomic.Pointer[link] {
	chains := make([]atomic.Pointer[link], n)
	return &chains
}

// put adds a record filed under keys, to stand from an instant on. It must not
// hold a live one of that id.
func (o *overlay) put(id uint32, c *alerts.Criteria, born instant, keys []key, e entry) {
	r := &record{id: id, c: c, born: born}
	o.byID[id] = r
	if o.links+len(keys) > 2*len(*o.table.Load()) {
		o.grow()
	}
	chains := *o.table.Load()
	for _, k := range keys {
		add(chains, &link{key: k, entry: e, record: r})
	}
	o.links += len(keys)
}

func add(chains []atomic.Pointer[link], l *link) {
	chain := &chains[int(l.key)&(len(chains)-1)]
	l.next = chain.Load()
	chain.Store(l)
}

// grow makes a table four times as long. Readers that have the old one finish
// with it; the dead come along, since a reader may stand before their death.
func (o *overlay) grow() {
	old := *o.table.Load()
	table := newChains(4 * len(old))
	for i := range old {
		for l := old[i].Load(); l != nil; l = l.next {
			add(*table, &link{key: l.key, entry: l.entry, record: l.record})
		}
	}
	o.table.Store(table)
}

// kill ends the record of id at an instant and reports whether there was a live one.
func (o *overlay) kill(id uint32, at instant) bool {
	r, ok := o.byID[id]
	if ok {
		r.died.Store(uint64(at))
		delete(o.byID, id)
	}
	return ok
}

// percolate appends the ids that match and were alive at the instant.
func (o *overlay) percolate(dst []uint32, at instant, keys []key, p *probe, d *alerts.Document) []uint32 {
	chains := *o.table.Load()
	mask := len(chains) - 1
	for _, k := range keys {
		for l := chains[int(k)&mask].Load(); l != nil; l = l.next {
			if l.key == k && p.admits(&l.entry) && l.record.alive(at) && l.record.c.Matches(d) {
				dst = append(dst, l.record.id)
			}
		}
	}
	return dst
}

package percolate

import (
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/jobalertd/jobalertd/alerts"
)

// canaries are the subscriptions that canary postings may meet: one, mostly. They
// stay out of the layers, since no other posting meets them, nor a canary any other.
type canaries struct {
	mu sync.RWMutex
	of map[uint32]*alerts.Criteria
}

func (k *canaries) put(id uint32, c *alerts.Criteria) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[uint32]*alerts.Criteria{}
	}
	k.of[id] = c
}

func (k *canaries) remove(id uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.of, id)
}

func (k *canaries) len() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.of)
}

// without keeps the canaries among subscriptions instead of those it has, and
// passes the others on.
func (k *canaries) without(subscriptions iter.Seq2[uint32, *alerts.Criteria]) iter.Seq2[uint32, *alerts.Criteria] {
	k.mu.Lock()
	k.of = nil
	k.mu.Unlock()
	return func(yield func(uint32, *alerts.Criteria) bool) {
		for id, c := range subscriptions {
			if c.Canary() {
				k.put(id, c)
			} else if !yield(id, c) {
				return
			}
		}
	}
}

func (k *canaries) percolate(dst []uint32, d *alerts.Document) []uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, id := range slices.Sorted(maps.Keys(k.of)) {
		if k.of[id].Matches(d) {
			dst = append(dst, id)
		}
	}
	return dst
}

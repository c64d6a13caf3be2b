package percolate

import (
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

func (k *canaries) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of = nil
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

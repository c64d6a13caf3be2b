package text

import (
	"strings"
	"sync/atomic"
)

// cacheSlots bounds the words that an Analyser remembers. A slot holds one
// word and is overwritten by the next that falls on it, so the cache is
// bounded, never locked, and never changes an answer.
const cacheSlots = 1 << 15

type wordCache struct {
	slots [cacheSlots]atomic.Pointer[wordInfo]
}

// word returns the analysis of a word as written.
func (a *Analyser) word(surface string) *wordInfo {
	slot := &a.cache.slots[uint64(termOf('w', surface))%cacheSlots]
	if w := slot.Load(); w != nil && w.surface == surface {
		return w
	}
	w := a.info(strings.Clone(surface))
	if len(surface) <= 64 {
		slot.Store(w)
	}
	return w
}

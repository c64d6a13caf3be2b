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

// waysCache remembers the ways of words asked for, as wordCache does words,
// so that a million subscriptions share those of some ten thousand words.
type waysCache struct {
	slots [cacheSlots]atomic.Pointer[cachedWays]
}

type cachedWays struct {
	key  string
	ways []alternative
}

// get returns what was made for key before, or makes it. What it returns is
// shared and must not be changed.
func (c *waysCache) get(key string, make func() []alternative) []alternative {
	slot := &c.slots[uint64(termOf('q', key))%cacheSlots]
	if w := slot.Load(); w != nil && w.key == key {
		return w.ways
	}
	w := &cachedWays{key, make()}
	slot.Store(w)
	return w.ways
}

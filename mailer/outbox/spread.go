package outbox

import (
	"strings"
	"sync"
	"time"
)

// spread gives the envelopes that a domain's pace holds back due times one after
// the other, so that thousands for one domain are not claimed and composed again
// and again for each one that may go.
type spread struct {
	mu      sync.Mutex
	domains map[string]*turns
}

// turns are those of one domain.
type turns struct {
	slot time.Time     // the last that the pacer named
	gap  time.Duration // between two slots: seen, or until then guessed
	seen bool
	last time.Time // the last due time given out
}

// maxSpread bounds the domains remembered, which are learned again quickly, and
// furthest how far ahead of the domain's next slot an envelope may be put.
const (
	maxSpread = 10_000
	furthest  = time.Hour
)

// next is when to ask again for address, of which the pacer says at now that it may
// not go before slot.
func (s *spread) next(address string, now, slot time.Time) time.Time {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.domains == nil || len(s.domains) >= maxSpread {
		s.domains = map[string]*turns{}
	}
	t := s.domains[domain]
	if t == nil {
		t = &turns{slot: slot, gap: slot.Sub(now)}
		s.domains[domain] = t
	}
	// Slots stand a fixed time apart; several may have been taken since.
	if d := slot.Sub(t.slot); d > 0 && (!t.seen || d < t.gap) {
		t.gap, t.seen = d, true
	}
	t.slot = slot
	due := t.last.Add(t.gap)
	switch {
	case due.Before(slot):
		due = slot
	case due.After(slot.Add(furthest)):
		return slot.Add(furthest)
	}
	t.last = due
	return due
}

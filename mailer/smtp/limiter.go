package smtp

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Slots hands out times at which something may happen, so that any number of
// workers and processes together keep to one pace. MemorySlots serves one
// process; a table with one row a key serves several.
type Slots interface {
	// Reserve takes c.Count consecutive times, c.Interval apart, that no one
	// else has, and returns the first. Where that would lie after c.Latest
	// it takes none and returns the time and false.
	Reserve(ctx context.Context, c SlotClaim) (first time.Time, ok bool, err error)
}

// SlotClaim is what Reserve is asked for. In a store, with free_at being the
// end of what was taken last (long ago for a new key):
//
//	first = free_at if it is not before Since, else Now; if first > Latest: none; free_at = first + Count × Interval
//
// So a pace that stumbles for less than Now − Since makes up for it, and one that
// lay idle for longer begins anew without a burst.
type SlotClaim struct {
	Key      string // what is paced: "total", or "domain:" and a domain in lower case
	Count    int
	Interval time.Duration
	Now      time.Time
	Since    time.Time // not after Now
	Latest   time.Time // zero: any time
}

// MemorySlots are Slots of one process. The zero value is ready; it is safe
// for concurrent use.
type MemorySlots struct {
	mu     sync.Mutex
	freeAt map[string]time.Time
}

// maxMemoryKeys is when MemorySlots forgets the keys that lie in the past.
const maxMemoryKeys = 10_000

// Reserve implements Slots.
func (m *MemorySlots) Reserve(_ context.Context, c SlotClaim) (time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := c.Now
	if free, known := m.freeAt[c.Key]; known && !free.Before(c.Since) {
		first = free
	}
	if !c.Latest.IsZero() && first.After(c.Latest) {
		return first, false, nil
	}
	if m.freeAt == nil {
		m.freeAt = make(map[string]time.Time)
	}
	if len(m.freeAt) >= maxMemoryKeys {
		for key, free := range m.freeAt {
			if free.Before(c.Since) {
				delete(m.freeAt, key)
			}
		}
	}
	m.freeAt[c.Key] = first.Add(time.Duration(c.Count) * c.Interval)
	return first, true, nil
}

// Limiter keeps the pace at which envelopes go out: in all, at the socket
// (Options.Pace), and by recipient domain, asked before an envelope is taken.
// One Limiter is shared by all connections of a process and is safe for
// concurrent use; processes keep to one pace by sharing Slots.
type Limiter struct {
	slots     Slots
	interval  time.Duration  // between two envelopes; 0: no total pace
	block     int            // slots taken at a time, so that shared Slots are asked ten times a second at most
	perMinute map[string]int // by domain in lower case

	mu       sync.Mutex
	nextSlot time.Time
	left     int
}

// LimiterOptions set the pace.
type LimiterOptions struct {
	// PerSecond is the number of envelopes a second in all; 0: no bound.
	PerSecond float64

	// PerMinute bounds single recipient domains; "*" stands for every domain
	// not named.
	PerMinute map[string]int

	// Slots is shared with other processes; nil: this process is alone.
	Slots Slots
}

// blockTime is how much of the pace a process takes at a time. What a process
// holds and cannot use in time may go out late in one burst, so it also
// bounds how far above the pace a moment can be.
const blockTime = 100 * time.Millisecond

// NewLimiter returns a Limiter that keeps to o.
func NewLimiter(o LimiterOptions) *Limiter {
	l := &Limiter{slots: o.Slots, block: 1, perMinute: make(map[string]int, len(o.PerMinute))}
	if l.slots == nil {
		l.slots = new(MemorySlots)
	}
	if o.PerSecond > 0 {
		l.interval = time.Duration(float64(time.Second) / o.PerSecond)
		l.block = max(1, int(blockTime/max(l.interval, 1)))
	}
	for domain, n := range o.PerMinute {
		if n > 0 {
			l.perMinute[strings.ToLower(domain)] = n
		}
	}
	return l
}

// Next takes the next time at which an envelope may go out; it may lie in the
// past, never in the future of a pace that has room. The zero time means at
// once. Whoever takes a time waits for it.
func (l *Limiter) Next(ctx context.Context) (time.Time, error) {
	if l == nil || l.interval == 0 {
		return time.Time{}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 0 {
		now := time.Now()
		first, _, err := l.slots.Reserve(ctx, SlotClaim{
			Key: "total", Count: l.block, Interval: l.interval, Now: now, Since: now.Add(-catchUp),
		})
		if err != nil {
			return time.Time{}, err
		}
		l.nextSlot, l.left = first, l.block
	}
	slot := l.nextSlot
	l.nextSlot = slot.Add(l.interval)
	l.left--
	return slot, nil
}

// catchUp is the longest stumble that a pace makes up for, and so how far above it
// a moment can be.
const catchUp = time.Second

// Domain asks whether an envelope to address may go out now by its domain's
// pace, and takes the place if so. If not, again is when to ask next: leave
// the envelope waiting until then, since a worker that waits for one domain
// keeps all others from moving.
func (l *Limiter) Domain(ctx context.Context, address string) (ok bool, again time.Time, err error) {
	if l == nil || len(l.perMinute) == 0 {
		return true, time.Time{}, nil
	}
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	n, named := l.perMinute[domain]
	if !named {
		n = l.perMinute["*"]
	}
	if n == 0 {
		return true, time.Time{}, nil
	}
	now := time.Now()
	interval := time.Minute / time.Duration(n)
	first, ok, err := l.slots.Reserve(ctx, SlotClaim{
		Key: "domain:" + domain, Count: 1, Interval: interval,
		Now: now, Since: now.Add(-max(catchUp, interval)), Latest: now,
	})
	if ok || err != nil {
		return ok, time.Time{}, err
	}
	return false, first, nil
}

// waitUntil waits for t or the end of ctx.
func waitUntil(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if t.IsZero() || d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

package outbox

import (
	"context"
	"sync"
	"time"
)

// trouble is why sending pauses.
type trouble int

// The troubles, each with the pauses it makes.
const (
	serverAway    trouble = iota // the mail server cannot be reached
	serverBusy                   // it told us to slow down
	serverRefuses                // it refuses us, whoever the recipient
	databaseAway                 // nothing can be claimed, composed or recorded
	troubles
)

// pauses are the first and the longest pause of each trouble; it doubles from one
// to the other while the trouble lasts.
var pauses = [troubles][2]time.Duration{
	serverAway:    {500 * time.Millisecond, 10 * time.Second},
	serverBusy:    {time.Second, time.Minute},
	serverRefuses: {time.Minute, 15 * time.Minute},
	databaseAway:  {250 * time.Millisecond, 5 * time.Second},
}

// refusalsInRow is how many envelopes in a row must meet a refusal of us before
// sending pauses: a single one may be one recipient's server.
const refusalsInRow = 3

// breaker holds back claims and sending. The zero value lets everything pass.
type breaker struct {
	mu       sync.Mutex
	until    time.Time
	why      trouble       // of the pause until then
	inRow    [troubles]int // pauses since the last success
	refusals int           // of us, since the last success
}

// trip pauses sending from now on and reports whether it was not paused yet. Only
// the first of those who meet a trouble at the same time lengthens the next pause.
func (b *breaker) trip(now time.Time, t trouble) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return false
	}
	d := pauses[t][0]
	for range b.inRow[t] {
		d = min(2*d, pauses[t][1])
	}
	b.inRow[t]++
	b.until, b.why = now.Add(d), t
	return true
}

// lasting reports whether a trouble has brought about its longest pause, and more
// than once, with no success in between.
func (b *breaker) lasting(t trouble) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := pauses[t][0]
	for range b.inRow[t] - 2 {
		d *= 2
	}
	return b.inRow[t] > 2 && d >= pauses[t][1]
}

// refused counts a refusal of us and reports whether there are so many in a row
// that sending should pause.
func (b *breaker) refused() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals++
	return b.refusals >= refusalsInRow
}

// fine forgets past troubles; a pause that is running ends at its time.
func (b *breaker) fine() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inRow, b.refusals = [troubles]int{}, 0
}

// recovered forgets one trouble.
func (b *breaker) recovered(t trouble) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inRow[t] = 0
}

// left is how long the pause still lasts; 0 without one.
func (b *breaker) left(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(0, b.until.Sub(now))
}

// unsendable reports whether sending is paused for something else than the database:
// what is claimed can and should be given back.
func (b *breaker) unsendable(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.until) && b.why != databaseAway
}

// wait waits until no pause is left; false if ctx ended first. It looks at the clock
// each second, which may be set, or stand still while the machine sleeps.
func (b *breaker) wait(ctx context.Context, now func() time.Time) bool {
	for {
		d := b.left(now())
		if d == 0 {
			return ctx.Err() == nil
		}
		t := time.NewTimer(min(d, time.Second))
		select {
		case <-ctx.Done():
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

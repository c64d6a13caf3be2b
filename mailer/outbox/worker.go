package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// idleAfter is how long a connection without work is kept: servers hang up on idle
// sessions after minutes, and what is sent next must not run into that.
const idleAfter = 10 * time.Second

// worker is one connection with the envelopes it holds: at most the one whose
// attempt is under way and the one taken ahead.
type worker struct {
	*Relay
	session Session
	held    map[int64]sending
}

// sending is an envelope handed to the session.
type sending struct {
	*claim
	to string
}

// work keeps one connection busy until ctx ends, finishing what is on the wire
// under wire and recording it under books.
func (r *Relay) work(ctx, wire, books context.Context) {
	w := &worker{Relay: r, held: map[int64]sending{}}
	defer func() { w.close(wire) }()
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	for r.breaker.wait(ctx, r.Now) {
		idle.Reset(idleAfter)
		select {
		case <-ctx.Done():
			return
		case <-idle.C:
			w.close(wire)
			continue
		case <-r.queue.ready:
		}
		if r.breaker.left(r.Now()) > 0 {
			r.queue.signal() // it is still there after the pause
			continue
		}
		first := r.take(books)
		if first == nil {
			continue
		}
		r.busy.Add(1)
		if asked(first) {
			w.single(wire, books, first)
		} else {
			w.serve(ctx, wire, books, first)
		}
		r.busy.Add(-1)
	}
}

// leaseMargin is the part of a lease that must be left for an envelope to be begun.
const leaseMargin = 4

// take takes the most urgent envelope at hand, nil if there is none.
func (r *Relay) take(ctx context.Context) *claim {
	c, stale := r.queue.pop(r.Now().Add(r.Lease / leaseMargin))
	r.giveBack(ctx, stale, false)
	return c
}

// serve sends first and whatever else is at hand, until nothing is, the connection
// is spent, sending pauses, or ctx ends.
func (w *worker) serve(ctx, wire, books context.Context, first *claim) {
	if !w.connect(wire) {
		w.queue.back(first)
		return
	}
	attempts := 0
	next := func() (mailer.Message, bool) {
		c := first
		first = nil
		return w.next(ctx, wire, books, c)
	}
	err := w.session.Stream(wire, next, func(a mailer.Attempt) error {
		attempts++
		return w.done(books, a)
	})
	if first != nil {
		w.queue.back(first)
	}
	w.putBack()
	if err != nil && wire.Err() == nil {
		w.Log.WarnContext(wire, "the connection to the mail server broke", "err", err)
		if attempts == 0 {
			w.breaker.trip(w.Now(), serverAway)
		}
	}
	if err != nil || !w.session.Usable() {
		w.close(wire)
	}
}

// asked reports whether somebody has asked for the mail and waits for it.
func asked(c *claim) bool { return c.Kind.Priority() < mailer.InstantDigest.Priority() }

// single sends one envelope that somebody waits for.
func (w *worker) single(wire, books context.Context, c *claim) {
	if !w.connect(wire) {
		w.queue.back(c)
		return
	}
	m, verdict := w.prepare(wire, books, c)
	switch verdict {
	case later:
		w.queue.back(c)
		return
	case settled:
		return
	}
	w.held[c.ID] = sending{c, m.To}
	if w.begin(books) != nil {
		w.putBack()
		return
	}
	if err := w.done(books, w.session.Single(wire, m)); err != nil && wire.Err() == nil {
		w.Log.WarnContext(wire, "record what came of an envelope", "envelope_id", c.ID, "err", err)
	}
	if !w.session.Usable() {
		w.close(wire)
	}
}

// next prepares c, or where c is nil or need not be sent, the next envelope at hand
// that is to be, without waiting for one.
func (w *worker) next(ctx, wire, books context.Context, c *claim) (mailer.Message, bool) {
	for {
		if c == nil && ctx.Err() == nil && w.breaker.left(w.Now()) == 0 {
			c = w.take(books)
		}
		if c == nil {
			return mailer.Message{}, false
		}
		if asked(c) { // its turn comes when the stream has ended
			w.queue.back(c)
			return mailer.Message{}, false
		}
		m, verdict := w.prepare(wire, books, c)
		switch verdict {
		case ready:
			w.held[c.ID] = sending{c, m.To}
			if len(w.held) == 1 && w.begin(books) != nil {
				w.putBack()
				return mailer.Message{}, false
			}
			return m, true
		case later:
			w.queue.back(c)
			return mailer.Message{}, false
		case settled:
			c = nil
		}
	}
}

// begin marks what is held as possibly on the wire, where that must not go out
// twice. Later envelopes of the same stream are marked with the outcome before
// them.
func (w *worker) begin(ctx context.Context) error {
	if !w.HoldUnknown {
		return nil
	}
	f := result{begun: w.heldIDs(), done: make(chan error, 1)}
	return w.settle(ctx, nil, f)
}

func (w *worker) heldIDs() []int64 {
	ids := make([]int64, 0, len(w.held))
	for id := range w.held {
		ids = append(ids, id)
	}
	return ids
}

// errNotHeld is a mistake of a Session: an attempt of what it was not given.
var errNotHeld = errors.New("outbox: attempt of an envelope that is not held")

// done commits the outcome of an attempt before the connection goes on.
func (w *worker) done(ctx context.Context, a mailer.Attempt) error {
	s, ok := w.held[a.Envelope]
	if !ok {
		return errNotHeld
	}
	delete(w.held, a.Envelope)
	f := w.judge(s.Envelope, s.to, a)
	if w.HoldUnknown {
		f.begun = w.heldIDs()
	}
	return w.settle(ctx, s.claim, f)
}

// putBack queues again what the session was given and has not attempted: nothing
// of it was delivered.
func (w *worker) putBack() {
	for id, s := range w.held {
		w.queue.back(s.claim)
		delete(w.held, id)
	}
}

// connect makes sure of a session. If there can be none at present, sending pauses.
func (w *worker) connect(ctx context.Context) bool {
	if w.session != nil && w.session.Usable() {
		return true
	}
	w.close(ctx)
	session, err := w.Transport.Dial(ctx)
	if err == nil {
		w.session = session
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	switch w.Transport.Problem(err) {
	case mailer.SenderProblem:
		w.refusedUs(ctx, err)
	case mailer.SlowDown:
		if w.breaker.trip(w.Now(), serverBusy) {
			w.Log.WarnContext(ctx, "the mail server is busy; envelopes wait", "err", err)
		}
	default:
		if w.breaker.trip(w.Now(), serverAway) {
			w.Log.WarnContext(ctx, "the mail server cannot be reached; envelopes wait", "err", err)
		}
	}
	return false
}

func (w *worker) close(ctx context.Context) {
	if w.session == nil {
		return
	}
	if err := w.session.Close(ctx); err != nil {
		w.Log.DebugContext(ctx, "close the connection to the mail server", "err", err)
	}
	w.session = nil
}

// refusedUs pauses sending with an alarm.
func (r *Relay) refusedUs(ctx context.Context, err error) {
	r.Metrics.refusedUs.Set(1)
	if r.breaker.trip(r.Now(), serverRefuses) {
		r.Log.ErrorContext(ctx, "the mail server refuses us; sending pauses. Check login, SPF, DKIM and its log (jobalertd doctor)", "err", err)
	}
}

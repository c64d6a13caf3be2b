package outbox

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/mailer"
)

// lookEvery is how often the relay looks for due envelopes without being woken: a
// confirmation leaves within a second.
const lookEvery = 500 * time.Millisecond

// finishWithin bounds what a stopping relay still does: the envelope on each
// connection's wire.
const finishWithin = 15 * time.Second

// Run sends due envelopes until ctx ends, finishes those on the wire, gives back
// the rest and returns nil.
func (r *Relay) Run(ctx context.Context) error {
	work, cancel := stopLater(ctx, finishWithin)
	defer cancel()
	recorded := make(chan struct{})
	go func() {
		defer close(recorded)
		r.record(work)
	}()
	var g errgroup.Group
	g.Go(func() error { r.dispatch(ctx, work); return nil })
	for range max(r.Connections, 1) {
		g.Go(func() error { r.worker(ctx, work); return nil })
	}
	err := g.Wait()
	close(r.results)
	<-recorded
	return err
}

// stopLater is a context that outlives ctx by a grace period.
func stopLater(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(work, func() { t.Stop() })
	})
	return work, func() { stop(); cancel() }
}

// dispatch claims what is due and hands it to the workers, most urgent first. It
// closes claimed when ctx ends and gives back what nobody took.
func (r *Relay) dispatch(ctx, work context.Context) {
	defer close(r.claimed)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	batch := claimBatch(r.Connections)
	for ctx.Err() == nil {
		if !r.pause.wait(ctx, r.Now()) {
			return
		}
		envelopes, err := r.Store.Claim(ctx, r.Name, Lease, batch)
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "claim due envelopes", "err", err)
		}
		for i, e := range envelopes {
			select {
			case r.claimed <- e:
				continue
			case <-ctx.Done():
			}
			r.giveBack(work, envelopes[i:])
			return
		}
		if len(envelopes) == batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-tick.C:
		}
	}
}

func (r *Relay) giveBack(ctx context.Context, envelopes []mailer.Envelope) {
	ids := make([]int64, len(envelopes))
	for i, e := range envelopes {
		ids[i] = e.ID
	}
	if err := r.Store.release(ctx, r.Name, ids); err != nil {
		r.Log.WarnContext(ctx, "give back claimed envelopes", "err", err)
	}
}

// worker keeps one connection busy until ctx ends; what it holds then is given
// back, and the envelope on the wire finished under work.
func (r *Relay) worker(ctx, work context.Context) {
	w := &worker{r: r, stop: ctx.Done(), held: map[int64]mailer.Envelope{}, to: map[int64]string{}}
	defer w.close(work)
	for e := range r.claimed {
		if ctx.Err() != nil {
			r.giveBack(work, []mailer.Envelope{e})
			continue
		}
		w.first = &e
		w.serve(work)
	}
}

// worker is one connection with the envelopes it holds: at most the one whose
// attempt is under way and the one taken ahead.
type worker struct {
	r       *Relay
	stop    <-chan struct{} // once closed, nothing further is begun
	session Session
	first   *mailer.Envelope // claimed, not yet prepared
	held    map[int64]mailer.Envelope
	to      map[int64]string
}

// serve sends first and whatever else is at hand.
func (w *worker) serve(ctx context.Context) {
	message, ok := w.next(ctx)
	if !ok {
		return
	}
	if !w.connect(ctx) {
		w.putBack(ctx, mailer.NotTried)
		return
	}
	again := true
	err := w.session.Stream(ctx, func() (mailer.Message, bool) {
		if again {
			again = false
			return message, true
		}
		return w.next(ctx)
	}, func(a mailer.Attempt) error { return w.done(ctx, a) })
	if err != nil && ctx.Err() == nil {
		w.r.Log.WarnContext(ctx, "the connection to the mail server broke", "err", err)
	}
	// What was taken ahead and got no attempt was not delivered.
	w.putBack(ctx, mailer.NotTried)
	if err != nil || !w.session.Usable() {
		w.close(ctx)
	}
}

// next prepares the next envelope at hand that is worth sending, without waiting
// for one.
func (w *worker) next(ctx context.Context) (mailer.Message, bool) {
	for {
		e, ok := w.take()
		if !ok {
			return mailer.Message{}, false
		}
		m, ok := w.r.prepare(ctx, e)
		if ok {
			w.held[e.ID], w.to[e.ID] = e, m.To
			return m, true
		}
	}
}

func (w *worker) take() (mailer.Envelope, bool) {
	if w.first != nil {
		e := *w.first
		w.first = nil
		return e, true
	}
	select {
	case <-w.stop:
		return mailer.Envelope{}, false
	default:
	}
	select {
	case e, ok := <-w.r.claimed:
		return e, ok
	default:
		return mailer.Envelope{}, false
	}
}

// done commits the outcome of an attempt before the connection goes on.
func (w *worker) done(ctx context.Context, a mailer.Attempt) error {
	e, ok := w.held[a.Envelope]
	if !ok {
		return errors.New("outbox: attempt of an envelope that is not held")
	}
	to := w.to[a.Envelope]
	delete(w.held, a.Envelope)
	delete(w.to, a.Envelope)
	return w.r.settle(ctx, w.r.judge(e, to, a))
}

// putBack records that the envelopes still held were not taken by the server.
func (w *worker) putBack(ctx context.Context, v mailer.Verdict) {
	for id, e := range w.held {
		if err := w.r.settle(ctx, w.r.judge(e, w.to[id], mailer.Attempt{Envelope: id, Verdict: v})); err != nil {
			w.r.Log.WarnContext(ctx, "put back an envelope", "envelope_id", id, "err", err)
		}
	}
	clear(w.held)
	clear(w.to)
}

// connect makes sure of a session. If there can be none at present the relay
// pauses.
func (w *worker) connect(ctx context.Context) bool {
	if w.session != nil && w.session.Usable() {
		return true
	}
	w.close(ctx)
	session, err := w.r.Transport.Dial(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.r.trouble(ctx, w.r.Transport.Problem(err), "dial the mail server", err)
		}
		return false
	}
	w.session = session
	return true
}

func (w *worker) close(ctx context.Context) {
	if w.session == nil {
		return
	}
	if err := w.session.Close(ctx); err != nil {
		w.r.Log.DebugContext(ctx, "close the connection to the mail server", "err", err)
	}
	w.session = nil
}

// trouble slows the relay down, or stops it for a while with an alarm when the
// server refuses us.
func (r *Relay) trouble(ctx context.Context, v mailer.Verdict, doing string, err error) {
	switch v {
	case mailer.SenderProblem:
		if r.pause.lengthen(r.Now(), senderPause) {
			r.Log.ErrorContext(ctx, "the mail server refuses us; sending pauses. Check login, SPF, DKIM and its log (jobalertd doctor)", "doing", doing, "err", err)
		}
		r.Metrics.refusedUs.Set(1)
	case mailer.SlowDown:
		r.pause.lengthen(r.Now(), slowPause)
	default:
		if r.pause.lengthen(r.Now(), awayPause) {
			r.Log.WarnContext(ctx, "the mail server cannot be reached; envelopes wait", "doing", doing, "err", err)
		}
	}
}

// How long the relay pauses: after being told to slow down, while the server is
// away, and while it refuses us.
const (
	slowPause   = 5 * time.Second
	awayPause   = 3 * time.Second
	senderPause = time.Minute
)

// pause holds back further claims.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

// lengthen pauses from now on, and reports whether the relay was not pausing yet.
func (p *pause) lengthen(now time.Time, d time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := !now.Before(p.until)
	if until := now.Add(d); until.After(p.until) {
		p.until = until
	}
	return began
}

// wait waits until the pause is over; false if ctx ended first.
func (p *pause) wait(ctx context.Context, now time.Time) bool {
	p.mu.Lock()
	d := p.until.Sub(now)
	p.mu.Unlock()
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

package outbox

import (
	"context"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// lookEvery is how often the relay looks for due envelopes without being woken: a
// confirmation leaves within a second. While a domain's pace holds envelopes back it
// looks pacedLook apart, so that they leave in their turn and not in bursts.
const (
	lookEvery = 500 * time.Millisecond
	pacedLook = 50 * time.Millisecond
	pacedFor  = time.Minute
)

// dispatch claims what is due and queues it for the connections until ctx ends.
func (r *Relay) dispatch(ctx, books context.Context) {
	look := time.NewTimer(lookEvery)
	defer look.Stop()
	for {
		if r.breaker.unsendable(r.Now()) {
			// Others may reach the server meanwhile.
			r.giveBack(books, r.queue.drain(), true)
		}
		if !r.breaker.wait(ctx, r.Now) {
			return
		}
		low := r.queue.low
		if !r.claim(ctx) {
			low = nil // nothing more is due: more room is no reason to look
		}
		every := lookEvery
		if time.Since(time.UnixMilli(r.paced.Load())) < pacedFor {
			every = pacedLook
		}
		look.Reset(every)
		select {
		case <-ctx.Done():
			return
		case <-low:
		case <-r.wake:
		case <-look.C:
		}
	}
}

// claim fills the queue, and reports whether more may be due than it has room for.
// What is urgent is claimed even when there is no room, since it overtakes.
func (r *Relay) claim(ctx context.Context) (more bool) {
	below, limit := lanes, r.queue.free()
	if limit < r.queue.room/2 {
		below, limit = mailer.Digest.Priority(), r.queue.room
	}
	now := r.Now()
	envelopes, err := r.Store.claim(ctx, claimOrder{by: r.Name, lease: r.Lease, below: below, limit: limit, hold: r.HoldUnknown})
	if err != nil {
		if ctx.Err() == nil && r.breaker.trip(r.Now(), databaseAway) {
			r.Log.WarnContext(ctx, "claim due envelopes", "err", err)
		}
		return true
	}
	r.breaker.recovered(databaseAway)
	drafts, err := r.read(ctx, envelopes)
	if err != nil { // each is read again before it is sent
		drafts = nil
	}
	r.queue.add(envelopes, drafts, now.Add(r.Lease))
	return below < lanes || len(envelopes) == limit
}

// giveBack makes envelopes that were not begun due for everybody. deferred says
// that they could not be sent.
func (r *Relay) giveBack(ctx context.Context, ids []int64, deferred bool) {
	if len(ids) == 0 {
		return
	}
	if err := r.Store.release(ctx, r.Name, ids, deferred); err != nil {
		r.Log.WarnContext(ctx, "give back claimed envelopes; they are due when their lease ends", "envelopes", len(ids), "err", err)
	}
}

// renew keeps the leases of what is held until ctx ends.
func (r *Relay) renew(ctx context.Context) {
	tick := time.NewTicker(r.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ids := r.queue.holding()
		if len(ids) == 0 {
			continue
		}
		until := r.Now().Add(r.Lease)
		got, err := r.Store.renew(ctx, r.Name, ids, until)
		if err != nil {
			if ctx.Err() == nil {
				r.Log.WarnContext(ctx, "renew the leases of claimed envelopes", "err", err)
			}
			continue
		}
		r.queue.renewed(ids, got, until)
	}
}

package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
)

// readiness is what prepare found.
type readiness int

const (
	ready   readiness = iota // send it
	settled                  // its outcome is recorded; nothing to send
	later                    // the database is away; ask again after the pause
)

// prepare asks, once claimed and for the last time, whether an envelope may be
// sent, and composes it. What must not or need not be sent is settled here.
func (r *Relay) prepare(ctx, books context.Context, c *claim) (m mailer.Message, _ readiness) {
	e := c.Envelope
	if r.Now().Sub(e.Created) > e.Kind.Lifetime() {
		return m, r.settleNow(books, c, r.end(e, mailer.Expired))
	}
	m, err := r.compose(ctx, e)
	switch {
	case errors.Is(err, ErrEmpty):
		return m, r.settleNow(books, c, r.end(e, mailer.Empty))
	case errors.Is(err, ErrGone):
		return m, r.settleNow(books, c, r.end(e, mailer.Suppressed))
	case err != nil && r.passing(ctx, err):
		return m, later
	case err != nil:
		r.Log.ErrorContext(ctx, "compose mail", "envelope_id", e.ID, "kind", e.Kind, "err", err)
		return m, r.settleNow(books, c, r.unmade(e))
	}
	reason, err := r.Suppressions.Reason(ctx, r.Reader, m.To)
	switch {
	case err != nil && r.passing(ctx, err):
		return m, later
	case err != nil:
		r.Log.ErrorContext(ctx, "ask for suppression", "envelope_id", e.ID, "err", err)
		return m, r.settleNow(books, c, r.unmade(e))
	case reason != "" && !mayConfirm(e.Kind, reason):
		f := r.end(e, mailer.Suppressed)
		f.Reply = reason
		return m, r.settleNow(books, c, f)
	}
	if r.Pacer != nil {
		may, again, err := r.Pacer.Domain(ctx, m.To)
		if err != nil && r.passing(ctx, err) {
			return m, later
		}
		if err == nil && !may {
			if e.Kind == mailer.Digest {
				again = r.spread.next(m.To, r.Now(), again)
			}
			return m, r.settleNow(books, c, r.postponed(e, again))
		}
	}
	m.Envelope = e.ID
	return m, ready
}

// compose has the mail made. A panic is one envelope's failure, not the daemon's.
func (r *Relay) compose(ctx context.Context, e mailer.Envelope) (m mailer.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.Composer.Compose(ctx, e)
}

// passing reports whether err says nothing of the envelope: the database is away,
// for which sending then pauses, or the relay stops.
func (r *Relay) passing(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	if !database.IsAway(err) && !database.IsBusy(err) {
		return false
	}
	if r.breaker.trip(r.Now(), databaseAway) {
		r.Log.WarnContext(ctx, "read what an envelope needs; sending pauses", "err", err)
	}
	return true
}

// mayConfirm: the confirmation that somebody asks for may go to an address that
// had unsubscribed or bounced softly, since a new sign-up lifts those.
func mayConfirm(k mailer.Kind, reason string) bool {
	return k == mailer.Confirmation && (reason == "unsubscribed" || reason == "soft-bounce")
}

// settleNow settles an envelope that is not sent. If that cannot be recorded its
// lease runs out, and it is asked again.
func (r *Relay) settleNow(ctx context.Context, c *claim, f result) readiness {
	if err := r.settle(ctx, c, f); err != nil {
		r.Log.WarnContext(ctx, "record what came of an envelope", "envelope_id", f.ID, "err", err)
	}
	return settled
}

package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

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

// freshFor is how long what was read for an envelope may be used: whoever leaves or
// withdraws a posting gets no mail, and a posting no reader, that is begun later.
const freshFor = 2 * time.Second

// read looks up what envelopes need: drafts, and who must not be written to.
func (r *Relay) read(ctx context.Context, envelopes []mailer.Envelope) ([]*draft, error) {
	if len(envelopes) == 0 {
		return nil, nil
	}
	at := r.Now()
	made, err := r.drafts(ctx, envelopes)
	if err != nil {
		return nil, err
	}
	if len(made) != len(envelopes) {
		return nil, fmt.Errorf("%d drafts were read for %d envelopes", len(made), len(envelopes))
	}
	addresses := make([]string, 0, len(made))
	for i := range made {
		if made[i].To != "" {
			addresses = append(addresses, made[i].To)
		}
	}
	reasons, err := r.Suppressions.Reasons(ctx, r.Reader, addresses)
	if err != nil {
		return nil, err
	}
	out := make([]*draft, len(made))
	for i := range made {
		out[i] = &draft{Draft: made[i], suppressed: reasons[made[i].To], at: at}
	}
	return out, nil
}

// drafts reads the mails' contents. A panic is some envelope's failure, not the
// daemon's.
func (r *Relay) drafts(ctx context.Context, envelopes []mailer.Envelope) (made []Draft, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.Composer.Read(ctx, envelopes)
}

// prepare asks, once claimed and for the last time, whether an envelope may be
// sent, and composes it. What must not or need not be sent is settled here.
func (r *Relay) prepare(ctx, books context.Context, c *claim) (m mailer.Message, _ readiness) {
	e := c.Envelope
	if r.Now().Sub(e.Created) > e.Kind.Lifetime() {
		return m, r.settleNow(books, c, r.end(e, mailer.Expired))
	}
	if c.draft == nil || r.Now().Sub(c.draft.at) > freshFor {
		again, err := r.read(ctx, []mailer.Envelope{e})
		if err != nil {
			return m, r.failed(ctx, books, c, err)
		}
		c.draft = again[0]
	}
	d := c.draft
	if d.suppressed != "" && !mayConfirm(e.Kind, d.suppressed) {
		f := r.end(e, mailer.Suppressed)
		f.Reply = d.suppressed
		return m, r.settleNow(books, c, f)
	}
	m, err := r.compose(d)
	switch {
	case errors.Is(err, ErrEmpty):
		return m, r.settleNow(books, c, r.end(e, mailer.Empty))
	case errors.Is(err, ErrGone):
		return m, r.settleNow(books, c, r.end(e, mailer.Suppressed))
	case err != nil:
		return m, r.failed(ctx, books, c, err)
	}
	if r.Pacer != nil {
		may, again, err := r.Pacer.Domain(ctx, m.To)
		if err != nil && r.passing(ctx, err) {
			return m, later
		}
		if err == nil && !may {
			r.paced.Store(time.Now().UnixMilli())
			if e.Kind == mailer.Digest {
				again = r.spread.next(m.To, r.Now(), again)
			}
			return m, r.settleNow(books, c, r.postponed(e, again))
		}
	}
	m.Envelope = e.ID
	return m, ready
}

// failed deals with an envelope whose mail could not be read or made.
func (r *Relay) failed(ctx, books context.Context, c *claim, err error) readiness {
	if r.passing(ctx, err) {
		return later
	}
	r.Log.ErrorContext(ctx, "compose mail", "envelope_id", c.ID, "kind", c.Kind, "err", err)
	return r.settleNow(books, c, r.unmade(c.Envelope))
}

// compose has the mail made. A panic is one envelope's failure, not the daemon's.
func (r *Relay) compose(d *draft) (m mailer.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return d.Make()
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

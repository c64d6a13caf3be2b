package outbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jobalertd/jobalertd/mailer"
)

// prepare asks, once claimed and for the last time, whether an envelope may be
// sent, and composes it. What must not or need not be sent is settled here; ok is
// false then.
func (r *Relay) prepare(ctx context.Context, e mailer.Envelope) (m mailer.Message, ok bool) {
	if r.Now().Sub(e.Created) > e.Kind.Lifetime() {
		r.settleLogged(ctx, r.end(e, mailer.Expired))
		return m, false
	}
	m, err := r.Composer.Compose(ctx, e)
	switch {
	case errors.Is(err, ErrEmpty):
		r.settleLogged(ctx, r.end(e, mailer.Empty))
		return m, false
	case errors.Is(err, ErrGone):
		r.settleLogged(ctx, r.end(e, mailer.Suppressed))
		return m, false
	case err != nil:
		r.Log.ErrorContext(ctx, "compose mail", "envelope_id", e.ID, "err", err)
		r.settleLogged(ctx, r.judge(e, "", mailer.Attempt{Envelope: e.ID, Verdict: mailer.NotTried}))
		return m, false
	}
	reason, err := r.Suppressions.Reason(ctx, r.Reader, m.To)
	switch {
	case err != nil:
		r.Log.WarnContext(ctx, "ask for suppression", "envelope_id", e.ID, "err", err)
		r.settleLogged(ctx, r.judge(e, "", mailer.Attempt{Envelope: e.ID, Verdict: mailer.NotTried}))
		return m, false
	case reason != "" && !mayConfirm(e.Kind, reason):
		r.settleLogged(ctx, r.end(e, mailer.Suppressed))
		return m, false
	}
	if r.Pacer != nil {
		may, again, err := r.Pacer.Domain(ctx, m.To)
		if err != nil {
			r.Log.WarnContext(ctx, "ask for the domain's pace", "err", err)
		}
		if !may && err == nil {
			r.settleLogged(ctx, r.later(e, again))
			return m, false
		}
	}
	m.Envelope = e.ID
	return m, true
}

// mayConfirm: the confirmation that somebody asks for may go to an address that
// had unsubscribed or bounced softly, since a new sign-up lifts those.
func mayConfirm(k mailer.Kind, reason string) bool {
	return k == mailer.Confirmation && (reason == "unsubscribed" || reason == "soft-bounce")
}

// settleLogged settles where nobody is left to tell.
func (r *Relay) settleLogged(ctx context.Context, f result) {
	if err := r.settle(ctx, f); err != nil {
		r.Log.WarnContext(ctx, "record what came of an envelope", "envelope_id", f.ID, "err", err)
	}
}

// replyText is the server's reply without the recipient's address.
func replyText(a mailer.Attempt, to string) string {
	if a.Code == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", a.Code, withoutAddress(a.Text, to))
}

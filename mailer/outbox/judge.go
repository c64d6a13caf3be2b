package outbox

import (
	"database/sql"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// result is an envelope's new state on its way into the database.
type result struct {
	finished
	kind    mailer.Kind
	outcome mailer.Outcome
	// refused is set when the refusal counts against the address.
	refused *refusal
	// troubled: the server spoke of us; the relay slows down or pauses.
	troubled mailer.Verdict
	done     chan error
}

type refusal struct {
	address, status string
	hard            bool
}

// judge turns an attempt into the envelope's next state.
func (r *Relay) judge(e mailer.Envelope, to string, a mailer.Attempt) result {
	now := r.Now()
	f := r.end(e, a.Outcome())
	f.Reply, f.QueueID = replyText(a, to), a.QueueID
	switch a.Verdict {
	case mailer.Taken, mailer.MessageRefused:
	case mailer.NoSuchRecipient, mailer.RecipientRefuses:
		f.refused = &refusal{address: to, status: a.Enhanced, hard: a.Verdict == mailer.NoSuchRecipient}
	case mailer.Uncertain:
		wait := mailer.UnknownAfter
		if r.HoldUnknown {
			wait = held
		}
		f.wait(now.Add(wait))
	case mailer.NotTried:
		// Not the envelope's fault: the attempt does not count.
		f.Attempts--
		f.wait(now.Add(notTriedAfter))
	default:
		f.wait(now.Add(mailer.RetryAfter(e.Attempts, r.Jitter())))
	}
	if a.Verdict == mailer.SlowDown || a.Verdict == mailer.SenderProblem {
		f.troubled = a.Verdict
	}
	return f
}

// held keeps an unknown envelope until an operator retries it; its lifetime ends
// it otherwise.
const held = 365 * 24 * time.Hour

// notTriedAfter is the wait after a connection that broke before the mail was taken.
const notTriedAfter = 2 * time.Second

// end is the final state with an outcome.
func (r *Relay) end(e mailer.Envelope, o mailer.Outcome) result {
	now := r.Now()
	return result{kind: e.Kind, outcome: o, done: make(chan error, 1), finished: finished{ID: e.ID, ClaimedBy: r.Name,
		State: string(mailer.Done), Outcome: string(o), DueAtMS: e.DueAt.UnixMilli(), Attempts: e.Attempts,
		DoneMS: sql.NullInt64{Int64: now.UnixMilli(), Valid: true}}}
}

// later is an envelope that its domain's pace holds back: no attempt was made.
func (r *Relay) later(e mailer.Envelope, at time.Time) result {
	f := r.end(e, e.Outcome)
	f.Attempts--
	f.wait(at)
	return f
}

// wait makes the result one that is tried again.
func (f *result) wait(until time.Time) {
	f.State, f.DueAtMS, f.DoneMS = string(mailer.Waiting), until.UnixMilli(), sql.NullInt64{}
}

// withoutAddress takes the recipient out of a server's words.
func withoutAddress(text, to string) string {
	if to == "" {
		return text
	}
	var b strings.Builder
	lower, needle := strings.ToLower(text), strings.ToLower(to)
	if len(lower) != len(text) {
		return "" // folding changed lengths; better no words than an address
	}
	for {
		i := strings.Index(lower, needle)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		b.WriteString("…")
		text, lower = text[i+len(needle):], lower[i+len(needle):]
	}
}

package outbox

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jobalertd/jobalertd/mailer"
)

// result is an envelope's new state on its way into the database.
type result struct {
	finished // ID 0: only begun is to be recorded
	outcome  mailer.Outcome
	// counted: the outcome is one of an attempt or decision, for the metrics.
	counted bool
	// refused is set when the refusal counts against the address.
	refused *refusal
	// about us, not the recipient: mailer.SlowDown or mailer.SenderProblem.
	aboutUs mailer.Verdict
	// begun are envelopes that may be on the wire once this is recorded.
	begun []int64
	done  chan error
}

type refusal struct {
	address, status string
	hard            bool
}

// end is the final state with an outcome.
func (r *Relay) end(e mailer.Envelope, o mailer.Outcome) result {
	now := r.Now().UnixMilli()
	return result{outcome: o, counted: true, done: make(chan error, 1), finished: finished{ID: e.ID,
		State: string(mailer.Done), Outcome: string(o), DueAtMS: e.DueAt.UnixMilli(), Attempts: e.Attempts, DoneMS: now}}
}

// wait makes the result one that is tried again.
func (f *result) wait(until time.Time) {
	f.State, f.DueAtMS, f.DoneMS = string(mailer.Waiting), until.UnixMilli(), 0
}

// judge turns an attempt into the envelope's next state.
func (r *Relay) judge(e mailer.Envelope, to string, a mailer.Attempt) result {
	now := r.Now()
	f := r.end(e, a.Outcome())
	f.Reply, f.QueueID = replyText(a, to), plain(a.QueueID, maxQueueID)
	switch a.Verdict {
	case mailer.Taken, mailer.MessageRefused:
	case mailer.NoSuchRecipient, mailer.RecipientRefuses:
		f.refused = &refusal{address: to, status: a.Enhanced, hard: a.Verdict == mailer.NoSuchRecipient}
	case mailer.Uncertain:
		wait := max(mailer.UnknownAfter, mailer.RetryAfter(e.Attempts, r.Jitter()))
		until := now.Add(wait)
		if r.HoldUnknown || e.Outcome == mailer.Unknown && e.Attempts >= unknownTries {
			until = e.Created.Add(e.Kind.Lifetime())
		}
		f.wait(until)
	case mailer.NotTried:
		// Of what may have been delivered before that stays the last word.
		f.outcome = mailer.Deferred
		if e.Outcome == mailer.Unknown {
			f.outcome = mailer.Unknown
		}
		f.Outcome = string(f.outcome)
		f.wait(now.Add(notTriedAfter(e.Attempts, r.Jitter())))
	default:
		f.wait(now.Add(mailer.RetryAfter(e.Attempts, r.Jitter())))
	}
	if a.Verdict == mailer.SlowDown || a.Verdict == mailer.SenderProblem {
		f.aboutUs = a.Verdict
	}
	return f
}

// unknownTries is how many attempts an envelope has when twice in a row no answer
// followed the final dot: each may have been delivered, so it waits for an operator.
const unknownTries = 4

// notTriedAfter is the wait after a connection that broke before the mail was
// taken: soon, but an envelope that breaks every connection must not stay on top.
func notTriedAfter(attempts int, jitter float64) time.Duration {
	soon := 2 * time.Second << min(max(attempts-1, 0), 12)
	return min(soon, mailer.RetryAfter(attempts, jitter))
}

// unmade is an envelope whose mail could not be made.
func (r *Relay) unmade(e mailer.Envelope) result {
	f := r.end(e, mailer.Deferred)
	f.Reply = "the mail could not be composed (see the log)"
	f.wait(r.Now().Add(mailer.RetryAfter(e.Attempts, r.Jitter())))
	return f
}

// postponed is an envelope that its domain's pace holds back: no attempt was made.
func (r *Relay) postponed(e mailer.Envelope, at time.Time) result {
	f := r.end(e, e.Outcome)
	f.counted = false
	f.Attempts--
	f.Reply, f.QueueID = e.Reply, e.QueueID
	f.wait(at)
	return f
}

// Bounds of what is kept of a server's words, in bytes.
const (
	maxReply   = 500
	maxQueueID = 100
	// maxEnhanced bounds a status such as 5.7.26.
	maxEnhanced = 12
)

// replyText is the server's reply, code and status first, without the recipient's
// address.
func replyText(a mailer.Attempt, to string) string {
	text := plain(a.Text, maxReply)
	if to != "" {
		text = withoutAddress(text, to)
	}
	if a.Code == 0 {
		return text
	}
	said := strconv.Itoa(a.Code)
	if a.Enhanced != "" {
		said += " " + plain(a.Enhanced, maxEnhanced)
	}
	return strings.TrimSpace(said + " " + text)
}

// plain makes a server's bytes fit for a text column: valid UTF-8 (PostgreSQL
// takes nothing else), no control characters, bounded.
func plain(s string, maxBytes int) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if len(s) > maxBytes {
		s = strings.ToValidUTF8(s[:maxBytes], "")
	}
	return strings.TrimSpace(s)
}

// withoutAddress takes the recipient out of a server's words, whatever the case of
// its letters.
func withoutAddress(text, to string) string {
	lower, needle := strings.ToLower(text), strings.ToLower(to)
	if len(lower) != len(text) {
		return "" // folding changed lengths; better no words than an address
	}
	var b strings.Builder
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

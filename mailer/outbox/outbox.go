// Package outbox claims envelopes, has each composed, hands it to the server and
// records what came of it. An envelope's claim is committed before its first byte
// goes out, its outcome before the same connection's next envelope: a crash at any
// moment loses none and doubles at most the one on each connection's wire, under
// one Message-ID. It decides nothing about contents; whether an address may be
// written to is asked here and nowhere else.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
)

// ErrEmpty is returned by a Composer when nothing is left to say: the alert has
// ended, the postings are gone.
var ErrEmpty = errors.New("nothing is left to say")

// ErrGone is returned by a Composer when the recipient has left or was erased.
var ErrGone = errors.New("the recipient has left")

// Composer makes an envelope's mail from its numbers, as things stand now.
type Composer interface {
	Compose(ctx context.Context, e mailer.Envelope) (mailer.Message, error)
}

// Session is a connection to the server. It serves one goroutine.
type Session interface {
	// Stream sends what next gives until next says that nothing is at hand. done
	// gets each message's attempt in order; an error of done ends the session.
	// next is called one message ahead.
	Stream(ctx context.Context, next func() (mailer.Message, bool), done func(mailer.Attempt) error) error
	Usable() bool
	Close(ctx context.Context) error
}

// Transport opens sessions.
type Transport interface {
	Dial(ctx context.Context) (Session, error)
	// Problem judges Dial's error: the server refuses us, or cannot be reached.
	Problem(err error) mailer.Verdict
}

// Suppressions says who must not be written to, and counts refusals.
type Suppressions interface {
	// Reason is why the address must not be written to; "" if it may.
	Reason(ctx context.Context, q sqlx.ExtContext, address string) (string, error)
	// Refused counts a refusal at sending time like a bounce: hard, or soft.
	Refused(ctx context.Context, tx sqlx.ExtContext, address string, hard bool, status string) error
}

// Pacer bounds how fast mails leave for one domain; nil means no bound.
type Pacer interface {
	// Domain reports whether a mail to address may go now, and if not, when to ask again.
	Domain(ctx context.Context, address string) (ok bool, again time.Time, err error)
}

// Options are what a relay works with.
type Options struct {
	Store        *Store
	Composer     Composer
	Transport    Transport
	Suppressions Suppressions
	Pacer        Pacer
	Reader       sqlx.ExtContext // for asking about suppressions
	Connections  int
	// Name is this replica's, for its claims.
	Name string
	// HoldUnknown keeps envelopes without an answer after the final dot until an
	// operator decides, instead of sending them again.
	HoldUnknown bool
	Metrics     *Metrics
	Log         *slog.Logger
	Now         func() time.Time
	Jitter      func() float64 // in [0, 1)
}

// Lease is how long a claimed envelope is one relay's. It is longer than any
// attempt may take (RFC 5321 section 4.5.3.2: ten minutes for the final dot).
const Lease = 15 * time.Minute

// Relay sends due envelopes. One serves a process.
type Relay struct {
	Options
	wake    chan struct{}
	claimed chan mailer.Envelope
	results chan result
	pause   pause
}

// New makes a relay.
func New(o Options) *Relay {
	return &Relay{Options: o, wake: make(chan struct{}, 1), claimed: make(chan mailer.Envelope, claimBatch(o.Connections)), results: make(chan result)}
}

// claimBatch is how many envelopes a claim takes: enough to keep the connections
// busy, few enough that a confirmation does not wait behind a long batch of digests.
func claimBatch(connections int) int { return max(connections, 1) * 8 }

// Wake makes the relay look for due envelopes now.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Package outbox claims envelopes, has each composed, hands it to the server and
// records what came of it. An envelope's claim is committed before its first byte
// goes out, its outcome before the same connection's next envelope: a crash at any
// moment loses none and doubles at most the one on each connection's wire, under
// one Message-ID. It decides nothing about contents; whether an address may be
// written to is asked here and nowhere else. cmd runs one Relay a process; stores
// of other folders enqueue within their own transactions.
package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
)

// ErrEmpty is returned by a Draft when nothing is left to say: the alert has
// ended, the postings are gone.
var ErrEmpty = errors.New("nothing is left to say")

// ErrGone is returned by a Draft when the recipient has left or was erased.
var ErrGone = errors.New("the recipient has left")

// Composer makes the mails of claimed envelopes from their numbers, as things stand
// now.
type Composer interface {
	// Read looks up what these envelopes' mails need, for all of them at once, and
	// returns a draft for each, in their order. An error means none could be read;
	// what is wrong with one alone its draft says.
	Read(ctx context.Context, envelopes []mailer.Envelope) ([]Draft, error)
}

// Draft is an envelope's mail before it is made.
type Draft struct {
	// To is the recipient, asked about for suppressions; "" if Make says why not.
	To string
	// Make composes the mail, without waiting for anything. It is called once, by a
	// connection, after To was found to be allowed.
	Make func() (mailer.Message, error)
}

// Session is a connection to the server. It serves one goroutine.
type Session interface {
	// Stream sends what next gives until next says that nothing is at hand. done
	// gets each message's attempt in order; an error of done ends the session.
	// next is called one message ahead, and the content of a message leaves only
	// after done has returned for the one before.
	Stream(ctx context.Context, next func() (mailer.Message, bool), done func(mailer.Attempt) error) error
	// Single sends one message that somebody waits for.
	Single(ctx context.Context, m mailer.Message) mailer.Attempt
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
	// Reasons are why addresses must not be written to; those that may are not in it.
	Reasons(ctx context.Context, q sqlx.ExtContext, addresses []string) (map[string]string, error)
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
	// Name is this process's for its claims, and no other living process's.
	Name string
	// HoldUnknown keeps envelopes that may have been delivered (no answer after
	// the final dot, or a crash while they were on the wire) until an operator
	// decides, instead of sending them again.
	HoldUnknown bool
	// Lease is how long a claim stands without being renewed, and so how long the
	// envelopes of a process that died for good wait. Zero: DefaultLease.
	Lease   time.Duration
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
	Jitter  func() float64 // in [0, 1)
}

// DefaultLease is the lease of a claim. The relay renews what it holds four times
// as often, so an attempt may take longer than a lease (RFC 5321 section 4.5.3.2
// allows ten minutes for the final dot).
const DefaultLease = 2 * time.Minute

// Relay sends due envelopes. One serves a process.
type Relay struct {
	Options
	wake    chan struct{}
	queue   *queue
	breaker breaker
	spread  spread
	paced   atomic.Int64 // when a domain's pace last held an envelope back, Unix milliseconds
	results chan result
	busy    atomic.Int32 // connections that are sending
}

// New makes a relay. It starts nothing; see Run.
func New(o Options) *Relay {
	o.Connections = max(o.Connections, 1)
	if o.Lease <= 0 {
		o.Lease = DefaultLease
	}
	return &Relay{Options: o, wake: make(chan struct{}, 1), queue: newQueue(o.Connections * claimsAConnection), results: make(chan result)}
}

// claimsAConnection is how many envelopes a claim takes for each connection, and
// how many wait here at most: claims must be few, and what a crash leaves claimed
// must be little. What is urgent does not stand in line behind them.
const claimsAConnection = 32

// Wake makes the relay look for due envelopes now. It never blocks.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

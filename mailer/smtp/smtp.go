// Package smtp hands ready mails to the operator's relay. It dials, secures
// and logs in through go-mail, which also sends single mails; for the many it
// speaks its own pipelined loop (RFC 2920) on go-mail's connection, which
// needs one round trip an envelope where go-mail needs seven; where the relay
// does not offer PIPELINING it sends one command at a time. It judges every
// reply itself.
//
// It never builds, signs or changes a mail, never decides when to try again,
// and never touches a database: the outbox does. A Conn serves one goroutine.
package smtp

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// How a connection to the relay is protected.
const (
	TLSStartTLS = "starttls" // plain at first, then STARTTLS, without which Dial fails (RFC 3207)
	TLSImplicit = "implicit" // TLS from the first byte (RFC 8314), usually port 465
	TLSNone     = "none"     // never encrypted; for a relay on loopback or a private wire
)

// Defaults of Options. The answer to the final dot is awaited for ten minutes
// as RFC 5321 section 4.5.3.2.6 asks, because giving up earlier is what makes
// doubled mail.
const (
	DefaultTimeout      = time.Minute
	DefaultFinalTimeout = 10 * time.Minute
)

// Options say how to reach the relay.
type Options struct {
	Host string
	Port int
	TLS  string // TLSStartTLS, TLSImplicit or TLSNone; there is no default

	// Username and Password log in. Empty Username: no login. Without TLS a
	// password is given to a relay on loopback only, unless the relay takes
	// a mechanism that does not show it (SCRAM, CRAM-MD5).
	Username, Password string

	// HelloName introduces us in EHLO; empty: the machine's host name.
	HelloName string

	// Timeout bounds dialling as a whole and afterwards each command;
	// FinalTimeout bounds the wait for the answer to the final dot. Zero
	// means the defaults above.
	Timeout, FinalTimeout time.Duration

	// MaxPerConnection ends a connection's usefulness after that many
	// envelopes, since relays cut long sessions off. Zero: no bound.
	MaxPerConnection int

	// RootCAs verifies the relay's certificate; nil: the system's.
	RootCAs *x509.CertPool

	// Pace, if not nil, is waited for before each envelope's first byte.
	Pace *Limiter
}

// result is what became of one message: err is nil, *Refused (the relay said
// no), *Unknown (the mail may have been taken), *Interrupted (it certainly was
// not), or *Unsendable (it was never tried and never can be on this relay).
type result struct {
	id    int64
	reply Reply
	err   error
}

// attempt is the result in the outbox's words.
func (r result) attempt() mailer.Attempt {
	a := mailer.Attempt{
		Envelope: r.id, Verdict: VerdictOf(r.err),
		Code: r.reply.Code, Enhanced: r.reply.Enhanced, Text: r.reply.Text, QueueID: r.reply.QueueID,
	}
	var refused *Refused
	var unsendable *Unsendable
	switch {
	case errors.As(r.err, &refused):
		a.Code, a.Enhanced, a.Text = refused.Code, refused.Enhanced, refused.Text
	case errors.As(r.err, &unsendable):
		a.Text = unsendable.Reason
	}
	return a
}

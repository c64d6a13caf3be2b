// Package smtp hands ready mails to the operator's relay. It dials, secures
// and logs in through go-mail, and then speaks its own pipelined loop
// (RFC 2920), which needs one round trip an envelope where go-mail needs
// seven; where the relay does not offer PIPELINING it sends one command at a
// time. It reads every reply itself and says what the reply means.
//
// It never builds, signs or changes a mail, never decides when to try again,
// and never touches a database: the outbox does. A Conn serves one goroutine.
package smtp

import (
	"crypto/x509"
	"time"
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

// Message is one envelope with its mail.
type Message struct {
	// ID is the caller's own number, given back in the Result.
	ID int64

	// From is the envelope sender, the address that bounces go to; empty
	// for mail that must not bounce. To is the one recipient.
	From, To string

	// Data is the complete mail (RFC 5322): CRLF line ends, not dot-stuffed,
	// no bare CR or LF. It belongs to the Conn until its Result is given.
	Data []byte
}

// Result is what became of one Message.
type Result struct {
	ID int64

	// Reply is the relay's acceptance; zero if Err is not nil.
	Reply Reply

	// Err is nil, *Refused (the relay said no), *Unknown (the mail may have
	// been taken), *Interrupted (it certainly was not), or *Unsendable (it
	// was never tried and never can be on this relay).
	Err error
}

// Verdict says what the Result means for the envelope.
func (r Result) Verdict() Verdict { return VerdictOf(r.Err) }

package mailer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Kind is what a mail is for.
type Kind string

// The kinds of mail, in order of urgency.
const (
	Confirmation  Kind = "confirmation" // the double opt-in
	Account       Kind = "account"      // a link she asked for, a changed address
	InstantDigest Kind = "instant"
	Digest        Kind = "digest"
	// CheckupMail is about one alert's health; it goes with the digests.
	CheckupMail Kind = "checkup"
)

// Priority orders what is due: smaller first.
func (k Kind) Priority() int {
	switch k {
	case Confirmation:
		return 0
	case Account:
		return 1
	case InstantDigest:
		return 2
	}
	return 3
}

// Lifetime is how long an envelope is worth sending after it was made; what is
// older gets the outcome expired.
func (k Kind) Lifetime() time.Duration {
	if k == Confirmation {
		return 7 * 24 * time.Hour
	}
	return 48 * time.Hour
}

// State of an envelope. The arrows are in docs/delivery.md.
type State string

// An envelope waits, is claimed under a lease by one relay, and is done.
const (
	Waiting State = "waiting"
	Claimed State = "claimed"
	Done    State = "done"
)

// Outcome is what came of an envelope, or of its last attempt.
type Outcome string

// The outcomes. Deferred and unknown envelopes are tried again; the others are final.
const (
	Pending    Outcome = ""           // never tried
	Accepted   Outcome = "accepted"   // the server took it
	Deferred   Outcome = "deferred"   // refused for now
	Refused    Outcome = "refused"    // refused for good
	Unknown    Outcome = "unknown"    // no answer after the final dot
	Suppressed Outcome = "suppressed" // the address must not be written to, or its owner has left
	Expired    Outcome = "expired"    // too old to be worth sending
	Empty      Outcome = "empty"      // nothing was left to say
)

// Final reports whether an envelope with this outcome is done.
func (o Outcome) Final() bool { return o != Pending && o != Deferred && o != Unknown }

// Envelope is one message to one recipient. It holds no bytes: what is sent is
// composed after the claim.
type Envelope struct {
	ID           int64
	Kind         Kind
	Purpose      string // unique: what it is for
	Subscriber   int64
	Run          int64  // of a digest; else 0
	Subscription uint32 // of a confirmation or checkup; else 0
	Payload      string // JSON, for account mails and checkups
	MessageID    string // without angle brackets
	State        State
	Outcome      Outcome
	Attempts     int // this one included, once claimed
	DueAt        time.Time
	Created      time.Time
	DoneAt       time.Time
	Reply        string // the server's last reply, without the address
	QueueID      string
}

// DigestPurpose is the purpose of a digest's envelope: one a run and subscriber.
func DigestPurpose(run, subscriber int64) string { return fmt.Sprintf("digest %d %d", run, subscriber) }

// ConfirmationPurpose is that of the nth confirmation of one subscription.
func ConfirmationPurpose(subscription uint32, n int) string {
	return fmt.Sprintf("confirmation %d %d", subscription, n)
}

// CheckupPurpose is that of what is told of one alert on one day: two replicas
// that look at it the same day tell it once.
func CheckupPurpose(subscription uint32, f Finding, day time.Time) string {
	return fmt.Sprintf("checkup %d %s %s", subscription, f, day.UTC().Format(time.DateOnly))
}

// MessageID derives a Message-ID (RFC 5322 section 3.6.4, without brackets) from
// what the envelope is for, so that every attempt carries the same one. seed is
// the installation's own secret, so that nobody else can predict it; domain is
// that of the From address.
func MessageID(seed []byte, purpose, domain string) string {
	h := sha256.New()
	h.Write(seed)
	h.Write([]byte{0})
	h.Write([]byte(purpose))
	return hex.EncodeToString(h.Sum(nil)[:16]) + "@" + domain
}

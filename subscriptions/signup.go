package subscriptions

import (
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// MaxAlerts is how many subscriptions that stand or wait one subscriber may have.
// It equals what one unsubscribe link can name.
const MaxAlerts = maxNamed

// UndoWithin is how long after leaving she can take it back by the same link.
const UndoWithin = 7 * 24 * time.Hour

// Wish is what a subscriber asks for and how often, as given by a form, an
// import line or a mail. Criteria are prepared.
type Wish struct {
	Criteria    alerts.Criteria
	Label       string // her own name for it, at most MaxLabel characters
	Schedule    Schedule
	MaxPostings int      // 0: the operator's default
	Overflow    Overflow // empty: Count
}

// Limits of what a wish may say.
const (
	MaxLabel    = 80
	MaxPostings = 100
)

// Circumstances are how a step came about, for the record of consent.
type Circumstances struct {
	TextVersion string // of the words shown
	Wording     string // those words
	Source      string // page, import file, command line, mail
	IP          string // empty unless the operator allows it
	MessageID   string // of the confirmation mail, where there is one
}

// SignUp asks for one subscription of an address that nobody has proved to own.
type SignUp struct {
	Address string // as ParseAddress returned it
	Locale  string // "de" or "en"
	Wish    Wish
	How     Circumstances
}

// Answer is the mail that a sign-up asks for. Pages do not tell it.
type Answer string

// The answers to a sign-up.
const (
	// AskConfirmation: send the confirmation mail.
	AskConfirmation Answer = "ask-confirmation"
	// SayAlreadyHere: the same subscription stands already.
	SayAlreadyHere Answer = "already-here"
	// StaySilent: this address was written to often enough today or a moment ago
	// for the same, or has too many subscriptions. Nothing was stored.
	StaySilent Answer = "silent"
)

// Enrolment is what became of a sign-up.
type Enrolment struct {
	Answer       Answer
	Subscriber   int64
	Subscription uint32
	// Confirmation counts the confirmation mails of this subscription, this one
	// included; 0 unless Answer is AskConfirmation.
	Confirmation int
}

// Import is one subscription brought along with its consent.
type Import struct {
	Email       string
	Locale      string
	Wish        Wish
	ConfirmedAt time.Time // zero: she has not confirmed
	How         Circumstances
}

// Export is what the store keeps of one subscriber, as she gets it (Art. 15 and
// 20 GDPR). Her mails and what she set apart are kept with the digests.
type Export struct {
	Subscriber    Subscriber
	Subscriptions []Subscription
	Consents      []Consent
	Dismissed     []Dismissal
}

// Separation is two postings, shown as one job, that a subscriber says are two.
type Separation struct {
	Postings [2]uint32 `json:"postings"` // the lower first
	At       time.Time `json:"at"`
}

// Dismissal is a posting that a subscriber does not want to see again.
type Dismissal struct {
	Posting uint32    `json:"posting"`
	At      time.Time `json:"at"`
}

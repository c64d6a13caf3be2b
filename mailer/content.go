package mailer

import (
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// Recipient is whom a mail is for, read after the claim.
type Recipient struct {
	Subscriber int64
	Address    string
	Locale     string // "de" or "en"
}

// Headers are what every mail carries besides its content.
type Headers struct {
	To        string
	Locale    string
	MessageID string    // without angle brackets
	Date      time.Time // when it is composed
	// OneClick is the https address that ends every alert named in the mail by
	// POST (RFC 8058); UnsubscribeMail a mailto address for readers without it.
	// Both are empty for confirmations and account mails.
	OneClick        string
	UnsubscribeMail string
}

// DigestContent is everything a digest says; nothing in it is looked up later.
type DigestContent struct {
	Headers
	Kind      Kind // Digest or InstantDigest
	Alerts    []DigestAlert
	Postings  []DigestPosting // in the order shown
	Counted   int             // more that met the criteria, shown on the page behind MoreURL
	Deferred  int             // more that come with the next digest
	Closed    int             // delivered earlier and no longer open
	MoreURL   string
	ManageURL string
}

// DigestAlert is one of the alerts a digest was built for.
type DigestAlert struct {
	Subscription   uint32
	Name           string // her label, or the criteria described
	UnsubscribeURL string
	Frequency      string // in her language: "täglich um 7 Uhr"
}

// DigestPosting is one posting in a digest.
type DigestPosting struct {
	Posting *alerts.Posting
	URL     string // its page here
	// Why it is here: one line a criterion, in her language.
	Why []string
	// Alert is the index in Alerts it is listed for; AlsoFits are others it met.
	Alert    int
	AlsoFits []int
	// Sources names every source of a folded group, the first its own; one entry
	// when nothing was folded.
	Sources []string
	// SeparateURL is the link "these are two jobs"; empty when nothing was folded.
	SeparateURL string
	// DismissURL is the link "not for me"; empty for none.
	DismissURL string
	// UnstatedPay: she asked to have it marked that no pay is stated.
	UnstatedPay bool
}

// ConfirmationContent is the double opt-in mail: neutral, without any posting.
type ConfirmationContent struct {
	Headers
	AlertName  string // the criteria described
	Frequency  string
	ConfirmURL string
	ValidUntil time.Time
	SignedUpAt time.Time
	// ByMail: she wrote a mail, and AlertName is what was understood of it.
	ByMail bool
}

// AccountContent is a mail about her subscriptions that she asked for.
type AccountContent struct {
	Headers
	Kind      AccountKind
	ManageURL string
	ActionURL string
	AlertName string
}

// AccountKind is the occasion of an account mail.
type AccountKind string

// The occasions.
const (
	ManageLink     AccountKind = "manage-link"     // she lost the link
	AlreadyHere    AccountKind = "already-here"    // she signed up for what she has
	ConfirmAddress AccountKind = "confirm-address" // to the new address
	AddressChanged AccountKind = "address-changed" // to the old one
)

// Finding is what is to be told of an alert's health.
type Finding string

// The findings: it had nothing to show for long; a year has passed; it can never
// have anything to show.
const (
	FoundSilent Finding = "silent"
	FoundWanted Finding = "wanted"
	FoundNever  Finding = "never"
)

// CheckupContent is the mail about one alert's health, with its own numbers.
type CheckupContent struct {
	Headers
	AlertName string // her label, or the criteria described
	Frequency string // in her language
	// EditURL is the alert's form, WiderURL the same with WiderKM filled in,
	// UnsubscribeURL the page that ends it.
	EditURL, WiderURL, UnsubscribeURL string
	Checkup
}

// Checkup is what an envelope keeps of such a mail, as its payload.
type Checkup struct {
	Finding      Finding   `json:"finding"`
	Subscription uint32    `json:"subscription"`
	Position     int64     `json:"position"`              // of its last change, when it was looked at
	Since        time.Time `json:"since"`                 // from when on is counted: its confirmation, or when she was last asked
	Mails        int       `json:"mails"`                 // with postings for this alert
	Postings     int       `json:"postings"`              // in them
	Dismissed    int       `json:"dismissed,omitempty"`   // of them "not for me"
	Wider        int       `json:"wider,omitempty"`       // open now within WiderKM
	WiderKM      int       `json:"wider_km,omitempty"`    // 0: she asked for no place, or for as wide a one
	SilentDays   int       `json:"silent_days,omitempty"` // days without anything
}

package subscriptions

import (
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// State of a subscription. The arrows are in docs/delivery.md.
type State string

// A subscription is unconfirmed until its address's owner confirms it, then
// confirmed; paused it stays in the index and gets no mail; ended it is over.
const (
	Unconfirmed State = "unconfirmed"
	Confirmed   State = "confirmed"
	Paused      State = "paused"
	Ended       State = "ended"
)

// EndedReason says why a subscription ended.
type EndedReason string

// Why subscriptions end.
const (
	EndedUnsubscribed EndedReason = "unsubscribed" // by link, one-click or mail
	EndedDeleted      EndedReason = "deleted"      // by her on the manage page
	EndedErased       EndedReason = "erased"       // all her data removed
	EndedComplained   EndedReason = "complained"   // she reported the mail as spam
)

// OnReturn says what a subscriber gets after a pause.
type OnReturn string

// After a pause: everything missed, the best of it, or nothing of it.
const (
	CatchUp    OnReturn = "catch-up"
	BestOnly   OnReturn = "best"
	StartFresh OnReturn = "fresh"
)

// BestOnReturn is how many postings BestOnly delivers.
const BestOnReturn = 20

// Overflow says what becomes of postings above a digest's cap.
type Overflow string

// Above the cap: counted and linked, or kept for the next digest.
const (
	Count Overflow = "count"
	Defer Overflow = "defer"
)

// ConfirmWithin is how long a confirmation link lives, and an unconfirmed
// subscription with it.
const ConfirmWithin = 7 * 24 * time.Hour

// MaxConfirmations is how many confirmation mails one address gets a day.
const MaxConfirmations = 3

// Subscriber is a person: one address.
type Subscriber struct {
	ID       int64
	Email    string // as typed; empty once erased
	Locale   string // "de" or "en"
	Rotation int64  // links signed under an older one are void
	Created  time.Time
	Erased   bool
}

// Subscription is one subscriber's criteria with how often she wants to hear.
type Subscription struct {
	// ID is the subscription number of the match log: uint32, never reused.
	ID         uint32
	Subscriber int64
	Criteria   alerts.Criteria
	Label      string // her own name for the alert; empty: described by its criteria
	Schedule   Schedule
	// MaxPostings caps a digest; 0 means the operator's default.
	MaxPostings int
	Overflow    Overflow

	State       State
	EndedReason EndedReason
	// Position is that of its last change. The match log covers its present
	// criteria from LoggedFrom on; everything up to DeliveredThrough has been
	// delivered or judged.
	Position         int64
	LoggedFrom       int64
	DeliveredThrough int64
	DueAt            time.Time // zero: nothing is due
	LastLocalDate    string    // YYYY-MM-DD of the last occurrence served
	PausedUntil      time.Time // zero: until she resumes
	OnReturn         OnReturn
	Created          time.Time
	ConfirmedAt      time.Time
	EndedAt          time.Time
}

// Due is what a digest run reads of a subscription, of which it holds very many: its
// criteria as they are stored, since most of a day's need not be understood (the
// store's Criteria does that).
type Due struct {
	ID               uint32
	Subscriber       int64
	Stored           string
	Schedule         Schedule
	MaxPostings      int
	Overflow         Overflow
	OnReturn         OnReturn
	Position         int64
	LoggedFrom       int64
	DeliveredThrough int64
	DueAt            time.Time
	LastLocalDate    string
}

// Window is the positions (After, Through] that a digest covers for one subscription.
type Window struct {
	After   int64 `json:"after"`
	Through int64 `json:"through"`
}

// Searched is the part of the window that the match log does not cover for the
// subscription's present criteria, so that stored postings are searched instead.
// It is empty (After == Through) when the log covers all of it.
func (w Window) Searched(loggedFrom int64) Window {
	if loggedFrom <= w.After {
		return Window{After: w.After, Through: w.After}
	}
	return Window{After: w.After, Through: min(loggedFrom, w.Through)}
}

// Logged is the rest of the window, which the match log covers.
func (w Window) Logged(loggedFrom int64) Window {
	return Window{After: w.Searched(loggedFrom).Through, Through: w.Through}
}

// Holds reports whether the window covers a position.
func (w Window) Holds(position int64) bool { return position > w.After && position <= w.Through }

// Empty reports whether the window covers nothing.
func (w Window) Empty() bool { return w.Through <= w.After }

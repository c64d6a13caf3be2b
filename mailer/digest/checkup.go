package digest

import (
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Vitals are what an alert's health is judged by.
type Vitals struct {
	// LastDelivered is when it last had anything to show; zero: never.
	LastDelivered time.Time
	// CanFire: its criteria are understood and some posting could meet them.
	CanFire bool
	// Told is when its owner was last told each finding.
	Told map[mailer.Finding]time.Time
}

// When an alert's owner is told of it.
const (
	silentAfter = 60 * 24 * time.Hour  // nothing delivered for so long
	silentAgain = 90 * 24 * time.Hour  // at most so often
	neverAgain  = 90 * 24 * time.Hour  // of an alert that can never fire
	wantedAfter = 365 * 24 * time.Hour // "still wanted?" after a year, and each year
)

// Diagnose says what to tell an alert's owner at now; "" for nothing. One thing at
// a time: that it can never fire before that it was silent before the yearly
// question. Only confirmed alerts have anything to tell. It is pure.
func Diagnose(sub *subscriptions.Subscription, v Vitals, now time.Time) mailer.Finding {
	if sub.State != subscriptions.Confirmed {
		return ""
	}
	due := func(f mailer.Finding, since time.Time, after, again time.Duration) bool {
		told := v.Told[f]
		return now.Sub(since) >= after && (told.IsZero() || now.Sub(told) >= again)
	}
	heard := v.LastDelivered
	if heard.Before(sub.ConfirmedAt) {
		heard = sub.ConfirmedAt
	}
	switch {
	case !v.CanFire:
		if due(mailer.FoundNever, sub.ConfirmedAt, 0, neverAgain) {
			return mailer.FoundNever
		}
	case due(mailer.FoundSilent, heard, silentAfter, silentAgain):
		return mailer.FoundSilent
	case due(mailer.FoundWanted, sub.ConfirmedAt, wantedAfter, wantedAfter):
		return mailer.FoundWanted
	}
	return ""
}

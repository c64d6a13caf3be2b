package digest

import (
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Vitals are what an alert's health is judged by.
type Vitals struct {
	// Heard is when it last had anything to show, or was last changed, whichever
	// is later; zero: neither since its confirmation.
	Heard time.Time
	// CanFire: its criteria are understood and some posting could meet them.
	CanFire bool
	// Told is when its owner was last told each finding of it, OwnerTold when she
	// was last told anything of any of her alerts.
	Told      map[mailer.Finding]time.Time
	OwnerTold time.Time
}

// When an alert's owner is told of it.
const (
	silentAfter = 60 * 24 * time.Hour  // nothing to show for so long
	silentAgain = 90 * 24 * time.Hour  // at most so often
	wantedAfter = 365 * 24 * time.Hour // "still wanted?" after a year, and each year
	ownerAgain  = 7 * 24 * time.Hour   // at most one such mail a person, whatever her alerts
)

// Diagnose says what to tell an alert's owner at now; "" for nothing. One thing at
// a time: that it can never fire, once, before that it was silent before the
// yearly question. Only confirmed alerts have anything to tell. It is pure.
func Diagnose(sub *subscriptions.Subscription, v Vitals, now time.Time) mailer.Finding {
	if sub.State != subscriptions.Confirmed || !v.OwnerTold.IsZero() && now.Sub(v.OwnerTold) < ownerAgain {
		return ""
	}
	due := func(f mailer.Finding, since time.Time, after, again time.Duration) bool {
		told := v.Told[f]
		return now.Sub(since) >= after && (told.IsZero() || now.Sub(told) >= again)
	}
	switch {
	case !v.CanFire:
		if v.Told[mailer.FoundNever].IsZero() {
			return mailer.FoundNever
		}
	case due(mailer.FoundSilent, v.heard(sub), silentAfter, silentAgain):
		return mailer.FoundSilent
	case due(mailer.FoundWanted, sub.ConfirmedAt, wantedAfter, wantedAfter):
		return mailer.FoundWanted
	}
	return ""
}

// heard is since when it is silent.
func (v *Vitals) heard(sub *subscriptions.Subscription) time.Time {
	if v.Heard.Before(sub.ConfirmedAt) {
		return sub.ConfirmedAt
	}
	return v.Heard
}

package digest

import (
	"slices"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// cap keeps the best postings up to the limit and puts the rest aside, counted or
// deferred as the alert they are listed for says. The limit is her largest among
// the alerts due, standard where she chose none: one mail, one limit.
func (d *built) cap(standard int) {
	limit := 0
	best := false
	for _, a := range d.alerts {
		limit = max(limit, capOf(a, standard))
		best = best || a.bestOnly
	}
	if best {
		limit = min(max(limit, 1), subscriptions.BestOnReturn)
	}
	if limit <= 0 || len(d.items) <= limit {
		return
	}
	for _, it := range d.items[limit:] {
		if it.alert.Overflow == subscriptions.Defer && !it.alert.bestOnly {
			d.deferred = append(d.deferred, it)
		} else {
			d.counted = append(d.counted, it)
		}
	}
	d.items = d.items[:limit]
}

func capOf(a *alert, standard int) int {
	if a.MaxPostings > 0 {
		return a.MaxPostings
	}
	return standard
}

// carry keeps what was deferred for an alert that is not due now.
func (d *built) carry(deferred []entry) {
	for _, e := range deferred {
		due := slices.ContainsFunc(d.alerts, func(a *alert) bool { return a.ID == e.Subscription || slices.Contains(e.Also, a.ID) })
		if !due {
			d.carried = append(d.carried, e)
		}
	}
}

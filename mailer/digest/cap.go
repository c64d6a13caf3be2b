package digest

import (
	"slices"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// cap keeps the best postings up to the limit and puts the rest aside, counted or
// deferred as the alert they are listed for says. The limit is her largest among
// the alerts due, standard where she chose none: one mail, one limit. What was
// deferred before goes first, or newer postings would put it off for ever; what is
// shown is in order of rank.
func (d *built) cap(standard int, rest []entry) {
	limit := limitOf(d.alerts, standard)
	if len(d.items) > limit {
		over := d.cut(limit)
		for i := range over {
			d.putAside(over[i].entry())
		}
	}
	for _, e := range rest {
		d.putAside(e)
	}
}

// limitOf is how many postings one mail for these alerts shows.
func limitOf(as []*alert, standard int) int {
	limit, best := 0, false
	for _, a := range as {
		limit = max(limit, capOf(a, standard))
		best = best || a.bestOnly
	}
	if best && (limit <= 0 || limit > subscriptions.BestOnReturn) {
		limit = subscriptions.BestOnReturn
	}
	if limit <= 0 || limit > maxItems {
		limit = maxItems
	}
	return limit
}

// cut takes out what goes beyond the limit, and returns it, best first.
func (d *built) cut(limit int) []item {
	if !slices.ContainsFunc(d.items, func(it item) bool { return it.waited }) {
		over := d.items[limit:]
		d.items = d.items[:limit]
		return over
	}
	first := slices.Clone(d.items)
	slices.SortStableFunc(first, waitedFirst)
	shown := make(map[uint32]bool, limit)
	for i := range first[:limit] {
		shown[first[i].number] = true
	}
	kept, over := d.items[:0], make([]item, 0, len(d.items)-limit)
	for _, it := range d.items {
		if shown[it.number] {
			kept = append(kept, it)
		} else {
			over = append(over, it)
		}
	}
	d.items = kept
	return over
}

func (d *built) putAside(e entry) {
	for _, a := range d.alerts {
		if a.ID == e.Subscription && a.Overflow == subscriptions.Defer && !a.bestOnly {
			d.deferred = append(d.deferred, e)
			return
		}
	}
	d.countedN++
	d.counted = append(append(d.counted, e.Posting), e.Twins...)
}

func capOf(a *alert, standard int) int {
	if a.MaxPostings > 0 {
		return a.MaxPostings
	}
	return standard
}

// carry keeps what was deferred for alerts that are not due now: those due have
// had their say. What she gets now by another alert, or has had, is not kept; what
// is put off once more stays theirs too.
func (d *built) carry(deferred []entry, taken func(posting uint32) bool) {
	for _, e := range deferred {
		var others []uint32
		for _, id := range e.alerts() {
			if !slices.ContainsFunc(d.alerts, func(a *alert) bool { return a.ID == id }) {
				others = append(others, id)
			}
		}
		if len(others) == 0 {
			continue
		}
		if again := slices.IndexFunc(d.deferred, func(f entry) bool { return f.Posting == e.Posting }); again >= 0 {
			d.deferred[again].Also = append(d.deferred[again].Also, others...)
			continue
		}
		if !taken(e.Posting) {
			d.deferred = append(d.deferred, entry{Posting: e.Posting, Subscription: others[0], Also: others[1:], Twins: e.Twins})
		}
	}
}

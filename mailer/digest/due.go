package digest

import (
	"context"
	"fmt"
	"slices"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// page is some subscribers of a range, whose digests are recorded in one transaction.
type page struct {
	subscribers []int64  // ascending
	alerts      []*alert // due, by subscriber
	packed      packed   // what is proposed to them, until they are built
}

// of are a subscriber's alerts.
func (p *page) of(subscriber int64) []*alert {
	from := p.from(subscriber)
	to := from
	for to < len(p.alerts) && p.alerts[to].Subscriber == subscriber {
		to++
	}
	return p.alerts[from:to]
}

// from is where the alerts of a subscriber, and of those after her, begin.
func (p *page) from(subscriber int64) int {
	at, _ := slices.BinarySearchFunc(p.alerts, subscriber, func(a *alert, s int64) int {
		if a.Subscriber < s {
			return -1
		}
		return 1 // the first of hers is looked for
	})
	return at
}

// halves are those of pages that may be served apart.
func halves(pages []*page) (a, b []*page) {
	if k := len(pages) / 2; k > 0 {
		return pages[:k], pages[k:]
	}
	p := pages[0]
	k := len(p.subscribers) / 2
	at := p.from(p.subscribers[k])
	return []*page{{subscribers: p.subscribers[:k], alerts: p.alerts[:at]}}, []*page{{subscribers: p.subscribers[k:], alerts: p.alerts[at:]}}
}

// subscribersOf are all of some pages'.
func subscribersOf(pages []*page) []int64 {
	var all []int64
	for _, p := range pages {
		all = append(all, p.subscribers...)
	}
	return all
}

// due reads subscribers' due alerts with the windows that they get, in pages.
func (b *Builder) due(ctx context.Context, r run, subscribers []int64) ([]*page, error) {
	covered, err := b.covered(ctx)
	if err != nil {
		return nil, err
	}
	pages := make([]*page, 0, len(subscribers)/b.PageSubscribers+1)
	for part := range slices.Chunk(subscribers, b.PageSubscribers) {
		due, err := b.Subscriptions.DueSubscriptions(ctx, b.DB.Reader, part, r.dueBy)
		if err != nil {
			return nil, fmt.Errorf("read due subscriptions: %w", err)
		}
		p := &page{subscribers: part, alerts: make([]*alert, len(due))}
		made := make([]alert, len(due))
		for i := range due {
			a := &made[i]
			a.Due = due[i]
			// What was moved beyond the cutoff meanwhile stays there.
			a.window = subscriptions.Window{After: a.DeliveredThrough, Through: max(r.cutoff, a.DeliveredThrough)}
			a.logged = max(a.LoggedFrom, covered)
			a.bestOnly = a.OnReturn == subscriptions.BestOnly && a.DeliveredThrough < a.Position
			p.alerts[i] = a
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// covered is the position from which on the match log is whole and made with the
// analysis in force.
func (b *Builder) covered(ctx context.Context) (int64, error) {
	since, err := b.Postings.LoggedSince(ctx, b.DB.Reader)
	if err != nil {
		return 0, err
	}
	analysis, err := b.Postings.Analysis(ctx, b.DB.Reader)
	if err != nil {
		return 0, err
	}
	return max(since, analysis.Position), nil
}

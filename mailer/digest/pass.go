package digest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// alert is one due subscription with the postings its window proposes.
type alert struct {
	subscriptions.Due
	understood *alerts.Criteria // nil until they are asked for
	window     subscriptions.Window
	logged     int64 // the log covers its present criteria from here
	proposed   []proposal
	updated    bool // some of those have been published in another form before
	repeated   bool // some of those may be there twice
	bestOnly   bool // first digest after a pause from which only the best is wanted
}

// criteria are an alert's as they stand: read when they are first asked for, since
// most alerts of a day meet nothing. What cannot be understood matches nothing.
func (b *Builder) criteria(a *alert) *alerts.Criteria {
	if a.understood == nil {
		c, err := b.Subscriptions.Criteria(a.Stored)
		if err != nil {
			b.Log.Warn("stored criteria cannot be understood", "subscription_id", a.ID, "err", err)
			c = new(alerts.Criteria)
		}
		a.understood = c
	}
	return a.understood
}

// forget lets criteria go that can be read again: few are asked for twice.
func (a *alert) forget() {
	if a.Stored != "" {
		a.understood = nil
	}
}

// deliverable reports whether a posting stands, as it was at the cutoff.
func (d *document) deliverable(cutoff int64, now time.Time) bool {
	return d.stored.Standing(now) && d.stored.Position <= cutoff
}

func (b *Builder) rank(a *alert, d *document) alerts.Rank {
	return b.criteria(a).Rank(d.Document, d.stored.FirstPosition)
}

// errTooMany says that a pass proposes more than may be held at once.
var errTooMany = errors.New("too many proposals for one pass")

// turned is a range of leased subscribers with what the log proposes to each.
type turned struct {
	subscribers []int64
	of          map[int64][]*alert
	cards       cards // of what is proposed
	leaseUntil  time.Time
}

// turn reads the match log of a range's windows once and turns it round in memory:
// for each alert, which postings, verified and ranked. What proposes too much to be
// held is handed over in halves.
func (b *Builder) turn(ctx context.Context, r run, subscribers []int64, docs *documents, hand func(turned) error) error {
	of, all, err := b.due(ctx, r, subscribers)
	if err != nil {
		return err
	}
	budget := b.MaxProposals
	if len(subscribers) == 1 {
		budget = math.MaxInt
	}
	cards, err := b.propose(ctx, r.cutoff, all, docs, budget)
	if !errors.Is(err, errTooMany) {
		if err != nil {
			return err
		}
		return hand(turned{subscribers, of, cards, r.leaseUntil})
	}
	half := len(subscribers) / 2
	if err := b.turn(ctx, r, subscribers[:half], docs, hand); err != nil {
		return err
	}
	return b.turn(ctx, r, subscribers[half:], docs, hand)
}

// recordAll builds and records a range a page at a time. done is called for every
// subscriber whose page was committed; it stops early, and returns errLate, when the
// leases are about to run out.
func (b *Builder) recordAll(ctx context.Context, r run, t turned, docs *documents, done func([]int64)) (sum Summary, err error) {
	for page := range slices.Chunk(t.subscribers, b.PageSubscribers) {
		if sum.Subscribers > 0 && b.Now().After(t.leaseUntil.Add(-leaseMargin)) {
			return sum, errLate
		}
		part, err := b.page(ctx, r, page, &t, docs, done)
		if sum.add(part); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// due reads the subscribers' due alerts with the windows that they get.
func (b *Builder) due(ctx context.Context, r run, subscribers []int64) (of map[int64][]*alert, all []*alert, err error) {
	due, err := b.Subscriptions.DueSubscriptions(ctx, b.DB.Reader, subscribers, r.dueBy)
	if err != nil {
		return nil, nil, fmt.Errorf("read due subscriptions: %w", err)
	}
	covered, err := b.covered(ctx)
	if err != nil {
		return nil, nil, err
	}
	of = make(map[int64][]*alert, len(subscribers))
	all = make([]*alert, len(due))
	made := make([]alert, len(due))
	for i := range due {
		a := &made[i]
		a.Due = due[i]
		// What was moved beyond the cutoff meanwhile stays there.
		a.window = subscriptions.Window{After: a.DeliveredThrough, Through: max(r.cutoff, a.DeliveredThrough)}
		a.logged = max(a.LoggedFrom, covered)
		a.bestOnly = a.OnReturn == subscriptions.BestOnly && a.DeliveredThrough < a.Position
		all[i] = a
		of[a.Subscriber] = append(of[a.Subscriber], a)
	}
	return of, all, nil
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

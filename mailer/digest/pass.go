package digest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// alert is one due subscription with the postings its window proposes.
type alert struct {
	subscriptions.Subscription
	window   subscriptions.Window
	logged   int64 // the log covers its present criteria from here
	proposed []proposal
	bestOnly bool // first digest after a pause from which only the best is wanted
}

// proposal is a posting that met an alert's criteria, with the position of the
// content that did.
type proposal struct {
	posting  uint32
	position int64
}

// errTooMany says that a pass proposes more than may be held at once.
var errTooMany = errors.New("too many proposals for one pass")

// pass serves one range of leased subscribers: it reads the match log of their
// windows once, turns it round in memory, and records them a page at a time. What
// proposes too much to be held is served in halves. done is called for every
// subscriber whose page was committed; it stops early, and returns errLate, when
// the leases are about to run out.
func (b *Builder) pass(ctx context.Context, r run, subscribers []int64, docs *documents, done func([]int64)) (Summary, error) {
	of, all, err := b.due(ctx, r, subscribers)
	if err != nil {
		return Summary{}, err
	}
	budget := b.MaxProposals
	if len(subscribers) == 1 {
		budget = math.MaxInt
	}
	if err = b.proposeLogged(ctx, all, &budget); err == nil {
		err = b.proposeSearched(ctx, all, docs, &budget)
	}
	var sum Summary
	if errors.Is(err, errTooMany) {
		half := len(subscribers) / 2
		for _, part := range [][]int64{subscribers[:half], subscribers[half:]} {
			s, err := b.pass(ctx, r, part, docs, done)
			if sum.add(s); err != nil {
				return sum, err
			}
		}
		return sum, nil
	}
	if err != nil {
		return Summary{}, err
	}
	for page := range slices.Chunk(subscribers, b.PageSubscribers) {
		if sum.Subscribers > 0 && b.Now().After(r.leaseUntil.Add(-leaseMargin)) {
			return sum, errLate
		}
		part, err := b.page(ctx, r, page, of, docs, done)
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
	all = make([]*alert, 0, len(due))
	for i := range due {
		a := &alert{Subscription: due[i]}
		// What was moved beyond the cutoff meanwhile stays there.
		a.window = subscriptions.Window{After: a.DeliveredThrough, Through: max(r.cutoff, a.DeliveredThrough)}
		a.logged = max(a.LoggedFrom, covered)
		a.bestOnly = a.OnReturn == subscriptions.BestOnly && a.DeliveredThrough < a.Position
		all = append(all, a)
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

// proposeLogged reads the match log from the earliest window on and hands each
// row to the alerts it names.
func (b *Builder) proposeLogged(ctx context.Context, all []*alert, budget *int) error {
	byID := make(map[uint32]*alert, len(all))
	numbers := roaring.New()
	var span subscriptions.Window
	for _, a := range all {
		w := a.window.Logged(a.logged)
		if w.Empty() {
			continue
		}
		byID[a.ID] = a
		numbers.Add(a.ID)
		if span.Empty() {
			span = w
		}
		span.After, span.Through = min(span.After, w.After), max(span.Through, w.Through)
	}
	if span.Empty() {
		return nil
	}
	return b.Postings.MatchesBetween(ctx, b.DB.Reader, span.After, span.Through, func(row alerts.Logged) error {
		row.Subscriptions.And(numbers)
		for it := row.Subscriptions.Iterator(); it.HasNext(); {
			a := byID[it.Next()]
			if a.window.Logged(a.logged).Holds(row.Position) {
				a.proposed = append(a.proposed, proposal{row.Posting, row.Position})
				*budget--
			}
		}
		if *budget < 0 {
			return errTooMany
		}
		return nil
	})
}

// proposeSearched finds by Criteria.Matches what the log does not cover.
func (b *Builder) proposeSearched(ctx context.Context, all []*alert, docs *documents, budget *int) error {
	var searching []*alert
	var span subscriptions.Window
	for _, a := range all {
		w := a.window.Searched(a.logged)
		if w.Empty() {
			continue
		}
		if len(searching) == 0 {
			span = w
		}
		span.After, span.Through = min(span.After, w.After), max(span.Through, w.Through)
		searching = append(searching, a)
	}
	if len(searching) == 0 {
		return nil
	}
	return b.Postings.OpenBetween(ctx, b.DB.Reader, span.After, span.Through, b.Now(), func(p alerts.Stored) error {
		d := docs.analysed(&p)
		for _, a := range searching {
			if a.window.Searched(a.logged).Holds(p.Position) && a.Criteria.Matches(d.Document) {
				a.proposed = append(a.proposed, proposal{p.Number, p.Position})
				*budget--
			}
		}
		if *budget < 0 {
			return errTooMany
		}
		return nil
	})
}

package digest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// alert is one due subscription with the postings its window proposes.
type alert struct {
	subscriptions.Due
	prepared bool // Criteria are
	window   subscriptions.Window
	logged   int64 // the log covers its present criteria from here
	proposed []alerts.Rank
	updated  bool // some of those have been published in another form before
	repeated bool // some of those may be there twice
	bestOnly bool // first digest after a pause from which only the best is wanted
}

// criteria are an alert's as they stand: read when they are first asked for, since
// most alerts of a day meet nothing. What cannot be understood matches nothing.
func (b *Builder) criteria(a *alert) *alerts.Criteria {
	if !a.prepared {
		a.prepared = true
		if c, err := b.Subscriptions.Criteria(a.Stored); err == nil {
			a.Criteria = *c
		} else {
			b.Log.Warn("stored criteria cannot be understood", "subscription_id", a.ID, "err", err)
		}
	}
	return &a.Criteria
}

// unmet is no position: what was not met with the criteria as they stand.
const unmet = -1

// verified reports whether a posting that stands may be delivered for an alert that
// met it with the content at a position. Content that is still the one the log or
// the search met these very criteria with is not matched again; sending does.
func (b *Builder) verified(a *alert, d *document, met, cutoff int64, now time.Time) bool {
	return d.stored.Standing(now) && d.stored.Position <= cutoff && (d.stored.Position == met || b.criteria(a).Matches(d.Document))
}

func (b *Builder) rank(a *alert, d *document) alerts.Rank {
	return b.criteria(a).Rank(d.Document, d.stored.FirstPosition)
}

func (a *alert) propose(r alerts.Rank, d *document) {
	a.proposed = append(a.proposed, r)
	a.updated = a.updated || d.stored.Position != d.stored.FirstPosition
}

// errTooMany says that a pass proposes more than may be held at once.
var errTooMany = errors.New("too many proposals for one pass")

// turned is a range of leased subscribers with what the log proposes to each.
type turned struct {
	subscribers []int64
	of          map[int64][]*alert
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
	if err = b.proposeLogged(ctx, r.cutoff, all, docs, &budget); err == nil {
		err = b.proposeSearched(ctx, all, docs, &budget)
	}
	if !errors.Is(err, errTooMany) {
		if err != nil {
			return err
		}
		return hand(turned{subscribers, of, r.leaseUntil})
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
		part, err := b.page(ctx, r, page, t.of, docs, done)
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

// met is a row of the log with those of a range that it names.
type met struct {
	position int64
	posting  uint32
	alerts   []*alert
}

// metAtOnce is how many rows of the log are verified together.
const metAtOnce = 1000

// proposeLogged reads the match log from the earliest window on and hands each
// row to the alerts it names.
func (b *Builder) proposeLogged(ctx context.Context, cutoff int64, all []*alert, docs *documents, budget *int) error {
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
	rows := make([]met, 0, min(metAtOnce, docs.limit))
	var before bits // postings of the rows before
	err := b.Postings.MatchesBetween(ctx, b.DB.Reader, span.After, span.Through, func(row alerts.Logged) error {
		row.Subscriptions.And(numbers)
		m := met{position: row.Position, posting: row.Posting}
		for it := row.Subscriptions.Iterator(); it.HasNext(); {
			a := byID[it.Next()]
			if a.window.Logged(a.logged).Holds(row.Position) {
				m.alerts = append(m.alerts, a)
			}
		}
		if before.has(m.posting) {
			for _, a := range m.alerts {
				a.repeated = true
			}
		}
		before.add(m.posting)
		if len(m.alerts) == 0 {
			return nil
		}
		if *budget -= len(m.alerts); *budget < 0 {
			return errTooMany
		}
		if rows = append(rows, m); len(rows) < cap(rows) {
			return nil
		}
		defer func() { rows = rows[:0] }()
		return b.proposeMet(ctx, cutoff, rows, docs)
	})
	if err != nil {
		return err
	}
	return b.proposeMet(ctx, cutoff, rows, docs)
}

// proposeMet verifies and ranks what some rows of the log propose.
func (b *Builder) proposeMet(ctx context.Context, cutoff int64, rows []met, docs *documents) error {
	numbers := make([]uint32, len(rows))
	for i := range rows {
		numbers[i] = rows[i].posting
	}
	if err := docs.load(ctx, b.DB.Reader, numbers); err != nil {
		return err
	}
	now := b.Now()
	for i := range rows {
		m := &rows[i]
		d := docs.get(m.posting)
		if d == nil {
			continue
		}
		docs.ranking.Next(d.Document, d.stored.FirstPosition)
		for _, a := range m.alerts {
			if b.verified(a, d, m.position, cutoff, now) {
				a.propose(docs.ranking.Rank(b.criteria(a)), d)
			}
		}
	}
	return nil
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
		a.repeated = true
		searching = append(searching, a)
	}
	if len(searching) == 0 {
		return nil
	}
	return b.Postings.OpenBetween(ctx, b.DB.Reader, span.After, span.Through, b.Now(), func(p alerts.Stored) error {
		d := docs.analysed(&p)
		for _, a := range searching {
			if a.window.Searched(a.logged).Holds(p.Position) && b.criteria(a).Matches(d.Document) {
				a.propose(b.rank(a, d), d)
				*budget--
			}
		}
		if *budget < 0 {
			return errTooMany
		}
		return nil
	})
}

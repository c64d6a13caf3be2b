package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// alert is one due subscription with the postings its window proposes.
type alert struct {
	subscriptions.Subscription
	window   subscriptions.Window
	logged   int64 // the log covers its present criteria from here
	proposed []uint32
	bestOnly bool // first digest after a pause from which only the best is wanted
}

// pass serves one range of leased subscribers: it reads the match log of their
// windows once, turns it round in memory, and records them a page at a time.
func (b *Builder) pass(ctx context.Context, r run, subscribers []int64) (Summary, error) {
	due, err := b.Subscriptions.DueSubscriptions(ctx, b.DB.Reader, subscribers, r.dueBy)
	if err != nil {
		return Summary{}, fmt.Errorf("read due subscriptions: %w", err)
	}
	covered, err := b.covered(ctx)
	if err != nil {
		return Summary{}, err
	}
	of := make(map[int64][]*alert, len(subscribers))
	all := make([]*alert, 0, len(due))
	for i := range due {
		a := &alert{Subscription: due[i]}
		// What was moved beyond the cutoff meanwhile stays there.
		a.window = subscriptions.Window{After: a.DeliveredThrough, Through: max(r.cutoff, a.DeliveredThrough)}
		a.logged = max(a.LoggedFrom, covered)
		a.bestOnly = a.OnReturn == subscriptions.BestOnly && a.DeliveredThrough < a.Position
		all = append(all, a)
		of[a.Subscriber] = append(of[a.Subscriber], a)
	}
	if err := b.proposeLogged(ctx, all); err != nil {
		return Summary{}, err
	}
	documents := newDocuments(b.Postings, b.Meaning)
	if err := b.proposeSearched(ctx, all, documents); err != nil {
		return Summary{}, err
	}
	var sum Summary
	for page := range slices.Chunk(subscribers, b.PageSubscribers) {
		part, err := b.page(ctx, r, page, of, documents)
		sum.add(part)
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
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
func (b *Builder) proposeLogged(ctx context.Context, all []*alert) error {
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
				a.proposed = append(a.proposed, row.Posting)
			}
		}
		return nil
	})
}

// proposeSearched finds by Criteria.Matches what the log does not cover.
func (b *Builder) proposeSearched(ctx context.Context, all []*alert, documents *documents) error {
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
		d := documents.put(&p)
		for _, a := range searching {
			if a.window.Searched(a.logged).Holds(p.Position) && a.Criteria.Matches(d.Document) {
				a.proposed = append(a.proposed, p.Number)
			}
		}
		return nil
	})
}

// page builds and records one page of subscribers. Whoever was changed under our
// hands is left out of the page and built again by the run's next pass.
func (b *Builder) page(ctx context.Context, r run, subscribers []int64, of map[int64][]*alert, documents *documents) (Summary, error) {
	history, err := b.history(ctx, subscribers)
	if err != nil {
		return Summary{}, err
	}
	built, err := b.buildAll(ctx, r, subscribers, of, history, documents)
	if err != nil {
		return Summary{}, err
	}
	changed := map[int64]bool{}
	for {
		sum, err := b.record(ctx, r, built, changed)
		var moved *movedError
		switch {
		case errors.As(err, &moved):
			for _, s := range moved.subscribers {
				changed[s] = true
			}
		case err != nil:
			return Summary{}, err
		default:
			b.count(built, changed)
			return sum, nil
		}
	}
}

// history is what the page's subscribers got before.
type history struct {
	earlier  map[int64]*roaring.Bitmap // delivered or counted; nil where it cannot matter
	deferred map[int64][]entry
}

func (b *Builder) history(ctx context.Context, subscribers []int64) (history, error) {
	h := history{earlier: map[int64]*roaring.Bitmap{}, deferred: map[int64][]entry{}}
	if err := b.readDeferred(ctx, subscribers, h.deferred); err != nil {
		return h, err
	}
	several, err := b.Subscriptions.Several(ctx, b.DB.Reader, subscribers)
	if err != nil {
		return h, fmt.Errorf("read who has several alerts: %w", err)
	}
	var ids []int64
	for _, s := range subscribers {
		if several[s] || len(h.deferred[s]) > 0 {
			ids = append(ids, s)
		}
	}
	return h, b.readEarlier(ctx, ids, h.earlier)
}

// buildAll builds the page's digests. Numbers are read in one go for all.
func (b *Builder) buildAll(ctx context.Context, r run, subscribers []int64, of map[int64][]*alert, h history, documents *documents) ([]*built, error) {
	var wanted []uint32
	for _, s := range subscribers {
		for _, a := range of[s] {
			wanted = append(wanted, a.proposed...)
		}
		for _, e := range h.deferred[s] {
			wanted = append(wanted, e.Posting)
		}
	}
	if err := documents.load(ctx, b.DB.Reader, wanted); err != nil {
		return nil, err
	}
	// An updated posting may have been delivered in an earlier form.
	var updated []int64
	for _, s := range subscribers {
		if h.earlier[s] == nil && documents.anyUpdated(of[s]) {
			updated = append(updated, s)
		}
	}
	if err := b.readEarlier(ctx, updated, h.earlier); err != nil {
		return nil, err
	}
	now := b.Now()
	out := make([]*built, 0, len(subscribers))
	for _, s := range subscribers {
		d := &built{subscriber: s, alerts: of[s]}
		d.items = selectItems(of[s], h.deferred[s], h.earlier[s], documents, r.cutoff, now)
		d.cap(b.MaxPostings)
		d.carry(h.deferred[s])
		out = append(out, d)
	}
	return out, nil
}

// movedError says whose subscriptions were changed between reading and recording.
type movedError struct{ subscribers []int64 }

func (e *movedError) Error() string { return "subscriptions changed meanwhile" }

// record writes the page in one transaction: leases end, windows move, digests
// and envelopes appear, all or nothing. Subscribers in without are left out.
func (b *Builder) record(ctx context.Context, r run, page []*built, without map[int64]bool) (sum Summary, err error) {
	err = database.Retry(ctx, func(ctx context.Context) error {
		return b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
			sum, err = b.recordIn(ctx, tx, r, page, without)
			return err
		})
	})
	if err != nil {
		return Summary{}, err
	}
	return sum, nil
}

func (b *Builder) recordIn(ctx context.Context, tx *sqlx.Tx, r run, page []*built, without map[int64]bool) (Summary, error) {
	followed, err := b.holdFollower(ctx, tx)
	if err != nil {
		return Summary{}, err
	}
	var (
		sum      Summary
		advances []subscriptions.Advance
		owner    = map[uint32]int64{}
		released []int64
		kept     []*built
		now      = b.Now()
	)
	for _, d := range page {
		released = append(released, d.subscriber)
		if without[d.subscriber] {
			continue
		}
		kept = append(kept, d)
		for _, a := range d.alerts {
			next, err := b.next(a, r.cutoff, followed, now)
			if err != nil {
				b.Log.ErrorContext(ctx, "compute next due time", "subscription_id", a.ID, "err", err)
				next = subscriptions.Advance{DueAt: now.Add(24 * time.Hour), LastLocalDate: a.LastLocalDate}
			}
			next.ID, next.Through = a.ID, a.window.Through
			next.SeenThrough, next.SeenPosition = a.DeliveredThrough, a.Position
			advances = append(advances, next)
			owner[a.ID] = d.subscriber
		}
	}
	slices.Sort(released)
	if r.early {
		released = nil
	}
	if err := b.Subscriptions.Release(ctx, tx, released); err != nil {
		return sum, fmt.Errorf("end leases: %w", err)
	}
	slices.SortFunc(advances, func(a, b subscriptions.Advance) int { return int(int64(a.ID) - int64(b.ID)) })
	failed, err := b.Subscriptions.Advance(ctx, tx, advances)
	if err != nil {
		return sum, fmt.Errorf("move windows: %w", err)
	}
	if len(failed) > 0 {
		e := &movedError{}
		for _, id := range failed {
			e.subscribers = append(e.subscribers, owner[id])
		}
		return sum, e
	}
	sum = Summary{Subscribers: len(kept), Subscriptions: len(advances)}
	if err := b.recordDigests(ctx, tx, r, kept, now, &sum); err != nil {
		return sum, err
	}
	arg := map[string]any{"id": r.id, "subscribers": sum.Subscribers, "subscriptions": sum.Subscriptions,
		"envelopes": sum.Envelopes, "empty": sum.Empty, "postings": sum.Postings}
	if _, err := b.queries.Exec(ctx, tx, "count-run", arg); err != nil {
		return sum, err
	}
	return sum, nil
}

// next says when a served alert is due again. An instant one waits for the
// follower, unless that has read past the cutoff already: then it is due once
// more, since the follower does not wake what was due when it came by.
func (b *Builder) next(a *alert, cutoff, followed int64, now time.Time) (subscriptions.Advance, error) {
	var next subscriptions.Advance
	if a.Schedule.Frequency == subscriptions.Instant {
		if followed > cutoff {
			next.DueAt = now.Add(b.Hold)
		}
		next.LastLocalDate = a.LastLocalDate
		return next, nil
	}
	var err error
	next.LastLocalDate, err = a.Schedule.Served(a.DueAt, now, b.Cadences)
	if err != nil {
		return next, err
	}
	next.DueAt, err = a.Schedule.Next(now, next.LastLocalDate, b.Cadences)
	return next, err
}

package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// builtPage is a page whose digests are built.
type builtPage struct {
	page        *page
	subscribers []int64 // without those whose record cannot be read
	digests     []*built
}

// buildPage builds a page's digests. Whoever's record cannot be read is left out, and
// leased, so that she keeps nobody else from theirs.
func (b *Builder) buildPage(ctx context.Context, t *turned, p *page, docs *documents) (builtPage, error) {
	history, err := b.history(ctx, p.subscribers)
	if err != nil {
		return builtPage{}, err
	}
	out := builtPage{page: p, subscribers: p.subscribers}
	if len(history.broken) > 0 {
		out.subscribers = slices.DeleteFunc(slices.Clone(p.subscribers), func(s int64) bool { return history.broken[s] })
	}
	out.digests, err = b.buildAll(ctx, t, p, history, docs)
	t.run.pad.takeBack(&p.packed)
	return out, err
}

// recordPage records a page's digests and returns whose. Whoever was changed under our
// hands is left out, and leased again by the run's next pass.
func (b *Builder) recordPage(ctx context.Context, r run, p builtPage) (sum Summary, served []int64, err error) {
	changed := map[int64]bool{}
	for { // it ends, since each time round somebody else is left out
		sum, err := b.record(ctx, r, p.digests, changed)
		var moved *movedError
		switch {
		case errors.As(err, &moved):
			for _, s := range moved.subscribers {
				changed[s] = true
			}
		case err != nil:
			return Summary{}, nil, err
		default:
			b.count(p.digests, changed)
			return sum, slices.DeleteFunc(slices.Clone(p.subscribers), func(s int64) bool { return changed[s] }), nil
		}
	}
}

// history is what the page's subscribers got before.
type history struct {
	last     map[int64]int64           // her last digest's number
	earlier  map[int64]*roaring.Bitmap // delivered or counted; nil where it cannot matter
	deferred map[int64][]entry
	apart    map[int64]separated
	// By digest, the twins that she set apart since; and of those, by subscriber, what
	// she has not been shown by itself yet.
	mistaken map[int64]*roaring.Bitmap
	waiting  map[int64][]entry
	// What she said is not for her; nil where there is nothing.
	dismissed map[int64]*roaring.Bitmap
	broken    map[int64]bool // whose digests cannot be read
}

func (b *Builder) history(ctx context.Context, subscribers []int64) (history, error) {
	h := history{last: map[int64]int64{}, earlier: map[int64]*roaring.Bitmap{}, deferred: map[int64][]entry{},
		mistaken: map[int64]*roaring.Bitmap{}, waiting: map[int64][]entry{}, broken: map[int64]bool{}}
	if err := b.readLast(ctx, subscribers, &h); err != nil {
		return h, err
	}
	var err error
	if h.apart, err = b.readSeparations(ctx, subscribers); err != nil {
		return h, err
	}
	if err := b.readMistaken(ctx, &h); err != nil {
		return h, err
	}
	several, err := b.Subscriptions.Several(ctx, b.DB.Reader, subscribers)
	if err != nil {
		return h, fmt.Errorf("read who has several alerts: %w", err)
	}
	var ids []int64
	for _, s := range subscribers {
		if h.last[s] != 0 && (several[s] || len(h.deferred[s])+len(h.waiting[s]) > 0) {
			ids = append(ids, s)
		}
	}
	if err := b.readEarlier(ctx, ids, &h); err != nil {
		return h, err
	}
	h.dropShown()
	h.dismissed, err = b.readDismissed(ctx, subscribers)
	return h, err
}

func (b *Builder) readDismissed(ctx context.Context, subscribers []int64) (map[int64]*roaring.Bitmap, error) {
	said, err := b.Subscriptions.Dismissed(ctx, b.DB.Reader, subscribers)
	if err != nil || len(said) == 0 {
		return nil, err
	}
	of := make(map[int64]*roaring.Bitmap, len(said))
	for s, list := range said {
		of[s] = roaring.New()
		for _, d := range list {
			of[s].Add(d.Posting)
		}
	}
	return of, nil
}

// unwanted is what a subscriber must not get: what she had, and what she dismissed;
// nil for nothing.
func (h *history) unwanted(subscriber int64) *roaring.Bitmap {
	had, dismissed := h.earlier[subscriber], h.dismissed[subscriber]
	switch {
	case dismissed == nil:
		return had
	case had == nil:
		return dismissed
	}
	return roaring.Or(had, dismissed)
}

// buildAll builds the page's digests.
func (b *Builder) buildAll(ctx context.Context, t *turned, p *page, h history, docs *documents) ([]*built, error) {
	if err := b.readUpdated(ctx, p, &h); err != nil {
		return nil, err
	}
	var wanted []uint32 // read at once rather than for each of them
	for _, s := range p.subscribers {
		for _, e := range h.putOff(s) {
			wanted = append(wanted, e.numbers()...)
		}
	}
	if len(wanted) <= docs.limit {
		if err := docs.load(ctx, b.DB.Reader, wanted); err != nil {
			return nil, err
		}
	}
	docs.proposals = t.open(p, docs.proposals)
	out := make([]*built, 0, len(p.subscribers))
	for _, s := range p.subscribers {
		if h.broken[s] {
			continue
		}
		d, err := b.build(ctx, s, p.of(s), t, &h, docs)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// readUpdated reads what was delivered to subscribers for whom a posting is
// proposed that may have been delivered in an earlier form.
func (b *Builder) readUpdated(ctx context.Context, p *page, h *history) error {
	var updated []int64
	for _, s := range p.subscribers {
		if h.last[s] != 0 && h.earlier[s] == nil && slices.ContainsFunc(p.of(s), func(a *alert) bool { return a.updated }) {
			updated = append(updated, s)
		}
	}
	return b.readEarlier(ctx, updated, h)
}

// build makes one subscriber's digest.
func (b *Builder) build(ctx context.Context, subscriber int64, as []*alert, t *turned, h *history, docs *documents) (*built, error) {
	earlier := h.unwanted(subscriber)
	s := selection{b: b, earlier: earlier, docs: docs, cards: t.cards, cutoff: t.run.cutoff, now: b.Now(), items: docs.items[:0]}
	if err := s.gather(ctx, as, h.putOff(subscriber)); err != nil {
		return nil, err
	}
	d := &built{subscriber: subscriber, alerts: as, after: h.last[subscriber]}
	found := len(s.items)
	var err error
	if d.items, err = b.fold(ctx, s.items, h.apart[subscriber], docs); err != nil {
		return nil, err
	}
	d.folded = found - len(d.items)
	d.cap(b.MaxPostings, s.rest)
	d.counted, d.countedN = append(d.counted, s.counted...), d.countedN+len(s.counted)
	docs.items, d.items = s.items[:0], slices.Clone(d.items) // most of those weighed go
	for _, a := range as {
		a.proposed = nil
	}
	d.carry(h.deferred[subscriber], func(n uint32) bool { return s.has(n) || earlier != nil && earlier.Contains(n) })
	return d, nil
}

// movedError says whose subscriptions, or digests, were changed between reading
// and recording.
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
	kept := slices.DeleteFunc(slices.Clone(page), func(d *built) bool { return without[d.subscriber] })
	followed, err := b.followed(ctx, tx, kept)
	if err != nil {
		return Summary{}, err
	}
	released := make([]int64, len(page))
	for i, d := range page {
		released[i] = d.subscriber
	}
	slices.Sort(released)
	if err := b.Subscriptions.Release(ctx, tx, released); err != nil {
		return Summary{}, fmt.Errorf("end leases: %w", err)
	}
	sum, err := b.advance(ctx, tx, r, kept, followed)
	if err != nil {
		return sum, err
	}
	if err := b.recordDigests(ctx, tx, r, kept, &sum); err != nil {
		return sum, err
	}
	return sum, b.countRun(ctx, tx, r.id, &sum)
}

// followed is how far the instant follower has come; it is held there until the
// transaction ends if the page serves any instant alert.
func (b *Builder) followed(ctx context.Context, tx sqlx.ExtContext, page []*built) (int64, error) {
	for _, d := range page {
		for _, a := range d.alerts {
			if a.Schedule.Frequency == subscriptions.Instant {
				return b.holdFollower(ctx, tx)
			}
		}
	}
	return 0, nil
}

// advance moves the page's windows; a movedError names whose could not be.
func (b *Builder) advance(ctx context.Context, tx sqlx.ExtContext, r run, page []*built, followed int64) (sum Summary, err error) {
	var advances []subscriptions.Advance
	owner, now, known := map[uint32]int64{}, b.Now(), dates{}
	for _, d := range page {
		for _, a := range d.alerts {
			next, err := b.next(a, r.cutoff, followed, now, known)
			if err != nil {
				b.Log.ErrorContext(ctx, "compute next due time; it is served daily until its schedule is valid", "subscription_id", a.ID, "err", err)
				next = subscriptions.Advance{DueAt: now.Add(24 * time.Hour), LastLocalDate: a.LastLocalDate}
			}
			next.ID, next.Through = a.ID, a.window.Through
			next.SeenThrough, next.SeenPosition = a.DeliveredThrough, a.Position
			advances = append(advances, next)
			owner[a.ID] = d.subscriber
			if sum.After == 0 || a.window.After < sum.After {
				sum.After = a.window.After
			}
		}
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
	sum.Subscribers, sum.Subscriptions = len(page), len(advances)
	return sum, nil
}

// dates are when alerts that were due together, on the same schedule, are due again:
// reckoned once a page, since most of them are.
type dates map[occasion]subscriptions.Advance

// occasion is a digest's hour as an alert's schedule has it.
type occasion struct {
	schedule subscriptions.Schedule
	due      time.Time
}

// next says when a served alert is due again. An instant one waits for the
// follower, unless that has read past the cutoff already: then it is due once
// more, since the follower does not wake what was due when it came by.
func (b *Builder) next(a *alert, cutoff, followed int64, now time.Time, known dates) (next subscriptions.Advance, err error) {
	if a.Schedule.Frequency == subscriptions.Instant {
		if followed > cutoff {
			next.DueAt = now.Add(b.Hold)
		}
		next.LastLocalDate = a.LastLocalDate
		return next, nil
	}
	o := occasion{a.Schedule, a.DueAt}
	if next, ok := known[o]; ok {
		return next, nil
	}
	if next.LastLocalDate, err = b.calendar.Served(a.Schedule, a.DueAt, now); err != nil {
		return next, err
	}
	if next.DueAt, err = b.calendar.Next(a.Schedule, now, next.LastLocalDate); err != nil {
		return next, err
	}
	known[o] = next
	return next, nil
}

package digest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// pair is two postings by number, the lower first.
type pair [2]uint32

func pairOf(a, b uint32) pair { return pair{min(a, b), max(a, b)} }

// separated are the pairs that one subscriber says are two jobs.
type separated map[pair]bool

// maxSeparated bounds the postings of one group that a link sets apart, and so
// the rows that it writes.
const maxSeparated = 20

// Separate remembers that a subscriber says these postings are different jobs, so
// that no later digest of hers folds any two of them, and the next shows those that
// were folded (see mistaken).
func (b *Builder) Separate(ctx context.Context, tx sqlx.ExtContext, subscriber int64, postings []uint32, now time.Time) error {
	postings = postings[:min(len(postings), maxSeparated)]
	var rows []map[string]any
	for i, x := range postings {
		for _, y := range postings[i+1:] {
			if p := pairOf(x, y); x != y {
				rows = append(rows, map[string]any{"subscriber_id": subscriber, "low": p[0], "high": p[1], "at_ms": now.UnixMilli()})
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := b.queries.Exec(ctx, tx, "put-separations", rows); err != nil {
		return fmt.Errorf("separate postings: %w", err)
	}
	return nil
}

// PurgeSeparations forgets what was said before a time, and returns of how many pairs.
func (b *Builder) PurgeSeparations(ctx context.Context, tx sqlx.ExtContext, before time.Time) (int64, error) {
	res, err := b.queries.Exec(ctx, tx, "purge-separations", map[string]any{"before_ms": before.UnixMilli(), "page": 1000})
	if err != nil {
		return 0, fmt.Errorf("purge separations: %w", err)
	}
	return res.RowsAffected()
}

// separationRow is a row of separations.
type separationRow struct {
	Subscriber int64  `db:"subscriber_id"`
	Low        uint32 `db:"low"`
	High       uint32 `db:"high"`
	AtMS       int64  `db:"at_ms"`
}

func (b *Builder) separationsOf(ctx context.Context, subscribers []int64) (rows []separationRow, err error) {
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "separations-of", map[string]any{"subscribers": subscribers}); err != nil {
		return nil, fmt.Errorf("read separations: %w", err)
	}
	return rows, nil
}

// Separated returns the pairs that a subscriber set apart, by number.
func (b *Builder) Separated(ctx context.Context, subscriber int64) ([]subscriptions.Separation, error) {
	rows, err := b.separationsOf(ctx, []int64{subscriber})
	apart := make([]subscriptions.Separation, len(rows))
	for i, r := range rows {
		apart[i] = subscriptions.Separation{Postings: [2]uint32{r.Low, r.High}, At: time.UnixMilli(r.AtMS).UTC()}
	}
	return apart, err
}

// readSeparations reads what the subscribers set apart.
func (b *Builder) readSeparations(ctx context.Context, subscribers []int64) (map[int64]separated, error) {
	rows, err := b.separationsOf(ctx, subscribers)
	if err != nil {
		return nil, err
	}
	out := map[int64]separated{}
	for _, r := range rows {
		if out[r.Subscriber] == nil {
			out[r.Subscriber] = separated{}
		}
		out[r.Subscriber][pair{r.Low, r.High}] = true
	}
	return out, nil
}

// mistaken are those of the entry's twins that she set apart from one before them in
// it: they were named, and not shown as the jobs that they are to her.
func (e *entry) mistaken(apart separated) (out []uint32) {
	if len(apart) == 0 {
		return nil
	}
	for i, twin := range e.Twins {
		before := func(n uint32) bool { return apart[pairOf(n, twin)] }
		if before(e.Posting) || slices.ContainsFunc(e.Twins[:i], before) {
			out = append(out, twin)
		}
	}
	return out
}

// readMistaken finds what the subscribers' digests folded and they set apart. Nothing
// is kept of it: what a digest shows by itself is in its record, and waits no longer.
func (b *Builder) readMistaken(ctx context.Context, h *history) error {
	var who []int64
	for s := range h.apart {
		if h.last[s] != 0 {
			who = append(who, s)
		}
	}
	if len(who) == 0 {
		return nil
	}
	slices.Sort(who)
	err := b.queries.Each(ctx, b.DB.Reader, "folding-digests", map[string]any{"subscribers": who}, func(rows *sqlx.Rows) error {
		var r row
		if err := rows.Scan(&r.ID, &r.Subscriber, &r.Content); err != nil {
			return err
		}
		c, err := r.content()
		if err != nil {
			h.cannotRead(ctx, b, r.Subscriber, err)
			return nil
		}
		for i := range c.Postings {
			h.addMistaken(&r, &c.Postings[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what was folded: %w", err)
	}
	return nil
}

func (h *history) addMistaken(r *row, e *entry) {
	twins := e.mistaken(h.apart[r.Subscriber])
	if len(twins) == 0 {
		return
	}
	if h.mistaken[r.ID] == nil {
		h.mistaken[r.ID] = roaring.New()
	}
	h.mistaken[r.ID].AddMany(twins)
	for _, n := range twins {
		h.waiting[r.Subscriber] = append(h.waiting[r.Subscriber], entry{Posting: n, Subscription: e.Subscription, Also: e.Also})
	}
}

// dropShown leaves waiting what has not been shown, or told by number, since.
func (h *history) dropShown() {
	for s, had := range h.earlier {
		h.waiting[s] = slices.DeleteFunc(h.waiting[s], func(e entry) bool { return had.Contains(e.Posting) })
	}
}

// putOff is what is verified for a subscriber besides her windows: what a cap put off,
// and what she set apart.
func (h *history) putOff(subscriber int64) []entry {
	return append(slices.Clip(h.deferred[subscriber]), h.waiting[subscriber]...)
}

// separateLink is the link by which she says that the postings of a group are
// different jobs; see SeparatedBy.
func (b *Builder) separateLink(who *subscriptions.Subscriber, now time.Time, group []uint32) string {
	names := make([]string, 0, len(group))
	for _, n := range group[:min(len(group), maxSeparated)] {
		names = append(names, strconv.FormatUint(uint64(n), 10))
	}
	return b.Links.Base + "/separate/" + b.Links.Signer.Sign(subscriptions.Claims{Purpose: subscriptions.ToSeparate, Subscriber: who.ID,
		Rotation: who.Rotation, Detail: strings.Join(names, ","), Issued: now})
}

// SeparatedBy reads the postings that a link with these claims sets apart; false
// if it names fewer than two.
func SeparatedBy(c subscriptions.Claims) ([]uint32, bool) {
	if c.Purpose != subscriptions.ToSeparate {
		return nil, false
	}
	var out []uint32
	for name := range strings.SplitSeq(c.Detail, ",") {
		n, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return nil, false
		}
		out = append(out, uint32(n))
	}
	return out, len(out) > 1 && len(out) <= maxSeparated
}

package digest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// row is a digest as its table holds it. The bitmaps are in Roaring's portable format.
type row struct {
	ID            int64  `db:"id"`
	Run           int64  `db:"run_id"`
	Subscriber    int64  `db:"subscriber_id"`
	After         int64  `db:"after_id"` // her digest before this one
	CreatedMS     int64  `db:"created_ms"`
	Subscriptions string `db:"subscriptions"` // JSON: []served
	Delivered     []byte `db:"delivered"`     // twins included
	Deferred      []byte `db:"deferred"`
	Counted       []byte `db:"counted"`
	Content       string `db:"content"` // JSON: content
}

// served is one alert a digest was built for, and the window it covered.
type served struct {
	Subscription uint32               `json:"subscription"`
	Window       subscriptions.Window `json:"window"`
}

// recordDigests writes digests and envelopes for those of the page who get
// something. A movedError names those for whom another digest was recorded since
// their history was read: by a replica that outlived its lease, say.
func (b *Builder) recordDigests(ctx context.Context, tx sqlx.ExtContext, r run, page []*built, sum *Summary) error {
	now := b.Now()
	var (
		rows      []row
		envelopes []mailer.Envelope
	)
	for _, d := range page {
		if len(d.items) == 0 {
			sum.Empty++
			continue
		}
		dr, err := d.row(r.id, now)
		if err != nil {
			return err
		}
		rows = append(rows, dr)
		envelopes = append(envelopes, b.envelope(r.id, d, now))
		sum.Postings += len(d.items)
		sum.Folded += d.folded
		sum.Counted += d.countedN
		sum.Deferred += len(d.deferred)
	}
	sum.Envelopes = len(envelopes)
	if len(rows) == 0 {
		return nil
	}
	var recorded []int64
	for page := range database.Pages(b.DB.Dialect, rows, len(rows)) {
		var arg any = page
		if b.DB.Dialect == database.PostgreSQL {
			arg = columnsOf(page)
		}
		var subscribers []int64
		if err := b.queries.Select(ctx, tx, &subscribers, "put-digest", arg); err != nil {
			return fmt.Errorf("record digests: %w", err)
		}
		recorded = append(recorded, subscribers...)
	}
	if len(recorded) < len(rows) {
		return overtaken(rows, recorded)
	}
	if err := b.Outbox.Enqueue(ctx, tx, envelopes); err != nil {
		return fmt.Errorf("hand over envelopes: %w", err)
	}
	return nil
}

// columnsOf are the rows of one run's page as PostgreSQL takes them: one statement
// whatever their number.
func columnsOf(rows []row) map[string]any {
	return map[string]any{
		"run_id": rows[0].Run, "created_ms": rows[0].CreatedMS,
		"subscribers":   database.Column(rows, func(r row) int64 { return r.Subscriber }),
		"afters":        database.Column(rows, func(r row) int64 { return r.After }),
		"subscriptions": database.Column(rows, func(r row) string { return r.Subscriptions }),
		"delivered":     database.Column(rows, func(r row) []byte { return r.Delivered }),
		"deferred":      database.Column(rows, func(r row) []byte { return r.Deferred }),
		"counted":       database.Column(rows, func(r row) []byte { return r.Counted }),
		"contents":      database.Column(rows, func(r row) string { return r.Content }),
	}
}

// overtaken names the subscribers whose digests were not recorded.
func overtaken(rows []row, recorded []int64) error {
	done := make(map[int64]bool, len(recorded))
	for _, s := range recorded {
		done[s] = true
	}
	e := &movedError{}
	for i := range rows {
		if !done[rows[i].Subscriber] {
			e.subscribers = append(e.subscribers, rows[i].Subscriber)
		}
	}
	return e
}

func (b *Builder) envelope(run int64, d *built, now time.Time) mailer.Envelope {
	kind := mailer.InstantDigest
	for _, a := range d.alerts {
		if a.Schedule.Frequency != subscriptions.Instant {
			kind = mailer.Digest
		}
	}
	purpose := mailer.DigestPurpose(run, d.subscriber)
	return mailer.Envelope{Kind: kind, Purpose: purpose, Subscriber: d.subscriber, Run: run,
		MessageID: b.MessageID(purpose), DueAt: now, Created: now}
}

func (d *built) row(run int64, now time.Time) (row, error) {
	c := content{Postings: make([]entry, len(d.items)), Deferred: d.deferred, Counted: d.countedN}
	for i := range d.items {
		c.Postings[i] = d.items[i].entry()
	}
	windows := make([]served, len(d.alerts))
	for i, a := range d.alerts {
		windows[i] = served{Subscription: a.ID, Window: a.window}
	}
	encoded, err := json.Marshal(windows)
	if err != nil {
		return row{}, fmt.Errorf("encode digest: %w", err)
	}
	r := row{Run: run, Subscriber: d.subscriber, After: d.after, CreatedMS: now.UnixMilli(), Subscriptions: string(encoded), Content: c.encode()}
	for _, part := range []struct {
		dst     *[]byte
		numbers []uint32
	}{{&r.Delivered, numbersOf(c.Postings)}, {&r.Deferred, numbersOf(c.Deferred)}, {&r.Counted, d.counted}} {
		if *part.dst, err = bitmapOf(part.numbers); err != nil {
			return r, fmt.Errorf("encode digest: %w", err)
		}
	}
	return r, nil
}

// noNumbers is the empty bitmap, which most digests have two of.
var noNumbers, _ = roaring.New().ToBytes()

func bitmapOf(numbers []uint32) ([]byte, error) {
	if len(numbers) == 0 {
		return noNumbers, nil
	}
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	return alerts.PackNumbers(slices.Compact(numbers))
}

func (r *row) content() (content, error) {
	var c content
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return c, fmt.Errorf("decode digest %d: %w", r.ID, err)
	}
	return c, nil
}

// readLast reads each subscriber's last digest: its number, and what it put off.
func (b *Builder) readLast(ctx context.Context, subscribers []int64, h *history) error {
	if len(subscribers) == 0 {
		return nil
	}
	var rows []row
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "latest-digests", map[string]any{"subscribers": subscribers, "nothing": noNumbers}); err != nil {
		return fmt.Errorf("read last digests: %w", err)
	}
	for i := range rows {
		h.last[rows[i].Subscriber] = rows[i].ID
		if rows[i].Content == "" {
			continue // nothing was put off
		}
		c, err := rows[i].content()
		if err != nil {
			h.cannotRead(ctx, b, rows[i].Subscriber, err)
			continue
		}
		if len(c.Deferred) > 0 {
			h.deferred[rows[i].Subscriber] = c.Deferred
		}
	}
	return nil
}

// cannotRead leaves a subscriber to an operator instead of the whole page.
func (h *history) cannotRead(ctx context.Context, b *Builder, subscriber int64, err error) {
	if !h.broken[subscriber] {
		h.broken[subscriber] = true
		b.Log.ErrorContext(ctx, "a digest's record cannot be read; its subscriber gets none", "subscriber_id", subscriber, "err", err)
	}
}

// readEarlier unites what each subscriber has been shown or told by number, but for
// what was named with a posting that it is another job than.
func (b *Builder) readEarlier(ctx context.Context, subscribers []int64, h *history) error {
	if len(subscribers) == 0 {
		return nil
	}
	arg := map[string]any{"subscribers": subscribers}
	err := b.queries.Each(ctx, b.DB.Reader, "earlier-digests", arg, func(rows *sqlx.Rows) error {
		var r row
		if err := rows.Scan(&r.ID, &r.Subscriber, &r.Delivered, &r.Counted); err != nil {
			return err
		}
		have := h.earlier[r.Subscriber]
		if have == nil {
			have = roaring.New()
			h.earlier[r.Subscriber] = have
		}
		delivered, counted := roaring.New(), roaring.New()
		if err := errors.Join(delivered.UnmarshalBinary(r.Delivered), counted.UnmarshalBinary(r.Counted)); err != nil {
			h.cannotRead(ctx, b, r.Subscriber, err)
			return nil
		}
		if mistaken := h.mistaken[r.ID]; mistaken != nil {
			delivered.AndNot(mistaken)
		}
		have.Or(delivered)
		have.Or(counted)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read earlier digests: %w", err)
	}
	return nil
}

// Purge removes a page of the digests recorded before a time, and returns how
// many; call it until it returns 0. Each subscriber's last one stays.
func (b *Builder) Purge(ctx context.Context, before time.Time) (int64, error) {
	var n int64
	err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := b.queries.Exec(ctx, tx, "purge-digests", map[string]any{"before_ms": before.UnixMilli(), "page": 1000})
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge digests: %w", err)
	}
	return n, nil
}

package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// row is a digest as its table holds it. The bitmaps are in Roaring's portable format.
type row struct {
	ID            int64  `db:"id"`
	Run           int64  `db:"run_id"`
	Subscriber    int64  `db:"subscriber_id"`
	CreatedMS     int64  `db:"created_ms"`
	Subscriptions string `db:"subscriptions"` // JSON: []served
	Delivered     []byte `db:"delivered"`
	Deferred      []byte `db:"deferred"`
	Counted       []byte `db:"counted"`
	Content       string `db:"content"` // JSON: content
}

// served is one alert a digest was built for, and the window it covered.
type served struct {
	Subscription uint32               `json:"subscription"`
	Window       subscriptions.Window `json:"window"`
}

// content is what a digest shows and keeps, by numbers.
type content struct {
	Postings []entry `json:"postings"`           // in the order shown
	Deferred []entry `json:"deferred,omitempty"` // best first
	Counted  int     `json:"counted,omitempty"`
}

// recordDigests writes digests and envelopes for those of the page who get something.
func (b *Builder) recordDigests(ctx context.Context, tx sqlx.ExtContext, r run, page []*built, now time.Time, sum *Summary) error {
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
	}
	sum.Envelopes = len(envelopes)
	if len(rows) == 0 {
		return nil
	}
	if _, err := b.queries.Exec(ctx, tx, "put-digest", rows); err != nil {
		return fmt.Errorf("record digests: %w", err)
	}
	if err := b.Outbox.Enqueue(ctx, tx, envelopes); err != nil {
		return fmt.Errorf("hand over envelopes: %w", err)
	}
	return nil
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
	c := content{Postings: entries(d.items), Deferred: append(entries(d.deferred), d.carried...), Counted: len(d.counted)}
	var windows []served
	for _, a := range d.alerts {
		windows = append(windows, served{Subscription: a.ID, Window: a.window})
	}
	r := row{Run: run, Subscriber: d.subscriber, CreatedMS: now.UnixMilli()}
	var err error
	for _, part := range []struct {
		dst   *[]byte
		items []entry
	}{{&r.Delivered, c.Postings}, {&r.Deferred, c.Deferred}, {&r.Counted, entries(d.counted)}} {
		if *part.dst, err = bitmapOf(part.items).ToBytes(); err != nil {
			return r, fmt.Errorf("encode digest: %w", err)
		}
	}
	encodedWindows, err := json.Marshal(windows)
	if err != nil {
		return r, fmt.Errorf("encode digest: %w", err)
	}
	encodedContent, err := json.Marshal(c)
	if err != nil {
		return r, fmt.Errorf("encode digest: %w", err)
	}
	r.Subscriptions, r.Content = string(encodedWindows), string(encodedContent)
	return r, nil
}

func entries(items []item) []entry {
	out := make([]entry, len(items))
	for i, it := range items {
		out[i] = entry{Posting: it.doc.Number, Subscription: it.alert.ID}
		for _, a := range it.also {
			out[i].Also = append(out[i].Also, a.ID)
		}
	}
	return out
}

func bitmapOf(es []entry) *roaring.Bitmap {
	bm := roaring.New()
	for _, e := range es {
		bm.Add(e.Posting)
	}
	return bm
}

func (r *row) content() (content, error) {
	var c content
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return c, fmt.Errorf("decode digest %d: %w", r.ID, err)
	}
	return c, nil
}

// readDeferred reads what each subscriber's last digest put off.
func (b *Builder) readDeferred(ctx context.Context, subscribers []int64, into map[int64][]entry) error {
	var rows []row
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "latest-digests", map[string]any{"subscribers": subscribers}); err != nil {
		return fmt.Errorf("read deferred postings: %w", err)
	}
	for i := range rows {
		c, err := rows[i].content()
		if err != nil {
			return err
		}
		if len(c.Deferred) > 0 {
			into[rows[i].Subscriber] = c.Deferred
		}
	}
	return nil
}

// readEarlier unites what each subscriber has been shown or told by number.
func (b *Builder) readEarlier(ctx context.Context, subscribers []int64, into map[int64]*roaring.Bitmap) error {
	if len(subscribers) == 0 {
		return nil
	}
	arg := map[string]any{"subscribers": subscribers}
	err := b.queries.Each(ctx, b.DB.Reader, "earlier-digests", arg, func(rows *sqlx.Rows) error {
		var (
			subscriber         int64
			delivered, counted []byte
		)
		if err := rows.Scan(&subscriber, &delivered, &counted); err != nil {
			return err
		}
		have := into[subscriber]
		if have == nil {
			have = roaring.New()
			into[subscriber] = have
		}
		for _, b := range [][]byte{delivered, counted} {
			bm := roaring.New()
			if err := bm.UnmarshalBinary(b); err != nil {
				return fmt.Errorf("decode a digest of subscriber %d: %w", subscriber, err)
			}
			have.Or(bm)
		}
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

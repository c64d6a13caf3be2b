package digest

import (
	"context"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/config/database"
)

// Of the postings that a subscriber got before, so many are looked at to tell her
// what has closed, in so many digests: what is older has mostly expired long since.
const (
	closedLooked  = 200
	closedDigests = 30
)

// closedWithin bounds the time since the digest before for which that is told: who
// comes back after months is not told of hundreds.
const closedWithin = 35 * 24 * time.Hour

// readClosed counts, for each reading, the jobs that she got before and that were
// withdrawn or have expired between her last digest and this one: what closes later
// is the next one's to tell. Postings that were shown as one job count once, when the
// last of them has closed.
func (b *Builder) readClosed(ctx context.Context, readings []*Reading) error {
	since, err := b.readSince(ctx, readings)
	if err != nil || len(since) == 0 {
		return err
	}
	var from int64
	for _, ms := range since {
		if from == 0 || ms < from {
			from = ms
		}
	}
	ends, err := b.Postings.ClosedBetween(ctx, b.DB.Reader, time.UnixMilli(from), b.Now())
	if err != nil {
		return fmt.Errorf("read what is closed: %w", err)
	}
	if len(ends) == 0 {
		return nil
	}
	closed := roaring.New()
	for number := range ends {
		closed.Add(number)
	}
	delivered, digests, err := b.deliveredBefore(ctx, since, closed)
	if err != nil {
		return err
	}
	shown, err := b.shownTwins(ctx, digests, ends)
	if err != nil {
		return err
	}
	for r, ms := range since {
		had := delivered[chain{r.row.Subscriber, r.row.After}]
		if had == nil {
			continue
		}
		var ended []uint32
		for it := roaring.And(had, closed).Iterator(); it.HasNext(); {
			if n := it.Next(); ends[n] > ms && ends[n] <= r.row.CreatedMS {
				ended = append(ended, n)
			}
		}
		r.closed = shown.closed(r.row.Subscriber, ended, r.row.CreatedMS)
	}
	return nil
}

// readSince is when the digest before each reading's was built, for those that have
// one within closedWithin.
func (b *Builder) readSince(ctx context.Context, readings []*Reading) (map[*Reading]int64, error) {
	var before []int64
	for _, r := range readings {
		if r.err == nil && r.row.After != 0 {
			before = append(before, r.row.After)
		}
	}
	if before = distinct(before); len(before) == 0 {
		return nil, nil
	}
	var rows []row
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-created", map[string]any{"ids": database.Array{Slice: before}}); err != nil {
		return nil, fmt.Errorf("read when digests were built: %w", err)
	}
	created := make(map[int64]int64, len(rows))
	for i := range rows {
		created[rows[i].ID] = rows[i].CreatedMS
	}
	since := make(map[*Reading]int64, len(readings))
	for _, r := range readings {
		if ms, ok := created[r.row.After]; ok && r.err == nil && r.row.CreatedMS-ms <= closedWithin.Milliseconds() {
			since[r] = ms
		}
	}
	return since, nil
}

// chain is a place in the chain of a subscriber's digests: before the one whose
// predecessor is after.
type chain struct{ subscriber, after int64 }

// deliveredBefore is what was delivered before each place, latest first, as far as it
// is looked at; digests are those by which some of closed was.
func (b *Builder) deliveredBefore(ctx context.Context, since map[*Reading]int64, closed *roaring.Bitmap,
) (of map[chain]*roaring.Bitmap, digests []int64, err error) {
	var subscribers, afters []int64
	var pairs [][2]int64
	of = make(map[chain]*roaring.Bitmap, len(since))
	for r := range since {
		c := chain{r.row.Subscriber, r.row.After}
		if _, twice := of[c]; twice {
			continue
		}
		of[c] = nil
		subscribers, afters, pairs = append(subscribers, c.subscriber), append(afters, c.after), append(pairs, [2]int64{c.subscriber, c.after})
	}
	var rows []struct {
		ID         int64  `db:"id"`
		Subscriber int64  `db:"subscriber_id"`
		Before     int64  `db:"before_id"`
		Delivered  []byte `db:"delivered"`
	}
	arg := map[string]any{"subscribers": database.Array{Slice: subscribers}, "afters": database.Array{Slice: afters},
		"pairs": database.Array{Slice: pairs}, "page": closedDigests}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "delivered-before", arg); err != nil {
		return nil, nil, fmt.Errorf("read what was delivered before: %w", err)
	}
	for i := range rows {
		c := chain{rows[i].Subscriber, rows[i].Before}
		had := of[c]
		if had != nil && had.GetCardinality() >= closedLooked {
			continue
		}
		part := roaring.New()
		if err := part.UnmarshalBinary(rows[i].Delivered); err != nil {
			continue // a spoilt record is no reason to send nothing
		}
		if had == nil {
			had = roaring.New()
			of[c] = had
		}
		had.Or(part)
		if part.Intersects(closed) {
			digests = append(digests, rows[i].ID)
		}
	}
	return of, distinct(digests), nil
}

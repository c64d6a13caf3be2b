package digest

import (
	"context"
	"fmt"
	"slices"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Key finds a digest by its envelope.
type Key struct{ Run, Subscriber int64 }

// Reading is what one digest's mail is put together from, as it stood when it was
// read. It belongs to one goroutine.
type Reading struct {
	// Who gets it; without an address if she has left.
	Who subscriptions.Subscriber

	b         *Builder
	row       row
	content   content
	alive     map[uint32]*subscriptions.Subscription // shared by the readings of one call
	docs      *documents                             // the same
	dismissed []subscriptions.Dismissal
	closed    int
	err       error
}

// Read reads what the digests of some envelopes say as things stand now, in their
// order, with one statement a table for all of them. What concerns one alone is
// its Content's error.
func (b *Builder) Read(ctx context.Context, keys []Key) ([]*Reading, error) {
	out := make([]*Reading, len(keys))
	rows, err := b.readDigests(ctx, keys)
	if err != nil {
		return nil, err
	}
	var (
		subscribers []int64
		alerts      []uint32
		postings    []uint32
	)
	for i, k := range keys {
		r := &Reading{b: b}
		out[i] = r
		found, ok := rows[k]
		if !ok {
			r.err = ErrNoDigest
			continue
		}
		r.row = *found
		if r.content, r.err = found.content(); r.err != nil {
			continue
		}
		subscribers = append(subscribers, k.Subscriber)
		for j := range r.content.Postings {
			e := &r.content.Postings[j]
			alerts = append(append(alerts, e.Subscription), e.Also...)
			postings = append(append(postings, e.Posting), e.Twins...)
		}
	}
	subscribers, alerts, postings = distinct(subscribers), distinct(alerts), distinct(postings)
	if len(subscribers) == 0 {
		return out, nil
	}
	people, err := b.Subscriptions.Subscribers(ctx, b.DB.Reader, subscribers)
	if err != nil {
		return nil, err
	}
	confirmed, err := b.Subscriptions.Confirmed(ctx, b.DB.Reader, alerts)
	if err != nil {
		return nil, err
	}
	alive := make(map[uint32]*subscriptions.Subscription, len(confirmed))
	for i := range confirmed {
		alive[confirmed[i].ID] = &confirmed[i]
	}
	dismissed, err := b.Subscriptions.Dismissed(ctx, b.DB.Reader, subscribers)
	if err != nil {
		return nil, err
	}
	docs, err := b.shelf.load(ctx, b, postings)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		r := out[i]
		r.Who, r.alive, r.docs, r.dismissed = people[k.Subscriber], alive, docs, dismissed[k.Subscriber]
	}
	return out, b.readClosed(ctx, out)
}

func distinct[T int64 | uint32](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

// readDigests reads the records themselves.
func (b *Builder) readDigests(ctx context.Context, keys []Key) (map[Key]*row, error) {
	runs, subscribers, pairs := make([]int64, len(keys)), make([]int64, len(keys)), make([][2]int64, len(keys))
	for i, k := range keys {
		runs[i], subscribers[i], pairs[i] = k.Run, k.Subscriber, [2]int64{k.Run, k.Subscriber}
	}
	var rows []row
	arg := map[string]any{"runs": database.Array{Slice: runs}, "subscribers": database.Array{Slice: subscribers}, "pairs": database.Array{Slice: pairs}}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-by-envelope", arg); err != nil {
		return nil, fmt.Errorf("read digests: %w", err)
	}
	of := make(map[Key]*row, len(rows))
	for i := range rows {
		of[Key{rows[i].Run, rows[i].Subscriber}] = &rows[i]
	}
	return of, nil
}

// Content puts the mail's content together. Alerts that have ended, postings that
// were withdrawn, dismissed, have expired or no longer match leave; none is added.
// Headers are the caller's to fill. Without Postings nothing is left, and no mail
// must go out.
func (r *Reading) Content() (mailer.DigestContent, error) {
	if r.err != nil {
		return mailer.DigestContent{}, r.err
	}
	if r.Who.ID == 0 {
		return mailer.DigestContent{}, nil // erased meanwhile
	}
	out := r.b.assemble(&r.Who, r.alive, r.content, r.docs, r.dismissed)
	if len(out.Postings) > 0 {
		out.Closed = r.closed
	}
	return out, nil
}

// Content is Read and Reading.Content for one envelope.
func (b *Builder) Content(ctx context.Context, run, subscriber int64) (mailer.DigestContent, error) {
	read, err := b.Read(ctx, []Key{{run, subscriber}})
	if err != nil {
		return mailer.DigestContent{}, err
	}
	return read[0].Content()
}

package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// vitalsFollower counts what alerts have shown, digest by digest.
const vitalsFollower = "vitals"

// settled is how old a digest must be to be counted: PostgreSQL may commit a higher
// number before a lower one, and no transaction lasts so long.
const settled = time.Hour

// shown is what a batch of digests showed of one alert.
type shown struct {
	Subscription uint32 `db:"subscription_id"`
	HeardMS      int64  `db:"heard_ms"`
	Mails        int    `db:"mails"`
	Postings     int    `db:"postings"`
}

// countDigests adds the digests recorded since the last time to the vitals of
// their alerts. What it costs follows the mails sent, not the subscribers.
func (b *Builder) countDigests(ctx context.Context) error {
	err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := b.queries.Exec(ctx, tx, "start-follower", map[string]any{"name": vitalsFollower})
		return err
	})
	if err != nil {
		return fmt.Errorf("count digests: %w", err)
	}
	for {
		more, err := b.countPage(ctx)
		if err != nil {
			return fmt.Errorf("count digests: %w", err)
		}
		if !more {
			return nil
		}
	}
}

func (b *Builder) countPage(ctx context.Context) (more bool, err error) {
	const page = 500
	var after int64
	if err := b.queries.One(ctx, b.DB.Reader, &after, "follower-position", map[string]any{"name": vitalsFollower}); err != nil {
		return false, err
	}
	var rows []struct {
		ID        int64  `db:"id"`
		CreatedMS int64  `db:"created_ms"`
		Content   string `db:"content"`
	}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-after", map[string]any{"after": after, "page": page}); err != nil {
		return false, err
	}
	counts, through := map[uint32]*shown{}, after
	for _, r := range rows {
		if time.UnixMilli(r.CreatedMS).After(b.Now().Add(-settled)) {
			break
		}
		through = r.ID
		var c content
		if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
			continue // the mail that meets it reports it
		}
		for id, n := range c.perAlert() {
			if counts[id] == nil {
				counts[id] = &shown{Subscription: id}
			}
			counts[id].Mails, counts[id].Postings, counts[id].HeardMS = counts[id].Mails+1, counts[id].Postings+n, max(counts[id].HeardMS, r.CreatedMS)
		}
	}
	if through == after {
		return false, nil
	}
	moved := false
	err = b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := b.queries.Exec(ctx, tx, "move-follower", map[string]any{"name": vitalsFollower, "position": through, "seen": after})
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err // another replica counted them
		}
		moved = true
		var list []shown
		for _, id := range slices.Sorted(maps.Keys(counts)) {
			list = append(list, *counts[id])
		}
		for part := range slices.Chunk(list, 500) {
			if _, err := b.queries.Exec(ctx, tx, "count-shown", part); err != nil {
				return err
			}
		}
		return nil
	})
	return moved && len(rows) == page, err
}

// perAlert is how many postings a digest shows for each alert.
func (c *content) perAlert() map[uint32]int {
	n := map[uint32]int{}
	for i := range c.Postings {
		for _, id := range c.Postings[i].alerts() {
			n[id]++
		}
	}
	return n
}

// readVitals reads what is known of a page of alerts, and notes which were changed.
func (b *Builder) readVitals(ctx context.Context, patients []*patient) error {
	of, ids := map[uint32]*patient{}, make([]int64, len(patients))
	for i, p := range patients {
		ids[i], of[p.ID] = int64(p.ID), p
	}
	var rows []struct {
		shown
		Position int64 `db:"position"`
	}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "vitals-of", map[string]any{"ids": ids}); err != nil {
		return err
	}
	for _, r := range rows {
		p := of[r.Subscription]
		p.seen, p.vitals.Heard = r.Position, time.UnixMilli(r.HeardMS).UTC()
		p.numbers.Mails, p.numbers.Postings = r.Mails, r.Postings
	}
	var changed []map[string]any
	now := b.Now()
	for _, p := range patients {
		if p.seen != p.Position {
			p.vitals.Heard = now
			changed = append(changed, map[string]any{"subscription_id": p.ID, "position": p.Position, "heard_ms": now.UnixMilli()})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		for part := range slices.Chunk(changed, 500) {
			if _, err := b.queries.Exec(ctx, tx, "see-change", part); err != nil {
				return err
			}
		}
		return nil
	})
}

// readTold reads when the alerts' owners were told what.
func (b *Builder) readTold(ctx context.Context, patients []*patient) error {
	of := map[int64]*patient{}
	var ids, people []int64
	for _, p := range patients {
		ids, people, of[int64(p.ID)] = append(ids, int64(p.ID)), append(people, p.Subscriber), p
	}
	slices.Sort(people)
	var rows []struct {
		Subscription int64  `db:"subscription_id"`
		Finding      string `db:"finding"`
		ToldMS       int64  `db:"told_ms"`
	}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "told-of", map[string]any{"ids": ids}); err != nil {
		return err
	}
	for _, r := range rows {
		of[r.Subscription].vitals.Told[mailer.Finding(r.Finding)] = time.UnixMilli(r.ToldMS).UTC()
	}
	var whom []struct {
		Subscriber int64 `db:"subscriber_id"`
		ToldMS     int64 `db:"told_ms"`
	}
	if err := b.queries.Select(ctx, b.DB.Reader, &whom, "told-whom", map[string]any{"subscribers": slices.Compact(people)}); err != nil {
		return err
	}
	told := map[int64]time.Time{}
	for _, r := range whom {
		told[r.Subscriber] = time.UnixMilli(r.ToldMS).UTC()
	}
	for _, p := range patients {
		p.vitals.OwnerTold = told[p.Subscriber]
	}
	return nil
}

// StillFound reports whether what a checkup tells still holds when it is sent: the
// alert stands unchanged and, if it was silent, has shown nothing since.
func (b *Builder) StillFound(ctx context.Context, sub *subscriptions.Subscription, c mailer.Checkup) (bool, error) {
	if sub.State != subscriptions.Confirmed || sub.Position != c.Position {
		return false, nil
	}
	if c.Finding != mailer.FoundSilent {
		return true, nil
	}
	var last []row
	if err := b.queries.Select(ctx, b.DB.Reader, &last, "digests-of-subscriber", map[string]any{"subscriber_id": sub.Subscriber, "page": 1}); err != nil {
		return false, fmt.Errorf("read her last digest: %w", err)
	}
	if len(last) == 0 || b.Now().Sub(time.UnixMilli(last[0].CreatedMS)) >= silentAfter {
		return true, nil
	}
	shows, err := last[0].content()
	if err != nil {
		return false, err
	}
	return shows.perAlert()[sub.ID] == 0, nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// verifyRange is how many subscriptions are held in memory at a time, with what
// each should have got; every range reads the postings once.
const verifyRange = 65536

// directPairs is up to how many pairs of posting and subscription a range is
// judged by asking Criteria.Matches of each. Beyond, an index made for the
// purpose proposes, and some postings are asked in full to prove it.
const directPairs = 30_000_000

// provenPostings are asked in full where the index proposes.
const provenPostings = 20

// audited is one subscription with what it should have got.
type audited struct {
	subscriptions.Subscription
	expected *roaring.Bitmap // posting numbers
}

// audit is the state of one walk over deliveries.
type audit struct {
	windows, once, logged, complete proof
	// forgotten: digests up to this position may have been purged.
	forgotten int64
	// covered: the match log is whole and of the analysis in force from here.
	covered int64
	judged  int // subscriptions of which anything could be judged
	// newly: open postings never published in another form, by the position at which
	// a window must hold them.
	newly map[uint32]int64
}

// deliveries proves windows, uniqueness and completeness.
func (v *verifier) deliveries(ctx context.Context) ([]proof, error) {
	a := &audit{
		windows:  proof{Promise: 3, Claim: "the windows of each alert follow each other without overlap, up to where it was delivered through, and hold what was delivered"},
		once:     proof{Promise: 3, Claim: "no posting is in two digests of one subscriber, unless it was folded into one and she set it apart"},
		logged:   proof{Promise: 3, Claim: "the match log holds every open posting that meets an alert unchanged since"},
		complete: proof{Promise: 3, Claim: "every open posting that met a confirmed alert in a window served was delivered, deferred, counted or dismissed"},
		newly:    map[uint32]int64{},
	}
	err := v.queries.One(ctx, v.db.Reader, &a.forgotten, "forgotten-through", map[string]any{"before_ms": v.at.Add(-v.config.Retention.Digests).UnixMilli()})
	if err != nil {
		return nil, err
	}
	since, err := v.postings.LoggedSince(ctx, v.db.Reader)
	if err != nil {
		return nil, err
	}
	analysis, err := v.postings.Analysis(ctx, v.db.Reader)
	if err != nil {
		return nil, err
	}
	a.covered = max(since, analysis.Position)
	bar := v.session.progress("subscriptions")
	total := 0
	for after := uint32(0); ; {
		subs, last, err := v.readRange(ctx, after)
		if err != nil {
			return nil, err
		}
		if len(subs) == 0 && last == after {
			break
		}
		after = last
		total += len(subs)
		if err := v.auditRange(ctx, a, subs); err != nil {
			return nil, err
		}
		_ = bar.Add(len(subs)) // a bar that cannot draw loses nothing
	}
	_ = bar.Finish()
	a.complete.Note = fmt.Sprintf("%d of %d alerts that stand could be judged: the others were changed after what they were served, or served nothing yet", a.judged, total)
	if v.meaning.Text.Hash() != analysis.Hash {
		a.complete.Note = "not judged: another vocabulary is in force than this program's (jobalertd migrate)"
		a.complete.Skipped, a.logged.Skipped = true, true
	}
	return []proof{a.windows, a.once, a.logged, a.complete}, nil
}

// readRange reads the subscriptions that stand among the next verifyRange, and
// the last number seen.
func (v *verifier) readRange(ctx context.Context, after uint32) ([]*audited, uint32, error) {
	var out []*audited
	for seen := 0; seen < verifyRange; {
		page, err := v.subscriptions.Page(ctx, v.db.Reader, after, 1000)
		if err != nil || len(page) == 0 {
			return out, after, err
		}
		for i := range page {
			if st := page[i].State; st == subscriptions.Confirmed || st == subscriptions.Paused {
				out = append(out, &audited{Subscription: page[i], expected: roaring.New()})
			}
		}
		after = page[len(page)-1].ID
		seen += len(page)
	}
	return out, after, nil
}

// auditRange works out what the range should have got and compares it with what
// its subscribers got. Subscriptions were read before and digests are read after,
// so that a digest recorded meanwhile is not missed.
func (v *verifier) auditRange(ctx context.Context, a *audit, subs []*audited) error {
	inForce, err := v.postings.Analysis(ctx, v.db.Reader)
	if err != nil {
		return err
	}
	if inForce.Hash == v.meaning.Text.Hash() {
		if err := v.expect(ctx, a, subs); err != nil {
			return err
		}
	}
	of := map[int64][]*audited{}
	var ids []int64
	for _, s := range subs {
		if of[s.Subscriber] == nil {
			ids = append(ids, s.Subscriber)
		}
		of[s.Subscriber] = append(of[s.Subscriber], s)
	}
	const page = 500
	for len(ids) > 0 {
		n := min(page, len(ids))
		if err := v.auditSubscribers(ctx, a, ids[:n], of); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// judgeable reports whether a posting at a position should have reached s by now:
// the alert has not changed since, the window was served, and what was delivered
// then is still known.
func (s *audited) judgeable(position, forgotten int64) bool {
	return position > s.Position && position > forgotten && position <= s.DeliveredThrough
}

// expect finds, among the open postings, what each subscription should have got,
// and compares the match log.
func (v *verifier) expect(ctx context.Context, a *audit, subs []*audited) error {
	first, last := v.clock, int64(0)
	for _, s := range subs {
		from := max(s.Position, a.forgotten)
		if from < s.DeliveredThrough {
			a.judged++
		}
		first, last = min(first, from), max(last, s.DeliveredThrough, v.clock)
	}
	open, err := v.postings.CountOpen(ctx, v.db.Reader, v.at)
	if err != nil || len(subs) == 0 {
		return err
	}
	match := direct(subs)
	if open*int64(len(subs)) > directPairs {
		match = v.proposing(subs)
	}
	log, err := v.readLog(ctx, max(first, a.covered), last, subs)
	if err != nil {
		return err
	}
	return v.postings.OpenBetween(ctx, v.db.Reader, first, last, v.at, func(p alerts.Stored) error {
		d := v.meaning.Document(&p.Posting)
		meets, err := match(d)
		if err != nil {
			return err
		}
		for _, s := range meets {
			if s.judgeable(p.Position, a.forgotten) {
				a.complete.Checked++
				s.expected.Add(p.Number)
				if p.Position == p.FirstPosition {
					a.newly[p.Number] = p.Position
				}
			}
			if p.Position > s.Position && p.Position > a.covered && p.Position <= v.clock {
				a.logged.Checked++
				if row := log[p.Position]; row == nil || !row.Contains(s.ID) {
					v.broken(&a.logged, offender{What: "not in the match log", Posting: p.Number, Subscription: s.ID, Subscriber: s.Subscriber})
				}
			}
		}
		return nil
	})
}

// readLog reads the rows of a window, each cut to the range.
func (v *verifier) readLog(ctx context.Context, after, through int64, subs []*audited) (map[int64]*roaring.Bitmap, error) {
	log := map[int64]*roaring.Bitmap{}
	if len(subs) == 0 {
		return log, nil
	}
	lowest, highest := subs[0].ID, subs[len(subs)-1].ID
	return log, v.postings.MatchesBetween(ctx, v.db.Reader, after, through, func(row alerts.Logged) error {
		b := roaring.New()
		b.AddRange(uint64(lowest), uint64(highest)+1)
		b.And(row.Subscriptions)
		if !b.IsEmpty() {
			log[row.Position] = b
		}
		return nil
	})
}

// matchFunc lists which of a range's subscriptions a posting meets.
type matchFunc func(d *alerts.Document) ([]*audited, error)

// direct asks each: the definition itself.
func direct(subs []*audited) matchFunc {
	var out []*audited
	return func(d *alerts.Document) ([]*audited, error) {
		out = out[:0]
		for _, s := range subs {
			if s.Criteria.Matches(d) {
				out = append(out, s)
			}
		}
		return out, nil
	}
}

// proposing asks an index of the range, and the definition of the first postings
// in full; all that the index names is asked again.
func (v *verifier) proposing(subs []*audited) matchFunc {
	byID := make(map[uint32]*audited, len(subs))
	index := percolate.Build(func(yield func(uint32, *alerts.Criteria) bool) {
		for _, s := range subs {
			byID[s.ID] = s
			if !yield(s.ID, &s.Criteria) {
				return
			}
		}
	}, nil)
	definition := direct(subs)
	var (
		numbers []uint32
		out     []*audited
		asked   int
	)
	return func(d *alerts.Document) ([]*audited, error) {
		numbers, out = index.Percolate(numbers[:0], d), out[:0]
		for _, n := range numbers {
			if s := byID[n]; s.Criteria.Matches(d) {
				out = append(out, s)
			}
		}
		if asked++; asked > provenPostings {
			return out, nil
		}
		want, err := definition(d)
		if err == nil && len(want) != len(out) {
			err = fmt.Errorf("the index finds %d alerts for posting %d, Criteria.Matches %d: please report this", len(out), d.Number, len(want))
		}
		return out, err
	}
}

// digestRow is a digest as stored.
type digestRow struct {
	ID            int64  `db:"id"`
	Run           int64  `db:"run_id"`
	Subscriber    int64  `db:"subscriber_id"`
	Subscriptions string `db:"subscriptions"`
	Delivered     []byte `db:"delivered"`
	Deferred      []byte `db:"deferred"`
	Counted       []byte `db:"counted"`
	Content       string `db:"content"` // "" if it folds nothing
}

// obtained is what one subscriber got over time.
type obtained struct {
	delivered *roaring.Bitmap // but for twins that she set apart
	known     *roaring.Bitmap // delivered, deferred or counted
	dismissed *roaring.Bitmap
	windows   []subscriptions.Window
	through   map[uint32]int64
}

// holds reports whether a window of any of her alerts holds a position.
func (r *obtained) holds(position int64) bool {
	return slices.ContainsFunc(r.windows, func(w subscriptions.Window) bool { return w.Holds(position) })
}

// auditSubscribers compares what some subscribers got.
func (v *verifier) auditSubscribers(ctx context.Context, a *audit, ids []int64, of map[int64][]*audited) error {
	got := map[int64]*obtained{}
	apart, err := v.readApart(ctx, ids)
	if err != nil {
		return err
	}
	err = v.queries.Each(ctx, v.db.Reader, "digests-of-range", map[string]any{"subscribers": ids}, func(rows *sqlx.Rows) error {
		var d digestRow
		if err := rows.StructScan(&d); err != nil {
			return err
		}
		r := got[d.Subscriber]
		if r == nil {
			r = &obtained{delivered: roaring.New(), known: roaring.New(), through: map[uint32]int64{}}
			got[d.Subscriber] = r
		}
		return v.take(a, r, &d, apart[d.Subscriber])
	})
	if err != nil {
		return err
	}
	dismissed, err := v.subscriptions.Dismissed(ctx, v.db.Reader, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		r := got[id]
		if r == nil {
			r = &obtained{known: roaring.New()}
		}
		r.dismissed = roaring.New()
		for _, d := range dismissed[id] {
			r.dismissed.Add(d.Posting)
		}
		for _, s := range of[id] {
			if err := v.compare(ctx, a, s, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// take adds one digest to what its subscriber got.
func (v *verifier) take(a *audit, r *obtained, d *digestRow, apart setApart) error {
	var served []struct {
		Subscription uint32               `json:"subscription"`
		Window       subscriptions.Window `json:"window"`
	}
	if err := json.Unmarshal([]byte(d.Subscriptions), &served); err != nil {
		return fmt.Errorf("digest of run %d for subscriber %d: %w", d.Run, d.Subscriber, err)
	}
	for _, s := range served {
		a.windows.Checked++
		if s.Window.After < r.through[s.Subscription] || s.Window.Through < s.Window.After {
			v.broken(&a.windows, offender{What: fmt.Sprintf("window (%d, %d] begins before the end of the one before, %d", s.Window.After, s.Window.Through, r.through[s.Subscription]),
				Subscription: s.Subscription, Subscriber: d.Subscriber, Run: d.Run})
		}
		r.through[s.Subscription] = s.Window.Through
		r.windows = append(r.windows, s.Window)
	}
	parts := make([]*roaring.Bitmap, 3)
	for i, raw := range [][]byte{d.Delivered, d.Deferred, d.Counted} {
		parts[i] = roaring.New()
		if err := parts[i].UnmarshalBinary(raw); err != nil {
			return fmt.Errorf("digest of run %d for subscriber %d: %w", d.Run, d.Subscriber, err)
		}
		r.known.Or(parts[i])
	}
	a.once.Checked += int(parts[0].GetCardinality())
	for _, n := range roaring.And(r.delivered, parts[0]).ToArray() {
		v.broken(&a.once, offender{What: "delivered again", Posting: n, Subscriber: d.Subscriber, Run: d.Run})
	}
	mistaken, err := d.mistaken(apart)
	if err != nil {
		return fmt.Errorf("digest of run %d for subscriber %d: %w", d.Run, d.Subscriber, err)
	}
	parts[0].AndNot(mistaken)
	r.delivered.Or(parts[0])
	return nil
}

// compare holds one subscription to what its subscriber got.
func (v *verifier) compare(ctx context.Context, a *audit, s *audited, r *obtained) error {
	missing := roaring.AndNot(s.expected, r.known)
	missing.AndNot(r.dismissed)
	for it := roaring.And(s.expected, r.known).Iterator(); it.HasNext(); {
		n := it.Next()
		if position, ok := a.newly[n]; ok && !r.holds(position) {
			v.broken(&a.windows, offender{What: fmt.Sprintf("was delivered, and no window holds its position %d", position), Posting: n, Subscription: s.ID, Subscriber: s.Subscriber})
		}
	}
	for it := missing.Iterator(); it.HasNext(); {
		n := it.Next()
		v.broken(&a.complete, offender{What: "never delivered", Posting: n, Subscription: s.ID, Subscriber: s.Subscriber})
	}
	if r.through[s.ID] <= s.DeliveredThrough {
		return nil
	}
	// The digest may be younger than our reading of the subscription.
	now, err := v.subscriptions.Get(ctx, v.db.Reader, s.ID)
	if err != nil {
		return err
	}
	if r.through[s.ID] > now.DeliveredThrough {
		v.broken(&a.windows, offender{What: fmt.Sprintf("was served through %d, and stands at %d", r.through[s.ID], now.DeliveredThrough),
			Subscription: s.ID, Subscriber: s.Subscriber})
	}
	return nil
}

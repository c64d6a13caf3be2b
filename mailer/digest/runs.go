package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// ErrNoRun is returned for a digest run that is not recorded.
var ErrNoRun = errors.New("no such digest run")

// RunRecord is a digest run as recorded.
type RunRecord struct {
	Summary
	Cutoff     int64         `json:"cutoff" db:"cutoff"`
	DueByMS    int64         `json:"due_by_ms" db:"due_by_ms"`
	StartedMS  int64         `json:"started_ms" db:"started_ms"`
	ActiveMS   int64         `json:"active_ms" db:"active_ms"` // when it last recorded anything
	FinishedMS sql.NullInt64 `json:"-" db:"finished_ms"`       // NULL: under way, or ended by a crash not yet noticed
	StoppedBy  string        `json:"stopped_by" db:"stopped_by"`
}

// Finished reports when the run ended; false while it is under way or when a
// crash ended it.
func (r *RunRecord) Finished() (time.Time, bool) {
	return time.UnixMilli(r.FinishedMS.Int64).UTC(), r.FinishedMS.Valid
}

// Runs lists digest runs, newest first; before 0 starts at the newest.
func (b *Builder) Runs(ctx context.Context, before int64, limit int) ([]RunRecord, error) {
	var rs []RunRecord
	if err := b.queries.Select(ctx, b.DB.Reader, &rs, "list-runs", map[string]any{"before": before, "page": limit}); err != nil {
		return nil, fmt.Errorf("list digest runs: %w", err)
	}
	return rs, nil
}

// RunByID reads one; ErrNoRun if there is none.
func (b *Builder) RunByID(ctx context.Context, id int64) (RunRecord, error) {
	var r RunRecord
	err := b.queries.One(ctx, b.DB.Reader, &r, "run-by-id", map[string]any{"id": id})
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoRun
	}
	if err != nil {
		return r, fmt.Errorf("read digest run: %w", err)
	}
	return r, nil
}

// Delivery is one digest of a subscriber's, by posting numbers, those folded
// included, for export and for checking the promises.
type Delivery struct {
	Run       int64     `json:"run"`
	At        time.Time `json:"at"`
	Delivered []uint32  `json:"delivered"`
	Deferred  []uint32  `json:"deferred,omitempty"`
	Counted   int       `json:"counted,omitempty"`
}

// Deliveries lists a subscriber's digests, newest first.
func (b *Builder) Deliveries(ctx context.Context, subscriber int64, limit int) ([]Delivery, error) {
	var rows []row
	arg := map[string]any{"subscriber_id": subscriber, "page": limit}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-of-subscriber", arg); err != nil {
		return nil, fmt.Errorf("list digests: %w", err)
	}
	out := make([]Delivery, len(rows))
	for i := range rows {
		c, err := rows[i].content()
		if err != nil {
			return nil, err
		}
		out[i] = Delivery{Run: rows[i].Run, At: time.UnixMilli(rows[i].CreatedMS).UTC(), Counted: c.Counted,
			Delivered: numbersOf(c.Postings), Deferred: numbersOf(c.Deferred)}
	}
	return out, nil
}

// numbersOf lists postings and their twins.
func numbersOf(es []entry) []uint32 {
	out := make([]uint32, 0, len(es))
	for i := range es {
		out = append(out, es[i].numbers()...)
	}
	return out
}

// Preview builds the digest that one subscription would get now, recording
// nothing: its window ends at the present position, whenever it is due.
func (b *Builder) Preview(ctx context.Context, sub subscriptions.Subscription) (mailer.DigestContent, error) {
	cutoff, err := database.Position(ctx, b.DB.Reader)
	if err != nil {
		return mailer.DigestContent{}, err
	}
	covered, err := b.covered(ctx)
	if err != nil {
		return mailer.DigestContent{}, err
	}
	a := &alert{understood: &sub.Criteria, logged: max(sub.LoggedFrom, covered), Due: subscriptions.Due{ID: sub.ID, Subscriber: sub.Subscriber,
		Schedule: sub.Schedule, MaxPostings: sub.MaxPostings, Overflow: sub.Overflow, OnReturn: sub.OnReturn, Position: sub.Position,
		LoggedFrom: sub.LoggedFrom, DeliveredThrough: sub.DeliveredThrough, DueAt: sub.DueAt, LastLocalDate: sub.LastLocalDate}}
	a.window = subscriptions.Window{After: sub.DeliveredThrough, Through: max(cutoff, sub.DeliveredThrough)}
	docs, one := b.newDocuments(nil), &page{subscribers: []int64{sub.Subscriber}, alerts: []*alert{a}}
	t, err := b.propose(ctx, run{cutoff: cutoff, pad: new(pad)}, []*page{one}, docs, math.MaxInt)
	if err != nil {
		return mailer.DigestContent{}, err
	}
	h, err := b.history(ctx, []int64{sub.Subscriber})
	if err != nil {
		return mailer.DigestContent{}, err
	}
	built, err := b.buildAll(ctx, &t, one, h, docs)
	if err != nil {
		return mailer.DigestContent{}, err
	}
	if len(built) == 0 {
		return mailer.DigestContent{}, errors.New("the subscriber's record cannot be read")
	}
	people, err := b.Subscriptions.Subscribers(ctx, b.DB.Reader, []int64{sub.Subscriber})
	if err != nil {
		return mailer.DigestContent{}, err
	}
	who := people[sub.Subscriber]
	c := content{Deferred: built[0].deferred, Counted: built[0].countedN}
	for i := range built[0].items {
		c.Postings = append(c.Postings, built[0].items[i].entry())
	}
	if err := b.loadShown(ctx, c, docs); err != nil {
		return mailer.DigestContent{}, err
	}
	sub.State = subscriptions.Confirmed // a paused one is shown what it would get
	return b.assemble(&who, map[uint32]*subscriptions.Subscription{sub.ID: &sub}, c, docs, nil), nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Due lists whose confirmed subscriptions are due by dueBy, up to limit of those, due
// longest first; who has several of them is listed for each. Nobody is whom somebody
// leases at now. It takes no lock: Lease decides who gets them.
func (s *Store) Due(ctx context.Context, q sqlx.ExtContext, dueBy, now time.Time, limit int) ([]int64, error) {
	var due []int64
	arg := map[string]any{"due_by_ms": dueBy.UnixMilli(), "now_ms": now.UnixMilli(), "limit": limit}
	if err := s.q.Select(ctx, q, &due, "subscribers-due", arg); err != nil {
		return nil, fmt.Errorf("list due subscribers: %w", err)
	}
	return due, nil
}

// Lease leases to the builder called by, until leaseUntil, those of subscribers who are
// still due by dueBy and whom nobody leases at now, and returns them ascending. On
// PostgreSQL replicas pass over each other's rows.
func (s *Store) Lease(ctx context.Context, tx sqlx.ExtContext, by string, subscribers []int64, dueBy, now, leaseUntil time.Time) ([]int64, error) {
	var leased []int64
	arg := map[string]any{"subscribers": database.Array{Slice: subscribers}, "leased_by": by,
		"due_by_ms": dueBy.UnixMilli(), "now_ms": now.UnixMilli(), "lease_until_ms": leaseUntil.UnixMilli()}
	if err := s.q.Select(ctx, tx, &leased, "subscribers-lease", arg); err != nil {
		return nil, fmt.Errorf("lease due subscribers: %w", err)
	}
	slices.Sort(leased)
	return leased, nil
}

// DueSubscriptions returns what mails to these subscribers are about: their
// confirmed subscriptions that are due by dueBy, and instant ones with anything
// waiting, by subscriber and number. Their criteria are read by Criteria.
func (s *Store) DueSubscriptions(ctx context.Context, q sqlx.ExtContext, subscribers []int64, dueBy time.Time) ([]subscriptions.Due, error) {
	if len(subscribers) == 0 {
		return nil, nil
	}
	due := make([]subscriptions.Due, 0, len(subscribers))
	words := interner{}
	var (
		criteria []byte // of all, in one piece of memory
		ends     []int
	)
	arg := map[string]any{"subscribers": database.Array{Slice: subscribers}, "due_by_ms": dueBy.UnixMilli()}
	err := s.q.Each(ctx, q, "subscriptions-due", arg, func(rows *sqlx.Rows) error {
		var (
			d                                                     subscriptions.Due
			stored, frequency, zone, overflow, lastDate, onReturn sql.RawBytes
			weekday, dueAt                                        int64
		)
		err := rows.Scan(&d.ID, &d.Subscriber, &stored, &frequency, &d.Schedule.Hour, &weekday, &zone, &d.MaxPostings, &overflow,
			&d.Position, &d.LoggedFrom, &d.DeliveredThrough, &dueAt, &lastDate, &onReturn)
		if err != nil {
			return err
		}
		d.Schedule.Frequency, d.Schedule.Weekday = subscriptions.Frequency(words.of(frequency)), time.Weekday(weekday)
		d.Schedule.Timezone, d.LastLocalDate = words.of(zone), words.of(lastDate)
		d.Overflow, d.OnReturn = subscriptions.Overflow(words.of(overflow)), subscriptions.OnReturn(words.of(onReturn))
		d.DueAt = time.UnixMilli(dueAt).UTC()
		criteria = append(criteria, stored...)
		due, ends = append(due, d), append(ends, len(criteria))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read due subscriptions: %w", err)
	}
	all, from := string(criteria), 0
	for i, end := range ends {
		due[i].Stored = all[from:end]
		from = end
	}
	return due, nil
}

// interner keeps one copy of each of the few words that rows repeat.
type interner map[string]string

func (w interner) of(b []byte) string {
	if known, ok := w[string(b)]; ok { // allocates nothing
		return known
	}
	word := string(b)
	w[word] = word
	return word
}

// Criteria reads and prepares criteria as stored. An error says that they can no
// longer be understood, or were erased.
func (s *Store) Criteria(stored string) (*alerts.Criteria, error) { return s.criteria(stored) }

// Several reports which of the subscribers have, or had, more than one confirmed
// subscription, so that what one delivered must be kept from another.
func (s *Store) Several(ctx context.Context, q sqlx.ExtContext, subscribers []int64) (map[int64]bool, error) {
	several := make(map[int64]bool)
	if len(subscribers) == 0 {
		return several, nil
	}
	var ids []int64
	if err := s.q.Select(ctx, q, &ids, "subscribers-with-several", map[string]any{"subscribers": database.Array{Slice: subscribers}}); err != nil {
		return nil, fmt.Errorf("count subscribers' subscriptions: %w", err)
	}
	for _, id := range ids {
		several[id] = true
	}
	return several, nil
}

// advanceRows are the parameters of subscriptions-advance: columns for
// PostgreSQL, rows for SQLite.
type advanceRows struct {
	IDs          database.Array `db:"ids"`
	Through      database.Array `db:"through"`
	Due          database.Array `db:"due"`
	Served       database.Array `db:"served"`
	SeenThrough  database.Array `db:"seen_through"`
	SeenPosition database.Array `db:"seen_position"`
	Rows         database.Array `db:"rows"`
}

// Advance moves subscriptions past a digest's window and returns the numbers,
// ascending, of those that were not as the digest saw them: they stay where they
// are, and their subscribers' digests must be built again. It takes no clock,
// since what the subscriptions stand for stays. What a return from a pause asked
// for is spent.
func (s *Store) Advance(ctx context.Context, tx sqlx.ExtContext, advances []subscriptions.Advance) (failed []uint32, err error) {
	if len(advances) == 0 {
		return nil, nil
	}
	var moved []int64
	if err := s.q.Select(ctx, tx, &moved, "subscriptions-advance", rowsOf(advances)); err != nil {
		return nil, fmt.Errorf("advance subscriptions: %w", err)
	}
	done := make(map[uint32]bool, len(moved))
	for _, id := range moved {
		done[uint32(id)] = true
	}
	for _, a := range advances {
		if !done[a.ID] {
			failed = append(failed, a.ID)
		}
	}
	slices.Sort(failed)
	return failed, nil
}

func rowsOf(advances []subscriptions.Advance) advanceRows {
	n := len(advances)
	ids, through, due, served := make([]int64, n), make([]int64, n), make([]int64, n), make([]string, n)
	seenThrough, seenPosition, rows := make([]int64, n), make([]int64, n), make([][]any, n)
	for i, a := range advances {
		ids[i], through[i], due[i] = int64(a.ID), a.Through, millis(a.DueAt).Int64
		served[i], seenThrough[i], seenPosition[i] = a.LastLocalDate, a.SeenThrough, a.SeenPosition
		rows[i] = []any{ids[i], through[i], due[i], served[i], seenThrough[i], seenPosition[i]}
	}
	array := func(slice any) database.Array { return database.Array{Slice: slice} }
	return advanceRows{IDs: array(ids), Through: array(through), Due: array(due), Served: array(served),
		SeenThrough: array(seenThrough), SeenPosition: array(seenPosition), Rows: array(rows)}
}

// Leases tells whether the builder called by leases anybody at now. It looks at all
// subscribers, and locks none.
func (s *Store) Leases(ctx context.Context, q sqlx.ExtContext, by string, now time.Time) (bool, error) {
	var ids []int64
	if err := s.q.Select(ctx, q, &ids, "subscribers-leased", map[string]any{"leased_by": by, "now_ms": now.UnixMilli()}); err != nil {
		return false, fmt.Errorf("look for leased subscribers: %w", err)
	}
	return len(ids) > 0, nil
}

// Reclaim ends the leases of the builder called by, who the caller knows is dead, and
// returns how many.
func (s *Store) Reclaim(ctx context.Context, tx sqlx.ExtContext, by string, now time.Time) (int64, error) {
	res, err := s.q.Exec(ctx, tx, "subscribers-reclaim", map[string]any{"leased_by": by, "now_ms": now.UnixMilli()})
	if err != nil {
		return 0, fmt.Errorf("reclaim subscribers: %w", err)
	}
	return res.RowsAffected()
}

// Release ends the leases of these subscribers.
func (s *Store) Release(ctx context.Context, tx sqlx.ExtContext, subscribers []int64) error {
	if len(subscribers) == 0 {
		return nil
	}
	if _, err := s.q.Exec(ctx, tx, "subscribers-release", map[string]any{"ids": database.Array{Slice: subscribers}}); err != nil {
		return fmt.Errorf("release subscribers: %w", err)
	}
	return nil
}

// WakeInstant makes due at dueAt those of ids that are confirmed and instant, have
// nothing waiting and were delivered at most through before. Their windows begin
// after before: the caller has seen that nothing up to there was logged for them.
func (s *Store) WakeInstant(ctx context.Context, tx sqlx.ExtContext, ids []uint32, before int64, dueAt time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := s.q.Exec(ctx, tx, "subscriptions-wake", map[string]any{
		"ids": database.Array{Slice: numbers(ids)}, "before": before, "due_at_ms": dueAt.UnixMilli()})
	if err != nil {
		return fmt.Errorf("wake instant subscriptions: %w", err)
	}
	return nil
}

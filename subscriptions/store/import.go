package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// ImportBatch is how many subscriptions Import stores under one hold of the
// clock.
const ImportBatch = 1000

// Import stores subscriptions that were confirmed elsewhere (or, without
// ConfirmedAt, unconfirmed: the caller then asks for confirmation), in
// transactions of its own of ImportBatch each. It returns their numbers in the
// order given, 0 for one whose subscriber has the same criteria already. On an
// error the batches before it are stored; importing them again changes nothing.
func (s *Store) Import(ctx context.Context, imports []subscriptions.Import, now time.Time) ([]uint32, error) {
	ids := make([]uint32, 0, len(imports))
	for len(imports) > 0 {
		n := min(len(imports), ImportBatch)
		made, err := s.importBatch(ctx, imports[:n], now)
		if err != nil {
			return ids, fmt.Errorf("import subscriptions: %w", err)
		}
		ids, imports = append(ids, made...), imports[n:]
	}
	return ids, nil
}

// Left says of each address whether its owner had subscriptions and has ended the
// last of them: she comes back by signing up, never by an import.
func (s *Store) Left(ctx context.Context, addresses []string) ([]bool, error) {
	keys := make([]string, len(addresses))
	for i, a := range addresses {
		keys[i] = subscriptions.AddressKey(a)
	}
	var found []string
	if err := s.q.Select(ctx, s.db.Reader, &found, "subscribers-who-left", map[string]any{"keys": database.Array{Slice: keys}}); err != nil {
		return nil, fmt.Errorf("find who has left: %w", err)
	}
	gone := make(map[string]bool, len(found))
	for _, key := range found {
		gone[key] = true
	}
	left := make([]bool, len(addresses))
	for i, key := range keys {
		left[i] = gone[key]
	}
	return left, nil
}

// importing is one import on its way into rows.
type importing struct {
	*subscriptions.Import
	row        insertRow
	subscriber int64
}

func (s *Store) importBatch(ctx context.Context, imports []subscriptions.Import, now time.Time) ([]uint32, error) {
	batch, err := s.prepareImports(imports, now)
	if err != nil {
		return nil, err
	}
	if err := s.enterAll(ctx, batch, now); err != nil {
		return nil, err
	}
	ids := make([]uint32, len(batch))
	err = database.Retry(ctx, func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error { return s.insertAll(ctx, tx, batch, ids, now) })
	})
	return ids, err
}

// prepareImports does what can be done before the clock is taken.
func (s *Store) prepareImports(imports []subscriptions.Import, now time.Time) ([]importing, error) {
	batch := make([]importing, len(imports))
	for i := range imports {
		in := &imports[i]
		row, err := s.wish(&in.Wish)
		if err != nil {
			return nil, fmt.Errorf("import %d: %w", i+1, err)
		}
		b := importing{Import: in, row: insertRow{wishRow: row, State: string(subscriptions.Unconfirmed), Created: now.UnixMilli()}}
		if !in.ConfirmedAt.IsZero() {
			due, err := s.calendar.Next(in.Wish.Schedule, now, "")
			if err != nil {
				return nil, fmt.Errorf("import %d: %w", i+1, err)
			}
			b.row.State, b.row.DueAt, b.row.Confirmed = string(subscriptions.Confirmed), millis(due), millis(in.ConfirmedAt)
		}
		batch[i] = b
	}
	return batch, nil
}

type enterRow struct {
	Email      string `db:"email"`
	AddressKey string `db:"address_key"`
	Locale     string `db:"locale"`
	Created    int64  `db:"created_ms"`
}

// enterAll makes the subscribers that are missing, without the clock, and finds
// all of them.
func (s *Store) enterAll(ctx context.Context, batch []importing, now time.Time) error {
	byKey := make(map[string]int64, len(batch))
	var keys []string
	var rows []enterRow
	for i := range batch {
		key := subscriptions.AddressKey(batch[i].Email)
		if _, again := byKey[key]; !again {
			byKey[key] = 0
			keys = append(keys, key)
			rows = append(rows, enterRow{batch[i].Email, key, batch[i].Locale, now.UnixMilli()})
		}
	}
	err := s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := s.q.Exec(ctx, tx, "subscribers-import", rows); err != nil {
			return fmt.Errorf("enter subscribers: %w", err)
		}
		var found []struct {
			ID  int64  `db:"id"`
			Key string `db:"address_key"`
		}
		if err := s.q.Select(ctx, tx, &found, "subscribers-by-address", map[string]any{"keys": database.Array{Slice: keys}}); err != nil {
			return fmt.Errorf("find subscribers: %w", err)
		}
		for _, f := range found {
			byKey[f.Key] = f.ID
		}
		return nil
	})
	for i := range batch {
		batch[i].subscriber = byKey[subscriptions.AddressKey(batch[i].Email)]
	}
	return err
}

type wishKey struct {
	subscriber int64
	criteria   string
}

// insertAll stores the batch under the clock, leaving out what is there already,
// and sets the numbers in ids.
func (s *Store) insertAll(ctx context.Context, tx *sqlx.Tx, batch []importing, ids []uint32, now time.Time) error {
	position, _, err := s.hold(ctx, tx)
	if err != nil {
		return err
	}
	known, err := s.knownWishes(ctx, tx, batch)
	if err != nil {
		return err
	}
	var fresh []int
	for i := range batch {
		key := wishKey{batch[i].subscriber, batch[i].row.Criteria}
		ids[i] = 0
		if !known[key] {
			known[key] = true
			fresh = append(fresh, i)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	var reserved []int64
	if err := s.q.Select(ctx, tx, &reserved, "subscription-numbers", map[string]any{"slots": database.Array{Slice: make([]int64, len(fresh))}}); err != nil {
		return fmt.Errorf("reserve numbers: %w", err)
	}
	rows, consents := make([]insertRow, len(fresh)), make([]consentRow, 0, 2*len(fresh))
	for k, i := range fresh {
		b := &batch[i]
		ids[i] = uint32(reserved[k])
		rows[k] = b.row
		rows[k].ID, rows[k].SubscriberID = reserved[k], b.subscriber
		if b.row.State == string(subscriptions.Confirmed) {
			rows[k].Position = position
		}
		if !b.ConfirmedAt.IsZero() {
			consents = append(consents, s.consent(b.subscriber, ids[i], b.Email, subscriptions.ConsentConfirmed, b.How, b.ConfirmedAt))
		}
		consents = append(consents, s.consent(b.subscriber, ids[i], b.Email, subscriptions.Imported, b.How, now))
	}
	if _, err := s.q.Exec(ctx, tx, "subscriptions-import", rows); err != nil {
		return fmt.Errorf("insert subscriptions: %w", err)
	}
	return s.record(ctx, tx, consents...)
}

func (s *Store) knownWishes(ctx context.Context, tx *sqlx.Tx, batch []importing) (map[wishKey]bool, error) {
	subscribers := make([]int64, len(batch))
	for i := range batch {
		subscribers[i] = batch[i].subscriber
	}
	var rows []struct {
		Subscriber int64  `db:"subscriber_id"`
		Criteria   string `db:"criteria"`
	}
	if err := s.q.Select(ctx, tx, &rows, "subscriptions-known", map[string]any{"subscribers": database.Array{Slice: subscribers}}); err != nil {
		return nil, fmt.Errorf("read what is there: %w", err)
	}
	known := make(map[wishKey]bool, len(rows)+len(batch))
	for _, r := range rows {
		known[wishKey{r.Subscriber, r.Criteria}] = true
	}
	return known, nil
}

package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jmoiron/sqlx"
)

// Reserve takes count consecutive places of the pace called name, interval apart,
// that no other replica has, and returns the time of the first: not before
// earliest, and not after latest unless that is zero. Where the first would lie
// later it takes none and returns that time and false. Times are kept to the
// microsecond.
func (s *Store) Reserve(ctx context.Context, name string, count int, interval time.Duration, earliest, latest time.Time) (first time.Time, ok bool, err error) {
	arg := map[string]any{"name": name, "earliest_us": earliest.UnixMicro(), "latest_us": int64(math.MaxInt64),
		"span_us": (time.Duration(count) * interval).Microseconds()}
	if !latest.IsZero() {
		arg["latest_us"] = latest.UnixMicro()
	}
	var us int64
	err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		err := s.queries.One(ctx, tx, &us, "take-pace", arg)
		if !errors.Is(err, sql.ErrNoRows) {
			ok = err == nil
			return err
		}
		if _, err := s.queries.Exec(ctx, tx, "open-pace", arg); err != nil {
			return err
		}
		err = s.queries.One(ctx, tx, &us, "take-pace", arg)
		if !errors.Is(err, sql.ErrNoRows) {
			ok = err == nil
			return err
		}
		return s.queries.One(ctx, tx, &us, "pace-free-at", arg)
	})
	if err != nil {
		return time.Time{}, false, fmt.Errorf("reserve a place of pace %s: %w", name, err)
	}
	return time.UnixMicro(us), ok, nil
}

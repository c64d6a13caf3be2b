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

// Place is what Reserve is asked for: Count consecutive places of a pace, Interval
// apart. They go on from what was taken last if that ends at Since or later, and
// else begin at Now; none is taken if the first would lie after Latest, unless that
// is zero.
type Place struct {
	Pace               string
	Count              int
	Interval           time.Duration
	Now, Since, Latest time.Time
}

// Reserve takes places that no other replica has, and returns the time of the first;
// that time and false where it would lie too late. Times are kept to the microsecond.
func (s *Store) Reserve(ctx context.Context, p Place) (first time.Time, ok bool, err error) {
	arg := map[string]any{"name": p.Pace, "now_us": p.Now.UnixMicro(), "since_us": p.Since.UnixMicro(), "latest_us": int64(math.MaxInt64),
		"span_us": (time.Duration(p.Count) * p.Interval).Microseconds()}
	if !p.Latest.IsZero() {
		arg["latest_us"] = p.Latest.UnixMicro()
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
		return time.Time{}, false, fmt.Errorf("reserve a place of pace %s: %w", p.Pace, err)
	}
	return time.UnixMicro(us), ok, nil
}

package digest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// PurgeEnded removes what was counted and told of alerts that ended before a time, or
// were erased, a page a transaction. An alert that is taken up again before keeps it.
func (b *Builder) PurgeEnded(ctx context.Context, before time.Time) error {
	for _, table := range []string{"vitals", "checkups"} {
		for after, more := uint32(0), true; more; {
			var err error
			if after, more, err = b.purgeEnded(ctx, table, after, before); err != nil {
				return fmt.Errorf("purge %s of ended alerts: %w", table, err)
			}
		}
	}
	return nil
}

func (b *Builder) purgeEnded(ctx context.Context, table string, after uint32, before time.Time) (last uint32, more bool, err error) {
	const page = 1000
	err = b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		var ids []uint32
		if err := b.queries.Select(ctx, tx, &ids, table+"-after", map[string]any{"after": int64(after), "page": page}); err != nil || len(ids) == 0 {
			return err
		}
		last, more = ids[len(ids)-1], len(ids) == page
		kept, err := b.Subscriptions.Kept(ctx, tx, ids, before)
		if err != nil {
			return err
		}
		var gone []int64
		for _, id := range ids {
			if _, found := slices.BinarySearch(kept, id); !found {
				gone = append(gone, int64(id))
			}
		}
		if len(gone) == 0 {
			return nil
		}
		_, err = b.queries.Exec(ctx, tx, "purge-"+table, map[string]any{"ids": gone})
		return err
	})
	return last, more, err
}

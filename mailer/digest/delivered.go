package digest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Brought counts what one alert's digests held: mails with anything for it, and the
// postings in them.
type Brought struct{ Mails, Postings int }

// maxBrought bounds the digests that are counted for a subscriber's page.
const maxBrought = 1000

// Delivered counts a subscriber's digests since a time, by alert; alerts that
// brought nothing are not in the map. A posting that two alerts met counts for
// both, and one of several sources once.
func (b *Builder) Delivered(ctx context.Context, subscriber int64, since time.Time) (map[uint32]Brought, error) {
	var rows []row
	arg := map[string]any{"subscriber_id": subscriber, "page": maxBrought}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-of-subscriber", arg); err != nil {
		return nil, fmt.Errorf("list digests: %w", err)
	}
	brought := map[uint32]Brought{}
	for i := range rows {
		if rows[i].CreatedMS < since.UnixMilli() {
			break // the latest came first
		}
		c, err := rows[i].content()
		if err != nil {
			return nil, err
		}
		var seen []uint32
		for k := range c.Postings {
			for _, id := range c.Postings[k].alerts() {
				n := brought[id]
				n.Postings++
				if !slices.Contains(seen, id) {
					seen = append(seen, id)
					n.Mails++
				}
				brought[id] = n
			}
		}
	}
	return brought, nil
}

package digest

import (
	"context"
	"fmt"
	"time"
)

// Told is one digest of a subscriber's: when it was built, and the postings that it
// shows, in their order.
type Told struct {
	At       time.Time `json:"at"`
	Postings []uint32  `json:"postings"`
}

// maxTold bounds the digests of a subscriber's history.
const maxTold = 1000

// History returns the digests of a subscriber that are still kept, the latest
// first and 1,000 at most: what her export holds of them.
func (b *Builder) History(ctx context.Context, subscriber int64) ([]Told, error) {
	var rows []row
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "digests-of-subscriber", map[string]any{"subscriber_id": subscriber, "page": maxTold}); err != nil {
		return nil, fmt.Errorf("list digests: %w", err)
	}
	told := make([]Told, len(rows))
	for i := range rows {
		c, err := rows[i].content()
		if err != nil {
			return nil, err
		}
		told[i].At = time.UnixMilli(rows[i].CreatedMS).UTC()
		for k := range c.Postings {
			told[i].Postings = append(told[i].Postings, c.Postings[k].Posting)
		}
	}
	return told, nil
}

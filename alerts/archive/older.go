package archive

import (
	"context"
	"fmt"

	"github.com/jobalertd/jobalertd/alerts"
)

// One call of Older reads at most olderMost postings, olderPage at a time: a
// second's work, for analysing them is most of it.
const (
	olderPage = 200
	olderMost = 5000
)

// Older searches the database for open postings that are too old to be in
// memory, newest first and not otherwise ordered: limit of them at most, from
// before a position on, 0 for the newest. It looks at a bounded number of
// postings a call; next is the before of a further call, 0 when there is no more.
func (a *Archive) Older(ctx context.Context, c *alerts.Criteria, before int64, limit int) (found []alerts.Stored, next int64, err error) {
	s := a.state.Load()
	if before <= 0 || before > s.floor+1 {
		before = s.floor + 1
	}
	now := a.Now()
	for read := 0; read < olderMost && before > 1 && len(found) < limit; read += olderPage {
		page, err := a.Store.OpenBefore(ctx, a.Reader, before, now, olderPage)
		if err != nil {
			return nil, 0, fmt.Errorf("search older postings: %w", err)
		}
		for i := range page {
			if err := ctx.Err(); err != nil {
				return nil, 0, fmt.Errorf("search older postings: %w", err)
			}
			before = page[i].Position
			if page[i].Source == alerts.CanarySource || !c.Matches(a.Meaning.Document(&page[i].Posting)) {
				continue
			}
			if found = append(found, page[i]); len(found) == limit {
				return found, before, nil
			}
		}
		if len(page) < olderPage {
			return found, 0, nil
		}
	}
	if before <= 1 {
		before = 0
	}
	return found, before, nil
}

package archive

import (
	"cmp"
	"context"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
)

// Latest finds what meets prepared criteria, at most limit postings, the last to
// come or to change first: for those who have seen the earlier ones. It leaves out
// what Search does.
func (a *Archive) Latest(ctx context.Context, c *alerts.Criteria, limit int) ([]alerts.Stored, error) {
	if limit <= 0 {
		return nil, nil
	}
	now := a.Now()
	var latest []ranked
	cut := func() {
		slices.SortFunc(latest, func(a, b ranked) int { return cmp.Compare(b.item.position, a.item.position) })
		latest = latest[:min(len(latest), limit)]
	}
	err := a.each(ctx, a.state.Load(), c, now, func(h *hit) {
		if latest = append(latest, ranked{item: h.item}); len(latest) >= 2*limit {
			cut()
		}
	})
	if err != nil {
		return nil, err
	}
	cut()
	return a.whole(ctx, c, latest, now)
}

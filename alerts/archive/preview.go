package archive

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// Preview says what an alert would have brought since a time, as far as it is
// still open and in memory: withdrawn and expired postings are not counted, so it
// promises too little rather than too much.
type Preview struct {
	Since time.Time
	Found int // postings published since then that meet the criteria
	// Days are those postings by the day on which they were published: the first
	// is the 24 hours from Since on, the last one ends now and may be shorter.
	Days []int
	// Without says, for each criterion but the query, what letting go of it
	// would add, the costliest first; those that cost nothing are left out.
	Without []Cost
}

// Cost is what one criterion costs.
type Cost struct {
	Criterion alerts.Criterion
	Found     int // postings without it, those of the preview included
}

// Weekly is the number of postings a week, over the time that Days cover.
func (p *Preview) Weekly() float64 {
	if len(p.Days) == 0 {
		return 0
	}
	return float64(p.Found) * 7 / float64(len(p.Days))
}

// Preview counts what meets prepared criteria and was published since a time.
func (a *Archive) Preview(ctx context.Context, c *alerts.Criteria, since time.Time) (Preview, error) {
	s, now := a.state.Load(), a.Now()
	p := Preview{Since: since}
	const day = 24 * time.Hour
	if now.After(since) {
		p.Days = make([]int, (now.Sub(since)+day-1)/day)
	}
	err := a.each(ctx, s, c, now, func(h *hit) {
		x := h.item
		if x.doc.PublishedAt.Before(since) {
			return
		}
		p.Found++
		if n := int(x.doc.PublishedAt.Sub(since) / day); n < len(p.Days) {
			p.Days[n]++
		} else if len(p.Days) > 0 { // dated into the future, as far as intake takes it
			p.Days[len(p.Days)-1]++
		}
	})
	if err != nil {
		return Preview{}, err
	}
	for _, criterion := range c.Asked() {
		rest, ok := c.Without(criterion)
		if !ok || criterion == alerts.ByQuery {
			continue
		}
		cost := Cost{Criterion: criterion}
		err := a.each(ctx, s, &rest, now, func(h *hit) {
			if !h.item.doc.PublishedAt.Before(since) {
				cost.Found++
			}
		})
		if err != nil {
			return Preview{}, err
		}
		if cost.Found > p.Found {
			p.Without = append(p.Without, cost)
		}
	}
	slices.SortStableFunc(p.Without, func(a, b Cost) int { return cmp.Compare(b.Found, a.Found) })
	return p, nil
}

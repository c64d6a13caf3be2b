package digest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// The first few are the best, in order, and nothing is lost.
func TestSortFirst_PutsTheBestInFront(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var c alerts.Criteria
	for range 2000 {
		ranks := make([]alerts.Rank, r.IntN(60))
		for i := range ranks {
			p := alerts.Posting{Number: uint32(i + 1), PublishedAt: day.AddDate(0, 0, r.IntN(5))}
			ranks[i] = c.BestRank(&alerts.Document{Posting: &p}, int64(r.IntN(10)))
		}
		want := slices.SortedFunc(slices.Values(ranks), alerts.Rank.Compare)
		k := r.IntN(len(ranks) + 1)
		sortFirst(ranks, k)
		if !slices.Equal(ranks[:k], want[:k]) {
			t.Fatalf("the first %d of %d are not the best", k, len(ranks))
		}
		slices.SortFunc(ranks, alerts.Rank.Compare)
		if !slices.Equal(ranks, want) {
			t.Fatalf("something was lost among %d", len(ranks))
		}
	}
}

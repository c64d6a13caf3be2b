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
	for range 2000 {
		ps := make([]proposal, r.IntN(60))
		for i := range ps {
			ps[i] = propose(alerts.Fit(r.IntN(5)), uint32(r.IntN(10)))
		}
		want := slices.Sorted(slices.Values(ps))
		k := r.IntN(len(ps) + 1)
		sortFirst(ps, k)
		if !slices.Equal(ps[:k], want[:k]) {
			t.Fatalf("the first %d of %d are not the best", k, len(ps))
		}
		slices.Sort(ps)
		if !slices.Equal(ps, want) {
			t.Fatalf("something was lost among %d", len(ps))
		}
	}
}

// Once the cards are in order, proposals compare as the ranks they stand for.
func TestDeck_OrdersProposalsAsTheirRanks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 3))
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var c alerts.Criteria
	for range 300 {
		d := deck{of: map[uint32]uint32{}}
		ps, ranks := make([]proposal, r.IntN(60)), []alerts.Rank{}
		for i := range ps {
			n := r.IntN(20)
			p := alerts.Posting{Number: uint32(n + 1), PublishedAt: day.AddDate(0, 0, n%5)}
			rank := c.BestRank(&alerts.Document{Posting: &p}, int64(n%7)).With(alerts.Fit(r.IntN(3)))
			ps[i], ranks = propose(rank.Fit(), d.card(rank)), append(ranks, rank)
		}
		sorted, place := d.sort()
		for i, p := range ps {
			ps[i] = p.at(place[p.card()])
		}
		slices.Sort(ps)
		slices.SortFunc(ranks, alerts.Rank.Compare)
		for i, p := range ps {
			if p.rank(sorted) != ranks[i] {
				t.Fatalf("proposal %d is of rank %+v, want %+v", i, p.rank(sorted), ranks[i])
			}
		}
	}
}

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

// What is shown is the best in order, and the rest is told by number or weighed too,
// however much there is and whether or not anything may be folded.
func TestOnly_ShowsTheBestAndCountsTheRest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 5))
	const limit = 20
	for _, n := range []int{0, 1, limit, limit + 1, 150, maxItems + 300} {
		for _, twins := range []bool{false, true} {
			l := &library{of: map[uint32]*kept{}, paired: make(chan struct{})}
			close(l.paired)
			d, a := deck{of: map[uint32]uint32{}}, &alert{}
			for i := range uint32(n) {
				p := alerts.Posting{Number: i + 1, PublishedAt: time.Unix(int64(r.IntN(1e8)), 0)}
				rank := new(alerts.Criteria).BestRank(&alerts.Document{Posting: &p}, int64(i)).With(alerts.Fit(r.IntN(3)))
				a.proposed = append(a.proposed, propose(rank.Fit(), d.card(rank)))
				if l.of[i+1] = new(kept); !twins || i > 1 {
					l.apart.add(i + 1)
				}
			}
			if twins {
				l.partners = map[uint32][]uint32{1: {2}, 2: {1}}
			}
			sorted, place := d.sort()
			for i, p := range a.proposed {
				a.proposed[i] = p.at(place[p.card()])
			}
			want := slices.Sorted(slices.Values(a.proposed))
			s := selection{b: &Builder{Options: Options{MaxPostings: limit}}, docs: &documents{library: l}, cards: sorted}
			s.only(a)
			shown, weighed := min(n, limit), len(s.items)
			if twins && n > 1 && weighed != min(n, maxItems) || (!twins || n < 2) && weighed != shown {
				t.Errorf("%d proposed, twins %v: %d are weighed", n, twins, weighed)
			}
			for i := range s.items {
				if i < shown && s.items[i].rank != want[i].rank(sorted) {
					t.Errorf("%d proposed, twins %v: item %d is not the one to show", n, twins, i)
				}
			}
			var all []uint32
			for i := range s.items {
				all = append(all, s.items[i].number)
			}
			for _, e := range s.rest {
				all = append(all, e.Posting)
			}
			all = append(all, s.counted...)
			slices.Sort(all)
			if all = slices.Compact(all); len(all) != n {
				t.Errorf("%d proposed, twins %v: %d are shown, counted or left for later", n, twins, len(all))
			}
		}
	}
}

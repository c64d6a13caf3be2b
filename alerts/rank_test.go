package alerts_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestRankPutsTheCloserMeaningFirst(t *testing.T) {
	c := prepare(t, alerts.Criteria{Query: "Medizininformatiker", Places: []alerts.Place{{Name: "Bochum"}}})
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	document := func(number uint32, change func(p *alerts.Posting)) *alerts.Document {
		return posting(func(p *alerts.Posting) {
			p.Number, p.PublishedAt, p.Pay = number, day, nil
			change(p)
		})
	}
	paid := func(amount float64) func(p *alerts.Posting) {
		return func(p *alerts.Posting) {
			s := pay.Normalise(amount, amount, "EUR", pay.Year, pay.Hints{})
			p.Pay = &s
		}
	}
	inOrder := []*alerts.Document{ // each better than the next by one part alone
		document(9, func(p *alerts.Posting) { p.Locations = []alerts.Location{bochum} }),
		document(1, func(p *alerts.Posting) {
			p.PublishedAt = day.AddDate(0, 0, 1)
			p.Locations = []alerts.Location{far(21)}
		}),
		document(2, func(p *alerts.Posting) { paid(90000)(p); p.Locations = []alerts.Location{far(21)} }),
		document(3, func(p *alerts.Posting) { paid(50000)(p); p.Locations = []alerts.Location{far(22)} }), // the same step
		document(4, func(p *alerts.Posting) { p.Locations = []alerts.Location{far(23)} }),
		document(5, func(p *alerts.Posting) { p.Locations = []alerts.Location{far(24)} }),
		document(6, func(p *alerts.Posting) { p.Title = "Informatiker für Medizinische Informatik" }), // by parts
		document(7, func(p *alerts.Posting) {
			p.Title = "Referent"
			p.Description = "<p>Sie arbeiten als Medizininformatiker.</p>"
		}),
	}
	ranks := ranksOf(c, inOrder)
	for i := 1; i < len(ranks); i++ {
		if ranks[i-1].Compare(ranks[i]) >= 0 {
			t.Errorf("posting %d does not come before %d: %+v, %+v", inOrder[i-1].Number, inOrder[i].Number, ranks[i-1], ranks[i])
		}
	}
}

// ranksOf ranks documents, the earlier ones with the later positions.
func ranksOf(c *alerts.Criteria, ds []*alerts.Document) []alerts.Rank {
	var out []alerts.Rank
	for i, d := range ds {
		out = append(out, c.Rank(d, int64(100-i)))
	}
	return out
}

// far is a place some kilometres north of Bochum.
func far(km float64) alerts.Location {
	l := bochum
	l.Lat += km / 111.2
	return l
}

func TestBestRankIsNeverWorseThanRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawCriteria(t), drawDocument(t)
		if embedded().Prepare(c) != nil {
			t.Skip("criteria with a fault")
		}
		if best, rank := c.BestRank(d, 7), c.Rank(d, 7); best.Compare(rank) > 0 {
			t.Fatalf("best %+v, rank %+v\ncriteria %+v", best, rank, c)
		}
	})
}

func TestWithoutIsTheSameCriteriaWithThatOneLetGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, d := drawCriteria(t), drawDocument(t)
		if embedded().Prepare(c) != nil {
			t.Skip("criteria with a fault")
		}
		asked := c.Asked()
		for _, x := range []alerts.Criterion{alerts.ByQuery, alerts.ByPlace, alerts.ByRemote, alerts.BySalary, alerts.ByType,
			alerts.ByEmployer, alerts.ByAgency, alerts.ByLanguage, alerts.BySource} {
			rest, ok := c.Without(x)
			if want := slices.Contains(asked, x) && len(asked) > 1; ok != want {
				t.Fatalf("without %s: ok is %v, want %v; asked %v", x, ok, want, asked)
			}
			if !ok {
				continue
			}
			_, reasons := c.Explain(d)
			want := true
			for _, r := range reasons {
				want = want && (r.Held || r.Criterion == x)
			}
			if got := rest.Matches(d); got != want {
				t.Fatalf("without %s: matches is %v, want %v\ncriteria %+v\nreasons %+v", x, got, want, c, reasons)
			}
		}
	})
}

func TestRanking_RanksAsTheCriteriaDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			r      alerts.Ranking
			all    []*alerts.Criteria
			ranked []alerts.Ranked
		)
		take := func() {
			all = all[:0]
			ranked = ranked[:0]
			for range rapid.IntRange(1, 5).Draw(t, "criteria") {
				if c := drawCriteria(t); embedded().Prepare(c) == nil {
					all, ranked = append(all, c), append(ranked, r.Take(c))
				}
			}
		}
		take()
		for i := range 4 {
			if i == 2 {
				r.Drop()
				take()
			}
			d := drawDocument(t)
			own := r.Next(d, int64(i))
			for k, c := range all {
				if got, want := own.With(r.Fit(&ranked[k])), c.Rank(d, int64(i)); got != want {
					t.Fatalf("ranked %+v, want %+v\ncriteria %+v", got, want, c)
				}
			}
		}
	})
}

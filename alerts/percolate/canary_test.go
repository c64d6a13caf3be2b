package percolate

import (
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

func TestIndex_KeepsCanariesApart(t *testing.T) {
	t.Parallel()
	m := meaning()
	prepared := func(c alerts.Criteria) *alerts.Criteria {
		if err := m.Prepare(&c); err != nil {
			t.Fatal(err)
		}
		return &c
	}
	canary := prepared(alerts.CanaryCriteria([16]byte{7}))
	anyPay := prepared(alerts.Criteria{Salary: &alerts.Salary{Min: 1, Currency: "CHF", Unit: "HOUR"}})
	bird := m.Document(&alerts.Posting{Source: alerts.CanarySource, Title: canary.Query})
	job := m.Document(&alerts.Posting{Source: "board", Title: canary.Query})
	built := Build(func(yield func(uint32, *alerts.Criteria) bool) {
		_ = yield(1, anyPay) && yield(2, canary) && yield(3, anyPay)
	}, nil)
	put := New(nil)
	put.Put(1, anyPay)
	put.Put(2, anyPay)
	put.Put(2, canary)
	put.Put(3, canary)
	put.Put(3, anyPay)
	for name, x := range map[string]*Index{"built": built, "put": put} {
		if got := x.Percolate(nil, bird); !slices.Equal(got, []uint32{2}) {
			t.Errorf("%s: the canary's posting meets %v, want 2", name, got)
		}
		if got := x.Percolate(nil, job); !slices.Equal(got, []uint32{1, 3}) {
			t.Errorf("%s: another posting meets %v, want 1 and 3", name, got)
		}
		if x.Len() != 3 || x.Stats().Subscriptions != 3 {
			t.Errorf("%s: %d subscriptions, %+v", name, x.Len(), x.Stats())
		}
		x.Remove(2)
		if got := x.Percolate(nil, bird); len(got) != 0 || x.Len() != 2 {
			t.Errorf("%s: once removed, %v of %d", name, got, x.Len())
		}
	}
}

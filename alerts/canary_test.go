package alerts_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
)

func canaryDocument(c *alerts.Criteria) *alerts.Document {
	return embedded().Document(&alerts.Posting{Source: alerts.CanarySource, Identifier: "1", Title: c.Query, Employer: "jobalertd", Locations: []alerts.Location{gelsenkirchen}})
}

// TestCanary_MeetsItsOwnCriteriaAlone: whatever anybody else asks for.
func TestCanary_MeetsItsOwnCriteriaAlone(t *testing.T) {
	t.Parallel()
	own := prepare(t, alerts.CanaryCriteria([16]byte{1, 2, 3, 0xff}))
	d := canaryDocument(own)
	if held, reasons := own.Explain(d); !own.Canary() || !own.Matches(d) || !held || len(reasons) == 0 {
		t.Errorf("the canary's criteria do not meet its posting: %v", reasons)
	}
	other := prepare(t, alerts.CanaryCriteria([16]byte{9}))
	if other.Matches(d) {
		t.Error("another canary's criteria meet its posting")
	}
	for name, c := range map[string]alerts.Criteria{
		"a type": {EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}}, "a place": {Places: []alerts.Place{{Name: "Gelsenkirchen"}}},
		"pay": {Salary: &alerts.Salary{Min: 1, Currency: "CHF", Unit: "HOUR"}}, "its word": {Query: own.Query}, "its employer": {Employers: []string{"jobalertd"}},
	} {
		c := prepare(t, c)
		if held, _ := c.Explain(d); c.Matches(d) || held {
			t.Errorf("whoever asks for %s gets the canary's posting", name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c, ordinary := drawCriteria(t), drawDocument(t)
		if embedded().Prepare(c) != nil {
			return
		}
		if held, _ := c.Explain(d); c.Matches(d) || held {
			t.Fatalf("%+v meets the canary's posting", c)
		}
		if held, _ := own.Explain(ordinary); own.Matches(ordinary) || held {
			t.Fatalf("the canary's criteria meet %+v", ordinary.Posting)
		}
	})
}

func TestPrepareRefusesTheReservedSource(t *testing.T) {
	t.Parallel()
	word := alerts.CanaryCriteria([16]byte{}).Query
	for name, c := range map[string]alerts.Criteria{
		"alone":         {Sources: []string{alerts.CanarySource}},
		"with a word":   {Query: "Koch", Sources: []string{alerts.CanarySource}},
		"beside others": {Query: word, Sources: []string{"board", alerts.CanarySource}},
	} {
		if got := faults(t, c); len(got) != 1 {
			t.Errorf("%s: faults %v, want one", name, got)
		}
	}
}

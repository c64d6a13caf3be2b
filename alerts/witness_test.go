package alerts_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
)

func TestCanMatch_TellsWhatNoPostingCouldMeet(t *testing.T) {
	t.Parallel()
	m := meaning(t)
	tests := map[string]struct {
		criteria alerts.Criteria
		want     bool
	}{
		"a word":                           {alerts.Criteria{Query: "Koch"}, true},
		"a compound, and without it":       {alerts.Criteria{Query: "Medizininformatiker -Informatiker"}, false},
		"a word, and without its kin":      {alerts.Criteria{Query: "Köchin -Koch"}, false},
		"one of two that is not barred":    {alerts.Criteria{Query: "Koch OR Bäcker -Koch"}, true},
		"a phrase in the title":            {alerts.Criteria{Query: `title:"Leitung Pflege" -Praktikum`}, true},
		"remote in no place":               {alerts.Criteria{Query: "Koch", Remote: alerts.RemoteOnly, Places: []alerts.Place{{Name: "Köln"}}}, true},
		"much pay, stated":                 {alerts.Criteria{Query: "Koch", Salary: &alerts.Salary{Min: 900000, Currency: "EUR", Unit: "YEAR"}, SalaryUnknown: alerts.UnknownDrop}, true},
		"a state":                          {alerts.Criteria{Query: "Koch", States: []string{"Bayern"}}, true},
		"barred in German, not in English": {alerts.Criteria{Query: "Medizininformatiker -Informatikerin", Languages: []string{"en"}}, true},
		"no agencies, a language":          {alerts.Criteria{Query: "Developer", NoAgencies: true, Languages: []string{"en"}, Sources: []string{"board"}}, true},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if got := m.CanMatch(prepare(t, c.criteria)); got != c.want {
				t.Errorf("CanMatch(%+v) = %v, want %v", c.criteria, got, c.want)
			}
		})
	}
}

// TestCanMatch_IsTrueOfWhateverMatches: nobody whose alert has brought something is
// told that it never can.
func TestCanMatch_IsTrueOfWhateverMatches(t *testing.T) {
	t.Parallel()
	m := meaning(t)
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		c := drawCriteria(t)
		if m.Prepare(c) != nil {
			return
		}
		for range 20 { // few of them meet
			d := drawDocument(t)
			if !c.Matches(d) {
				continue
			}
			met++
			if !m.CanMatch(c) {
				t.Fatalf("%+v met %+v and is said never to match", c, d.Posting)
			}
		}
	})
	if met == 0 {
		t.Error("no criteria met any posting")
	}
}

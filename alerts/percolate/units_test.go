package percolate

import (
	"maps"
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

func built(t *testing.T, df *Frequencies, queries ...string) *base {
	t.Helper()
	b := newBuilder(df)
	for i, q := range queries {
		b.add(uint32(i), prepared(t, alerts.Criteria{Query: q}))
	}
	x, err := b.build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSubscriptionsShareUnits(t *testing.T) {
	x := built(t, &Frequencies{}, "Koch", "Koch", "Koch -Lehrer", "Lehrer Koch", "Koch OR Lehrer", `"Koch"`)
	// Koch alone and among several, Lehrer among several and alone, Lehrer
	// excluded, the phrase.
	if got := len(x.units) - 1; got != 6 {
		t.Errorf("%d units, want 6", got)
	}
}

// TestMergeDropsUnitsThatNobodyAsksFor: the dictionary does not grow by what came
// and went.
func TestMergeDropsUnitsThatNobodyAsksFor(t *testing.T) {
	x := New(nil)
	x.Put(1, prepared(t, alerts.Criteria{Query: "Koch", Employers: []string{"Klinikum Nord"}}))
	x.Put(2, prepared(t, alerts.Criteria{Query: "sales manager -Praktikum", Languages: []string{"en"}}))
	merge := func() Stats {
		if err := x.Merge(t.Context()); err != nil {
			t.Fatal(err)
		}
		return x.Stats()
	}
	if s := merge(); s.Units != 7 { // Koch, the employer; sales, manager, their bond, Praktikum, the language
		t.Errorf("%d units, want 7", s.Units)
	}
	x.Remove(2)
	if s := merge(); s.Units != 2 || s.Subscriptions != 1 {
		t.Errorf("%+v, want the two units of what is left", s)
	}
}

func TestRecordsAreFiledUnderTheRarestUnit(t *testing.T) {
	var df Frequencies
	for range 100 {
		df.Learn(meaning().Document(&alerts.Posting{Title: "Koch in Vollzeit"}))
	}
	x := built(t, &df, "Koch Bäcker Lehrer")
	anchor, second := x.above(0)
	r := x.records[0]
	if r.traits&asks != asksUnit {
		t.Fatalf("the record does not require a third unit: %+v", r)
	}
	third := r.extra
	for n, u := range []uint32{anchor, second, third} {
		if u == 0 {
			t.Fatalf("unit %d of three is missing", n)
		}
	}
	if got := x.units[third].text.Key(); got != "+Koch" {
		t.Errorf("the most frequent word is %q, want Koch to come last", got)
	}
}

// TestNeighboursAsOneWord: what a row stands for, and what it does not.
func TestNeighboursAsOneWord(t *testing.T) {
	queries := []string{
		"data engineer", "engineer", "Haus Meister", "Haus Meister Koch", "Koch Haus Meister", "Haus Meister Berlin -Koch", "Haus Meister -Koch", "software developer", "medizinische Informatik",
		"Leiter Finanzen title:Finanzen", "Haus OR Hof Meister", "back end engineer", "sales manager", "sales manager Berlin", "data engineer Koch", "Meister Haus",
	}
	titles := []string{
		"Hausmeister", "Hausmeister und Koch", "Koch", "Softwareentwickler", "Medizininformatiker", "Leiter Finanzen", "Finanzleiter", "Leiter der Finanzen",
		"Backend Engineer", "Sales Manager", "Manager, Sales", "Vertriebsleiter", "Data Engineer", "Koch, Data Engineer", "Sales Manager Berlin", "Meister", "Haus",
	}
	postings := []alerts.Posting{{Title: "Sales Engineer, Data Centers", Language: "en"}}
	for _, title := range titles {
		postings = append(postings, alerts.Posting{Title: title, Description: "<p>In Berlin. Sie prüfen Leiterfinanzen.</p>"})
	}
	standing := map[uint32]*alerts.Criteria{}
	for i, q := range queries {
		standing[uint32(i)] = prepared(t, alerts.Criteria{Query: q})
		standing[uint32(100+i)] = prepared(t, alerts.Criteria{Query: q, States: []string{"DE-BE", "DE-HH"}, Countries: []string{"AT"}})
		standing[uint32(200+i)] = prepared(t, alerts.Criteria{Query: q, EmploymentTypes: []alerts.EmploymentType{alerts.EmploymentTypes[i%3]}})
	}
	x := New(nil)
	x.Load(0, func(yield func(uint32, *alerts.Criteria) bool) {
		for _, id := range slices.Sorted(maps.Keys(standing)) {
			yield(id, standing[id])
		}
	})
	matches := 0
	for range 2 {
		for _, p := range postings {
			p.Locations = []alerts.Location{{State: "DE-BE"}}
			p.EmploymentTypes = []alerts.EmploymentType{alerts.FullTime, alerts.PartTime}
			d := meaning().Document(&p)
			got, want := x.Percolate(nil, d), scan(standing, d)
			if matches += len(got); !slices.Equal(got, want) {
				t.Error(describe(standing, d, got, want))
			}
		}
		if err := x.Merge(t.Context()); err != nil { // rows are carried over
			t.Fatal(err)
		}
	}
	if matches < 20 {
		t.Errorf("%d matches say little", matches)
	}
}

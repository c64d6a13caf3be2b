package alerts_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
)

// faults are the fields and codes that Prepare finds fault with.
func faults(t *testing.T, c alerts.Criteria) []string {
	t.Helper()
	err := embedded().Prepare(&c)
	var e *alerts.CriteriaError
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("prepare: %v, want a CriteriaError", err)
	}
	if e == nil {
		return nil
	}
	if c.Matches(posting()) {
		t.Error("criteria with a fault match")
	}
	var out []string
	for _, f := range e.Faults {
		if f.Message == "" {
			t.Errorf("%s: no message", f.Field)
		}
		out = append(out, f.Field+" "+string(f.Code))
	}
	slices.Sort(out)
	return out
}

func TestPrepareListsEveryFaultWithItsField(t *testing.T) {
	lat, far, below := 51.5, 501.0, -1.0
	nan := math.NaN()
	for name, c := range map[string]struct {
		criteria alerts.Criteria
		want     []string
	}{
		"nothing asked":       {alerts.Criteria{}, []string{"query everything"}},
		"only left out":       {alerts.Criteria{NotEmployers: []string{"Muster"}, NoAgencies: true, Languages: []string{"de"}}, []string{"query everything"}},
		"only excluded words": {alerts.Criteria{Query: "-Koch"}, []string{"query query"}},
		"unknown places":      {alerts.Criteria{Places: []alerts.Place{{Name: "Gelsenkirchen"}, {Name: "Xyzhausen"}, {}}}, []string{"places[1] unknown-place", "places[2] unknown-place"}},
		"radius":              {alerts.Criteria{Places: []alerts.Place{{Name: "Gelsenkirchen", RadiusKM: &far}, {Name: "Bochum", RadiusKM: &below}, {Name: "Herne", RadiusKM: &nan}}}, []string{"places[0].radius_km range", "places[1].radius_km range", "places[2].radius_km range"}},
		"half a point":        {alerts.Criteria{Places: []alerts.Place{{Lat: &lat}, {Lat: &far, Lon: &lat}, {Lat: &nan, Lon: &lat}}}, []string{"places[0] range", "places[1] range", "places[2] range"}},
		"too many places":     {alerts.Criteria{Places: slices.Repeat([]alerts.Place{{Name: "Bochum"}}, 21)}, []string{"places too-many"}},
		"states, countries":   {alerts.Criteria{States: []string{"NRW", "Xyz"}, Countries: []string{"Xyzland"}}, []string{"countries[0] unknown-place", "states[1] unknown-place"}},
		"closed words": {alerts.Criteria{Query: "Koch", Remote: "maybe", SalaryUnknown: "ask", EmploymentTypes: []alerts.EmploymentType{"FULL_TIME", "ROCKSTAR"}, Languages: []string{"deu"}, Sources: []string{"a.b"}},
			[]string{"employment_types[1] unknown-value", "languages[0] unknown-value", "remote unknown-value", "salary_unknown unknown-value", "sources[0] unknown-value"}},
		"pay unit":          {alerts.Criteria{Salary: &alerts.Salary{Min: 1, Unit: "DECADE"}}, []string{"salary.unit unknown-value"}},
		"pay amount":        {alerts.Criteria{Salary: &alerts.Salary{Min: -1, Unit: "YEAR"}}, []string{"salary.min range"}},
		"pay not a number":  {alerts.Criteria{Salary: &alerts.Salary{Min: math.Inf(1), Unit: "YEAR"}}, []string{"salary.min range"}},
		"pay currency":      {alerts.Criteria{Salary: &alerts.Salary{Min: 1, Currency: "EURO", Unit: "YEAR"}}, []string{"salary.currency unknown-value"}},
		"employer, no name": {alerts.Criteria{Employers: []string{" - "}}, []string{"employers[0] unknown-value"}},
		"employer both":     {alerts.Criteria{Employers: []string{"Muster AG"}, NotEmployers: []string{"MUSTER GmbH"}}, []string{"not_employers nothing"}},
		"too many names":    {alerts.Criteria{Employers: slices.Repeat([]string{"Muster"}, 101)}, []string{"employers too-many"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faults(t, c.criteria); !slices.Equal(got, c.want) {
				t.Errorf("faults %q, want %q", got, c.want)
			}
		})
	}
}

func TestCriteriaThatNameOneThingAreEnough(t *testing.T) {
	for name, c := range map[string]alerts.Criteria{
		"query": {Query: "Koch"}, "place": {Places: []alerts.Place{{Name: "Bochum"}}}, "state": {States: []string{"NRW"}}, "country": {Countries: []string{"DE"}},
		"employer": {Employers: []string{"Muster"}}, "remote": {Remote: alerts.RemoteOnly}, "salary": {Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}},
		"type": {EmploymentTypes: []alerts.EmploymentType{alerts.Intern}}, "source": {Sources: []string{"clinic"}},
	} {
		if got := faults(t, c); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPrepareResolvesPlaces(t *testing.T) {
	c := prepare(t, alerts.Criteria{Places: []alerts.Place{{Name: "gelsenkirchen"}, {Postcode: "44787"}, {Name: "Bayern"}, {Name: "Schweiz"}}, States: []string{"nrw", "DE-BY", "Nordrhein-Westfalen"}, Countries: []string{"Germany", "DE"}})
	if len(c.Places) != 2 || math.Abs(*c.Places[0].Lat-51.5) > 0.1 || math.Abs(*c.Places[1].Lon-7.2) > 0.1 {
		t.Errorf("places %+v", c.Places)
	}
	if c.Places[0].Radius() != alerts.DefaultRadiusKM {
		t.Errorf("radius %v", c.Places[0].Radius())
	}
	if !slices.Equal(c.States, []string{"DE-BY", "DE-NW"}) || !slices.Equal(c.Countries, []string{"CH", "DE"}) {
		t.Errorf("states %v, countries %v", c.States, c.Countries)
	}
}

func TestPrepareNormalisesTheWish(t *testing.T) {
	for unit, want := range map[string]int64{"HOUR": 20 * 2080, "day": 20 * 260, " Week ": 20 * 52, "MONTH": 20 * 12, "year": 20} {
		c := prepare(t, alerts.Criteria{Salary: &alerts.Salary{Min: 20, Unit: unit}})
		if c.YearlySalary() != want || c.Salary.Currency != "EUR" {
			t.Errorf("20 a %s is %d %s a year, want %d", unit, c.YearlySalary(), c.Salary.Currency, want)
		}
	}
}

// TestPrepareTwiceIsPrepareOnce: what Prepare made can be kept as JSON and
// prepared again, and means the same.
func TestPrepareTwiceIsPrepareOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCriteria(t)
		if embedded().Prepare(c) != nil {
			t.Skip("criteria with a fault")
		}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again alerts.Criteria
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if err := embedded().Prepare(&again); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if c2, err := json.Marshal(&again); err != nil || string(c2) != string(b) {
			t.Fatalf("became\n%s, was\n%s", c2, b)
		}
		for range 3 {
			if d := drawDocument(t); c.Matches(d) != again.Matches(d) {
				t.Fatalf("%s: matches %v, and prepared again %v", b, c.Matches(d), again.Matches(d))
			}
		}
	})
}

func TestCriteriaErrorReadsAsASentence(t *testing.T) {
	err := embedded().Prepare(&alerts.Criteria{Query: "-Koch", Remote: "maybe"})
	if err == nil || !strings.Contains(err.Error(), "query: ") || !strings.Contains(err.Error(), "; remote: must be") {
		t.Errorf("reads %v", err)
	}
}

// TestImportLineIsCriteria reads the criteria of an import line.
func TestImportLineIsCriteria(t *testing.T) {
	var c alerts.Criteria
	err := json.Unmarshal([]byte(`{"query":"Medizininformatiker","places":[{"name":"Gelsenkirchen","radius_km":25}],"states":[],"remote":"include",
		"salary":{"min":3500,"currency":"EUR","unit":"MONTH"},"salary_unknown":"take","employment_types":["FULL_TIME"],"employers":[],"not_employers":[],"no_agencies":false,"languages":[]}`), &c)
	if err != nil {
		t.Fatal(err)
	}
	if !prepare(t, c).Matches(posting()) {
		t.Error("the posting of the scene does not match")
	}
}

func TestEmploymentTypesHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range alerts.EmploymentTypes {
		for _, locale := range []string{"de", "en"} {
			if s := e.Text(locale); s == "" || s == string(e) || seen[locale+s] {
				t.Errorf("%s is called %q in %s", e, s, locale)
			} else {
				seen[locale+s] = true
			}
		}
	}
	if got := alerts.EmploymentType("X").Text("de"); got != "X" {
		t.Errorf("an unknown type is called %q", got)
	}
}

func TestPostingsKeepAllFieldsAsJSON(t *testing.T) {
	p := posting().Posting
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back alerts.Posting
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(&back, p) {
		t.Errorf("came back as %+v, %v", back, err)
	}
}

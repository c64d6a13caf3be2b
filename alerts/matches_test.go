package alerts_test

import (
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestARadiusIncludesItsEdge(t *testing.T) {
	lat, lon := bochum.Lat, bochum.Lon
	km := gazetteer.DistanceKM(lat, lon, gelsenkirchen.Lat, gelsenkirchen.Lon)
	for radius, want := range map[float64]bool{km: true, km - 1e-6: false, km + 1e-6: true} {
		c := prepare(t, alerts.Criteria{Places: []alerts.Place{{Lat: &lat, Lon: &lon, RadiusKM: &radius}}})
		if got := c.Matches(posting()); got != want {
			t.Errorf("%.7f km away, radius %.7f: %v", km, radius, got)
		}
	}
	zero := 0.0
	here, there := gelsenkirchen.Lat, gelsenkirchen.Lon
	if !prepare(t, alerts.Criteria{Places: []alerts.Place{{Lat: &here, Lon: &there, RadiusKM: &zero}}}).Matches(posting()) {
		t.Error("radius 0 leaves the place itself out")
	}
}

func TestPlacesStatesAndCountriesAreAlternatives(t *testing.T) {
	c := prepare(t, alerts.Criteria{Places: []alerts.Place{{Name: "München"}}, States: []string{"Berlin"}, Countries: []string{"Schweiz"}})
	for name, d := range map[string]struct {
		location alerts.Location
		want     bool
	}{
		"in the circle":            {alerts.Location{Located: true, Lat: 48.14, Lon: 11.58}, true},
		"in the state":             {alerts.Location{State: "DE-BE", Country: "DE"}, true},
		"in the country":           {alerts.Location{Country: "CH"}, true},
		"in another":               {gelsenkirchen, false},
		"known by its country":     {alerts.Location{Country: "DE"}, false},
		"known by nothing":         {alerts.Location{Name: "Xyz"}, false},
		"not located, at 0 and 0":  {alerts.Location{Lat: 48.14, Lon: 11.58}, false},
		"of an unnamed state only": {alerts.Location{State: ""}, false},
	} {
		if got := c.Matches(posting(func(p *alerts.Posting) { p.Locations = []alerts.Location{d.location} })); got != d.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	both := posting(func(p *alerts.Posting) {
		p.Locations = []alerts.Location{gelsenkirchen, {State: "DE-BE", Country: "DE"}}
	})
	if !c.Matches(both) {
		t.Error("one of two places of work is enough, and was not")
	}
}

func TestRemotePostingsPassAnyPlaceUnlessLeftOut(t *testing.T) {
	remote := posting(func(p *alerts.Posting) { p.Remote, p.Locations = true, nil })
	for policy, want := range map[alerts.RemotePolicy][2]bool{ // remote posting, posting in Gelsenkirchen
		"": {true, false}, alerts.RemoteInclude: {true, false}, alerts.RemoteOnly: {true, false}, alerts.RemoteExclude: {false, false},
	} {
		c := prepare(t, alerts.Criteria{States: []string{"Bayern"}, Remote: policy})
		if got := [2]bool{c.Matches(remote), c.Matches(posting())}; got != want {
			t.Errorf("%q: %v, want %v", policy, got, want)
		}
	}
}

func TestPayHoldsWhenItsUpperBoundReachesTheWish(t *testing.T) {
	for name, c := range map[string]struct {
		minimum, maximum float64
		unit             pay.Unit
		want             bool
	}{
		"range above":          {3400, 3600, pay.Month, true},
		"range below":          {3000, 3400, pay.Month, false},
		"exactly":              {0, 3500, pay.Month, true},
		"from X counts as X":   {3400, 0, pay.Month, false},
		"from X is enough":     {3500, 0, pay.Month, true},
		"an hour's wage":       {20.2, 20.2, pay.Hour, true}, // 42,016 a year
		"a lower hour's wage":  {20, 20, pay.Hour, false},
		"a year's, single":     {42000, 42000, pay.Year, true},
		"a year's, a bit less": {41999, 41999, pay.Year, false},
	} {
		d := posting(func(p *alerts.Posting) {
			s := pay.Normalise(c.minimum, c.maximum, "EUR", c.unit, pay.Hints{})
			p.Pay = &s
		})
		if got := prepare(t, alerts.Criteria{Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"}}).Matches(d); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestEmployersCompareFoldedAndWithoutLegalForm(t *testing.T) {
	for written, want := range map[string]string{
		"Klinikum Nord gGmbH": "klinikum nord", "Muster GmbH & Co. KG": "muster", "MÜLLER e.K.": "mueller e k", "Verein e.V.": "verein", "AG": "ag", "": "", "Müller": "mueller",
		"Beispiel UG (haftungsbeschränkt)": "beispiel",
	} {
		if got := posting(func(p *alerts.Posting) { p.Employer = written }).EmployerKey(); got != want {
			t.Errorf("%q is compared as %q, want %q", written, got, want)
		}
	}
}

func TestMatchesAllocatesNothing(t *testing.T) {
	c := prepare(t, alerts.Criteria{Query: "Medizininformatiker (HL7 OR KIS)", Places: []alerts.Place{{Name: "Gelsenkirchen"}}, Salary: &alerts.Salary{Min: 3500, Unit: "MONTH"},
		EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}, NotEmployers: []string{"Muster"}, Languages: []string{"de"}, Sources: []string{"clinic"}})
	d := posting()
	if n := testing.AllocsPerRun(100, func() { c.Matches(d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatches(b *testing.B) {
	c := &alerts.Criteria{Query: "Medizininformatiker", Places: []alerts.Place{{Name: "Gelsenkirchen"}}}
	if err := embedded().Prepare(c); err != nil {
		b.Fatal(err)
	}
	d := posting()
	b.ReportAllocs()
	for b.Loop() {
		c.Matches(d)
	}
}

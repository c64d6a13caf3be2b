package alerts_test

import (
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// embedded is the embedded data, parsed once for all tests.
var embedded = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// prepare prepares criteria that have no fault.
func prepare(t *testing.T, c alerts.Criteria) *alerts.Criteria {
	t.Helper()
	if err := embedded().Prepare(&c); err != nil {
		t.Fatalf("prepare %+v: %v", c, err)
	}
	return &c
}

func at(name string, lat, lon float64) alerts.Location {
	return alerts.Location{Name: name, State: "DE-NW", Country: "DE", Located: true, Lat: lat, Lon: lon}
}

var gelsenkirchen, bochum = at("Gelsenkirchen", 51.5075, 7.1226), at("Bochum", 51.4816, 7.2165)

// posting is a document to change in a test.
func posting(changes ...func(*alerts.Posting)) *alerts.Document {
	p := &alerts.Posting{
		Source: "clinic", Identifier: "1", Title: "Medizininformatiker (m/w/d)", Description: "<p>Sie betreuen das Krankenhausinformationssystem.</p>",
		Employer: "Klinikum Nord gGmbH", Locations: []alerts.Location{gelsenkirchen}, Language: "de", EmploymentTypes: []alerts.EmploymentType{alerts.FullTime},
	}
	for _, change := range changes {
		change(p)
	}
	return embedded().Document(p)
}

var vocabulary = []string{"Medizininformatiker", "Informatikerin", "medizinische Informatik", "KIS", "Krankenhaus", "Koch", "Köchin", "Küche", "C++", "HL7", "Pflege", "Krankenschwester", "Praktikum"}

func optional[T any](t *rapid.T, label string, from ...T) []T {
	if !rapid.Bool().Draw(t, label+" given") {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(from), 1, 2).Draw(t, label)
}

// drawCriteria draws criteria as a subscriber may give them; Prepare may find fault.
func drawCriteria(t *rapid.T) *alerts.Criteria {
	word := rapid.SampledFrom(vocabulary)
	c := &alerts.Criteria{
		Query:           strings.Join(rapid.SliceOfN(rapid.Map(word, func(w string) string { return w }), 0, 2).Draw(t, "query"), rapid.SampledFrom([]string{" ", " OR ", " -"}).Draw(t, "between")),
		States:          optional(t, "states", "NRW", "Bayern", "DE-BE"),
		Countries:       optional(t, "countries", "Deutschland", "CH"),
		Remote:          rapid.SampledFrom([]alerts.RemotePolicy{"", "include", "only", "exclude"}).Draw(t, "remote"),
		SalaryUnknown:   rapid.SampledFrom([]alerts.UnknownPay{"", "take", "drop", "mark"}).Draw(t, "unknown"),
		EmploymentTypes: optional(t, "types", alerts.FullTime, alerts.PartTime, alerts.Intern),
		Employers:       optional(t, "employers", "Klinikum Nord", "Muster AG"),
		NotEmployers:    optional(t, "not employers", "Klinikum Süd GmbH", "Muster"),
		NoAgencies:      rapid.Bool().Draw(t, "no agencies"),
		Languages:       optional(t, "languages", "de", "EN"),
		Sources:         optional(t, "sources", "clinic", "board"),
	}
	for _, name := range optional(t, "places", "Gelsenkirchen", "45879", "Bayern", "Schweiz", "Herne") {
		radius := rapid.Float64Range(0, 60).Draw(t, "radius")
		c.Places = append(c.Places, alerts.Place{Name: name, RadiusKM: &radius})
	}
	if rapid.Bool().Draw(t, "wish") {
		c.Salary = &alerts.Salary{Min: rapid.SampledFrom([]float64{2500, 3500, 20, 45000}).Draw(t, "least"), Currency: "eur", Unit: rapid.SampledFrom([]string{"month", "HOUR", "YEAR"}).Draw(t, "unit")}
	}
	return c
}

func drawDocument(t *rapid.T) *alerts.Document {
	word := rapid.SampledFrom(vocabulary)
	return posting(func(p *alerts.Posting) {
		p.Title = strings.Join(rapid.SliceOfN(word, 1, 2).Draw(t, "title"), " ")
		p.Description = "<p>" + strings.Join(rapid.SliceOfN(word, 0, 6).Draw(t, "text"), " und ") + "</p>"
		p.Employer = rapid.SampledFrom([]string{"", "Klinikum Nord gGmbH", "Klinikum Süd", "MUSTER"}).Draw(t, "employer")
		p.Source = rapid.SampledFrom([]string{"clinic", "board"}).Draw(t, "source")
		p.Language = rapid.SampledFrom([]string{"de", "en", ""}).Draw(t, "language")
		p.Agency, p.Remote = rapid.Bool().Draw(t, "agency"), rapid.Bool().Draw(t, "remote")
		p.EmploymentTypes = optional(t, "types", alerts.FullTime, alerts.PartTime, alerts.Other)
		p.Locations = optional(t, "locations", gelsenkirchen, bochum, alerts.Location{Country: "DE"}, alerts.Location{Name: "Xyz"})
		if rapid.Bool().Draw(t, "paid") {
			s := pay.Normalise(rapid.SampledFrom([]float64{0, 3000, 4000}).Draw(t, "min"), rapid.SampledFrom([]float64{3500, 5000}).Draw(t, "max"),
				rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(t, "currency"), pay.Month, pay.Hints{})
			p.Pay = &s
		}
	})
}

package main

import (
	"fmt"
	"testing"
)

func TestWishesAreUnderstood(t *testing.T) {
	t.Parallel()
	m, err := testMeaning()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]struct {
		query, place string
		radius       float64
		state        string
	}{
		"Medizininformatiker Gelsenkirchen 25 km": {"Medizininformatiker", "Gelsenkirchen", 25, ""},
		"Koch in Essen": {"Koch", "Essen", 25, ""},
		"Koch, 45894 Gelsenkirchen, im Umkreis 10km":     {"Koch", "45894 Gelsenkirchen", 10, ""},
		"\"Leitende Pflegefachkraft\" Münster 50 km":     {"\"Leitende Pflegefachkraft\"", "Münster", 50, ""},
		"software developer OR devops Frankfurt am Main": {"software developer OR devops", "Frankfurt am Main", 25, ""},
		"Pflegefachkraft Bayern":                         {"Pflegefachkraft", "", 0, "DE-BY"},
		"Medizininformatiker":                            {"Medizininformatiker", "", 0, ""},
		"Gelsenkirchen":                                  {"Gelsenkirchen", "", 0, ""},
		"Jobs in Köln":                                   {"", "Köln", 25, ""},
		"Arzt Bad Homburg vor der Höhe 15km":             {"Arzt", "Bad Homburg vor der Höhe", 15, ""},
		"Bitte Stellen als Erzieherin in Münster senden": {"Erzieherin", "Münster", 25, ""},
	} {
		c, ok := wishIn(m, line)
		if !ok {
			t.Errorf("%q was not understood", line)
			continue
		}
		place, radius, state := "", 0.0, ""
		if len(c.Places) > 0 {
			place, radius = c.Places[0].Name, c.Places[0].Radius()
		}
		if len(c.States) > 0 {
			state = c.States[0]
		}
		if c.Query != want.query || place != want.place || radius != want.radius || state != want.state {
			t.Errorf("%q: got %q %q %v %q, want %+v", line, c.Query, place, radius, state, want)
		}
	}
}

func TestWishesSayMoreThanWordsAndPlaces(t *testing.T) {
	t.Parallel()
	m, err := testMeaning()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"Pflegefachkraft Köln ab 3500 €":            "Pflegefachkraft [Köln] 3500 EUR MONTH []",
		"Erzieher Teilzeit Leipzig 10 km ab 20 €/h": "Erzieher [Leipzig] 20 EUR HOUR [PART_TIME]",
		"Koch Leipzig 10\u00a0km ab 20\u202f€/h":    "Koch [Leipzig] 20 EUR HOUR []", // as our mails write it
		"Arzt 62.000 Euro im Jahr Hamburg":          "Arzt [Hamburg] 62000 EUR YEAR []",
		"Softwareentwickler remote":                 "Softwareentwickler [] only []",
		"Entwickler remote oder Berlin":             "Entwickler [Berlin] include []",
		"Pflege Köln oder Bonn":                     "Pflege [Bonn Köln] []",
		"software developer full-time near Berlin":  "software developer [Berlin] [FULL_TIME]",
	} {
		c, ok := wishIn(m, line)
		var places []string
		for _, p := range c.Places {
			places = append(places, p.Name)
		}
		got := fmt.Sprintf("%s %v", c.Query, places)
		if c.Salary != nil {
			got += fmt.Sprintf(" %v %s %s", c.Salary.Min, c.Salary.Currency, c.Salary.Unit)
		}
		if c.Remote != "" {
			got += " " + string(c.Remote)
		}
		if got += fmt.Sprintf(" %v", c.EmploymentTypes); !ok || got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	for _, line := range []string{"Anmeldung", "subscribe", "Newsletter abonnieren", "25 km", "ab 3500 €"} {
		if c, ok := wishIn(m, line); ok {
			t.Errorf("%q was understood as %+v", line, c)
		}
	}
}

func FuzzWishIn(f *testing.F) {
	for _, s := range []string{"Koch Essen 25 km", "999 km", "in um bei", "\"a OR -b", "12345"} {
		f.Add(s)
	}
	m, err := testMeaning()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if c, ok := wishIn(m, line); ok && c.Query == "" && !c.HasPlace() {
			t.Errorf("%q became criteria that ask for nothing", line)
		}
	})
}

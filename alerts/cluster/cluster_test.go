package cluster_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

const duties = "<p>Sie betreuen das Krankenhausinformationssystem und seine Schnittstellen.</p><p>Sie binden Medizingeräte an.</p>" +
	"<p>Sie beraten die Stationen bei der digitalen Dokumentation und schulen neue Kolleginnen.</p><p>Sie planen die Einführung des Bildarchivs.</p>"

const common = "<p>Wir zahlen nach Tarif, mit Jahressonderzahlung.</p><p>Sie haben Informatik studiert oder eine Ausbildung abgeschlossen.</p>"

func ad(title, employer, town, text string) *alerts.Posting {
	return &alerts.Posting{Title: title, Employer: employer, Description: text, Locations: []alerts.Location{{Name: town, Country: "DE"}}}
}

func TestSame_TellsTwoJobsByWhatContradicts(t *testing.T) {
	t.Parallel()
	base := func() *alerts.Posting {
		return ad("Medizininformatiker (m/w/d)", "Klinikum Nord gGmbH", "Gelsenkirchen", duties)
	}
	with := func(change func(p *alerts.Posting)) *alerts.Posting {
		p := base()
		change(p)
		return p
	}
	tests := map[string]struct {
		a, b *alerts.Posting
		want bool
	}{
		"the same twice":         {base(), base(), true},
		"female form, no tag":    {base(), with(func(p *alerts.Posting) { p.Title = "Medizininformatikerin" }), true},
		"legal form written out": {base(), with(func(p *alerts.Posting) { p.Employer = "Klinikum Nord" }), true},
		"another town":           {base(), with(func(p *alerts.Posting) { p.Locations[0].Name = "Herne" }), false},
		"a district of the town": {base(), with(func(p *alerts.Posting) { p.Locations[0].Name = "Gelsenkirchen-Buer" }), true},
		"one town of several":    {base(), with(func(p *alerts.Posting) { p.Locations = append(p.Locations, alerts.Location{Name: "Herne"}) }), true},
		"the town with its state": {with(func(p *alerts.Posting) { p.Locations[0].Name = "Gelsenkirchen, Nordrhein-Westfalen" }),
			with(func(p *alerts.Posting) { p.Locations[0].Name = "45879 Gelsenkirchen-Buer" }), true},
		"the town by its English name": {with(func(p *alerts.Posting) { p.Locations[0].Name = "Hansestadt Köln" }),
			with(func(p *alerts.Posting) { p.Locations[0].Name = "Cologne" }), true},
		"namesakes, which of them unsaid": {with(func(p *alerts.Posting) {
			p.Locations[0] = alerts.Location{Name: "Alsdorf", Located: true, Lat: 50.87, Lon: 6.16}
		}),
			with(func(p *alerts.Posting) {
				p.Locations[0] = alerts.Location{Name: "Alsdorf", PostalCode: "57518", Located: true, Lat: 50.78, Lon: 7.88}
			}), true},
		"namesakes, both with postcode": {with(func(p *alerts.Posting) {
			p.Locations[0] = alerts.Location{Name: "Alsdorf", PostalCode: "52477", Located: true, Lat: 50.87, Lon: 6.16}
		}), with(func(p *alerts.Posting) {
			p.Locations[0] = alerts.Location{Name: "Alsdorf", PostalCode: "57518", Located: true, Lat: 50.78, Lon: 7.88}
		}), false},
		"lines run together":  {base(), with(func(p *alerts.Posting) { p.Description = strings.ReplaceAll(duties, "</p><p>", " ") }), true},
		"two words, the same": {with(func(p *alerts.Posting) { p.Description = "<p>Stelle 12</p>" }), with(func(p *alerts.Posting) { p.Description = "<p>Stelle 12</p>" }), true},
		"two words, others":   {with(func(p *alerts.Posting) { p.Description = "<p>Stelle 12</p>" }), with(func(p *alerts.Posting) { p.Description = "<p>Stelle 13</p>" }), false},
		"no text at all":      {with(func(p *alerts.Posting) { p.Description = "" }), with(func(p *alerts.Posting) { p.Description = "" }), false},
		"a level in a compound": {with(func(p *alerts.Posting) {
			p.Title, p.Description = "Krankenpfleger", "<p>Station, Leitung, Stationsleitung</p>"+duties
		}),
			with(func(p *alerts.Posting) {
				p.Title, p.Description = "Stationsleitung Krankenpfleger", "<p>Station, Leitung, Stationsleitung</p>"+duties
			}), false},
		"initials": {with(func(p *alerts.Posting) { p.Title = "ZFA (m/w/d) Stuhlassistenz" }),
			with(func(p *alerts.Posting) { p.Title = "Zahnmedizinische Fachangestellte Stuhlassistenz" }), true},
		"other initials": {with(func(p *alerts.Posting) { p.Title = "MFA (m/w/d) Stuhlassistenz" }),
			with(func(p *alerts.Posting) { p.Title = "Zahnmedizinische Fachangestellte Stuhlassistenz" }), false},
		"the work and who does it": {with(func(p *alerts.Posting) { p.Title = "Sachbearbeitung Wohngeld" }), with(func(p *alerts.Posting) { p.Title = "Sachbearbeiter/in Wohngeld" }), true},
		"a public employer's name": {with(func(p *alerts.Posting) { p.Employer = "Universitätsstadt Marburg – Der Magistrat" }), with(func(p *alerts.Posting) { p.Employer = "Stadt Marburg" }), true},
		"one board, other duties": {with(func(p *alerts.Posting) {
			p.Source, p.Description = "board", duties+common+"<p>Sie leiten das Archiv für Röntgenbilder und alte Akten im Keller.</p>"
		}),
			with(func(p *alerts.Posting) {
				p.Source, p.Description = "board", duties+common+"<p>Sie reisen jede Woche in die Häuser des Verbunds und schulen dort Ärzte.</p>"
			}), false},
		"two boards, other duties": {with(func(p *alerts.Posting) {
			p.Source, p.Description = "board", duties+common+"<p>Sie leiten das Archiv für Röntgenbilder und alte Akten im Keller.</p>"
		}),
			with(func(p *alerts.Posting) {
				p.Source, p.Description = "other", duties+common+"<p>Sie reisen jede Woche in die Häuser des Verbunds und schulen dort Ärzte.</p>"
			}), true},
		"one agency, other client": {with(func(p *alerts.Posting) {
			p.Agency, p.Description = true, duties+"<p>Unser Kunde ist eine Brauerei in der Innenstadt mit langer Geschichte.</p>"
		}),
			with(func(p *alerts.Posting) {
				p.Agency, p.Description = true, duties+"<p>Wir vermitteln Sie an einen Hersteller von Getrieben am Rand der Stadt.</p>"
			}), false},
		"another level": {base(), with(func(p *alerts.Posting) { p.Title = "Senior Medizininformatiker (m/w/d)" }), false},
		"another job":   {base(), with(func(p *alerts.Posting) { p.Title = "Systemadministrator (m/w/d)" }), false},
		"another text": {base(), with(func(p *alerts.Posting) {
			p.Description = "<p>Du kümmerst dich um Drucker, Telefone und die Ausgabe der Schlüssel im Haus.</p>"
		}), false},
		"another employer": {base(), with(func(p *alerts.Posting) {
			p.Employer = "Praxis Sommer"
			p.Description = "<p>Klein und fein.</p>" + duties[:120]
		}), false},
		"an agency says the same": {base(), with(func(p *alerts.Posting) { p.Employer, p.Agency = "Rhein-Ruhr Personal GmbH", true }), true},
		"an agency says other": {base(), with(func(p *alerts.Posting) {
			p.Employer, p.Agency, p.Description = "Rhein-Ruhr Personal GmbH", true, "<p>Unser Kunde sucht Sie für den Aufbau eines Forschungsdatenzentrums in der Onkologie.</p>"
		}), false},
		"a level and another word for it": {with(func(p *alerts.Posting) { p.Title = "Azubi Medizininformatik" }), with(func(p *alerts.Posting) { p.Title = "Ausbildung Medizininformatik" }), true},
		"hours in the titles alone":       {with(func(p *alerts.Posting) { p.Title += ", Vollzeit" }), with(func(p *alerts.Posting) { p.Title += ", Teilzeit" }), false},
		"either hours":                    {with(func(p *alerts.Posting) { p.Title += ", Vollzeit oder Teilzeit" }), with(func(p *alerts.Posting) { p.Title += ", Teilzeit" }), true},
		"nobody's name":                   {with(func(p *alerts.Posting) { p.Employer = "Keine Angabe" }), base(), true},
		"other reference numbers":         {with(func(p *alerts.Posting) { p.Description += "<p>Kennziffer: 2026-17</p>" }), with(func(p *alerts.Posting) { p.Description += "<p>Kennziffer: 2026-18</p>" }), false},
		"a board's own number":            {with(func(p *alerts.Posting) { p.Description += "<p>Kennziffer: 2026-17</p>" }), with(func(p *alerts.Posting) { p.Description += "<p>Job-ID: 998877</p>" }), true},
		"full time and internship":        {with(func(p *alerts.Posting) { p.EmploymentTypes = []alerts.EmploymentType{alerts.FullTime} }), with(func(p *alerts.Posting) { p.EmploymentTypes = []alerts.EmploymentType{alerts.Intern} }), false},
		"pay far apart": {with(func(p *alerts.Posting) { p.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 40000, YearlyMax: 45000} }),
			with(func(p *alerts.Posting) { p.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 70000, YearlyMax: 80000} }), false},
		"pay by 12 and 13 salaries": {with(func(p *alerts.Posting) { p.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 42000, YearlyMax: 42000} }),
			with(func(p *alerts.Posting) { p.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 45500, YearlyMax: 45500} }), true},
		"another station":         {with(func(p *alerts.Posting) { p.Title = "Krankenpfleger Station C" }), with(func(p *alerts.Posting) { p.Title = "Krankenpfleger Station D" }), false},
		"a word put together":     {with(func(p *alerts.Posting) { p.Title = "Medizin Informatiker" }), base(), true},
		"another level by number": {with(func(p *alerts.Posting) { p.Title = "Medizininformatiker II" }), with(func(p *alerts.Posting) { p.Title = "Medizininformatiker III" }), false},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := cluster.New(c.a), cluster.New(c.b)
			if got := cluster.Same(a, b); got != c.want {
				t.Errorf("Same(%q at %s, %q at %s) = %v, want %v", c.a.Title, c.a.Employer, c.b.Title, c.b.Employer, got, c.want)
			}
			if cluster.Same(a, b) != cluster.Same(b, a) {
				t.Error("Same is not symmetric")
			}
		})
	}
}

func TestGroups_TwoTownsJoinedByAThirdStayTwo(t *testing.T) {
	t.Parallel()
	a, b := ad("Koch", "Haus am Park", "Köln", duties), ad("Koch", "Haus am Park", "Düsseldorf", duties)
	both := ad("Koch", "Haus am Park", "Köln", duties)
	both.Locations = append(both.Locations, b.Locations...)
	got := cluster.Groups(sketches([]*alerts.Posting{a, b, both}), nil)
	if len(got) != 1 || len(got[0]) != 2 || slices.Contains(got[0], 0) && slices.Contains(got[0], 1) {
		t.Errorf("grouped as %v, want one pair that does not hold both towns", got)
	}
}

// TestGroups_ByTheWordsThatAreAJobsOwn: on its page an employer has two jobs, by
// which one knows what all of its ads say; elsewhere they have other titles and
// other words around what they are about.
func TestGroups_ByTheWordsThatAreAJobsOwn(t *testing.T) {
	t.Parallel()
	const house = "<p>Wir sind ein Haus mit 300 Betten am Rand der Stadt und suchen Menschen mit Herz.</p><p>Tarif, Urlaub, Fahrrad und Kantine sind selbstverständlich.</p>"
	archive := "<p>Befundung vorbereiten, Röntgenbilder archivieren, Modalitäten anbinden, DICOM prüfen, Radiologen schulen, Speicher planen, Bildarchiv migrieren, Monitore kalibrieren.</p>"
	coding := "<p>Fälle kodieren, Erlöse sichern, Prüfdienst antworten, Fallpauschalen verfolgen, Kodierrichtlinien erklären, Verweildauer steuern, Diagnosen sichten, Chefärzte beraten.</p>"
	on := func(board, title, text string) *alerts.Posting {
		p := ad(title, "Klinikum Nord gGmbH", "Herne", text)
		p.Source = board
		return p
	}
	ps := []*alerts.Posting{
		on("site", "Administrator Bildarchiv (m/w/d)", house+archive),
		on("site", "Medizinische Kodierfachkraft (m/w/d)", house+coding),
		on("board", "PACS-Betreuer", "<p>Monitore kalibrieren und Speicher planen, dazu Modalitäten anbinden; Röntgenbilder archivieren, Radiologen schulen, DICOM prüfen.</p>"+house),
		on("board", "Clinical Coder", "<p>Diagnosen sichten, Fälle kodieren, Chefärzte beraten; Erlöse sichern, Fallpauschalen verfolgen, Kodierrichtlinien erklären.</p>"+house),
	}
	if got, want := cluster.Groups(sketches(ps), nil), [][]int{{0, 2}, {1, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("grouped as %v, want %v", got, want)
	}
	if got := cluster.Groups(sketches([]*alerts.Posting{ps[0], ps[2]}), nil); len(got) > 0 {
		t.Errorf("grouped as %v where nothing says what all of the employer's ads say", got)
	}
}

func TestGroups_TwoBranchesOnOneBoardAreTwoJobs(t *testing.T) {
	t.Parallel()
	on := func(board, code string) *alerts.Posting {
		p := ad("Verkäufer (m/w/d)", "Markt KG", "Leipzig", duties)
		p.Source, p.Locations[0].PostalCode = board, code
		return p
	}
	ps := []*alerts.Posting{on("a", "04229"), on("a", "04275"), on("b", "04229"), on("b", "04275")}
	if got, want := cluster.Groups(sketches(ps), nil), [][]int{{0, 2}, {1, 3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("grouped as %v, want %v", got, want)
	}
}

func TestGroups_HeedWhoSaysTheyAreTwo(t *testing.T) {
	t.Parallel()
	p := ad("Koch", "Haus am Park", "Köln", duties)
	s := sketches([]*alerts.Posting{p, p, p})
	if got, want := cluster.Groups(s, nil), [][]int{{0, 1, 2}}; !reflect.DeepEqual(got, want) {
		t.Fatalf("three times the same: %v, want %v", got, want)
	}
	apart := func(i, j int) bool { return min(i, j) == 0 }
	if got, want := cluster.Groups(s, apart), [][]int{{1, 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("with the first set apart: %v, want %v", got, want)
	}
}

func TestGroups_DoNotDependOnTheOrderOfPostings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ps, _ := block(rapid.Uint64Range(0, 1000).Draw(t, "seed"))
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)).Perm(len(ps))
		shuffled := make([]*alerts.Posting, len(ps))
		for to, from := range order {
			shuffled[to] = ps[from]
		}
		want, got := partners(cluster.Groups(sketches(ps), nil)), partners(cluster.Groups(sketches(shuffled), nil))
		for to, from := range order {
			if got[to] != want[from] {
				t.Fatalf("%q is one of %d in another order, and one of %d in this", ps[from].Title, got[to], want[from])
			}
		}
	})
}

// partners says how large each posting's group is.
func partners(groups [][]int) map[int]int {
	n := map[int]int{}
	for _, g := range groups {
		for _, i := range g {
			n[i] = len(g)
		}
	}
	return n
}

func FuzzNew(f *testing.F) {
	f.Add("Koch (m/w/d)", "Haus GmbH", "Köln", duties)
	f.Add("", "", "", "")
	f.Add("((((m/w", "\xff", "\u0130", "Kennziffer: 1")
	f.Fuzz(func(t *testing.T, title, employer, town, text string) {
		p := ad(title, employer, town, text)
		s := cluster.New(p)
		if cluster.Same(s, s) && strings.TrimSpace(title) == "" {
			t.Error("a posting without a title is somebody's twin")
		}
	})
}

func BenchmarkNew(b *testing.B) {
	ps, _ := block(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		cluster.New(ps[i%len(ps)])
	}
}

func BenchmarkGroups(b *testing.B) {
	for _, n := range []int{10, 60} {
		var ps []*alerts.Posting
		for seed := uint64(0); len(ps) < n; seed++ {
			more, _ := block(seed)
			ps = append(ps, more...)
		}
		s := sketches(ps[:n])
		b.Run(fmt.Sprintf("postings=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cluster.Groups(s, nil)
			}
		})
	}
}

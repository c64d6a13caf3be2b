package percolate

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// words are few, so that queries and postings meet: compounds and their parts,
// synonyms, inflections, gender forms, technical tokens, words that are one with
// their neighbour, and such as count only beside it.
var words = []string{
	"Medizininformatiker", "Informatiker", "Informatikerin", "Medizin", "medizinische Informatik", "Krankenhausinformationssystem", "KIS", "Krankenhaus", "System",
	"Pflegefachkraft", "Krankenschwester", "Altenpfleger", "Pflege", "Koch", "Köchin", "Küche", "Softwareentwickler", "Software", "Entwicklung", "developer",
	"C++", "C#", "Go", "HL7", "FHIR", "Nachtdienst", "Schicht", "Führerschein", "Praktikum", "Ärztin", "Arzt", "Lehrer",
	"back", "end", "Backend", "Haus", "Meister", "Hausmeister", "sales", "manager", "Sales Manager", "data", "engineer", "head", "Leiter", "warehouse",
}

// points lie close together and at the map's edges, with radii to match.
var points = [][2]float64{{51.51, 7.1}, {51.45, 7.01}, {51.58, 7.06}, {52.52, 13.4}, {48.14, 11.58}, {47.37, 8.54}, {0, 179.99}, {0.05, -179.98}, {89.95, 10}, {-89.9, -170}, {64.1, -21.9}, {-33.9, 151.2}}

func drawQuery(t *rapid.T) string {
	var parts []string
	for range rapid.IntRange(0, 3).Draw(t, "groups") {
		w := rapid.SampledFrom(words)
		term := func() string { return w.Draw(t, "w") }
		phrase := func() string { return `"` + term() + " " + term() + `"` }
		title := func() string { return "title:" + strings.Fields(term())[0] }
		switch rapid.IntRange(0, 10).Draw(t, "form") {
		case 0:
			parts = append(parts, term()+" OR "+term())
		case 1:
			parts = append(parts, phrase())
		case 2:
			parts = append(parts, title())
		case 3:
			parts = append(parts, term(), "-"+strings.Fields(term())[0])
		case 4:
			parts = append(parts, term(), "-"+phrase())
		case 5:
			parts = append(parts, term(), "-"+title())
		case 6:
			parts = append(parts, "title:"+phrase())
		case 7:
			parts = append(parts, term()+" OR "+title()+" OR "+phrase())
		default:
			parts = append(parts, term())
		}
	}
	return strings.Join(parts, " ")
}

func some[T any](t *rapid.T, label string, odds int, from []T) []T {
	if rapid.IntRange(1, odds).Draw(t, label+" given") > 1 {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(from), 1, 2).Draw(t, label)
}

// drawCriteria draws criteria; every kind of criterion occurs, and sometimes such as
// are not prepared, which match nothing.
func drawCriteria(t *rapid.T) *alerts.Criteria {
	if rapid.IntRange(0, 29).Draw(t, "unprepared") == 29 {
		return &alerts.Criteria{Query: rapid.SampledFrom(words).Draw(t, "w")}
	}
	for {
		c := &alerts.Criteria{
			Query:           drawQuery(t),
			States:          some(t, "states", 6, []string{"DE-NW", "DE-BE", "DE-BY"}),
			Countries:       some(t, "countries", 8, []string{"DE", "CH"}),
			Remote:          rapid.SampledFrom([]alerts.RemotePolicy{"", "include", "only", "exclude"}).Draw(t, "remote"),
			EmploymentTypes: some(t, "types", 3, alerts.EmploymentTypes),
			Employers:       some(t, "employers", 6, []string{"Klinikum Nord GmbH", "Klinikum Süd"}),
			NotEmployers:    some(t, "not employers", 6, []string{"Klinikum Nord", "Muster AG"}),
			NoAgencies:      rapid.Bool().Draw(t, "no agencies"),
			Languages:       some(t, "languages", 4, []string{"de", "en"}),
			Sources:         some(t, "sources", 5, []string{"board", "clinic"}),
		}
		for _, p := range some(t, "places", 2, points) {
			lat, lon := p[0], p[1]
			place := alerts.Place{Lat: &lat, Lon: &lon}
			if r := rapid.SampledFrom([]float64{-1, 0, 3, 9.5, 25, 60, 500}).Draw(t, "radius"); r >= 0 {
				place.RadiusKM = &r
			}
			c.Places = append(c.Places, place)
		}
		if rapid.IntRange(0, 2).Draw(t, "wish") == 0 {
			c.Salary = &alerts.Salary{Min: float64(rapid.IntRange(20, 60).Draw(t, "k")) * 1000, Currency: rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(t, "currency"), Unit: "YEAR"}
			c.SalaryUnknown = rapid.SampledFrom([]alerts.UnknownPay{"", "take", "drop", "mark"}).Draw(t, "unknown")
		}
		if meaning().Prepare(c) == nil {
			return c
		}
	}
}

func drawDocument(t *rapid.T) *alerts.Document {
	w := rapid.SampledFrom(words)
	p := &alerts.Posting{
		Title:       strings.Join(rapid.SliceOfN(w, 1, 3).Draw(t, "title"), " "),
		Description: "<p>" + strings.Join(rapid.SliceOfN(w, 0, 12).Draw(t, "text"), " und ") + ".</p>",
		Employer:    rapid.SampledFrom([]string{"", "Klinikum Nord gGmbH", "KLINIKUM SÜD", "Muster AG", "Andere"}).Draw(t, "employer"),
		Source:      rapid.SampledFrom([]string{"board", "clinic", "other"}).Draw(t, "source"),
		Language:    rapid.SampledFrom([]string{"de", "en", "fr"}).Draw(t, "language"),
		Agency:      rapid.IntRange(0, 3).Draw(t, "agency") == 0,
		Remote:      rapid.IntRange(0, 4).Draw(t, "remote") == 0,
	}
	p.EmploymentTypes = some(t, "types", 2, append([]alerts.EmploymentType{"UNHEARD_OF"}, alerts.EmploymentTypes...))
	for range rapid.IntRange(0, 3).Draw(t, "locations") {
		at := rapid.SampledFrom(points).Draw(t, "at")
		l := alerts.Location{State: rapid.SampledFrom([]string{"", "DE-NW", "DE-BE"}).Draw(t, "state"), Country: rapid.SampledFrom([]string{"", "DE", "CH"}).Draw(t, "country")}
		if l.Located = rapid.IntRange(0, 3).Draw(t, "located") > 0; l.Located {
			l.Lat = min(90, max(-90, at[0]+rapid.Float64Range(-0.3, 0.3).Draw(t, "north")))
			l.Lon = min(180, max(-180, at[1]+rapid.Float64Range(-0.3, 0.3).Draw(t, "east")))
		}
		p.Locations = append(p.Locations, l)
	}
	if rapid.Bool().Draw(t, "paid") {
		low, high := int64(rapid.IntRange(0, 60).Draw(t, "low"))*1000, int64(rapid.IntRange(0, 60).Draw(t, "high"))*1000
		p.Pay = &pay.Statement{YearlyMin: low, YearlyMax: high, Currency: rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(t, "currency"), Unit: pay.Year}
	}
	return meaning().Document(p)
}

// load is what a benchmark works on, made by seed from the synonym table's words.
type load struct {
	criteria  []*alerts.Criteria
	documents []*alerts.Document
}

// vocabulary reads single words and phrases from the synonym table.
func vocabulary(tb testing.TB) []string {
	tb.Helper()
	f, err := os.Open("../text/data/synonyms.txt")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("=|>-", r) }) {
			if w = strings.TrimSpace(w); len(w) > 2 && len(strings.Fields(w)) == 1 {
				out = append(out, w)
			}
		}
	}
	if len(out) < 500 {
		tb.Fatalf("%d words in the synonym table", len(out))
	}
	return out
}

func generate(tb testing.TB, subscriptions, postings int) *load {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := vocabulary(tb)
	r.Shuffle(len(vocabulary), func(i, j int) { vocabulary[i], vocabulary[j] = vocabulary[j], vocabulary[i] })
	zipf := rand.NewZipf(r, 1.05, 20, uint64(len(vocabulary)-1))
	word := func() string { return vocabulary[zipf.Uint64()] }
	cities := meaning().Places.Near(51, 10, 400, 50_000)
	city := func() gazetteer.Place { return cities[r.IntN(len(cities))] }
	l := &load{}
	for len(l.criteria) < subscriptions {
		c := &alerts.Criteria{Query: word()}
		if r.IntN(10) < 4 {
			c.Query += " " + word()
		}
		if r.IntN(10) < 3 {
			c.Query += " OR " + word()
		}
		for r.IntN(10) < 3 {
			c.Query += " -" + word()
		}
		switch n := r.IntN(10); {
		case n < 7:
			at, radius := city(), []float64{5, 10, 25, 50, 100}[r.IntN(5)]
			c.Places = []alerts.Place{{Lat: &at.Lat, Lon: &at.Lon, RadiusKM: &radius}}
		case n < 8:
			c.States = []string{city().StateCode}
		}
		if r.IntN(10) < 3 {
			c.Salary = &alerts.Salary{Min: float64(30_000 + 1000*r.IntN(40)), Currency: "EUR", Unit: "YEAR"}
		}
		if r.IntN(10) < 3 {
			c.EmploymentTypes = []alerts.EmploymentType{alerts.EmploymentTypes[r.IntN(3)]}
		}
		if meaning().Prepare(c) == nil {
			l.criteria = append(l.criteria, c)
		}
	}
	fill := strings.Fields("die Stelle umfasst viele Dinge zwischen Haus und Hof sowie gutes Wetter jeden Tag mit netten Leuten am Fluss")
	for i := range postings {
		var b strings.Builder
		for n := range 250 {
			if n%18 == 0 {
				b.WriteString(word())
			} else {
				b.WriteString(fill[r.IntN(len(fill))])
			}
			b.WriteString([]string{" ", " ", " ", ". "}[n%4])
		}
		at := city()
		l.documents = append(l.documents, meaning().Document(&alerts.Posting{
			Number: uint32(i + 1), Source: "bench", Title: word() + " " + word(), Description: "<p>" + b.String() + "</p>", Language: "de", Employer: fmt.Sprint("Haus ", i%50),
			Locations:       []alerts.Location{{Country: "DE", State: at.StateCode, Located: true, Lat: at.Lat, Lon: at.Lon}},
			EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}, PublishedAt: time.Unix(0, 0),
		}))
	}
	return l
}

func (l *load) each(yield func(uint32, *alerts.Criteria) bool) {
	for i, c := range l.criteria {
		if !yield(uint32(i+1), c) {
			return
		}
	}
}

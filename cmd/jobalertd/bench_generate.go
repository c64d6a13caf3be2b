package main

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// generator makes subscriptions and postings of a job market in small: the same
// for the same seed, and a smaller set is the beginning of a larger one. Dates
// alone follow the calendar, so that postings are open when they are used.
type generator struct {
	random *rand.Rand
	words  []string
	zipf   *rand.Zipf
	today  time.Time
}

func newGenerator(seed uint64, what string) *generator {
	h := fnv.New64a()
	_, _ = h.Write([]byte(what)) // never fails
	r := rand.New(rand.NewPCG(seed, h.Sum64()))
	words := jobWords()
	return &generator{random: r, words: words, zipf: rand.NewZipf(r, 1.05, 4, uint64(len(words)-1)), today: time.Now().UTC().Truncate(24 * time.Hour)}
}

// Shares of what a subscription asks for, in percent.
const (
	withPlace  = 70
	withState  = 10
	withSalary = 30
	withType   = 30
	remoteOnly = 10
	withOr     = 10
	withNot    = 10
	withPhrase = 5
)

func (g *generator) chance(percent int) bool { return g.random.IntN(100) < percent }
func (g *generator) word() string            { return g.words[g.zipf.Uint64()] }

func pick[T any](g *generator, from []T) T { return from[g.random.IntN(len(from))] }

// subscription is an import line.
func (g *generator) subscription(n int) map[string]any {
	line := map[string]any{"email": "s" + strconv.Itoa(n) + "@example.org", "query": g.query(), "frequency": "daily", "hour": 7,
		"timezone": "Europe/Berlin", "locale": "de", "confirmed_at": g.today.AddDate(0, -1, 0), "consent": map[string]string{"text": "v1", "source": "import"}}
	switch where := g.random.IntN(100); {
	case where < withPlace:
		t := pick(g, towns)
		line["places"] = []any{map[string]any{"lat": t.lat, "lon": t.lon, "radius_km": pick(g, []int{5, 10, 25, 50, 100})}}
	case where < withPlace+withState:
		line["states"] = []string{pick(g, towns).state}
	}
	if g.chance(withSalary) {
		line["salary"] = map[string]any{"min": 2000 + 250*g.random.IntN(17), "currency": "EUR", "unit": "MONTH"}
		line["salary_unknown"] = "drop"
	}
	if g.chance(withType) {
		line["employment_types"] = []string{pick(g, employmentTypes)}
	}
	if g.chance(remoteOnly) {
		line["remote"] = "only"
	}
	return line
}

func (g *generator) query() string {
	var parts []string
	for range 1 + g.random.IntN(3) {
		parts = append(parts, g.word())
	}
	switch {
	case g.chance(withOr):
		parts = append(parts[:1], "OR", g.word())
	case g.chance(withPhrase):
		parts = []string{`"` + pick(g, adjectives) + " " + parts[0] + `"`}
	}
	if without := g.word(); g.chance(withNot) && !strings.Contains(strings.Join(parts, " "), without) {
		parts = append(parts, "-"+without)
	}
	return strings.Join(parts, " ")
}

// posting is a schema.org JobPosting with 150 to 400 words of text.
func (g *generator) posting(n int) map[string]any {
	t := pick(g, towns)
	monthly := 2000 + 250*g.random.IntN(20)
	p := map[string]any{"@context": "https://schema.org", "@type": "JobPosting",
		"identifier": "b" + strconv.Itoa(n), "title": g.word() + " (m/w/d)", "description": g.text(),
		"hiringOrganization": map[string]any{"@type": "Organization", "name": pick(g, employers)},
		"datePosted":         g.today.Format(time.DateOnly), "employmentType": pick(g, employmentTypes), "inLanguage": "de",
		"jobLocation": map[string]any{"@type": "Place", "geo": map[string]any{"@type": "GeoCoordinates", "latitude": t.lat, "longitude": t.lon},
			"address": map[string]any{"@type": "PostalAddress", "addressLocality": t.name, "addressCountry": "DE"}}}
	if g.chance(70) {
		p["baseSalary"] = map[string]any{"@type": "MonetaryAmount", "currency": "EUR", "value": map[string]any{
			"@type": "QuantitativeValue", "minValue": monthly, "maxValue": monthly + 600, "unitText": "MONTH"}}
	}
	if g.chance(10) {
		p["jobLocationType"] = "TELECOMMUTE"
	}
	return p
}

func (g *generator) text() string {
	var b strings.Builder
	b.WriteString("<p>")
	for i, words := 0, 150+g.random.IntN(250); i < words; i++ {
		switch {
		case g.chance(3):
			b.WriteString(g.word())
		case g.chance(5):
			b.WriteString(pick(g, adjectives))
		default:
			b.WriteString(pick(g, fillers))
		}
		if i%17 == 16 {
			b.WriteString(".</p><p>")
			continue
		}
		b.WriteByte(' ')
	}
	b.WriteString("</p>")
	return b.String()
}

// jobWords are occupations put together from the fields and the roles of German
// job titles, most frequent first.
func jobWords() []string {
	var out []string
	for _, role := range roles {
		for _, field := range fields {
			out = append(out, field+role)
		}
	}
	return append(out, loneWords...)
}

var (
	fields = strings.Fields(`Medizin Pflege Software Daten Elektro Bau Maschinen Fahrzeug Labor Lager Verkaufs Vertriebs Personal Finanz Steuer
		Netzwerk System Anlagen Energie Umwelt Lebensmittel Chemie Bio Textil Holz Metall Garten Hotel Küchen Reise Bank Versicherungs
		Immobilien Verwaltungs Sozial Sprach Musik Sport Druck Medien Kunden Projekt Qualitäts Produktions Logistik Schul Heiz Kälte`)
	roles = strings.Fields(`techniker informatiker fachkraft berater leiter assistent ingenieur meister helfer referent sachbearbeiter
		entwickler planer prüfer kaufmann betreuer therapeut mechaniker monteur analyst koordinator disponent`)
	loneWords = strings.Fields(`Java Python SQL SAP HL7 FHIR DICOM Kubernetes Linux Excel Schweißen CNC SPS CAD Buchhaltung Controlling Marketing
		Englisch Französisch Führerschein Schichtdienst Nachtdienst Homeoffice Tarifvertrag Ausbildung Studium Praktikum Werkstudent`)
	adjectives = strings.Fields(`leitende erfahrene examinierte staatliche technische medizinische kaufmännische digitale mobile ambulante stationäre junge`)
	fillers    = strings.Fields(`und oder der die das ein eine mit für bei von zu auf in im am wir Sie Ihre unser unsere Team Aufgaben Profil Bereich
		Arbeit Jahre Erfahrung Kenntnisse sowie gerne sicher täglich gemeinsam flexibel Zeit Ort Haus Stadt Region Menschen Zukunft Freude
		Verantwortung Möglichkeit Entwicklung Förderung Urlaub Zuschuss Anstellung Bewerbung freuen bieten suchen arbeiten unterstützen
		übernehmen begleiten pflegen planen führen lernen wachsen Vertrauen Respekt Alltag Woche Monat neue gute große kleine eigene viele`)
	employers       = strings.Fields(`Nordlicht Bergquell Rheinwerk Sonnenhof Talblick Waldfrieden Seeufer Steinbach Lindenhof Kornblume`)
	employmentTypes = []string{"FULL_TIME", "PART_TIME", "CONTRACTOR", "TEMPORARY", "INTERN"}
)

type town struct {
	name, state string
	lat, lon    float64
}

// towns are some of Germany's, with positions good to a kilometre.
var towns = []town{
	{"Berlin", "DE-BE", 52.52, 13.41}, {"Hamburg", "DE-HH", 53.55, 10.00}, {"München", "DE-BY", 48.14, 11.58}, {"Köln", "DE-NW", 50.94, 6.96},
	{"Frankfurt am Main", "DE-HE", 50.11, 8.68}, {"Stuttgart", "DE-BW", 48.78, 9.18}, {"Düsseldorf", "DE-NW", 51.22, 6.78}, {"Leipzig", "DE-SN", 51.34, 12.37},
	{"Dortmund", "DE-NW", 51.51, 7.47}, {"Essen", "DE-NW", 51.46, 7.01}, {"Bremen", "DE-HB", 53.08, 8.80}, {"Dresden", "DE-SN", 51.05, 13.74},
	{"Hannover", "DE-NI", 52.37, 9.74}, {"Nürnberg", "DE-BY", 49.45, 11.08}, {"Duisburg", "DE-NW", 51.43, 6.76}, {"Bochum", "DE-NW", 51.48, 7.22},
	{"Gelsenkirchen", "DE-NW", 51.51, 7.10}, {"Münster", "DE-NW", 51.96, 7.63}, {"Mannheim", "DE-BW", 49.49, 8.47}, {"Augsburg", "DE-BY", 48.37, 10.90},
	{"Kiel", "DE-SH", 54.32, 10.14}, {"Rostock", "DE-MV", 54.09, 12.10}, {"Magdeburg", "DE-ST", 52.13, 11.63}, {"Erfurt", "DE-TH", 50.98, 11.03},
	{"Mainz", "DE-RP", 50.00, 8.27}, {"Saarbrücken", "DE-SL", 49.24, 6.99}, {"Potsdam", "DE-BB", 52.40, 13.06}, {"Freiburg im Breisgau", "DE-BW", 48.00, 7.85},
}

package text_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
	"pgregory.net/rapid"
)

func TestDocument_CountsTasksAndRequirementsNotTheEmployersPraise(t *testing.T) {
	t.Parallel()
	a := shared()
	body := `Wir sind ein führender Hersteller von Prothesen.

Über uns
Unsere Kunden sind Physiotherapeuten und Orthopäden.

Ihre Aufgaben
- Sie beraten zu SQL und warten Oracle-Systeme.
- Enge Zusammenarbeit mit Elektrikern

Das bringen Sie mit:
• Kenntnisse in Kubernetes

Was wir bieten
- Massagen und Kinderbetreuung
Darauf können Sie sich freuen: Obstkorb

Kontakt
Frau Schuster, Telefon 0209 12345
`
	d := a.Document("Systembetreuer (m/w/d)", body, "de")
	for query, want := range map[string]bool{
		"SQL": true, "Oracle": true, "Kubernetes": true, "Systembetreuer": true,
		"Prothesen": false, "Physiotherapeut": false, "Massagen": false, "Kinderbetreuung": false, "Obstkorb": false, "Schuster": false, "Elektriker": false,
	} {
		if got := mustParse(t, a, query).Matches(d); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestDocument_CountsOccupationsInABodyWhereTheReaderIsMeant(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, c := range []struct {
		query, body string
		want        bool
	}{
		{"Krankenpfleger", "Ausbildung zum Krankenpfleger oder vergleichbar", true},
		{"Krankenpfleger", "Enge Zusammenarbeit mit Krankenpflegern", false},
		{"Krankenpfleger", "Sie unterstützen unsere Krankenpfleger bei der Dokumentation im Alltag der Station", false},
		{"Informatiker", "Sie sind Informatiker (m/w/d) und mögen Zahlen", true},
		{"Informatiker", "Gemeinsam beraten wir unsere Informatiker und deren Teams in allen Fragen rund um die Arbeit", false},
		{"Koch", "Wir suchen einen Koch für unsere Kantine", true},
		{"Koch", "Gern kochen Sie auch selbst", false},
		{"Pflege", "Sie pflegen die Stammdaten", false},
		{"Pflege", "Erfahrung in der Pflege", true},
		{"Elektroniker", "- Elektroniker für Betriebstechnik", true},
		{"engineer", "Degree as a mechanical engineer", true},
		{"engineer", "You prepare the drawings that our engineers need in their daily work on the site", false},
		{"Projektmanager", "Erfahrung im Projektmanagement", false}, // an activity counts in a title only
	} {
		if got := mustParse(t, a, c.query).Matches(a.Document("Stelle", "Ihre Aufgaben\n"+c.body+".\n", "")); got != c.want {
			t.Errorf("%s in %q: %v, want %v", c.query, c.body, got, c.want)
		}
	}
}

func TestDocument_TellsTheLanguageFromTheWords(t *testing.T) {
	t.Parallel()
	a := shared()
	for _, c := range []struct{ title, body, given, want string }{
		{"Koch", "Wir suchen einen Koch für unsere Küche und die Kantine.", "", "de"},
		{"Cook", "We are looking for a cook to join our team.", "", "en"},
		{"Senior DevOps Engineer", "", "", ""},
		{"Koch", "", "de-AT", "de"},
		{"Cuisinier", "", "fr", "fr"},
	} {
		if got := a.Document(c.title, c.body, c.given).Language(); got != c.want {
			t.Errorf("%q, %q: language %q, want %q", c.title, c.body, got, c.want)
		}
	}
}

// words of a posting for generated documents.
var vocabularySample = []string{
	"Medizininformatiker", "medizinische", "Informatik", "Informatiker:in", "für", "Pfleger", "Krankenpflege", "Kinderkrankenpfleger", "und", "Gesundheits-", "KIS", "ITS",
	"Entwickler", "Entwicklung", "Software", "Python", "C++", ".NET", "Leiter", "Leitung", "Projektleiter", "Assistenz", "der", "Geschäftsführung", "Koch", "Köchin", "backend",
	"Back", "End", "developer", "developers", "nurse", "SQL", "HL7", "(m/w/d)", "Einzelhandel", "Kaufmann", "Führungskräfte", "Anlagenmechaniker", "Sanitär-", "Heizungs-", "Klimatechnik",
}

func genWords(n int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(vocabularySample), 0, n), func(ws []string) string { return strings.Join(ws, " ") })
}

func TestMatches_AgreesWithExplainAndRequired(t *testing.T) {
	a := shared()
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(genWords(12), 0, 5).Draw(t, "lines"), ".\n")
		d := a.Document(genWords(7).Draw(t, "title"), body, rapid.SampledFrom([]string{"", "de", "en"}).Draw(t, "language"))
		q, err := a.Parse(genWords(3).Draw(t, "query"))
		if err != nil {
			return
		}
		checkAgreement(t, q, d)
	})
}

func TestDocument_SentencesCountInAnyOrder(t *testing.T) {
	a := shared()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(genWords(10), 1, 6).Draw(t, "lines")
		shuffled := slices.Clone(lines)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(lines), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		// A list's items: nothing carries over from one to the next.
		write := func(lines []string) string { return "- " + strings.Join(lines, "\n- ") }
		one, two := a.Document("Koch", write(lines), "de"), a.Document("Koch", write(shuffled), "de")
		if !slices.Equal(one.Terms(), two.Terms()) {
			t.Fatalf("terms differ with the order of\n%s", write(lines))
		}
		if q, err := a.Parse(genWords(3).Draw(t, "query")); err == nil && q.Matches(one) != q.Matches(two) {
			t.Fatalf("%q tells the order of\n%s", q, write(lines))
		}
	})
}

func TestDocument_AnalysingTwiceOrAtOnceGivesTheSame(t *testing.T) {
	t.Parallel()
	a, fresh := shared(), text.New(text.Embedded())
	title, body := posting300(t)
	want := fresh.Document(title, body, "de").Terms()
	if !slices.IsSorted(want) || len(slices.Compact(slices.Clone(want))) != len(want) {
		t.Error("terms are not ascending and distinct")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := a.Document(title, body, "de").Terms(); !slices.Equal(got, want) {
					t.Error("another analysis of the same posting")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMatches_AllocatesNothing(t *testing.T) {
	a := shared()
	title, body := posting300(t)
	d := a.Document(title, body, "de")
	for _, query := range []string{"Medizininformatiker", `"medizinische Informatik"`, "software developer", "Koch -Praktikum"} {
		q := mustParse(t, a, query)
		if n := testing.AllocsPerRun(100, func() { q.Matches(d) }); n != 0 {
			t.Errorf("%q: %v allocations", query, n)
		}
	}
}

func TestDocument_Of300WordsAllocatesAtMost200Times(t *testing.T) {
	a := shared()
	title, body := posting300(t)
	a.Document(title, body, "de")
	if n := testing.AllocsPerRun(50, func() { a.Document(title, body, "de") }); n > 200 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDocument(f *testing.F) {
	a := shared()
	queries := []text.Query{mustParse(f, a, "Medizininformatiker"), mustParse(f, a, `"medizinische Informatik"`), mustParse(f, a, "software developer -Koch"), mustParse(f, a, "Pflege OR C++")}
	title, body := posting300(f)
	f.Add(title, body, "de")
	f.Add("Gesundheits- und Kinderkrankenpfleger*innen (m/w/d)", "Wir bieten:\n- a\n\nAufgaben\n-helfer und -", "")
	f.Add("C++ C# E 13 S/4HANA :in (in) /-in", "\xff\xfe", "xx")
	f.Add("a-b-c-d-e_f·g’s", "1.\n2.\n", "en")
	f.Fuzz(func(t *testing.T, title, body, language string) {
		d := a.Document(title, body, language)
		if !slices.IsSorted(d.Terms()) {
			t.Fatal("terms are not ascending")
		}
		for _, q := range queries {
			checkAgreement(t, q, d)
		}
	})
}

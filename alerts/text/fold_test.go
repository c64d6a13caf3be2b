package text_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
	"pgregory.net/rapid"
)

func TestFold_BringsSpellingsTogether(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"Müller & Söhne GmbH": "mueller soehne gmbh", "MUELLER  &  SOEHNE GmbH": "mueller soehne gmbh",
		"Weißenburg i. Bayern": "weissenburg i bayern", "Café Zürich": "cafe zuerich", "  ": "", "St.-Marien-Hospital": "st marien hospital",
		"Mu\u0308nchen": "muenchen", "Steuer": "steuer", "Michael": "michael", "Łódź": "lodz", "STRAẞE": "strasse",
	} {
		if got := text.Fold(s); got != want {
			t.Errorf("Fold(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestFold_TwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := text.Fold(s); text.Fold(once) != once {
			t.Fatalf("Fold(%q) = %q, folded again %q", s, once, text.Fold(once))
		}
	})
}

// distinctWords are words that folding, stemming or splitting joins elsewhere.
var distinctWords = strings.Fields(`Steuer Stür Duell Düll Michael Michäl aktuell aktüll Lehrer Lehre Schlosser Schloss Bäcker Back Küche Kuchen Leiter Leitung
	Drucker Drücker Halter Hälter Richter Richtung Rechner Rechnung account accountant market marketing intern internal office officer economist economics
	steward stewardship plumber plum Termin Term Medizin Mediziner Berlin Berl Login Log Verein Vere Technik technisch Halbleiter Leitern
	university universe organ organisation general generation police policy news new Blumen Bluse Kunde Kunst Wirt Wirtschaft Pfleger Pflege Bauer Bau
	Fahrer Fahrt Wagen Waage Hütte Hut Blüte Blut Käufer Kauf Töpfer Topf Messe Messer Körper Korb Maler Mahler Sanitäter Sanitär`)

// TestAnalysis_NeverJoinsDistinctWords asks for each of two words with the
// other in a posting's body, where a stem alone decides.
func TestAnalysis_NeverJoinsDistinctWords(t *testing.T) {
	t.Parallel()
	var pairs [][]string
	for i := 0; i+1 < len(distinctWords); i += 2 {
		pairs = append(pairs, distinctWords[i:i+2])
	}
	files, err := filepath.Glob("testdata/distinct*.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		pairs = append(pairs, readTSV(t, file)...)
	}
	a := shared()
	for _, f := range pairs {
		if len(f) < 2 {
			t.Fatalf("%q is no pair", f)
		}
		for _, p := range [][2]string{{f[0], f[1]}, {f[1], f[0]}} {
			q, err := a.Parse(p[0])
			if err != nil {
				continue // a word that nobody can ask for joins nothing
			}
			d := a.Document("Stelle", "- "+p[1], "")
			if held, hits := q.Explain(d); held && hits[0].Rule != text.Synonym {
				t.Errorf("%s is found in %s: %+v", p[0], p[1], hits)
			}
		}
	}
}

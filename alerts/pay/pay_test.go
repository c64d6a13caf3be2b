package pay_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

// phrase is one line of testdata/pay*.tsv.
type phrase struct {
	line       int
	text       string
	none       bool
	min, max   float64
	currency   string
	unit       pay.Unit
	yMin, yMax int64
}

func phrases(t testing.TB) []phrase { return phrasesOf(t, "testdata/pay.tsv") }

func phrasesOf(t testing.TB, file string) []phrase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []phrase
	for n, line := range strings.Split(string(data), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		p := phrase{line: n + 1, text: strings.ReplaceAll(f[0], `\n`, "\n")}
		if len(f) == 2 && f[1] == "-" {
			p.none = true
			all = append(all, p)
			continue
		}
		if len(f) != 7 {
			t.Fatalf("line %d has %d fields, want 2 or 7", n+1, len(f))
		}
		p.min, p.max = number(t, f[1]), number(t, f[2])
		p.currency, p.unit = f[3], pay.Unit(f[4])
		p.yMin, p.yMax = int64(number(t, f[5])), int64(number(t, f[6]))
		all = append(all, p)
	}
	return all
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParse_ReadsThePhrases(t *testing.T) {
	t.Parallel()
	stated, silent := 0, 0
	for _, p := range phrases(t) {
		got, ok := pay.Parse(p.text)
		if p.none {
			silent++
			if ok {
				t.Errorf("line %d: %q was read as %v–%v %s %s, it states no pay", p.line, p.text, got.Min, got.Max, got.Currency, got.Unit)
			}
			continue
		}
		stated++
		if !ok {
			t.Errorf("line %d: no pay read from %q", p.line, p.text)
			continue
		}
		if got.Min != p.min || got.Max != p.max || got.Currency != p.currency || got.Unit != p.unit || got.YearlyMin != p.yMin || got.YearlyMax != p.yMax {
			t.Errorf("line %d: %q\n got %v–%v %s %s, yearly %d–%d\nwant %v–%v %s %s, yearly %d–%d", p.line, p.text,
				got.Min, got.Max, got.Currency, got.Unit, got.YearlyMin, got.YearlyMax, p.min, p.max, p.currency, p.unit, p.yMin, p.yMax)
		}
	}
	if stated < 150 || silent < 100 {
		t.Errorf("the table has %d phrases with pay and %d without, too few to mean anything", stated, silent)
	}
}

// Snippets that were written without looking at the rules: nearly all are read
// right, and hardly anything that is no pay is read as pay.
func TestParse_ReadsSnippetsItWasNotMadeFor(t *testing.T) {
	t.Parallel()
	var stated, right, silent, wrong int
	for _, p := range phrasesOf(t, "testdata/pay-blind.tsv") {
		got, ok := pay.Parse(p.text)
		same := ok && got.Min == p.min && got.Max == p.max && got.Currency == p.currency && got.Unit == p.unit && got.YearlyMin == p.yMin && got.YearlyMax == p.yMax
		switch {
		case p.none && ok:
			wrong++
			t.Logf("line %d: %q was read as %v–%v %s %s, it states no pay", p.line, p.text, got.Min, got.Max, got.Currency, got.Unit)
		case p.none:
		case same:
			right++
		default:
			t.Logf("line %d: %q was read as %v–%v %s %s, yearly %d–%d", p.line, p.text, got.Min, got.Max, got.Currency, got.Unit, got.YearlyMin, got.YearlyMax)
		}
		if p.none {
			silent++
		} else {
			stated++
		}
	}
	if 100*right < 97*stated || 100*wrong > silent {
		t.Errorf("%d of %d read right, want 97 %%; %d of %d without pay read, want 1 %% at most", right, stated, wrong, silent)
	}
}

// A phrase means the same amid a posting: before it the employer's figures,
// after it the benefits.
func TestParse_ReadsThePhrasesWithinAPosting(t *testing.T) {
	t.Parallel()
	const before = "Wir sind ein Klinikverbund mit 3.800 Mitarbeitenden, 1.200 Betten und 250 Mio. € Jahresumsatz.\n\n"
	const after = "\n\n30 Tage Urlaub, Jobticket für 49 €, 50 € Sachbezug im Monat, Prämie von 1.000 € für jede Empfehlung.\nTel. 0209 172 3456, 45879 Gelsenkirchen"
	alone := map[string]bool{} // read only where the text says nothing else
	for _, s := range []string{"45k", "45-55k", "45k-55k €", "45 TEUR", "45 – 55 TEUR", "$60k", "CHF 6'500", "E 13", "A 10", "up to £75k + bonus", "EG 9b"} {
		alone[s] = true
	}
	for _, p := range phrases(t) {
		if alone[p.text] || strings.Contains(p.text, "Std./Woche") || strings.Contains(p.text, "-Stunden-Woche") || strings.HasPrefix(p.text, "Wir zahlen 13") || p.text == "14 Gehälter" {
			continue
		}
		got, ok := pay.Parse(before + p.text + after)
		switch {
		case p.none && ok:
			t.Errorf("line %d: %q was read as %v–%v %s %s amid a posting (%q)", p.line, p.text, got.Min, got.Max, got.Currency, got.Unit, got.Text)
		case !p.none && (!ok || got.Min != p.min || got.Max != p.max || got.Unit != p.unit || got.YearlyMax != p.yMax):
			t.Errorf("line %d: %q amid a posting read as %v–%v %s %s (%q), want %v–%v %s", p.line, p.text, got.Min, got.Max, got.Currency, got.Unit, got.Text, p.min, p.max, p.unit)
		}
	}
}

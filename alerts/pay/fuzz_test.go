package pay_test

import (
	"math"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func FuzzParse(f *testing.F) {
	for _, p := range phrases(f) {
		f.Add(p.text)
	}
	f.Add("<b>3.000 €</b>/Monat &euro; 4'000.– x 13 (14x) 1.")
	f.Add("\xff\xfe 3.000 \xe2\x82 €")
	f.Fuzz(func(t *testing.T, text string) {
		best, ok := pay.Parse(text)
		all := pay.ParseAll(text)
		if ok != (len(all) > 0) {
			t.Fatalf("Parse found %t, ParseAll %d statements in %q", ok, len(all), text)
		}
		seen := !ok
		for _, s := range all {
			seen = seen || s == best
			checkStatement(t, text, s)
		}
		if !seen {
			t.Fatalf("Parse's statement %+v is none of ParseAll's in %q", best, text)
		}
	})
}

// checkStatement holds a statement to what its fields promise.
func checkStatement(t *testing.T, text string, s pay.Statement) {
	t.Helper()
	switch {
	case s.Min < 0 || s.Max < 0 || s.Min == 0 && s.Max == 0 || math.IsNaN(s.Min) || math.IsNaN(s.Max):
		t.Fatalf("no amounts in %+v from %q", s, text)
	case s.Max > 0 && s.Min > s.Max:
		t.Fatalf("bounds the wrong way round in %+v from %q", s, text)
	case len(s.Currency) != 3 || s.Unit == "" || s.Text == "":
		t.Fatalf("currency, unit or phrase missing in %+v from %q", s, text)
	case (s.Min == 0) != (s.YearlyMin == 0) || (s.Max == 0) != (s.YearlyMax == 0):
		t.Fatalf("yearly amounts have other bounds in %+v from %q", s, text)
	case s.Unit != pay.Year && s.Assumption.SalariesPerYear == 0:
		t.Fatalf("a step to a year without its assumption in %+v from %q", s, text)
	}
}

func FuzzParseWish(f *testing.F) {
	for _, s := range []string{"3500 EUR/month", "3.500 €/Monat", "45k EUR/year", "18,50 EUR/Std.", "€45,000 a year", "p. a."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		amount, currency, unit, err := pay.ParseWish(s)
		if err == nil && (amount <= 0 || len(currency) != 3 || unit == "") {
			t.Fatalf("%q was taken as %v %q %q", s, amount, currency, unit)
		}
	})
}

func TestParse_ReadsNoFurtherThanItsLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Wir bieten viel. ", 7000)
	if s, ok := pay.Parse(long + "Gehalt: 3.000 € im Monat"); ok {
		t.Errorf("read %q beyond the limit", s.Text)
	}
	if _, ok := pay.Parse("Gehalt: 3.000 € im Monat. " + long); !ok {
		t.Error("did not read the beginning of a long text")
	}
}

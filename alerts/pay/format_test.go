package pay_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func ExampleFormat() {
	fmt.Println(pay.Format(3200, 3800, "EUR", pay.Month, "de"))
	fmt.Println(pay.Format(3200, 3800, "EUR", pay.Month, "en"))
	fmt.Println(pay.Format(18.5, 0, "EUR", pay.Hour, "de-AT"))
	fmt.Println(pay.Format(0, 60000, "GBP", pay.Year, "en"))
	fmt.Println(pay.Format(6500, 6500, "CHF", pay.Month, "de-CH"))
	// Output:
	// 3.200–3.800 € im Monat
	// €3,200–3,800 a month
	// ab 18,50 € pro Stunde
	// up to £60,000 a year
	// 6.500 CHF im Monat
}

func TestFormat_SaysNothingWithoutAnAmount(t *testing.T) {
	t.Parallel()
	if got := pay.Format(0, 0, "EUR", pay.Month, "de"); got != "" {
		t.Errorf("formatted as %q, want nothing", got)
	}
}

// sizes are the amounts, in cents, that are paid for each unit.
var sizes = map[pay.Unit][2]int{
	pay.Hour:  {900, 12_000},
	pay.Day:   {10_000, 150_000},
	pay.Week:  {40_000, 250_000},
	pay.Month: {50_000, 1_250_000},
	pay.Year:  {1_200_000, 25_000_000},
}

func TestParse_ReadsBackWhatFormatWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]pay.Unit{pay.Hour, pay.Day, pay.Week, pay.Month, pay.Year}).Draw(t, "unit")
		currency := rapid.SampledFrom([]string{"EUR", "CHF", "USD", "GBP"}).Draw(t, "currency")
		locale := rapid.SampledFrom([]string{"de", "en"}).Draw(t, "locale")
		lo := amountFor(t, unit, "min")
		hi := math.Round(lo*rapid.Float64Range(1, 2).Draw(t, "factor")*100) / 100
		switch rapid.IntRange(0, 3).Draw(t, "bounds") {
		case 0:
			hi = 0
		case 1:
			lo = 0
		case 2:
			hi = lo
		}
		text := pay.Format(lo, hi, currency, unit, locale)
		got, ok := pay.Parse(text)
		if !ok || got.Min != lo || got.Max != hi || got.Currency != currency || got.Unit != unit || got.UnitGuessed {
			t.Fatalf("%q read back as %v–%v %s %s (found %t), want %v–%v %s %s", text, got.Min, got.Max, got.Currency, got.Unit, ok, lo, hi, currency, unit)
		}
	})
}

// amountFor draws an amount of a size that is paid for unit: whole, or with
// cents.
func amountFor(t *rapid.T, unit pay.Unit, label string) float64 {
	cents := rapid.IntRange(sizes[unit][0], sizes[unit][1]).Draw(t, label)
	if rapid.Bool().Draw(t, label+" whole") {
		cents = cents / 100 * 100
	}
	return float64(cents) / 100
}

func TestAssumption_TextNamesWhatWasTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, de, en string }{
		{"18,50 €/Std.", "40\u00a0h/Woche und 12 Gehälter angenommen", "assuming 40\u00a0h a week and 12 salaries"},
		{"Gehalt 3.000 €/Monat", "12 Gehälter angenommen", "assuming 12 salaries"},
		{"3.000 €/Monat, 14 Gehälter", "14 Gehälter laut Text", "14 salaries as stated"},
		{"Tagessatz 800 €", "5\u00a0Tage/Woche und 12 Gehälter angenommen", "assuming 5\u00a0days a week and 12 salaries"},
		{"52.000 € p. a.", "", ""},
		{"Jahresgehalt 52.000 €", "", ""},
		{"E 11 TVöD", "nach Tabelle TVöD VKA 2026-05 E 11 (Vollzeit); 12 Gehälter angenommen", "by pay table TVöD VKA 2026-05 E 11 (full time); assuming 12 salaries"},
		{"45k", "EUR und Betrag im Jahr angenommen", "assuming EUR and an amount a year"},
		{"16 €/Std., 20 Std./Woche", "12 Gehälter angenommen; 20\u00a0h/Woche laut Text; Teilzeit 50\u00a0%", "assuming 12 salaries; 20\u00a0h a week as stated; part time 50\u00a0%"},
		{"Teilzeit (50 %), 1.900 € brutto im Monat", "12 Gehälter angenommen; Teilzeit 50\u00a0%", "assuming 12 salaries; part time 50\u00a0%"},
	} {
		s, ok := pay.Parse(c.text)
		if !ok {
			t.Errorf("no pay read from %q", c.text)
			continue
		}
		if got := s.Assumption.Text("de-DE"); got != c.de {
			t.Errorf("%q in German: %q, want %q", c.text, got, c.de)
		}
		if got := s.Assumption.Text("en"); got != c.en {
			t.Errorf("%q in English: %q, want %q", c.text, got, c.en)
		}
	}
}

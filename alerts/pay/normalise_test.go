package pay_test

import (
	"math"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestNormalise_BringsStructuredPayToAYear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		min, max   float64
		unit       pay.Unit
		hints      pay.Hints
		yMin, yMax int64
	}{
		{"hour", 20, 25, pay.Hour, pay.Hints{}, 41600, 52000},
		{"hour with stated hours", 20, 20, pay.Hour, pay.Hints{HoursPerWeek: 38.5}, 40040, 40040},
		{"month", 3000, 3500, pay.Month, pay.Hints{}, 36000, 42000},
		{"month with fourteen salaries", 3000, 0, pay.Month, pay.Hints{SalariesPerYear: 14}, 42000, 0},
		{"year with fourteen salaries", 60000, 0, pay.Year, pay.Hints{SalariesPerYear: 14}, 60000, 0},
		{"week", 1000, 1000, pay.Week, pay.Hints{}, 52000, 52000},
		{"day", 400, 400, pay.Day, pay.Hints{}, 104000, 104000},
		{"only an upper bound", 0, 60000, pay.Year, pay.Hints{}, 0, 60000},
		{"bounds exchanged", 4000, 3000, pay.Month, pay.Hints{}, 36000, 48000},
		{"unit told from the size", 45000, 55000, "", pay.Hints{}, 45000, 55000},
		{"unknown unit told from the size", 3000, 3000, "FORTNIGHT", pay.Hints{}, 36000, 36000},
		{"part-time pay stays as stated", 1500, 1500, pay.Month, pay.Hints{PartTimeShare: 0.5}, 18000, 18000},
	} {
		got := pay.Normalise(c.min, c.max, "EUR", c.unit, c.hints)
		if got.YearlyMin != c.yMin || got.YearlyMax != c.yMax {
			t.Errorf("%s: yearly %d–%d, want %d–%d", c.name, got.YearlyMin, got.YearlyMax, c.yMin, c.yMax)
		}
	}
}

func TestNormalise_GivesNothingForWhatIsNoMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		min, max float64
		unit     pay.Unit
	}{
		{0, 0, pay.Month}, {-5, 0, pay.Hour}, {math.NaN(), math.Inf(1), pay.Year}, {1e12, 0, pay.Year}, {500, 500, ""},
	} {
		if got := pay.Normalise(c.min, c.max, "EUR", c.unit, pay.Hints{}); got != (pay.Statement{}) {
			t.Errorf("%v–%v %q became %+v, want nothing", c.min, c.max, c.unit, got)
		}
	}
}

func TestNormalise_MarksWhatWasGuessed(t *testing.T) {
	t.Parallel()
	got := pay.Normalise(45000, 0, "", "", pay.Hints{})
	if !got.UnitGuessed || !got.CurrencyGuessed || got.Currency != "EUR" || got.Assumption.GuessedUnit != pay.Year {
		t.Errorf("guessed unit and currency are not marked: %+v", got)
	}
	if got := pay.Normalise(45000, 0, "chf", pay.Year, pay.Hints{}); got.Currency != "CHF" || !got.Assumption.IsZero() {
		t.Errorf("stated yearly pay in francs became %+v", got)
	}
}

func TestReadHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want pay.Hints
	}{
		{"38,5 h/Woche", pay.Hints{HoursPerWeek: 38.5}},
		{"40-Stunden-Woche", pay.Hints{HoursPerWeek: 40}},
		{"39 Wochenstunden", pay.Hints{HoursPerWeek: 39}},
		{"20 bis 30 Std. pro Woche", pay.Hints{HoursPerWeek: 30}},
		{"Vollzeit (38,5 Std.)", pay.Hints{HoursPerWeek: 38.5}},
		{"up to 20 hours per week", pay.Hints{HoursPerWeek: 20}},
		{"Wöchentliche Arbeitszeit: 37,5 Stunden", pay.Hints{HoursPerWeek: 37.5}},
		{"13 Gehälter", pay.Hints{SalariesPerYear: 13}},
		{"13,5 Monatsgehälter", pay.Hints{SalariesPerYear: 13.5}},
		{"13. Monatsgehalt", pay.Hints{SalariesPerYear: 13}},
		{"13. und 14. Monatsgehalt", pay.Hints{SalariesPerYear: 14}},
		{"€ 3.000 (14x)", pay.Hints{SalariesPerYear: 14}},
		{"€ 3.000 14 mal jährlich", pay.Hints{SalariesPerYear: 14}},
		{"Teilzeit 50 %", pay.Hints{PartTimeShare: 0.5}},
		{"Pensum 60–80 %", pay.Hints{PartTimeShare: 0.8}},
		{"80%-Stelle", pay.Hints{PartTimeShare: 0.8}},
		{"24-Stunden-Betrieb, 48 Stunden Ruhezeit", pay.Hints{}},
		{"16x schneller, 14 Standorte, 13 Uhr", pay.Hints{}},
		{"100 % Einsatz, 25 % Nachtzuschlag", pay.Hints{}},
		{"12 Monate Elternzeit", pay.Hints{}},
		{"am 13. Mai", pay.Hints{}},
	} {
		if got := pay.ReadHints(c.text); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.text, got, c.want)
		}
	}
}

package pay_test

import (
	"errors"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestParseWish_ReadsAmountCurrencyAndUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		amount   float64
		currency string
		unit     pay.Unit
	}{
		{"3500 EUR/month", 3500, "EUR", pay.Month},
		{"3.500 €/Monat", 3500, "EUR", pay.Month},
		{"3500 €", 0, "", ""},
		{"45k EUR/year", 45000, "EUR", pay.Year},
		{"18,50 EUR/Std.", 18.5, "EUR", pay.Hour},
		{"18.50 EUR/hour", 18.5, "EUR", pay.Hour},
		{"CHF 6'500 pro Monat", 6500, "CHF", pay.Month},
		{"€45,000 a year", 45000, "EUR", pay.Year},
		{"£30,000 per annum", 30000, "GBP", pay.Year},
		{"ab 52.000 EUR p. a.", 52000, "EUR", pay.Year},
		{"mindestens 3.500 € brutto im Monat", 3500, "EUR", pay.Month},
		{"Jahresgehalt 60.000 €", 60000, "EUR", pay.Year},
		{"55 TEUR/Jahr", 55000, "EUR", pay.Year},
		{"3500/Monat", 3500, "EUR", pay.Month},
		{"3500 monatlich", 3500, "EUR", pay.Month},
		{"3500EUR/month", 3500, "EUR", pay.Month},
		{"400 €/Tag", 400, "EUR", pay.Day},
		{"", 0, "", ""},
		{"viel", 0, "", ""},
		{"3.000–3.500 €/Monat", 0, "", ""},
		{"3500 EUR/month bananas", 0, "", ""},
		{"3500 EUR/month 4000", 0, "", ""},
		{"3500 EUR/Kind", 0, "", ""},
		{"-3500 EUR/month", 0, "", ""},
		{"0 EUR/month", 0, "", ""},
		{"50 %", 0, "", ""},
	} {
		amount, currency, unit, err := pay.ParseWish(c.text)
		if c.unit == "" {
			if !errors.Is(err, pay.ErrWish) {
				t.Errorf("%q was taken as %v %s %s (%v), want it refused", c.text, amount, currency, unit, err)
			}
			continue
		}
		if err != nil || amount != c.amount || currency != c.currency || unit != c.unit {
			t.Errorf("%q: %v %s %s (%v), want %v %s %s", c.text, amount, currency, unit, err, c.amount, c.currency, c.unit)
		}
	}
}

package pay

import (
	"math"
	"strconv"
	"strings"
)

// NoBreak stands between a number and its unit, so that a line does not end
// between them. It is the full space, not the narrow U+202F, which many fonts of
// mail programs lack.
const NoBreak = "\u00a0"

// symbols are the signs written before an English amount.
var symbols = map[string]string{"EUR": "€", "USD": "$", "GBP": "£"}

// Format writes pay for a reader: German for a locale that begins with "de"
// ("3.200–3.800 € im Monat"), English otherwise ("€3,200–3,800 a month").
// Bounds follow the rule of Statement: without a maximum it says "ab" or
// "from", without a minimum "bis zu" or "up to". Cents are written only where
// an amount has them. It is empty if neither bound is given.
func Format(minimum, maximum float64, currency string, unit Unit, locale string) string {
	if minimum <= 0 && maximum <= 0 {
		return ""
	}
	if isGerman(locale) {
		return formatGerman(minimum, maximum, currency, unit)
	}
	return formatEnglish(minimum, maximum, currency, unit)
}

func formatGerman(lo, hi float64, currency string, unit Unit) string {
	cents := hasCents(lo) || hasCents(hi)
	write := func(v float64) string { return money(v, cents, ".", ",") }
	var s string
	switch {
	case hi <= 0:
		s = "ab " + write(lo)
	case lo <= 0:
		s = "bis zu " + write(hi)
	case lo == hi:
		s = write(lo)
	default:
		s = write(lo) + "–" + write(hi)
	}
	if currency == "EUR" {
		currency = "€"
	}
	if currency != "" {
		s += NoBreak + currency
	}
	return strings.TrimRight(s+" "+germanUnit[unit], " ")
}

func formatEnglish(lo, hi float64, currency string, unit Unit) string {
	cents := hasCents(lo) || hasCents(hi)
	write := func(v float64) string { return money(v, cents, ",", ".") }
	sign, ok := symbols[currency]
	if !ok && currency != "" {
		sign = currency + NoBreak
	}
	var s string
	switch {
	case hi <= 0:
		s = "from " + sign + write(lo)
	case lo <= 0:
		s = "up to " + sign + write(hi)
	case lo == hi:
		s = sign + write(lo)
	default:
		s = sign + write(lo) + "–" + write(hi)
	}
	return strings.TrimRight(s+" "+englishUnit[unit], " ")
}

func hasCents(v float64) bool { return math.Round(v*100) != 100*math.Round(v) }

// money writes v with its thousands grouped, and with two decimals if cents.
func money(v float64, cents bool, group, comma string) string {
	places := 0
	if cents {
		places = 2
	}
	s := strconv.FormatFloat(v, 'f', places, 64)
	whole, frac, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if cents {
		return whole + comma + frac
	}
	return whole
}

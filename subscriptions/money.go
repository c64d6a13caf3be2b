package subscriptions

import (
	"math"
	"strconv"
	"strings"
)

// units are the spans pay is given for, by schema.org's unitText.
var units = map[string][2]string{
	"HOUR": {"in der Stunde", "an hour"}, "DAY": {"am Tag", "a day"}, "WEEK": {"in der Woche", "a week"},
	"MONTH": {"im Monat", "a month"}, "YEAR": {"im Jahr", "a year"},
}

// FormatPay writes gross pay for a reader of German ("de") or English: "3.200 bis
// 3.800 € im Monat", "€3,200 to €3,800 a month". A bound of 0 is not stated; it is
// empty if neither is.
func FormatPay(least, most float64, currency, unit, locale string) string {
	de := locale == "de"
	from, upTo, to := "from ", "up to ", " to "
	span := units[unit][1]
	if de {
		from, upTo, to = "ab ", "bis zu ", " bis "
		span = units[unit][0]
	}
	var amount string
	switch {
	case least <= 0 && most <= 0:
		return ""
	case most <= 0:
		amount = from + money(least, currency, de)
	case least <= 0:
		amount = upTo + money(most, currency, de)
	case least == most:
		amount = money(least, currency, de)
	case de:
		amount = number(least, de) + to + money(most, currency, de)
	default:
		amount = money(least, currency, de) + to + money(most, currency, de)
	}
	return strings.TrimSpace(amount + " " + span)
}

// money puts the sign where the language has it; what is no euro goes by its code.
func money(amount float64, currency string, de bool) string {
	switch {
	case currency == "EUR" && de:
		return number(amount, de) + " €"
	case currency == "EUR":
		return "€" + number(amount, de)
	}
	return currency + " " + number(amount, de)
}

// number groups thousands and shows cents only where there are some.
func number(amount float64, de bool) string {
	group, point := ",", "."
	if de {
		group, point = ".", ","
	}
	cents := int64(math.Round(amount * 100))
	whole := strconv.FormatInt(cents/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if rest := cents % 100; rest != 0 {
		whole += point + strconv.FormatInt(100+rest, 10)[1:]
	}
	return whole
}

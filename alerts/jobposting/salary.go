package jobposting

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// units are the ways unitText is written, folded.
var units = map[string]pay.Unit{
	"hour": pay.Hour, "hourly": pay.Hour, "hur": pay.Hour, "stunde": pay.Hour, "std": pay.Hour, "stuendlich": pay.Hour, "per hour": pay.Hour,
	"day": pay.Day, "daily": pay.Day, "tag": pay.Day, "week": pay.Week, "weekly": pay.Week, "wee": pay.Week, "woche": pay.Week,
	"month": pay.Month, "monthly": pay.Month, "mon": pay.Month, "monat": pay.Month, "monatlich": pay.Month, "per month": pay.Month,
	"year": pay.Year, "yearly": pay.Year, "annual": pay.Year, "annum": pay.Year, "ann": pay.Year, "jahr": pay.Year, "jaehrlich": pay.Year, "per year": pay.Year, "per annum": pay.Year,
}

// pay takes baseSalary, else what title and text state. estimatedSalary is a
// guess of a board and no pay that is offered.
func (d *document) pay() {
	found := false
	for _, n := range d.refs.list(d.n.get("basesalary")) {
		s, stated := d.salary(n)
		if s != nil {
			d.p.Pay = s
			return
		}
		found = found || stated
	}
	if s, ok := pay.Parse(d.p.Title + "\n" + d.plain); ok {
		d.p.Pay = &s
		return
	}
	if found {
		d.warn("baseSalary", `cannot be read as pay; write {"currency": "EUR", "value": {"minValue": 3200, "maxValue": 3800, "unitText": "MONTH"}}`)
	}
}

// salary reads one entry of baseSalary; stated is false when it is empty.
func (d *document) salary(n node) (s *pay.Statement, stated bool) {
	currency := n.get("currency").str()
	if currency == "" {
		currency = d.get("salarycurrency").str()
	}
	value := n
	if v := d.refs.resolve(n.get("value")); v.kind != kindNull {
		value = v
	}
	unit := unitOf(value)
	if unit == "" {
		unit = unitOf(n)
	}
	if unit == "" {
		unit = units[text.Fold(d.get("salaryunit").str())]
	}
	if value.kind == kindArray && len(value.items) > 0 {
		value = d.refs.resolve(value.items[0])
		unit = unitOf(value)
	}
	minimum, maximum, ok := amounts(value)
	if !ok {
		minimum, maximum, ok = amounts(n)
	}
	if ok {
		return d.normalised(minimum, maximum, currency, unit), minimum > 0 || maximum > 0
	}
	words := strings.TrimSpace(value.str() + " " + currency)
	if value.str() == "" {
		return nil, false
	}
	if parsed, ok := pay.Parse("Gehalt: " + plainLine(words)); ok {
		return &parsed, true
	}
	return nil, true
}

func unitOf(n node) pay.Unit {
	for _, key := range []string{"unittext", "unitcode"} {
		if u, ok := units[text.Fold(n.get(key).str())]; ok {
			return u
		}
	}
	return ""
}

// amounts are the bounds that a number or a QuantitativeValue states.
func amounts(n node) (minimum, maximum float64, ok bool) {
	if v, is := number(n); is && n.kind != kindObject {
		return v, v, true
	}
	if n.kind != kindObject {
		return 0, 0, false
	}
	minimum, okMin := number(n.get("minvalue"))
	maximum, okMax := number(n.get("maxvalue"))
	if okMin || okMax {
		return minimum, maximum, true
	}
	v, is := number(n.get("value"))
	return v, v, is
}

// normalised is nil for amounts that are no pay.
func (d *document) normalised(minimum, maximum float64, currency string, unit pay.Unit) *pay.Statement {
	currency = currencyCode(currency)
	s := pay.Normalise(minimum, maximum, currency, unit, pay.ReadHints(d.p.Title+"\n"+d.plain))
	if s == (pay.Statement{}) {
		return nil
	}
	if unit == "" {
		d.warn("baseSalary.value.unitText", "is missing or not known; %s is taken. Write HOUR, DAY, WEEK, MONTH or YEAR", s.Unit)
	}
	return &s
}

// currencyCode is ISO 4217 of a sign or name; what it does not know stays, in
// capitals, if it could be a code.
func currencyCode(s string) string {
	switch s = strings.ToUpper(strings.TrimSpace(s)); s {
	case "€", "EURO", "EUROS":
		return "EUR"
	case "$", "US$":
		return "USD"
	case "£":
		return "GBP"
	case "FR.", "SFR", "SFR.", "FRANKEN":
		return "CHF"
	}
	if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

package pay

import (
	"errors"
	"fmt"
	"strings"
)

// ErrWish is what every error of ParseWish wraps.
var ErrWish = errors.New(`pay is written as an amount, a currency and a unit, such as "3500 EUR/month", "45k EUR/year" or "18,50 EUR/hour"`)

// ParseWish reads the least pay that a criterion asks for: one amount, a
// currency (EUR if none is written) and a unit, in German or English: "3500
// EUR/month", "3.500 €/Monat", "45k EUR/year", "18,50 EUR/Std.". A bound word
// before it ("ab", "mindestens") changes nothing. Anything more or less is an
// error that wraps ErrWish.
func ParseWish(s string) (amount float64, currency string, unit Unit, err error) {
	if len(s) > 100 {
		return 0, "", "", fmt.Errorf("%d characters are too many: %w", len(s), ErrWish)
	}
	p := newParser(strings.TrimSpace(s))
	i := 0
	for i < len(p.tok) && p.tok[i].kind != kNumber {
		i++
	}
	if i == len(p.tok) {
		return 0, "", "", fmt.Errorf("no amount in %q: %w", s, ErrWish)
	}
	sp, ok := p.span(i)
	if !ok || sp.ranged || sp.tied {
		return 0, "", "", fmt.Errorf("no single amount in %q: %w", s, ErrWish)
	}
	unit = sp.unit
	for j := 0; j < len(p.tok); {
		if j >= sp.first && j <= sp.last {
			j++
			continue
		}
		next, u := p.wishWord(j)
		if next == j {
			return 0, "", "", fmt.Errorf("%q in %q is not understood: %w", p.raw(j), s, ErrWish)
		}
		unit = or(unit, u)
		j = next
	}
	if unit == "" {
		return 0, "", "", fmt.Errorf("no unit (hour, month, year) in %q: %w", s, ErrWish)
	}
	if sp.currency == "" {
		sp.currency = "EUR"
	}
	return sp.min, sp.currency, unit, nil
}

// wishWord returns the token after the word or phrase at j that may stand in a
// wish, and the unit it names; j itself if it may not.
func (p *parser) wishWord(j int) (next int, unit Unit) {
	if u, next := p.unitAt(j); u != "" {
		return next, u
	}
	switch w := p.at(j); w.class {
	case cTime, cEach, cPay, cGross:
		return j + 1, w.unit
	case cFrom, cPer, cFiller:
		return j + 1, ""
	}
	switch p.tok[j].kind {
	case kSlash, kDot, kStop, kColon:
		return j + 1, ""
	}
	return j, ""
}

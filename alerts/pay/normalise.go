package pay

import (
	"math"
	"strings"
)

// What is taken where a text is silent.
const (
	defaultHours    = 40.0
	defaultDays     = 5.0
	defaultSalaries = 12.0
	weeksPerYear    = 52.0
)

// largest is the largest amount that is taken for pay.
const largest = 1e9

// Hints are what a text says about how its pay is to be counted. Zero fields
// were not stated.
type Hints struct {
	HoursPerWeek    float64
	SalariesPerYear float64
	PartTimeShare   float64 // of full time, 0 to 1
}

// ReadHints returns the weekly hours, the salaries a year and the part-time
// share that text states, for Normalise. Of several hours the most are taken.
func ReadHints(text string) Hints {
	text = prepare(text)
	if !strings.ContainsAny(text, "0123456789") {
		return Hints{}
	}
	return newParser(text).hints()
}

// Normalise makes a Statement of structured pay. Bounds follow the rule of
// Statement (0: not stated) and are exchanged when they come the wrong way
// round; an empty currency is taken for EUR and an empty unit is told from the
// amount's size, both marked. The zero Statement is returned when neither bound
// is an amount of money, or when the unit is none that is known and the size
// does not tell it.
func Normalise(minimum, maximum float64, currency string, unit Unit, hints Hints) Statement {
	minimum, maximum = sane(minimum), sane(maximum)
	if minimum == 0 && maximum == 0 {
		return Statement{}
	}
	if maximum > 0 && minimum > maximum {
		minimum, maximum = maximum, minimum
	}
	s := Statement{Min: minimum, Max: maximum, Currency: strings.ToUpper(strings.TrimSpace(currency)), Unit: unit}
	if s.Currency == "" {
		s.Currency, s.CurrencyGuessed = "EUR", true
	}
	if !s.Unit.known() {
		s.Unit, s.UnitGuessed = unitBySize(max(minimum, maximum)), true
		if s.Unit == "" {
			return Statement{}
		}
	}
	settle(&s, hints)
	return s
}

func sane(v float64) float64 {
	if math.IsNaN(v) || v <= 0 || v > largest {
		return 0
	}
	return v
}

func (u Unit) known() bool {
	switch u {
	case Hour, Day, Week, Month, Year:
		return true
	}
	return false
}

// unitBySize tells the unit of an amount of pay from its size alone, empty
// where sizes overlap.
func unitBySize(v float64) Unit {
	switch {
	case v >= 12_000:
		return Year
	case v >= 1_000:
		return Month
	case v >= 8 && v <= 150:
		return Hour
	}
	return ""
}

// settle fills in what follows from amounts, unit and hints: the yearly amounts
// and the assumption they rest on.
func settle(s *Statement, h Hints) {
	a := &s.Assumption
	if s.UnitGuessed {
		a.GuessedUnit = s.Unit
	}
	if s.CurrencyGuessed {
		a.GuessedCurrency = s.Currency
	}
	factor := 1.0
	if s.Unit != Year {
		a.SalariesPerYear = defaultSalaries
		if h.SalariesPerYear > 0 && a.Table == "" {
			a.SalariesPerYear, a.SalariesStated = h.SalariesPerYear, true
		}
	}
	switch s.Unit {
	case Hour:
		a.HoursPerWeek = defaultHours
		if h.HoursPerWeek > 0 {
			a.HoursPerWeek, a.HoursStated = h.HoursPerWeek, true
		}
		factor = a.HoursPerWeek * weeksPerYear * a.SalariesPerYear / 12
	case Day:
		a.DaysPerWeek = defaultDays
		factor = defaultDays * weeksPerYear * a.SalariesPerYear / 12
	case Week:
		factor = weeksPerYear * a.SalariesPerYear / 12
	case Month:
		factor = a.SalariesPerYear
	}
	a.PartTimeShare = h.PartTimeShare
	if a.PartTimeShare == 0 && h.HoursPerWeek > 0 && h.HoursPerWeek < 35 {
		a.PartTimeShare = h.HoursPerWeek / defaultHours
	}
	s.YearlyMin = int64(math.Round(s.Min * factor))
	s.YearlyMax = int64(math.Round(s.Max * factor))
}

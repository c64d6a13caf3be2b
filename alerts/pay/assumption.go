package pay

import (
	"strconv"
	"strings"
)

// Assumption is what the step from a stated amount to a yearly one rests on.
// It is zero when the text stated a yearly amount outright.
type Assumption struct {
	HoursPerWeek    float64 `json:"hours_per_week,omitempty"`    // for an hourly amount; 40 unless stated
	DaysPerWeek     float64 `json:"days_per_week,omitempty"`     // for a daily amount; 5
	SalariesPerYear float64 `json:"salaries_per_year,omitempty"` // for an hourly, weekly, daily or monthly amount; 12 unless stated
	HoursStated     bool    `json:"hours_stated,omitempty"`      // the text itself says HoursPerWeek
	SalariesStated  bool    `json:"salaries_stated,omitempty"`   // the text itself says SalariesPerYear
	PartTimeShare   float64 `json:"part_time_share,omitempty"`   // of full time, 0 to 1, when the text says so; amounts stay as stated
	Table           string  `json:"table,omitempty"`             // dated pay table and grades, such as "TVöD VKA 2026-05 E 11"
	GuessedUnit     Unit    `json:"guessed_unit,omitempty"`      // the unit that the amount's size suggested
	GuessedCurrency string  `json:"guessed_currency,omitempty"`  // the currency that was taken because none was stated
}

// IsZero reports whether nothing was assumed.
func (a Assumption) IsZero() bool { return a == Assumption{} }

// Text says the assumption to a reader: German for a locale that begins with
// "de", English otherwise, empty for the zero Assumption.
func (a Assumption) Text(locale string) string {
	if a.IsZero() {
		return ""
	}
	if isGerman(locale) {
		return a.german()
	}
	return a.english()
}

func isGerman(locale string) bool {
	return len(locale) >= 2 && strings.EqualFold(locale[:2], "de")
}

func (a Assumption) german() string {
	var assumed, stated, out []string
	put := func(said bool, s string) {
		if said {
			stated = append(stated, s)
			return
		}
		assumed = append(assumed, s)
	}
	if a.HoursPerWeek > 0 {
		put(a.HoursStated, plain(a.HoursPerWeek, ",")+NoBreak+"h/Woche")
	}
	if a.DaysPerWeek > 0 {
		put(false, plain(a.DaysPerWeek, ",")+NoBreak+"Tage/Woche")
	}
	if a.SalariesPerYear > 0 {
		put(a.SalariesStated, plain(a.SalariesPerYear, ",")+" Gehälter")
	}
	if a.GuessedCurrency != "" {
		put(false, a.GuessedCurrency)
	}
	if a.GuessedUnit != "" {
		put(false, "Betrag "+germanUnit[a.GuessedUnit])
	}
	if a.Table != "" {
		out = append(out, "nach Tabelle "+a.Table+" (Vollzeit)")
	}
	if len(assumed) > 0 {
		out = append(out, join(assumed, " und ")+" angenommen")
	}
	if len(stated) > 0 {
		out = append(out, join(stated, " und ")+" laut Text")
	}
	if a.PartTimeShare > 0 {
		out = append(out, "Teilzeit "+plain(100*a.PartTimeShare, ",")+NoBreak+"%")
	}
	return strings.Join(out, "; ")
}

func (a Assumption) english() string {
	var assumed, stated, out []string
	put := func(said bool, s string) {
		if said {
			stated = append(stated, s)
			return
		}
		assumed = append(assumed, s)
	}
	if a.HoursPerWeek > 0 {
		put(a.HoursStated, plain(a.HoursPerWeek, ".")+NoBreak+"h a week")
	}
	if a.DaysPerWeek > 0 {
		put(false, plain(a.DaysPerWeek, ".")+NoBreak+"days a week")
	}
	if a.SalariesPerYear > 0 {
		put(a.SalariesStated, plain(a.SalariesPerYear, ".")+" salaries")
	}
	if a.GuessedCurrency != "" {
		put(false, a.GuessedCurrency)
	}
	if a.GuessedUnit != "" {
		put(false, "an amount "+englishUnit[a.GuessedUnit])
	}
	if a.Table != "" {
		out = append(out, "by pay table "+a.Table+" (full time)")
	}
	if len(assumed) > 0 {
		out = append(out, "assuming "+join(assumed, " and "))
	}
	if len(stated) > 0 {
		out = append(out, join(stated, " and ")+" as stated")
	}
	if a.PartTimeShare > 0 {
		out = append(out, "part time "+plain(100*a.PartTimeShare, ".")+NoBreak+"%")
	}
	return strings.Join(out, "; ")
}

// join lists parts with commas and, before the last, the word and.
func join(parts []string, and string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + and + parts[last]
}

// plain writes v without trailing zeros, at most two decimals.
func plain(v float64, comma string) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	return strings.Replace(s, ".", comma, 1)
}

package web

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// criteria makes prepared criteria of what was typed. was, which may be nil, are
// the criteria being edited: a place or state she left as it was stays the very
// one it was, and is not looked up again among its namesakes.
func (s *Site) criteria(f wishForm, was *alerts.Criteria, locale string) (alerts.Criteria, []fault) {
	c := alerts.Criteria{Query: f.Query, Remote: alerts.RemotePolicy(f.Remote), SalaryUnknown: alerts.UnknownPay(f.SalaryUnknown),
		NoAgencies: f.NoAgencies, Languages: f.Languages, Sources: f.Sources}
	c.Employers, c.NotEmployers = names(f.Employers, nil), names(f.NotEmployers, nil)
	if was != nil {
		c.Employers, c.NotEmployers = names(f.Employers, was.Employers), names(f.NotEmployers, was.NotEmployers)
	}
	for _, t := range f.Types {
		c.EmploymentTypes = append(c.EmploymentTypes, alerts.EmploymentType(t))
	}
	var faults []fault
	var rows []int // the field each place came from
	for i, p := range f.Places {
		if s.keepRegion(&c, p, was) {
			continue
		}
		radius, ok := amount(p.Radius)
		if !ok { // whether the place is known is told all the same
			faults = append(faults, fault{"radius-" + strconv.Itoa(i), s.texts.say(locale, "fault.radius")})
			radius = alerts.DefaultRadiusKM
		}
		c.Places = append(c.Places, keepPlace(alerts.Place{Name: p.Name, RadiusKM: &radius}, was))
		rows = append(rows, i)
	}
	if f.Salary != "" {
		least, ok := amount(f.Salary)
		if !ok {
			faults = append(faults, fault{"salary", s.texts.say(locale, "fault.salary")})
		} else {
			c.Salary = &alerts.Salary{Min: least, Currency: currencyOf(was), Unit: f.SalaryUnit}
		}
	}
	var wrong *alerts.CriteriaError
	if err := s.Meaning.Prepare(&c); errors.As(err, &wrong) {
		for _, w := range wrong.Faults {
			if w.Code == alerts.FaultEverything && len(faults) > 0 {
				continue // what would have narrowed them is among the faults
			}
			faults = append(faults, s.faultOf(w, rows, locale))
		}
	}
	if c.Salary != nil && c.Salary.Currency == "EUR" && c.YearlySalary() > mostPay {
		faults = append(faults, fault{"salary", s.texts.say(locale, "fault.salary-range")})
	}
	if len(faults) == 0 && !s.Meaning.CanMatch(&c) {
		faults = append(faults, fault{"q", s.texts.say(locale, "fault.nothing")})
	}
	return c, faults
}

// mostPay is the most that an advertised job pays, in euros a year: who asks for
// more means another period.
const mostPay = 2_000_000

func currencyOf(was *alerts.Criteria) string {
	if was != nil && was.Salary != nil {
		return was.Salary.Currency
	}
	return "EUR"
}

// keepPlace gives a place she left as it was the point it had.
func keepPlace(p alerts.Place, was *alerts.Criteria) alerts.Place {
	if was == nil {
		return p
	}
	for i := range was.Places {
		if old := &was.Places[i]; old.Label() == p.Name {
			p.Name, p.Postcode, p.Lat, p.Lon = old.Name, old.Postcode, old.Lat, old.Lon
			return p
		}
	}
	return p
}

// keepRegion keeps a state or country that the form showed by its name.
func (s *Site) keepRegion(c *alerts.Criteria, p placeForm, was *alerts.Criteria) bool {
	if was == nil {
		return false
	}
	for _, code := range was.States {
		if s.stateName(code) == p.Name && !slices.Contains(c.States, code) {
			c.States = append(c.States, code)
			return true
		}
	}
	for _, iso := range was.Countries {
		if (p.Name == iso || slices.ContainsFunc(locales, func(locale string) bool { return alerts.CountryName(iso, locale) == p.Name })) && !slices.Contains(c.Countries, iso) {
			c.Countries = append(c.Countries, iso)
			return true
		}
	}
	return false
}

func (s *Site) stateName(code string) string {
	if _, name, ok := s.Meaning.Places.State(code); ok {
		return name
	}
	return code
}

// names splits a list of employers at commas and semicolons. Those in was that the
// form showed stay whole, whatever is in their names.
func names(typed string, was []string) []string {
	var list []string
	for _, name := range was {
		if before, after, ok := strings.Cut(typed, name); ok && strings.ContainsAny(name, ",;") {
			list = append(list, name)
			typed = before + "," + after
		}
	}
	for _, n := range strings.FieldsFunc(typed, func(c rune) bool { return c == ',' || c == ';' }) {
		if n = strings.TrimSpace(n); n != "" {
			list = append(list, n)
		}
	}
	return list
}

// amount reads a number as German or English speakers type it: 3500, 3.500,
// 3,500.00, 18,50.
func amount(typed string) (float64, bool) {
	typed = strings.TrimSuffix(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "€", "", "km", "").Replace(typed), ",-")
	if i := strings.LastIndexAny(typed, ".,"); i >= 0 {
		whole, rest := typed[:i], typed[i+1:]
		if len(rest) == 3 && !strings.ContainsAny(whole, string(otherMark(typed[i]))) {
			whole, rest = whole+rest, "0" // a group of thousands
		}
		typed = strings.NewReplacer(".", "", ",", "").Replace(whole) + "." + rest
	}
	value, err := strconv.ParseFloat(typed, 64)
	if err != nil || strings.ContainsAny(typed, "eExXpP_nN+-") {
		return 0, false
	}
	return value, true
}

func otherMark(mark byte) rune {
	if mark == '.' {
		return ','
	}
	return '.'
}

// wish makes a whole wish: criteria, schedule and label. was, which may be nil, is
// the subscription being edited.
func (s *Site) wish(f wishForm, was *subscriptions.Subscription, locale string) (subscriptions.Wish, []fault) {
	var old *alerts.Criteria
	w := subscriptions.Wish{Label: f.Label}
	if was != nil {
		old = &was.Criteria
		w.MaxPostings, w.Overflow = was.MaxPostings, was.Overflow
	}
	var faults []fault
	w.Criteria, faults = s.criteria(f, old, locale)
	wrong := func(field, key string, args ...any) {
		faults = append(faults, fault{field, s.texts.say(locale, key, args...)})
	}
	if utf8.RuneCountInString(f.Label) > subscriptions.MaxLabel {
		wrong("label", "fault.label", subscriptions.MaxLabel)
	}
	hour, err := strconv.Atoi(f.Hour)
	if err != nil || hour < 0 || hour > 23 {
		wrong("hour", "fault.hour")
	}
	day, ok := subscriptions.ParseWeekday(f.Weekday)
	if !ok {
		wrong("weekday", "fault.weekday")
	}
	if !slices.Contains(s.frequencies(), f.Frequency) {
		wrong("frequency", "fault.frequency")
	}
	w.Schedule = subscriptions.Schedule{Frequency: subscriptions.Frequency(f.Frequency), Hour: hour, Weekday: day, Timezone: f.Timezone}
	if (subscriptions.Schedule{Frequency: subscriptions.Instant, Timezone: f.Timezone}).Check(nil) != nil {
		wrong("timezone", "fault.timezone")
	}
	inOrder(faults)
	if len(faults) == 0 && s.calendar.Check(w.Schedule) != nil {
		wrong("frequency", "fault.frequency")
	}
	return w, faults
}

package subscriptions

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

// Name is what to call the subscription in mails and pages: her label, or its
// criteria described.
func (s *Subscription) Name(m *alerts.Meaning, locale string) string {
	if s.Label != "" {
		return s.Label
	}
	return Describe(m, &s.Criteria, locale)
}

// Describe puts prepared criteria into one line of German ("de") or English:
// "Medizininformatiker · 25 km um Gelsenkirchen · ab 3.500 € im Monat".
// m names the states.
func Describe(m *alerts.Meaning, c *alerts.Criteria, locale string) string {
	de := locale == "de"
	pick := func(german, english string) string {
		if de {
			return german
		}
		return english
	}
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if q := c.Parsed(); !q.IsZero() {
		add(q.Describe(locale))
	}
	add(describePlaces(m, c, pick))
	switch c.RemoteRule() {
	case alerts.RemoteOnly:
		add(pick("nur ortsunabhängig", "remote only"))
	case alerts.RemoteExclude:
		add(pick("nicht ortsunabhängig", "not remote"))
	}
	if s := c.Salary; s != nil {
		add(pick("ab ", "from ") + s.Text(locale))
	}
	if len(c.EmploymentTypes) > 0 {
		var types []string
		for _, t := range c.EmploymentTypes {
			types = append(types, t.Text(locale))
		}
		add(strings.Join(types, pick(" oder ", " or ")))
	}
	if len(c.Employers) > 0 {
		add(pick("bei ", "at ") + strings.Join(c.Employers, pick(" oder ", " or ")))
	}
	if len(c.NotEmployers) > 0 {
		add(pick("nicht bei ", "not at ") + strings.Join(c.NotEmployers, pick(" oder ", " or ")))
	}
	if c.NoAgencies {
		add(pick("ohne Vermittlungen", "no agencies"))
	}
	if len(c.Languages) > 0 {
		add(pick("Sprache: ", "language: ") + strings.Join(c.Languages, ", "))
	}
	if len(c.Sources) > 0 {
		add(pick("Quelle: ", "source: ") + strings.Join(c.Sources, ", "))
	}
	return strings.Join(parts, " · ")
}

func describePlaces(m *alerts.Meaning, c *alerts.Criteria, pick func(string, string) string) string {
	var places []string
	for i := range c.Places {
		p := &c.Places[i]
		if p.Radius() == 0 {
			places = append(places, p.Label())
			continue
		}
		places = append(places, alerts.Quantity(strconv.FormatFloat(p.Radius(), 'f', -1, 64), "km")+pick(" um ", " around ")+p.Label())
	}
	for _, code := range c.States {
		name := code
		if _, known, ok := m.Places.State(code); ok {
			name = known
		}
		places = append(places, name)
	}
	for _, iso := range c.Countries {
		places = append(places, alerts.CountryName(iso, pick("de", "en")))
	}
	return strings.Join(places, pick(" oder ", " or "))
}

var weekdaysDE = [...]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}

// WeekdayName is a day's name in German ("de") or English.
func WeekdayName(d time.Weekday, locale string) string {
	if locale == "de" && d >= time.Sunday && d <= time.Saturday {
		return weekdaysDE[d]
	}
	return d.String()
}

// Describe says how often, in German ("de") or English: "täglich um 7 Uhr". A
// cadence of the operator's is called by its name.
func (s Schedule) Describe(locale string) string {
	de := locale == "de"
	switch s.Frequency {
	case Instant:
		if de {
			return "sofort"
		}
		return "at once"
	case Daily:
		if de {
			return "täglich um " + alerts.Quantity(strconv.Itoa(s.Hour), "Uhr")
		}
		return fmt.Sprintf("daily at %02d:00", s.Hour)
	case Weekly:
		if de {
			return "jeden " + WeekdayName(s.Weekday, locale) + " um " + alerts.Quantity(strconv.Itoa(s.Hour), "Uhr")
		}
		return fmt.Sprintf("every %s at %02d:00", WeekdayName(s.Weekday, locale), s.Hour)
	}
	return string(s.Frequency)
}

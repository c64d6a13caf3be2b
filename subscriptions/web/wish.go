package web

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Bounds of what a form may hold.
const (
	maxText   = 500 // characters in one field
	maxPlaces = 5   // place fields a form offers
)

// wishForm is a wish as typed, so that a form with faults comes back as it was.
// Its names are those of GET /jobs.
type wishForm struct {
	Query         string
	Places        []placeForm
	Remote        string
	Salary        string
	SalaryUnit    string
	SalaryUnknown string
	Types         []string
	Employers     string // separated by commas
	NotEmployers  string
	NoAgencies    bool
	Languages     []string
	Sources       []string
	Frequency     string
	Hour          string
	Weekday       string
	Timezone      string
	Label         string
}

type placeForm struct{ Name, Radius string }

// fault is one thing wrong with a form, in the visitor's language. Field is the
// id of the input it belongs to.
type fault struct{ Field, Text string }

// readWish takes a wish out of a query string or a posted form.
func (s *Site) readWish(v url.Values) wishForm {
	one := func(name, fallback string) string {
		if !v.Has(name) {
			return fallback
		}
		return cut(v.Get(name))
	}
	f := wishForm{
		Query: one("q", ""), Remote: one("remote", "include"), Salary: one("salary", ""), SalaryUnit: one("salary_unit", "MONTH"),
		SalaryUnknown: one("salary_unknown", "take"), Types: many(v["type"]), Employers: one("employer", ""), NotEmployers: one("not_employer", ""),
		NoAgencies: v.Get("no_agencies") != "", Languages: many(v["language"]), Sources: many(v["source"]),
		Frequency: one("frequency", "daily"), Hour: one("hour", "7"), Weekday: one("weekday", "monday"), Timezone: one("timezone", s.Timezone), Label: one("label", ""),
	}
	for i, name := range v["place"] {
		if i >= 2*maxPlaces {
			break
		}
		radius := strconv.Itoa(alerts.DefaultRadiusKM)
		if i < len(v["radius"]) {
			radius = cut(v["radius"][i])
		}
		if name = cut(name); name != "" {
			f.Places = append(f.Places, placeForm{name, radius})
		}
	}
	return f
}

// cut trims what was typed into one field, and bounds it.
func cut(typed string) string {
	typed = strings.ToValidUTF8(strings.TrimSpace(typed), "")
	typed = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, typed)
	if utf8.RuneCountInString(typed) > maxText {
		return string([]rune(typed)[:maxText])
	}
	return typed
}

func many(values []string) []string {
	var kept []string
	for _, v := range values {
		if v = cut(v); v != "" && len(kept) < 20 && !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// Empty reports whether no criterion was typed.
func (f wishForm) Empty() bool {
	return f.Query == "" && len(f.Places) == 0 && f.Salary == "" && len(f.Types) == 0 && f.Employers == "" && f.Remote != "only"
}

// PlaceRows are the place fields of a form: those filled in and one to spare.
func (f wishForm) PlaceRows() []placeForm {
	rows := slices.Clone(f.Places)
	if len(rows) < maxPlaces {
		rows = append(rows, placeForm{Radius: strconv.Itoa(alerts.DefaultRadiusKM)})
	}
	return rows
}

// Extended reports whether anything beyond words and places was typed, so that
// the form shows it.
func (f wishForm) Extended() bool {
	return f.Remote != "include" || f.Salary != "" || len(f.Types) > 0 || f.Employers != "" || f.NotEmployers != "" || f.NoAgencies || len(f.Languages) > 0
}

// Has reports whether a box is ticked.
func (f wishForm) Has(list []string, value string) bool { return slices.Contains(list, value) }

// Values is the form as the query string of GET /jobs, without what is usual.
func (f wishForm) Values() url.Values {
	v := url.Values{}
	set := func(name, value, usual string) {
		if value != usual {
			v.Set(name, value)
		}
	}
	set("q", f.Query, "")
	for _, p := range f.Places {
		v.Add("place", p.Name)
		v.Add("radius", p.Radius)
	}
	set("remote", f.Remote, "include")
	if f.Salary != "" {
		set("salary", f.Salary, "")
		set("salary_unit", f.SalaryUnit, "MONTH")
		set("salary_unknown", f.SalaryUnknown, "take")
	}
	for name, list := range map[string][]string{"type": f.Types, "language": f.Languages, "source": f.Sources} {
		for _, value := range list {
			v.Add(name, value)
		}
	}
	set("employer", f.Employers, "")
	set("not_employer", f.NotEmployers, "")
	if f.NoAgencies {
		v.Set("no_agencies", "1")
	}
	return v
}

// criteria makes prepared criteria of what was typed. was, which may be nil, are
// the criteria being edited: a place or state she left as it was stays the very
// one it was, and is not looked up again among its namesakes.
func (s *Site) criteria(f wishForm, was *alerts.Criteria, locale string) (alerts.Criteria, []fault) {
	c := alerts.Criteria{Query: f.Query, Remote: alerts.RemotePolicy(f.Remote), SalaryUnknown: alerts.UnknownPay(f.SalaryUnknown),
		Employers: names(f.Employers), NotEmployers: names(f.NotEmployers), NoAgencies: f.NoAgencies, Languages: f.Languages, Sources: f.Sources}
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
		if !ok {
			faults = append(faults, fault{"radius-" + strconv.Itoa(i), s.texts.say(locale, "fault.radius")})
			continue
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
	return c, faults
}

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
	if slices.Contains(was.Countries, p.Name) {
		c.Countries = append(c.Countries, p.Name)
		return true
	}
	return false
}

func (s *Site) stateName(code string) string {
	if _, name, ok := s.Meaning.Places.State(code); ok {
		return name
	}
	return code
}

// names splits a list of employers at commas and semicolons.
func names(typed string) []string {
	var list []string
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
	typed = strings.TrimSuffix(strings.NewReplacer(" ", "", "\u00a0", "", "€", "", "km", "").Replace(typed), ",-")
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
	if len(faults) == 0 && s.calendar.Check(w.Schedule) != nil {
		wrong("frequency", "fault.frequency")
	}
	return w, faults
}

// formOf is a subscription as its form shows it.
func (s *Site) formOf(sub *subscriptions.Subscription, locale string) wishForm {
	c := &sub.Criteria
	f := wishForm{Query: c.Query, Remote: string(c.RemoteRule()), SalaryUnit: "MONTH", SalaryUnknown: string(c.UnknownPayRule()),
		Employers: strings.Join(c.Employers, ", "), NotEmployers: strings.Join(c.NotEmployers, ", "), NoAgencies: c.NoAgencies,
		Languages: c.Languages, Sources: c.Sources, Frequency: string(sub.Schedule.Frequency), Hour: strconv.Itoa(sub.Schedule.Hour),
		Weekday: strings.ToLower(sub.Schedule.Weekday.String()), Timezone: sub.Schedule.Timezone, Label: sub.Label}
	for i := range c.Places {
		f.Places = append(f.Places, placeForm{c.Places[i].Label(), decimal(c.Places[i].Radius(), locale)})
	}
	for _, code := range c.States {
		f.Places = append(f.Places, placeForm{s.stateName(code), "0"})
	}
	for _, iso := range c.Countries {
		f.Places = append(f.Places, placeForm{iso, "0"})
	}
	for _, t := range c.EmploymentTypes {
		f.Types = append(f.Types, string(t))
	}
	if c.Salary != nil {
		f.Salary, f.SalaryUnit = decimal(c.Salary.Min, locale), c.Salary.Unit
	}
	return f
}

func decimal(value float64, locale string) string {
	typed := strconv.FormatFloat(value, 'f', -1, 64)
	if locale == "de" {
		typed = strings.Replace(typed, ".", ",", 1)
	}
	return typed
}

// faultOf words a fault of criteria and ties it to its field. rows are the place
// fields in the order of the criteria's places.
func (s *Site) faultOf(w alerts.Fault, rows []int, locale string) fault {
	field, index, _ := strings.Cut(w.Field, "[")
	switch field {
	case "query":
		if w.Code == alerts.FaultQuery && w.Query != nil {
			return fault{"q", w.Query.Text(locale)}
		}
		return fault{"q", s.texts.say(locale, "fault.everything")}
	case "places", "states", "countries":
		number, what, _ := strings.Cut(index, "]")
		id := "place-0"
		if n, err := strconv.Atoi(number); err == nil && field == "places" && n < len(rows) {
			id = "place-" + strconv.Itoa(rows[n])
			if strings.Contains(what, "radius") {
				return fault{"radius-" + strconv.Itoa(rows[n]), s.texts.say(locale, "fault.radius")}
			}
		}
		if w.Code == alerts.FaultTooMany {
			return fault{id, s.texts.say(locale, "fault.places")}
		}
		return fault{id, s.texts.say(locale, "fault.place", w.Value)}
	case "salary.unit", "salary.currency", "salary.min", "salary":
		return fault{"salary", s.texts.say(locale, "fault.salary")}
	case "employers":
		return fault{"employer", s.texts.say(locale, "fault.employer")}
	case "not_employers":
		if w.Code == alerts.FaultNothing {
			return fault{"not_employer", s.texts.say(locale, "fault.both", w.Value)}
		}
		return fault{"not_employer", s.texts.say(locale, "fault.employer")}
	}
	return fault{"q", s.texts.say(locale, "fault.choice")}
}

// pauseUntil reads the day on which a pause ends, which must lie ahead,
// within a year.
func pauseUntil(typed string, now time.Time, zone *time.Location) (time.Time, bool) {
	until, err := time.ParseInLocation(time.DateOnly, typed, zone)
	if err != nil || !until.After(now) || until.After(now.AddDate(1, 0, 1)) {
		return time.Time{}, false
	}
	return until, true
}

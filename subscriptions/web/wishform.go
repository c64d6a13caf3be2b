package web

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	return f.Query == "" && len(f.Places) == 0 && len(f.Sources) == 0 && !f.Extended()
}

// without is the form with one criterion let go.
func (f wishForm) without(x alerts.Criterion) wishForm {
	switch x {
	case alerts.ByPlace:
		f.Places = nil
	case alerts.ByRemote:
		f.Remote = string(alerts.RemoteInclude)
	case alerts.BySalary:
		f.Salary = ""
	case alerts.ByType:
		f.Types = nil
	case alerts.ByEmployer:
		f.Employers, f.NotEmployers = "", ""
	case alerts.ByAgency:
		f.NoAgencies = false
	case alerts.ByLanguage:
		f.Languages = nil
	case alerts.BySource:
		f.Sources = nil
	}
	return f
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

// FirstPlace is the one place that a search box has.
func (f wishForm) FirstPlace() placeForm { return f.PlaceRows()[0] }

// pairForm is a field that a search box carries along unseen.
type pairForm struct{ Name, Value string }

// Hidden are the fields that a search box does not show.
func (f wishForm) Hidden() []pairForm {
	v := f.Values()
	for _, shown := range []string{"q", "place", "radius"} {
		v.Del(shown)
	}
	var pairs []pairForm
	for _, name := range slices.Sorted(maps.Keys(v)) {
		for _, value := range v[name] {
			pairs = append(pairs, pairForm{name, value})
		}
	}
	for _, p := range f.Places[min(1, len(f.Places)):] {
		pairs = append(pairs, pairForm{"place", p.Name}, pairForm{"radius", p.Radius})
	}
	return pairs
}

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
		f.Places = append(f.Places, placeForm{alerts.CountryName(iso, locale), "0"})
	}
	for _, t := range c.EmploymentTypes {
		f.Types = append(f.Types, string(t))
	}
	if c.Salary != nil {
		f.Salary, f.SalaryUnit = decimal(c.Salary.Min, locale), c.Salary.Unit
	}
	return f
}

// widen sets those of the first circles that are smaller to a radius of so many km,
// as a whole number; false if there is none. States stand behind the circles.
func (f *wishForm) widen(circles int, km string) (widened bool) {
	radius, err := strconv.Atoi(km)
	if err != nil || radius < 1 || radius > alerts.MaxRadiusKM {
		return false
	}
	for i := range f.Places[:circles] {
		if had, err := strconv.ParseFloat(strings.Replace(f.Places[i].Radius, ",", ".", 1), 64); err == nil && had < float64(radius) {
			f.Places[i].Radius, widened = km, true
		}
	}
	return widened
}

func decimal(value float64, locale string) string {
	typed := strconv.FormatFloat(value, 'f', -1, 64)
	if locale == "de" {
		typed = strings.Replace(typed, ".", ",", 1)
	}
	return typed
}

package alerts

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Limits of what one subscription may ask for.
const (
	maxPlaces = 20
	maxNames  = 100
)

// FaultCode says what is wrong with one criterion; a closed set.
type FaultCode string

// The faults of criteria.
const (
	FaultQuery        FaultCode = "query"         // the query cannot be understood; Message says how
	FaultUnknownPlace FaultCode = "unknown-place" // Value is not in the gazetteer
	FaultRange        FaultCode = "range"         // Value lies outside what is allowed
	FaultUnknownValue FaultCode = "unknown-value" // Value is not one of the allowed words
	FaultEverything   FaultCode = "everything"    // the criteria would match every posting
	FaultNothing      FaultCode = "nothing"       // the criteria contradict each other
	FaultTooMany      FaultCode = "too-many"      // the list is longer than allowed
)

// Fault is one thing wrong with criteria.
type Fault struct {
	Field   string    `json:"field"` // the JSON name: "query", "places[1].name", …
	Code    FaultCode `json:"code"`
	Value   string    `json:"value,omitempty"`
	Message string    `json:"message"` // English, for operators and scripts
	// Query is set for FaultQuery: it has the text in the subscriber's language.
	Query *text.QueryError `json:"-"`
}

// CriteriaError lists everything that is wrong with criteria.
type CriteriaError struct{ Faults []Fault }

func (e *CriteriaError) Error() string {
	var parts []string
	for _, f := range e.Faults {
		parts = append(parts, f.Field+": "+f.Message)
	}
	return strings.Join(parts, "; ")
}

// sourcePattern is one NATS subject token (interfaces.md).
var sourcePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidSource reports whether s can be a source: one subject token, [a-z0-9-].
func ValidSource(s string) bool { return sourcePattern.MatchString(s) }

// Prepare checks c, resolves its places, fills in defaults and parses its query.
// It changes c in place and may be called again on what it made. It returns a
// *CriteriaError with every fault, and leaves c unprepared then.
func (m *Meaning) Prepare(c *Criteria) error {
	p := preparation{m: m, c: c}
	p.query()
	p.places()
	p.pay()
	p.words()
	p.names()
	p.reserved()
	if len(p.faults) == 0 {
		p.scope()
	}
	if len(p.faults) > 0 {
		c.prepared = false
		return &CriteriaError{Faults: p.faults}
	}
	c.prepared = true
	return nil
}

type preparation struct {
	m      *Meaning
	c      *Criteria
	faults []Fault
}

func (p *preparation) fault(field string, code FaultCode, value, format string, args ...any) {
	p.faults = append(p.faults, Fault{Field: field, Code: code, Value: value, Message: fmt.Sprintf(format, args...)})
}

func (p *preparation) query() {
	q, err := p.m.Text.Parse(p.c.Query)
	if err != nil {
		f := Fault{Field: "query", Code: FaultQuery, Value: p.c.Query, Message: err.Error()}
		errors.As(err, &f.Query)
		p.faults = append(p.faults, f)
		return
	}
	p.c.query = q
}

// places resolves every place to a point. A name that is a state or a country
// becomes one: there is no circle around Bavaria.
func (p *preparation) places() {
	c := p.c
	if len(c.Places) > maxPlaces {
		p.fault("places", FaultTooMany, "", "%d places given, at most %d are allowed", len(c.Places), maxPlaces)
		return
	}
	kept := c.Places[:0:0]
	for i, pl := range c.Places {
		if r := pl.Radius(); !(r >= 0 && r <= MaxRadiusKM) {
			p.fault(fmt.Sprintf("places[%d].radius_km", i), FaultRange, fmt.Sprint(r), "radius %v km is not between 0 and %d", r, MaxRadiusKM)
			continue
		}
		if pl, ok := p.place(fmt.Sprintf("places[%d]", i), pl); ok {
			kept = append(kept, pl)
		}
	}
	c.Places = kept
	for i, s := range c.States {
		code, _, ok := p.m.Places.State(s)
		if !ok {
			p.fault(fmt.Sprintf("states[%d]", i), FaultUnknownPlace, s, "no state is called %q; give a name or an ISO 3166-2 code such as DE-NW", s)
			continue
		}
		c.States[i] = code
	}
	for i, s := range c.Countries {
		iso, ok := p.m.Places.Country(s)
		if !ok {
			p.fault(fmt.Sprintf("countries[%d]", i), FaultUnknownPlace, s, "no country is called %q; give a name or a code such as DE", s)
			continue
		}
		c.Countries[i] = iso
	}
	slices.Sort(c.States)
	c.States = slices.Compact(c.States)
	slices.Sort(c.Countries)
	c.Countries = slices.Compact(c.Countries)
}

// place resolves one; ok is false when it was faulty or became a state or country.
func (p *preparation) place(field string, pl Place) (Place, bool) {
	if pl.Lat != nil || pl.Lon != nil {
		if pl.Lat == nil || pl.Lon == nil || math.IsNaN(*pl.Lat) || math.IsNaN(*pl.Lon) || math.Abs(*pl.Lat) > 90 || math.Abs(*pl.Lon) > 180 {
			p.fault(field, FaultRange, "", "lat and lon must both be given, in degrees (-90 to 90, -180 to 180)")
			return pl, false
		}
		return pl, true
	}
	asked := pl.Postcode
	if asked == "" {
		asked = pl.Name
	}
	if strings.TrimSpace(asked) == "" {
		p.fault(field, FaultUnknownPlace, "", "a place needs a name, a postcode, or lat and lon")
		return pl, false
	}
	found := p.m.Places.Lookup(asked)
	if len(found) == 0 {
		if iso, ok := p.m.Places.Country(asked); ok {
			p.c.Countries = append(p.c.Countries, iso)
			return pl, false
		}
		p.fault(field, FaultUnknownPlace, asked, "no place is called %q; try a neighbouring town or a postcode", asked)
		return pl, false
	}
	best := found[0]
	if best.Kind == gazetteer.KindState {
		p.c.States = append(p.c.States, best.StateCode)
		return pl, false
	}
	lat, lon := best.Lat, best.Lon
	pl.Lat, pl.Lon = &lat, &lon
	if pl.Name == "" {
		pl.Name = best.Name
	}
	return pl, true
}

// hoursPerYear and salariesPerYear are what a wish is normalised by, the same
// that a posting's pay is when it states nothing else (40 h weeks, 12 salaries).
const (
	hoursPerYear    = 40 * 52
	salariesPerYear = 12
)

// perYear is how often a unit of pay falls into a year; 0 for what is none.
func perYear(unit pay.Unit) float64 {
	switch unit {
	case pay.Hour:
		return hoursPerYear
	case pay.Day:
		return 260
	case pay.Week:
		return 52
	case pay.Month:
		return salariesPerYear
	case pay.Year:
		return 1
	}
	return 0
}

func (p *preparation) pay() {
	c := p.c
	c.yearly = 0
	switch c.SalaryUnknown {
	case "", UnknownTake, UnknownDrop, UnknownMark:
	default:
		p.fault("salary_unknown", FaultUnknownValue, string(c.SalaryUnknown), "must be take, drop or mark")
	}
	if c.Salary == nil {
		return
	}
	s := c.Salary
	s.Currency, s.Unit = strings.ToUpper(strings.TrimSpace(s.Currency)), strings.ToUpper(strings.TrimSpace(s.Unit))
	if s.Currency == "" {
		s.Currency = "EUR"
	}
	factor := perYear(pay.Unit(s.Unit))
	switch {
	case factor == 0:
		p.fault("salary.unit", FaultUnknownValue, s.Unit, "must be HOUR, DAY, WEEK, MONTH or YEAR")
	case len(s.Currency) != 3:
		p.fault("salary.currency", FaultUnknownValue, s.Currency, "must be an ISO 4217 code such as EUR")
	case !(s.Min > 0) || s.Min*factor > 1e9:
		p.fault("salary.min", FaultRange, fmt.Sprint(s.Min), "must be more than 0 and less than a billion a year")
	default:
		c.yearly = int64(math.Round(s.Min * factor))
	}
}

// words checks the criteria that are words of a closed set.
func (p *preparation) words() {
	c := p.c
	switch c.Remote {
	case "", RemoteInclude, RemoteOnly, RemoteExclude:
	default:
		p.fault("remote", FaultUnknownValue, string(c.Remote), "must be include, only or exclude")
	}
	for i, t := range c.EmploymentTypes {
		t = EmploymentType(strings.ToUpper(strings.TrimSpace(string(t))))
		if !slices.Contains(EmploymentTypes, t) {
			p.fault(fmt.Sprintf("employment_types[%d]", i), FaultUnknownValue, string(t), "must be one of %v", EmploymentTypes)
		}
		c.EmploymentTypes[i] = t
	}
	for i, l := range c.Languages {
		l = strings.ToLower(strings.TrimSpace(l))
		if len(l) != 2 {
			p.fault(fmt.Sprintf("languages[%d]", i), FaultUnknownValue, l, "must be an ISO 639-1 code such as de")
		}
		c.Languages[i] = l
	}
	for i, s := range c.Sources {
		if !ValidSource(s) {
			p.fault(fmt.Sprintf("sources[%d]", i), FaultUnknownValue, s, "must consist of a-z, 0-9 and -")
		}
	}
}

func (p *preparation) names() {
	c := p.c
	fold := func(field string, names []string) []string {
		if len(names) > maxNames {
			p.fault(field, FaultTooMany, "", "%d names given, at most %d are allowed", len(names), maxNames)
			return nil
		}
		var out []string
		for i, n := range names {
			f := foldEmployer(n)
			if f == "" {
				p.fault(fmt.Sprintf("%s[%d]", field, i), FaultUnknownValue, n, "has no letters")
				continue
			}
			out = append(out, f)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	c.employers = fold("employers", c.Employers)
	c.notEmployers = fold("not_employers", c.NotEmployers)
	for _, n := range c.notEmployers {
		if slices.Contains(c.employers, n) {
			p.fault("not_employers", FaultNothing, n, "is both asked for and left out")
		}
	}
}

// scope refuses criteria that would match nearly every posting: those that only
// leave something out, or name nothing but a language.
func (p *preparation) scope() {
	c := p.c
	narrow := !c.query.IsZero() || c.HasPlace() || len(c.employers) > 0 || c.RemoteRule() == RemoteOnly ||
		c.Salary != nil || len(c.EmploymentTypes) > 0 || len(c.Sources) > 0
	if !narrow {
		p.fault("query", FaultEverything, "", "would match nearly every posting; give words to look for, a place, or an employer")
	}
}

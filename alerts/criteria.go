package alerts

import (
	"github.com/jobalertd/jobalertd/alerts/text"
)

// RemotePolicy says what remote postings mean to a subscriber.
type RemotePolicy string

// The remote policies: remote postings pass any place, are asked for alone, or
// are left out.
const (
	RemoteInclude RemotePolicy = "include"
	RemoteOnly    RemotePolicy = "only"
	RemoteExclude RemotePolicy = "exclude"
)

// UnknownPay says what to do with a posting that does not state its pay.
type UnknownPay string

// The policies for unstated pay: take the posting, drop it, or take it and say so.
const (
	UnknownTake UnknownPay = "take"
	UnknownDrop UnknownPay = "drop"
	UnknownMark UnknownPay = "mark"
)

// DefaultRadiusKM is a place's radius when none is given.
const DefaultRadiusKM = 25

// MaxRadiusKM is the largest radius a place may have.
const MaxRadiusKM = 500

// Criteria say what a posting must satisfy: a query, places, and further
// conditions; all that are given must hold (docs/matching.md). The JSON form is
// the import line's. Meaning.Prepare checks them, resolves places and parses the
// query; Matches and Explain need that done.
type Criteria struct {
	Query string `json:"query,omitempty"`
	// Places, States and Countries are alternatives: one of them must hold.
	Places    []Place  `json:"places,omitempty"`
	States    []string `json:"states,omitempty"`    // ISO 3166-2 once prepared
	Countries []string `json:"countries,omitempty"` // ISO 3166-1 alpha-2 once prepared

	Remote          RemotePolicy     `json:"remote,omitempty"` // empty: include
	Salary          *Salary          `json:"salary,omitempty"`
	SalaryUnknown   UnknownPay       `json:"salary_unknown,omitempty"` // empty: take
	EmploymentTypes []EmploymentType `json:"employment_types,omitempty"`
	Employers       []string         `json:"employers,omitempty"`
	NotEmployers    []string         `json:"not_employers,omitempty"`
	NoAgencies      bool             `json:"no_agencies,omitempty"`
	Languages       []string         `json:"languages,omitempty"` // ISO 639-1
	Sources         []string         `json:"sources,omitempty"`

	query        text.Query
	employers    []string // folded
	notEmployers []string // folded
	yearly       int64    // Salary as gross yearly
	prepared     bool
	canary       bool
}

// Place is a circle: around a named place, a postcode, or a point.
type Place struct {
	Name     string `json:"name,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	// Lat and Lon are degrees (WGS 84); nil until resolved.
	Lat *float64 `json:"lat,omitempty"`
	Lon *float64 `json:"lon,omitempty"`
	// RadiusKM is great-circle; nil means DefaultRadiusKM, 0 the place itself.
	RadiusKM *float64 `json:"radius_km,omitempty"`
}

// Radius is the radius in kilometres, with the default where none is given.
func (p Place) Radius() float64 {
	if p.RadiusKM == nil {
		return DefaultRadiusKM
	}
	return *p.RadiusKM
}

// Salary is the least pay a subscriber asks for, gross.
type Salary struct {
	Min      float64 `json:"min"`
	Currency string  `json:"currency"` // ISO 4217
	Unit     string  `json:"unit"`     // HOUR, DAY, WEEK, MONTH or YEAR (schema.org unitText)
}

// Parsed is the query as understood.
func (c *Criteria) Parsed() text.Query { return c.query }

// Peek reads what lies so many pointers away that an index asks for, up to
// text.PeekDepth, and returns something of it, as text.Query.Peek does.
func (c *Criteria) Peek(depth int) (read int) {
	switch depth {
	case 0:
		return len(c.Query) + len(c.Countries) + len(c.EmploymentTypes) + len(c.NotEmployers) + len(c.employers) + int(c.yearly)
	case 1:
		for i := range c.Places {
			if c.Places[i].Lat != nil {
				read++
			}
		}
		for _, t := range c.EmploymentTypes {
			read += len(t)
		}
		if c.Salary != nil {
			read += len(c.Salary.Currency)
		}
	case 2:
		for i := range c.Places {
			if p := &c.Places[i]; p.Lat != nil && p.Lon != nil {
				read += int(*p.Lat) + int(*p.Lon) + int(p.Radius())
			}
		}
		for _, t := range c.EmploymentTypes {
			if t != "" {
				read += int(t[0])
			}
		}
		if c.Salary != nil && c.Salary.Currency != "" {
			read += int(c.Salary.Currency[0])
		}
	}
	return read + c.query.Peek(depth)
}

// EmployerKeys are the employers asked for in the form in which they are
// compared with Document.EmployerKey. The caller must not change them.
func (c *Criteria) EmployerKeys() []string { return c.employers }

// NotEmployerKeys are the employers left out, in the same form.
func (c *Criteria) NotEmployerKeys() []string { return c.notEmployers }

// Prepared reports whether Meaning.Prepare has accepted c: else it matches nothing.
func (c *Criteria) Prepared() bool { return c.prepared }

// YearlySalary is the pay asked for as gross yearly whole units; 0 when none is.
func (c *Criteria) YearlySalary() int64 { return c.yearly }

// RemoteRule is Remote with its default.
func (c *Criteria) RemoteRule() RemotePolicy {
	if c.Remote == "" {
		return RemoteInclude
	}
	return c.Remote
}

// UnknownPayRule is SalaryUnknown with its default.
func (c *Criteria) UnknownPayRule() UnknownPay {
	if c.SalaryUnknown == "" {
		return UnknownTake
	}
	return c.SalaryUnknown
}

// Where are the alternatives of place that criteria ask for.
type Where struct {
	Places            []Place
	States, Countries []string
}

// Where is what c asks for of places; it shares c's slices.
func (c *Criteria) Where() Where { return Where{c.Places, c.States, c.Countries} }

// HasPlace reports whether any place, state or country is asked for.
func (c *Criteria) HasPlace() bool {
	return len(c.Places)+len(c.States)+len(c.Countries) > 0
}

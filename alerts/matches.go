package alerts

import (
	"slices"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

// Matches reports whether d satisfies every criterion that is given. It is the
// definition of matching; it allocates nothing. c must have been prepared:
// unprepared criteria match nothing.
func (c *Criteria) Matches(d *Document) bool {
	return c.prepared &&
		c.remoteHolds(d) && c.placeHolds(d) && c.payHolds(d) && c.typeHolds(d) &&
		c.employerHolds(d) && (!c.NoAgencies || !d.Agency) &&
		c.languageHolds(d) && c.sourceHolds(d) && c.query.Matches(d.Text) &&
		c.canary == (d.Source == CanarySource)
}

func (c *Criteria) remoteHolds(d *Document) bool {
	switch c.Remote {
	case RemoteOnly:
		return d.Remote
	case RemoteExclude:
		return !d.Remote
	}
	return true
}

// placeHolds: remote postings pass any place; where they are not wanted,
// remoteHolds has refused them already.
func (c *Criteria) placeHolds(d *Document) bool {
	return !c.HasPlace() || c.Where().Holds(d)
}

// Holds reports whether one of the alternatives does: d is remote, or has a
// location in a state, in a country or within the radius of a place.
func (w Where) Holds(d *Document) bool {
	if d.Remote {
		return true
	}
	for i := range d.Locations {
		l := &d.Locations[i]
		if slices.Contains(w.States, l.State) && l.State != "" || slices.Contains(w.Countries, l.Country) && l.Country != "" {
			return true
		}
		if !l.Located {
			continue
		}
		for j := range w.Places {
			if w.Places[j].Contains(l.Lat, l.Lon) {
				return true
			}
		}
	}
	return false
}

// Contains reports whether a point (degrees) lies within the place's radius,
// the edge included. The place must have been resolved.
func (p *Place) Contains(lat, lon float64) bool {
	return gazetteer.DistanceKM(*p.Lat, *p.Lon, lat, lon) <= p.Radius()
}

// payComparable reports whether d states pay in the currency asked for. Amounts
// are never converted: pay in another currency counts as not stated.
func (c *Criteria) payComparable(d *Document) bool {
	return d.Pay != nil && d.Pay.Currency == c.Salary.Currency
}

func (c *Criteria) payHolds(d *Document) bool {
	if c.Salary == nil {
		return true
	}
	if !c.payComparable(d) {
		return c.SalaryUnknown != UnknownDrop
	}
	return Reach(d.Pay) >= c.yearly
}

// Reach is the most that stated pay can come to in a year: its upper bound, or
// the lower one where no upper was stated ("ab X" counts as X).
func Reach(s *pay.Statement) int64 {
	if s.YearlyMax > 0 {
		return s.YearlyMax
	}
	return s.YearlyMin
}

// typeHolds takes a posting that does not say its type: half of German postings
// do not, and a subscriber would miss them without knowing.
func (c *Criteria) typeHolds(d *Document) bool {
	if len(c.EmploymentTypes) == 0 || len(d.EmploymentTypes) == 0 {
		return true
	}
	for _, t := range d.EmploymentTypes {
		if slices.Contains(c.EmploymentTypes, t) {
			return true
		}
	}
	return false
}

func (c *Criteria) employerHolds(d *Document) bool {
	if len(c.employers) > 0 && !slices.Contains(c.employers, d.employer) {
		return false
	}
	return len(c.notEmployers) == 0 || !slices.Contains(c.notEmployers, d.employer)
}

func (c *Criteria) languageHolds(d *Document) bool {
	return len(c.Languages) == 0 || slices.Contains(c.Languages, d.Language)
}

func (c *Criteria) sourceHolds(d *Document) bool {
	return len(c.Sources) == 0 || slices.Contains(c.Sources, d.Source)
}

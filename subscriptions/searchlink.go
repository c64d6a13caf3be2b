package subscriptions

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
)

// Jobs is the page of all postings that meet prepared criteria, in the names that
// GET /jobs takes; "" for criteria it cannot say (a point without a name, pay in
// another currency than the form's).
func (l Links) Jobs(c *alerts.Criteria) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", c.Query)
	for i := range c.Places {
		p := &c.Places[i]
		if p.Name == "" && p.Postcode == "" {
			return ""
		}
		v.Add("place", p.Label())
		v.Add("radius", strconv.FormatFloat(p.Radius(), 'f', -1, 64))
	}
	for _, place := range append(append([]string(nil), c.States...), c.Countries...) {
		v.Add("place", place)
		v.Add("radius", "0")
	}
	if r := c.RemoteRule(); r != alerts.RemoteInclude {
		set("remote", string(r))
	}
	if s := c.Salary; s != nil {
		if s.Currency != "EUR" {
			return ""
		}
		set("salary", strconv.FormatFloat(s.Min, 'f', -1, 64))
		set("salary_unit", s.Unit)
		set("salary_unknown", string(c.UnknownPayRule()))
	}
	for _, t := range c.EmploymentTypes {
		v.Add("type", string(t))
	}
	set("employer", strings.Join(c.Employers, ", "))
	set("not_employer", strings.Join(c.NotEmployers, ", "))
	if c.NoAgencies {
		v.Set("no_agencies", "1")
	}
	v["language"], v["source"] = c.Languages, c.Sources
	return l.Base + "/jobs?" + v.Encode()
}

package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"github.com/jobalertd/jobalertd/alerts"
)

type postingView struct {
	*alerts.Stored
	Open        bool
	Pay         string
	Assumption  string
	Types       []string
	Description template.HTML
	Schema      any    // JobPosting as JSON-LD
	Place       string // its first place, where there may be more
	Here, There string // searches for more there and at its employer; "" for none
}

// heading is a tag of a heading of any level.
var heading = regexp.MustCompile(`(?i)(</?)h[1-6]\b`)

// description lets a posting's text through once more: whatever the store holds,
// a page shows only this much. Its headings come right below the page's own.
func description(stored string) template.HTML {
	policy := bluemonday.NewPolicy()
	policy.AllowElements("p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "h2", "div", "span")
	return template.HTML(policy.Sanitize(heading.ReplaceAllString(stored, "${1}h2"))) //nolint:gosec // sanitised on this very line
}

// posting shows one posting. A withdrawn or expired one is gone, and its page
// says so (RFC 9110 section 15.5.11), so that search engines forget it.
func (s *Site) posting(w http.ResponseWriter, r *http.Request) error {
	number, err := strconv.ParseUint(r.PathValue("number"), 10, 32)
	if err != nil || number == 0 || s.Postings == nil {
		return errNoPage
	}
	p, err := s.Postings.Posting(r.Context(), uint32(number))
	if err != nil {
		return fmt.Errorf("read posting %d: %w", number, err)
	}
	locale := localeOf(r, "")
	data := postingView{Stored: &p, Open: p.Standing(s.Now()), Pay: p.PayText(locale), Description: description(p.Description)}
	if p.Pay != nil {
		data.Assumption = p.Pay.Assumption.Text(locale)
	}
	for _, t := range p.EmploymentTypes {
		data.Types = append(data.Types, t.Text(locale))
	}
	if s.Search != nil {
		if len(p.Locations) > 0 && len(s.Meaning.Places.Lookup(p.Locations[0].Name)) > 0 {
			data.Place = p.Locations[0].Name
			data.Here = "/jobs?" + url.Values{"place": {data.Place}, "radius": {"25"}}.Encode()
		}
		if p.Employer != "" && !strings.ContainsAny(p.Employer, ",;") {
			data.There = "/jobs?" + url.Values{"employer": {p.Employer}}.Encode()
		}
	}
	status := http.StatusGone
	if data.Open {
		status, data.Schema = http.StatusOK, s.schema(&p.Posting)
	}
	v := s.view(r, "", p.Title, data)
	v.Canonical = s.links.Posting(p.Number)
	return s.render(w, r, status, "posting", v)
}

// schema is the posting as schema.org's JobPosting, for search engines; nil for
// one that lacks what Google asks for ("Job posting structured data": title,
// description, date, employer, and a place with its country, or for remote work
// the countries it can be done from).
func (s *Site) schema(p *alerts.Posting) map[string]any {
	ld := map[string]any{
		"@context": "https://schema.org/", "@type": "JobPosting", "title": p.Title, "description": string(description(p.Description)),
		"datePosted": p.PublishedAt.Format(time.RFC3339), "validThrough": p.ExpiresAt.Format(time.RFC3339), "directApply": false,
		"hiringOrganization": map[string]any{"@type": "Organization", "name": p.Employer},
		"identifier":         map[string]any{"@type": "PropertyValue", "name": p.Source, "value": p.Identifier},
		"url":                s.links.Posting(p.Number),
	}
	places, countries := schemaPlaces(p)
	if p.Employer == "" || ld["description"] == "" || len(countries) == 0 || len(places) == 0 && !p.Remote {
		return nil
	}
	if len(places) > 0 {
		ld["jobLocation"] = places
	}
	if p.Remote {
		ld["jobLocationType"] = "TELECOMMUTE"
		ld["applicantLocationRequirements"] = countries
	}
	if len(p.EmploymentTypes) > 0 {
		ld["employmentType"] = p.EmploymentTypes
	}
	if p.Language != "" {
		ld["inLanguage"] = p.Language
	}
	if p.Pay != nil {
		ld["baseSalary"] = schemaPay(p)
	}
	return ld
}

// schemaPlaces are the places of work whose country is known, and those countries.
func schemaPlaces(p *alerts.Posting) (places, countries []map[string]any) {
	seen := map[string]bool{}
	for _, l := range p.Locations {
		if l.Country == "" {
			continue
		}
		if !seen[l.Country] {
			seen[l.Country] = true
			countries = append(countries, map[string]any{"@type": "Country", "name": l.Country})
		}
		if l.Name == "" && l.PostalCode == "" && l.State == "" {
			continue // a country alone is no place of work
		}
		address := map[string]any{"@type": "PostalAddress"}
		for name, value := range map[string]string{"addressLocality": l.Name, "postalCode": l.PostalCode, "addressRegion": l.State, "addressCountry": l.Country} {
			if value != "" {
				address[name] = value
			}
		}
		place := map[string]any{"@type": "Place", "address": address}
		if l.Located {
			place["geo"] = map[string]any{"@type": "GeoCoordinates", "latitude": l.Lat, "longitude": l.Lon}
		}
		places = append(places, place)
	}
	return places, countries
}

// schemaPay is stated pay: a range, or one amount.
func schemaPay(p *alerts.Posting) map[string]any {
	stated := p.Pay
	value := map[string]any{"@type": "QuantitativeValue", "unitText": stated.Unit}
	switch {
	case stated.Min > 0 && stated.Max > stated.Min:
		value["minValue"], value["maxValue"] = stated.Min, stated.Max
	case stated.Min > 0 && stated.Max == 0: // "from": no upper bound was stated
		value["minValue"] = stated.Min
	case stated.Min > 0:
		value["value"] = stated.Min
	default:
		value["maxValue"] = stated.Max
	}
	return map[string]any{"@type": "MonetaryAmount", "currency": stated.Currency, "value": value}
}

package alerts

import (
	"html"
	"strings"

	"github.com/jobalertd/jobalertd/alerts/pay"
)

// CanMatch reports whether some posting could meet prepared criteria: one made of
// their own words, place, pay and the like does. What Prepare refuses plainly is not
// the whole of it: "Köchin -Koch" leaves out what it asks for. Whether a source or
// an employer exists is not asked.
func (m *Meaning) CanMatch(c *Criteria) bool {
	p := Posting{Source: first(c.Sources), Employer: first(c.Employers), Language: first(c.Languages), EmploymentTypes: c.EmploymentTypes,
		Locations: witnessPlace(c), Remote: c.RemoteRule() == RemoteOnly}
	if c.Salary != nil {
		p.Pay = &pay.Statement{Currency: c.Salary.Currency, YearlyMin: c.yearly, YearlyMax: c.yearly}
	}
	clauses := requiredWords(c.query.String())
	for i := range max(1, mostAlternatives(clauses)) {
		var words []string
		for _, alternatives := range clauses {
			words = append(words, alternatives[min(i, len(alternatives)-1)])
		}
		p.Title, p.Description = strings.Join(words, " "), ""
		if c.Matches(m.Document(&p)) {
			return true
		}
		// A title is read in both languages, so it may say what a text in one does not.
		p.Title, p.Description = "", "<p>"+html.EscapeString(p.Title)+"</p>"
		if c.Matches(m.Document(&p)) {
			return true
		}
	}
	return false
}

func first[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}

func mostAlternatives(clauses [][]string) (n int) {
	for _, c := range clauses {
		n = max(n, len(c))
	}
	return n
}

// witnessPlace lies where the criteria ask for.
func witnessPlace(c *Criteria) []Location {
	switch {
	case len(c.Places) > 0 && c.Places[0].Lat != nil && c.Places[0].Lon != nil:
		return []Location{{Name: c.Places[0].Name, Located: true, Lat: *c.Places[0].Lat, Lon: *c.Places[0].Lon}}
	case len(c.States) > 0:
		country, _, _ := strings.Cut(c.States[0], "-")
		return []Location{{State: c.States[0], Country: country}}
	case len(c.Countries) > 0:
		return []Location{{Country: c.Countries[0]}}
	}
	return nil
}

// requiredWords are the alternatives of each required clause of a query as printed,
// without quotation marks and "title:".
func requiredWords(query string) [][]string {
	var clauses [][]string
	or := false
	for _, atom := range splitAtoms(query) {
		switch {
		case atom == "OR":
			or = true
			continue
		case strings.HasPrefix(atom, "-"):
		default:
			word := strings.Trim(strings.TrimPrefix(atom, "title:"), `"`)
			if or && len(clauses) > 0 {
				clauses[len(clauses)-1] = append(clauses[len(clauses)-1], word)
			} else {
				clauses = append(clauses, []string{word})
			}
		}
		or = false
	}
	return clauses
}

// splitAtoms splits at spaces outside quotation marks.
func splitAtoms(query string) []string {
	quoted := false
	return strings.FieldsFunc(query, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

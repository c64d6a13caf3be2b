package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
)

// fault is one thing wrong with a form, in the visitor's language. Field is the
// id of the input it belongs to.
type fault struct{ Field, Text string }

// inSearchBox reports whether the search box has that field.
func (f fault) inSearchBox() bool {
	return f.Field == "q" || f.Field == "place-0" || f.Field == "radius-0"
}

// fields are those of the form from top to bottom.
var fields = []string{"q", "place", "radius", "remote", "salary", "employer", "not_employer", "frequency", "hour", "weekday", "timezone", "label"}

// inOrder sorts faults as their fields come on the page.
func inOrder(faults []fault) {
	place := func(f fault) int {
		field, _, _ := strings.Cut(f.Field, "-")
		return slices.Index(fields, field)
	}
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(place(a), place(b)) })
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
		return fault{id, s.unknownPlace(w.Value, locale)}
	case "salary.min":
		return fault{"salary", s.texts.say(locale, "fault.salary-range")}
	case "salary.unit", "salary.currency", "salary":
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

// unknownPlace says that a place is not known, and which may have been meant.
func (s *Site) unknownPlace(name, locale string) string {
	if meant := s.Meaning.Misspelt(name, 1); len(meant) > 0 {
		return s.texts.say(locale, "fault.place-meant", name, meant[0].Name)
	}
	return s.texts.say(locale, "fault.place", name)
}

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

// Readable addresses: /jobs/medizininformatiker/gelsenkirchen is the search for
// the words within the usual distance of the place.

// slug writes words as one step of a path: lower case, umlauts as two letters,
// everything but letters and digits a hyphen.
func slug(words string) string {
	words = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(words))
	return strings.Join(strings.FieldsFunc(words, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }), "-")
}

// unslug is the words that a slug stands for.
func unslug(step string) string { return cut(strings.ReplaceAll(step, "-", " ")) }

// landing serves the readable addresses. Other spellings lead to the one.
func (s *Site) landing(w http.ResponseWriter, r *http.Request) error {
	occupation, place := r.PathValue("occupation"), r.PathValue("place")
	if right := landingPath(occupation, place); right != r.URL.Path {
		if right == "" {
			return errNoPage
		}
		u := url.URL{Path: right, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, u.String(), http.StatusMovedPermanently)
		return nil
	}
	return s.showJobs(w, r, s.landingWish(occupation, place), http.StatusNotFound)
}

// properName is what a place is called; as it came if there is none.
func (s *Site) properName(place string) string {
	if found := s.Meaning.Places.Lookup(place); len(found) > 0 && slug(found[0].Name) == slug(place) {
		return found[0].Name
	}
	return place
}

// capitals writes each word with a capital, as German does with occupations.
func capitals(words string) string {
	list := strings.Fields(words)
	for i, word := range list {
		first, size := utf8.DecodeRuneInString(word)
		list[i] = string(unicode.ToUpper(first)) + word[size:]
	}
	return strings.Join(list, " ")
}

// landingPath is the readable address of an occupation in a place, or ("") of the
// occupation alone; "" if nothing is left of either.
func landingPath(occupation, place string) string {
	o, p := slug(occupation), slug(place)
	switch {
	case o == "" || place != "" && p == "":
		return ""
	case place == "":
		return "/jobs/" + o
	}
	return "/jobs/" + o + "/" + p
}

// readable is the readable address of a search, or ok false for one that has
// more to it than such an address can say.
func (s *Site) readable(f wishForm, c *alerts.Criteria) (path string, ok bool) {
	if f.Extended() || len(f.Places) > 1 || len(f.Sources) > 0 || len(c.States)+len(c.Countries) > 0 || !plainWords(f.Query) {
		return "", false
	}
	again := alerts.Criteria{Query: unslug(slug(f.Query))}
	place := ""
	if len(c.Places) == 1 {
		place = c.Places[0].Label()
		again.Places = []alerts.Place{{Name: unslug(slug(place))}}
	}
	if s.Meaning.Prepare(&again) != nil || len(again.Places) != len(c.Places) {
		return "", false
	}
	for i := range c.Places { // a namesake, or another distance
		if a, b := &again.Places[i], &c.Places[i]; *a.Lat != *b.Lat || *a.Lon != *b.Lon || a.Radius() != b.Radius() {
			return "", false
		}
	}
	path = landingPath(f.Query, place)
	return path, path != ""
}

// plainWords reports whether a query is words that mean the same in lower case:
// no operators, quotes or abbreviations.
func plainWords(query string) bool {
	words := strings.Split(query, " ")
	return !slices.ContainsFunc(words, func(word string) bool {
		odd := strings.ContainsFunc(word, func(c rune) bool { return !unicode.IsLetter(c) })
		return odd || word == "" || len(word) > 1 && word == strings.ToUpper(word)
	})
}

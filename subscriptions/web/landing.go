package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
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
	q := url.Values{"q": {capitals(unslug(occupation))}}
	if place != "" {
		q.Set("place", s.properName(unslug(place)))
	}
	return s.showJobs(w, r, s.readWish(q), http.StatusNotFound)
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

// Bounds of what neighbouring searches are looked at.
const (
	neighbourKM         = 60
	neighbourPopulation = 80_000
	maxNeighbours       = 5
)

// neighbour is another search near this one, and what it finds.
type neighbour struct {
	Text string
	Link string
	N    string
}

// nearby are the searches next to one for a single place: further around it, in
// the large towns near it, and anywhere.
func (s *Site) nearby(ctx context.Context, v *view, f wishForm, c *alerts.Criteria, total int) ([]neighbour, error) {
	if len(c.Places) != 1 || len(c.States)+len(c.Countries) > 0 {
		return nil, nil
	}
	var list []neighbour
	here := c.Places[0]
	try := func(text string, least int, change func(c *alerts.Criteria, f *wishForm)) error {
		other, form := *c, f
		form.Places = slices.Clone(f.Places)
		change(&other, &form)
		n, err := s.Search.Count(ctx, &other)
		if err != nil {
			return fmt.Errorf("count a neighbouring search: %w", err)
		}
		if n <= least {
			return nil
		}
		link := "/jobs?" + form.Values().Encode()
		if path, ok := s.readable(form, &other); ok {
			link = path
		}
		list = append(list, neighbour{text, v.URL(link), count(n, v.Lang)})
		return nil
	}
	if km := nextRadius(here.Radius()); km > 0 {
		err := try(s.texts.say(v.Lang, "jobs.within", count(int(km), v.Lang)), total, func(c *alerts.Criteria, f *wishForm) {
			at := here
			at.RadiusKM = &km
			c.Places, f.Places[0].Radius = []alerts.Place{at}, decimal(km, v.Lang)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, town := range s.townsNear(&here) {
		err := try(s.texts.say(v.Lang, "jobs.in", town.Label()), 0, func(c *alerts.Criteria, f *wishForm) {
			c.Places, f.Places[0].Name = []alerts.Place{town}, town.Label()
		})
		if err != nil {
			return nil, err
		}
	}
	if c.Parsed().IsZero() {
		return list, nil
	}
	if anywhere, ok := c.Without(alerts.ByPlace); ok {
		return list, try(s.texts.say(v.Lang, "jobs.anywhere"), total, func(c *alerts.Criteria, f *wishForm) {
			*c, f.Places = anywhere, nil
		})
	}
	return list, nil
}

// nextRadius is the next wider of the usual distances, 0 beyond the last.
func nextRadius(km float64) float64 {
	for _, wider := range []float64{10, 25, 50, 100} {
		if wider > km {
			return wider
		}
	}
	return 0
}

// townsNear are the largest towns near a place, with its radius: those whose name
// alone finds them.
func (s *Site) townsNear(here *alerts.Place) []alerts.Place {
	near := s.Meaning.Places.Near(*here.Lat, *here.Lon, neighbourKM, neighbourPopulation)
	sort.SliceStable(near, func(i, j int) bool { return near[i].Population > near[j].Population })
	var towns []alerts.Place
	for _, p := range near {
		if len(towns) == maxNeighbours {
			break
		}
		found := s.Meaning.Places.Lookup(p.Name)
		if p.Name == here.Label() || len(found) == 0 || found[0].Lat != p.Lat || found[0].Lon != p.Lon {
			continue
		}
		towns = append(towns, alerts.Place{Name: p.Name, Lat: &p.Lat, Lon: &p.Lon, RadiusKM: here.RadiusKM})
	}
	return towns
}

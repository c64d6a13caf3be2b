package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/jobalertd/jobalertd/alerts"
)

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
	N    string // how many; "" where they were not counted
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
		if n > least {
			list = append(list, neighbour{text, s.searchLink(v, form, &other), count(n, v.Lang)})
		}
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

// searchLink is the address of another search, a readable one where it has one.
func (s *Site) searchLink(v *view, f wishForm, c *alerts.Criteria) string {
	if path, ok := s.readable(f, c); ok {
		return v.URL(path)
	}
	return v.URL("/jobs?" + f.Values().Encode())
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

// maxSimilar bounds the occupations that are shown beside a search.
const maxSimilar = 5

// similar are the searches for occupations akin to the one asked for, in the same
// place and on the same terms: those that find something, the most first.
func (s *Site) similar(ctx context.Context, v *view, f wishForm, c *alerts.Criteria) ([]neighbour, error) {
	type found struct {
		neighbour
		n int
	}
	var list []found
	for _, name := range s.Meaning.Text.Akin(c.Parsed(), v.Lang) {
		other, form := *c, f
		other.Query, form.Query = name, name
		if err := s.Meaning.Prepare(&other); err != nil {
			return nil, fmt.Errorf("search for %s: %w", name, err)
		}
		n, err := s.Search.Count(ctx, &other)
		if err != nil {
			return nil, fmt.Errorf("count a similar search: %w", err)
		}
		if n > 0 {
			list = append(list, found{neighbour{name, s.searchLink(v, form, &other), count(n, v.Lang)}, n})
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return cmp.Compare(b.n, a.n) })
	var best []neighbour
	for _, one := range list[:min(len(list), maxSimilar)] {
		best = append(best, one.neighbour)
	}
	return best, nil
}

package web

import (
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
)

const (
	// maxMeant bounds the places offered beside the one that was taken.
	maxMeant = 4
	// namesakeShare is how many inhabitants a place must have at least, as a share
	// of those of the one taken, to be offered beside it.
	namesakeShare = 0.03
)

// namesakes says which place was taken for the one typed, and which others of its
// name may have been meant: a page takes no place in silence. Both are empty where
// the name leaves no doubt.
func (s *Site) namesakes(v *view, f wishForm, c *alerts.Criteria) (taken string, others []neighbour) {
	if len(c.Places) != 1 || len(f.Places) != 1 || c.Places[0].Postcode != "" {
		return "", nil
	}
	found := s.Meaning.Places.Lookup(f.Places[0].Name)
	if len(found) == 0 || found[0].Kind != gazetteer.KindPlace {
		return "", nil
	}
	for _, p := range found[1:] {
		if len(others) == maxMeant {
			break
		}
		name, ok := s.ownName(&p)
		if !ok || p.Kind != gazetteer.KindPlace || float64(p.Population) < namesakeShare*float64(found[0].Population) {
			continue
		}
		others = append(others, neighbour{Text: withState(&p), Link: s.placeLink(v, f, 0, name)})
	}
	if len(others) == 0 && slug(found[0].Name) == slug(f.Places[0].Name) {
		return "", nil
	}
	return withState(&found[0]), others
}

func withState(p *gazetteer.Place) string {
	if p.State == "" || p.State == p.Name {
		return p.Name
	}
	return p.Name + " (" + p.State + ")"
}

// ownName is a name by which a place is found before its namesakes.
func (s *Site) ownName(p *gazetteer.Place) (name string, ok bool) {
	for _, name := range []string{p.Name, p.Name + ", " + p.State} {
		if found := s.Meaning.Places.Lookup(name); len(found) > 0 && found[0].Lat == p.Lat && found[0].Lon == p.Lon {
			return name, true
		}
	}
	return "", false
}

// placeLink is the search with one of its places named otherwise.
func (s *Site) placeLink(v *view, f wishForm, row int, name string) string {
	f.Places = slices.Clone(f.Places)
	f.Places[row].Name = name
	return v.URL("/jobs?" + f.Values().Encode())
}

// guesses are the searches that may have been meant where a place is not known.
func (s *Site) guesses(v *view, f wishForm, faults []fault) []neighbour {
	if len(f.Places) == 0 || !slices.ContainsFunc(faults, func(one fault) bool { return one.Field == "place-0" }) {
		return nil
	}
	var list []neighbour
	for _, p := range s.Meaning.Places.Misspelt(f.Places[0].Name, maxMeant) {
		if name, ok := s.ownName(&p); ok {
			list = append(list, neighbour{Text: withState(&p), Link: s.placeLink(v, f, 0, name)})
		}
	}
	return list
}

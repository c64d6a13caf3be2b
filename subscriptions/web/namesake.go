package web

import (
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
)

// maxMeant bounds the places offered beside the one that was taken.
const maxMeant = 4

// namesakes says which place was taken for the one typed, and which others of its
// name may have been meant: a page takes no place in silence. Both are empty where
// the name leaves no doubt.
func (s *Site) namesakes(v *view, f wishForm, c *alerts.Criteria) (taken string, others []neighbour) {
	if len(c.Places) != 1 || len(f.Places) != 1 || c.Places[0].Postcode != "" {
		return "", nil
	}
	was, meant, ok := s.Meaning.Namesakes(f.Places[0].Name, maxMeant)
	if !ok || len(meant) == 0 && slug(was.Name) == slug(f.Places[0].Name) {
		return "", nil
	}
	return withState(was), s.searchesAt(v, f, meant)
}

// guesses are the searches that may have been meant where a place is not known.
func (s *Site) guesses(v *view, f wishForm, faults []fault) []neighbour {
	if len(f.Places) == 0 || !slices.ContainsFunc(faults, func(one fault) bool { return one.Field == "place-0" }) {
		return nil
	}
	return s.searchesAt(v, f, s.Meaning.Misspelt(f.Places[0].Name, maxMeant))
}

// withoutGuess words the fault of a place that is not known without the guess at what
// was meant: the page has that as links.
func (s *Site) withoutGuess(faults []fault, f wishForm, locale string) []fault {
	plain, name := slices.Clone(faults), f.Places[0].Name
	for i := range plain {
		if one := &plain[i]; one.Field == "place-0" && one.Text == s.unknownPlace(name, locale) {
			one.Text = s.texts.say(locale, "fault.place", name)
		}
	}
	return plain
}

// searchesAt are the searches with the first place named otherwise.
func (s *Site) searchesAt(v *view, f wishForm, places []alerts.Named) []neighbour {
	var list []neighbour
	for _, p := range places {
		f.Places = slices.Clone(f.Places)
		f.Places[0].Name = p.Name
		list = append(list, neighbour{Text: withState(p), Link: v.URL("/jobs?" + f.Values().Encode())})
	}
	return list
}

func withState(p alerts.Named) string {
	if p.State == "" || strings.HasSuffix(p.Name, p.State) {
		return p.Name
	}
	return p.Name + " (" + p.State + ")"
}

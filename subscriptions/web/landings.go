package web

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

// maxLandings bounds the readable addresses of the sitemap.
const maxLandings = 10_000

// maxOccupation is how many words of a title may name an occupation; more tell of
// one posting.
const maxOccupation = 3

// landings are the readable addresses for what the postings' titles name: alone, and
// in each of a posting's places. Each finds at least the posting that it is from.
func (s *Site) landings(newest []alerts.Stored, now time.Time) []sitemapURL {
	if s.Search == nil {
		return nil
	}
	var list []sitemapURL
	seen := map[string]bool{}
	for i := range newest {
		p := &newest[i]
		occupation := occupationIn(p.Title)
		if occupation == "" || !p.Standing(now) {
			continue
		}
		places := []string{""}
		for k := range p.Locations {
			if name := p.Locations[k].Name; name != "" && k < maxPlacesShown {
				places = append(places, name)
			}
		}
		for _, place := range places {
			path := landingPath(occupation, place)
			if path == "" || seen[path] {
				continue
			}
			if !s.finds(path, &p.Posting) {
				continue // another posting's may
			}
			if seen[path] = true; len(seen) > maxLandings {
				return list
			}
			list = append(list, sitemapURL{s.links.Base + path, p.PublishedAt.UTC().Format(time.DateOnly)})
		}
	}
	return list
}

// finds reports whether a readable address is its search's own, and finds a posting.
// The title is enough for that: the address is made of its words.
func (s *Site) finds(path string, p *alerts.Posting) bool {
	occupation, place, _ := strings.Cut(strings.TrimPrefix(path, "/jobs/"), "/")
	wish := s.landingWish(occupation, place)
	c, faults := s.criteria(wish, nil, locales[0])
	if len(faults) > 0 {
		return false
	}
	if own, ok := s.readable(wish, &c); !ok || own != path {
		return false
	}
	titled := *p
	titled.Description = ""
	return c.Matches(s.Meaning.Document(&titled))
}

// landingWish is the search that a readable address stands for.
func (s *Site) landingWish(occupation, place string) wishForm {
	q := url.Values{"q": {capitals(unslug(occupation))}}
	if place != "" {
		q.Set("place", s.properName(unslug(place)))
	}
	return s.readWish(q)
}

// occupationIn is the occupation that a title begins with: "Medizininformatiker" of
// "Medizininformatiker:in (m/w/d) – KIS"; "" where it is not plain words, each with a
// capital: "Wir suchen Dich" names none.
func occupationIn(title string) string {
	if i := strings.IndexAny(title, "(,|/–:*_["); i >= 0 {
		rest := title[i:]
		if title = title[:i]; strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "*") || strings.HasPrefix(rest, "_") {
			// The gender's ending is left away; what stands behind it belongs to the name.
			if after, ok := strings.CutPrefix(rest[1:], "in "); ok {
				title += " " + occupationIn(after)
			}
		}
	}
	title, _, _ = strings.Cut(title, " - ")
	words := strings.Fields(title)
	small := slices.ContainsFunc(words, func(w string) bool {
		first, _ := utf8.DecodeRuneInString(w)
		return !unicode.IsUpper(first)
	})
	if title = strings.Join(words, " "); small || len(words) > maxOccupation || !plainWords(title) {
		return ""
	}
	return title
}

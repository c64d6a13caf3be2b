package cluster

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// placed says how the places of two postings go together.
type placed int

const (
	elsewhere placed = iota // both say where, and nowhere in common
	unsaid                  // at least one does not say where, or not which of two namesakes
	together
)

// place is one of a posting's places of work, as far as it is needed to compare.
type place struct {
	name     string // folded
	postcode string
	located  bool
	lat, lon float32
}

// Two places of one name are one unless they lie further apart: Münster and
// Münster. What has no common name is one place only where it is a street away.
const (
	namesakeKM = 30
	streetKM   = 1
)

func placesOf(p *alerts.Posting) []place {
	var out []place
	for _, l := range p.Locations {
		q := place{name: town(l.Name), postcode: postcode(l), located: l.Located, lat: float32(l.Lat), lon: float32(l.Lon)}
		if q.name != "" || q.postcode != "" || q.located {
			out = append(out, q)
		}
	}
	return out
}

// town is a place's name less what boards write around it: "45657 Recklinghausen",
// "Gelsenkirchen, Nordrhein-Westfalen", "Hansestadt Lübeck".
func town(name string) string {
	name, _, _ = strings.Cut(name, ",")
	words := strings.Fields(text.Fold(name))
	for len(words) > 1 && (aroundTown[words[0]] || strings.Trim(words[0], "0123456789") == "") {
		words = words[1:]
	}
	if len(words) > 0 && exonyms[words[0]] != "" {
		words[0] = exonyms[words[0]]
	}
	return strings.Join(words, " ")
}

// postcode is a place's own, or the one written before its name.
func postcode(l alerts.Location) string {
	if l.PostalCode != "" {
		return strings.TrimSpace(l.PostalCode)
	}
	first, _, more := strings.Cut(strings.TrimSpace(l.Name), " ")
	if more && len(first) >= 4 && strings.Trim(first, "0123456789") == "" {
		return first
	}
	return ""
}

// aroundTown are folded words before a town's name, exonyms its English names.
var (
	aroundTown = set("d a ch de at hansestadt landeshauptstadt hauptstadt universitaetsstadt kreisstadt lutherstadt stadt grossraum raum region bei naehe kreis landkreis")
	exonyms    = map[string]string{"cologne": "koeln", "munich": "muenchen", "nuremberg": "nuernberg", "hanover": "hannover", "brunswick": "braunschweig",
		"vienna": "wien", "zurich": "zuerich", "geneva": "genf", "geneve": "genf", "basle": "basel", "berne": "bern", "lucerne": "luzern"}
)

// beside says whether two places are one town. Of a name without a postcode the
// gazetteer takes the best known of its namesakes, so that a far one may be meant.
func (p *place) beside(o *place) placed {
	km := -1.0
	if p.located && o.located {
		km = gazetteer.DistanceKM(float64(p.lat), float64(p.lon), float64(o.lat), float64(o.lon))
	}
	named := p.name != "" && o.name != ""
	switch {
	case km > namesakeKM:
		if named && p.name == o.name && (p.postcode == "" || o.postcode == "") {
			return unsaid
		}
	case p.postcode != "" && p.postcode == o.postcode:
		return together
	case named && (p.name == o.name || within(p.name, o.name) || within(o.name, p.name)):
		return together
	case km >= 0 && km <= streetKM:
		return together
	}
	return elsewhere
}

// within reports whether a longer name begins with the shorter: "berlin mitte"
// is in "berlin", "frankfurt am main" is "frankfurt".
func within(long, short string) bool {
	return len(short) >= 3 && strings.HasPrefix(long, short) && len(long) > len(short) && long[len(short)] == ' '
}

func comparePlaces(a, b *Sketch) placed {
	if len(a.places) == 0 || len(b.places) == 0 {
		if a.remote && b.remote {
			return together
		}
		return unsaid
	}
	best := elsewhere
	for i := range a.places {
		for j := range b.places {
			if best = max(best, a.places[i].beside(&b.places[j])); best == together {
				return best
			}
		}
	}
	return best
}

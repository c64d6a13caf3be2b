package cluster

import (
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// place is one of a posting's places of work, as far as it is needed to compare.
type place struct {
	name     string // folded
	postcode string
	located  bool
	lat, lon float32
}

// Two places of one name are one unless they lie further apart: Münster and
// Münster. What has no common name is one place only a street away.
const (
	namesakeKM = 30
	streetKM   = 1
)

func placesOf(p *alerts.Posting) []place {
	var out []place
	for _, l := range p.Locations {
		q := place{name: text.Fold(l.Name), postcode: strings.TrimSpace(l.PostalCode), located: l.Located, lat: float32(l.Lat), lon: float32(l.Lon)}
		if q.name != "" || q.postcode != "" || q.located {
			out = append(out, q)
		}
	}
	return out
}

// near reports whether two places are one town.
func (p *place) near(o *place) bool {
	km := -1.0
	if p.located && o.located {
		km = gazetteer.DistanceKM(float64(p.lat), float64(p.lon), float64(o.lat), float64(o.lon))
	}
	switch {
	case km > namesakeKM:
		return false
	case p.postcode != "" && p.postcode == o.postcode:
		return true
	case p.name != "" && o.name != "":
		return p.name == o.name || within(p.name, o.name) || within(o.name, p.name)
	}
	return km >= 0 && km <= streetKM
}

// within reports whether a longer name begins with the shorter: "berlin mitte"
// is in "berlin", "frankfurt am main" is "frankfurt".
func within(long, short string) bool {
	return len(short) >= 3 && strings.HasPrefix(long, short) && len(long) > len(short) && long[len(short)] == ' '
}

// placed says how the places of two postings go together.
type placed int

const (
	elsewhere placed = iota // both say where, and nowhere in common
	unsaid                  // at least one does not say where
	together
)

func comparePlaces(a, b *Sketch) placed {
	if len(a.places) == 0 || len(b.places) == 0 {
		if a.remote && b.remote {
			return together
		}
		return unsaid
	}
	for i := range a.places {
		for j := range b.places {
			if a.places[i].near(&b.places[j]) {
				return together
			}
		}
	}
	return elsewhere
}

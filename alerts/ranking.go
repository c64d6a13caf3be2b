package alerts

import (
	"math"

	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Ranking is Rank for very many criteria that one document after another meets: what
// they share is found once, and what it looks at is kept close together. It belongs
// to one goroutine.
type Ranking struct {
	d       *Document
	nth     uint32            // how many'th document
	queries map[string]uint32 // their numbers, by text
	weights []weight          // by number
	words   text.Weigher
	several []*Criteria // those taken with many places
	spots   []spot      // of the document's locations
}

// weight is how the words of a query fit the nth document; of another it says nothing.
type weight struct {
	nth   uint32
	words Fit
}

// Ranked is what of criteria Fit looks at.
type Ranked struct {
	lat, lon float64 // of the one place, in degrees
	cos      float32 // of its latitude
	query    uint32  // its number
	several  uint32  // with many places: its index
	places   placesAsked
}

type placesAsked uint8

const (
	noPlace placesAsked = iota
	onePlace
	manyPlaces
)

// Take makes c ready to be ranked for, and holds on to it if it has many places: it
// must stay as it is.
func (r *Ranking) Take(c *Criteria) Ranked {
	query, known := r.queries[c.Query]
	if !known {
		if r.queries == nil {
			r.queries = map[string]uint32{}
		}
		query = r.words.Take(c.query)
		r.queries[c.Query], r.weights = query, append(r.weights, weight{})
	}
	x := Ranked{query: query}
	switch {
	case len(c.Places) > 1:
		x.places, x.several = manyPlaces, uint32(len(r.several))
		r.several = append(r.several, c)
	case len(c.Places) == 1:
		at := spotOf(*c.Places[0].Lat, *c.Places[0].Lon)
		x.places, x.lat, x.lon, x.cos = onePlace, at.lat, at.lon, at.cos
	}
	return x
}

// Drop forgets all that was taken.
func (r *Ranking) Drop() {
	clear(r.queries)
	clear(r.several)
	r.words.Drop()
	r.weights, r.several, r.nth = r.weights[:0], r.several[:0], 0
}

// Next takes up a document, which must stay as it is until the next, and returns its
// own part of its ranks; first is the position of its first content.
func (r *Ranking) Next(d *Document, first int64) Rank {
	r.d = d
	r.nth++
	r.words.Next(d.Text)
	r.spots = r.spots[:0]
	for i := range d.Locations {
		if l := &d.Locations[i]; l.Located {
			r.spots = append(r.spots, spotOf(l.Lat, l.Lon))
		}
	}
	return d.rank(first)
}

// Fit is how the document fits x, which it meets.
func (r *Ranking) Fit(x *Ranked) Fit {
	w := &r.weights[x.query]
	if w.nth != r.nth {
		inText, indirect := r.words.Weigh(x.query)
		*w = weight{r.nth, fitOf(inText, indirect, 0)}
	}
	switch x.places {
	case noPlace:
		return w.words
	case onePlace:
		if len(r.spots) == 0 {
			return w.words
		}
		at := spot{x.lat, x.lon, x.cos}
		steps := at.steps(&r.spots[0])
		for i := range r.spots[1:] {
			steps = min(steps, at.steps(&r.spots[i+1]))
		}
		return w.words | Fit(steps)
	}
	return w.words | Fit(r.several[x.several].steps(r.d))
}

// spot is where something is, in degrees, with the cosine of its latitude.
type spot struct {
	lat, lon float64
	cos      float32
}

func spotOf(lat, lon float64) spot { return spot{lat, lon, float32(math.Cos(lat * math.Pi / 180))} }

// On a flat map a distance is right within nearlyRight, as far as nearDegrees, 0.2 rad,
// either way: of the haversine formula sin(x/2) is less than x/2 by up to 0.2 %, and
// asin(y) more than y by up to 0.4 %.
const (
	nearDegrees = 11
	nearlyRight = 0.005
)

// steps is stepsOf the distance to o. A map tells most; where it might err by a step
// the sphere is asked.
func (s *spot) steps(o *spot) uint16 {
	lat, lon := s.lat-o.lat, s.lon-o.lon
	if math.Abs(lat) < nearDegrees && math.Abs(lon) < nearDegrees {
		km := gazetteer.DegreeKM * math.Sqrt(lat*lat+float64(s.cos*o.cos)*lon*lon)
		if at := stepsOf(km * (1 - nearlyRight)); at == stepsOf(km*(1+nearlyRight)) {
			return at
		}
	}
	return stepsOf(gazetteer.DistanceKM(s.lat, s.lon, o.lat, o.lon))
}

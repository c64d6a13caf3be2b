package alerts

import (
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
}

// weight is how the words of a query fit the nth document; of another it says nothing.
type weight struct {
	nth   uint32
	words Fit
}

// Ranked is what of criteria Fit looks at.
type Ranked struct {
	several  *Criteria // with many places
	lat, lon float64   // of the one place
	query    uint32
	places   placesAsked
}

type placesAsked uint8

const (
	noPlace placesAsked = iota
	onePlace
	manyPlaces
)

// Take makes c ready to be ranked for, and seldom holds on to it: it must stay as it is.
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
		x.places, x.several = manyPlaces, c
	case len(c.Places) == 1:
		x.places, x.lat, x.lon = onePlace, *c.Places[0].Lat, *c.Places[0].Lon
	}
	return x
}

// Drop forgets all that was taken.
func (r *Ranking) Drop() {
	clear(r.queries)
	r.words.Drop()
	r.weights, r.nth = r.weights[:0], 0
}

// Next takes up a document, which must stay as it is until the next, and returns its
// own part of its ranks; first is the position of its first content.
func (r *Ranking) Next(d *Document, first int64) Rank {
	r.d = d
	r.nth++
	r.words.Next(d.Text)
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
		km := -1.0
		for i := range r.d.Locations {
			l := &r.d.Locations[i]
			if !l.Located {
				continue
			}
			if far := gazetteer.DistanceKM(x.lat, x.lon, l.Lat, l.Lon); km < 0 || far < km {
				km = far
			}
		}
		return w.words | Fit(stepsOf(km))
	}
	return w.words | Fit(x.several.steps(r.d))
}

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
	queries map[string]uint32 // by text
	weights []weight          // by number of the query
	taken   uint32            // documents
	words   text.Weigher
}

// weight is how the words of a query fit a document.
type weight struct {
	document uint32 // the how many'th taken up; of another it says nothing
	words    Fit
}

// Ranked is what of criteria Fit looks at.
type Ranked struct {
	c        *Criteria
	lat, lon float64 // of the one place
	query    uint32
	places   placesAsked
}

type placesAsked uint8

const (
	noPlace placesAsked = iota
	onePlace
	manyPlaces
)

// Take makes c ready to be ranked for. c must stay as it is.
func (r *Ranking) Take(c *Criteria) Ranked {
	query, known := r.queries[c.Query]
	if !known {
		if r.queries == nil {
			r.queries = map[string]uint32{}
		}
		query = uint32(len(r.weights))
		r.queries[c.Query], r.weights = query, append(r.weights, weight{})
	}
	x := Ranked{c: c, query: query}
	switch {
	case len(c.Places) > 1:
		x.places = manyPlaces
	case len(c.Places) == 1:
		x.places, x.lat, x.lon = onePlace, *c.Places[0].Lat, *c.Places[0].Lon
	}
	return x
}

// Drop forgets all that was taken.
func (r *Ranking) Drop() {
	clear(r.queries)
	r.weights, r.taken = r.weights[:0], 0
}

// Next takes up a document, which must stay as it is until the next, and returns its
// own part of its ranks; first is the position of its first content.
func (r *Ranking) Next(d *Document, first int64) Rank {
	r.d = d
	r.taken++
	r.words.Next(d.Text)
	return d.rank(first)
}

// Fit is how the document fits x, which it meets.
func (r *Ranking) Fit(x *Ranked) Fit {
	w := &r.weights[x.query]
	if w.document != r.taken {
		inText, indirect := r.words.Weigh(x.c.query)
		*w = weight{r.taken, fitOf(inText, indirect, 0)}
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
	return w.words | Fit(x.c.steps(r.d))
}

package gazetteer

import (
	"slices"
	"strings"
)

// Address is a place as a posting writes it: any field may be empty, hold
// another field's content or several of them.
type Address struct{ PostalCode, Locality, Region, Country string }

// Resolve is the one place that an address means, and false if it is not
// known, contradicts its country, or names no more than a country. An address
// that names only a state resolves to that state (Kind is KindState).
//
// Postings name the same few thousand addresses again and again: answers are
// remembered.
func (g *Gazetteer) Resolve(a Address) (Place, bool) {
	if len(a.PostalCode)+len(a.Locality)+len(a.Region)+len(a.Country) > maxRemembered {
		return g.resolve(a)
	}
	r, known := g.resolved.Get(a)
	if !known {
		r.place, r.ok = g.resolve(a)
		g.resolved.Add(a, r)
	}
	return r.place, r.ok
}

// How many answers of Resolve are remembered, and of addresses of how many bytes at
// most: two megabytes of the longest.
const (
	remembered    = 1 << 12
	maxRemembered = 128
)

// resolution is an answer of Resolve.
type resolution struct {
	place Place
	ok    bool
}

func (g *Gazetteer) resolve(a Address) (Place, bool) {
	country, _ := g.Country(a.Country)
	q := parseQuery(a.Locality)
	if c := parseQuery(a.PostalCode); c.code != "" {
		q.code, q.codeCountry = c.code, c.codeCountry
		if len(q.segments) == 0 {
			q.segments = c.segments // "45879 Gelsenkirchen" in the postcode's field
		}
	}
	region := parseQuery(a.Region)
	if q.code == "" {
		q.code, q.codeCountry = region.code, region.codeCountry
	}
	if q.codeCountry != "" && country != "" && q.codeCountry != country {
		q.codeCountry = ""
	}
	var hints []hint
	for _, h := range g.hints(nil, region.segments) {
		if country != "" {
			h = g.inside(h, country)
		}
		hints = append(hints, h)
	}
	if found := g.answer(q, hints, country); len(found) > 0 {
		if found[0].Kind != KindState {
			return found[0], true
		}
	}
	// The locality says nothing: the region may be a town or a state.
	for _, s := range []string{a.Region, a.Locality} {
		if strings.TrimSpace(s) == "" {
			continue
		}
		p := parseQuery(s)
		if n, ok := g.state(p.words()); ok && (country == "" || country == g.divisions[n].country) && !g.outranks(p.words(), n) {
			return g.statePlace(n), true
		}
		if s == a.Locality && a.Region != "" {
			continue
		}
		if found := g.answer(p, nil, country); len(found) > 0 {
			return found[0], true
		}
	}
	return Place{}, false
}

// inside leaves of a hint what lies in the country: in Luxembourg "ES" is a
// canton and not Spain.
func (g *Gazetteer) inside(h hint, country string) hint {
	if h.country != country {
		h.country = ""
	}
	h.divisions = slices.DeleteFunc(slices.Clone(h.divisions), func(n int32) bool { return g.divisions[n].country != country })
	h.areas = slices.DeleteFunc(slices.Clone(h.areas), func(a area) bool { return a.country != country })
	return h
}

package gazetteer

import (
	"slices"
	"strings"
)

// hint is what a name beside a place's name tells about where it lies. The
// fields are alternatives: "BY" is Bavaria and Belarus.
type hint struct {
	country   string
	divisions []int32
	areas     []area
	near      []int32 // places it may lie close to
}

// nearbyKM is how far a place may lie from the one that is named to tell it
// from its namesakes, such as the seat of its district.
const nearbyKM = 40

func (h *hint) empty() bool {
	return h.country == "" && len(h.divisions) == 0 && len(h.areas) == 0 && len(h.near) == 0
}

// regional reports whether the hint names a country, a state or a region with
// borders. A river has none: that Linz lies on the Danube too is no contradiction.
func (h *hint) regional() bool {
	return h.country != "" || len(h.divisions) > 0 || slices.ContainsFunc(h.areas, func(a area) bool { return a.seat != noSeat })
}

// hint reads words as a country, state, region, district or place.
func (g *Gazetteer) hint(words []word) hint {
	var h hint
	if len(words) == 0 {
		return h
	}
	h.country, _ = g.country(words)
	k := key(words)
	h.divisions = slices.Concat(g.stateKeys[k], g.codeKeys[k])
	if n, ok := g.state(words); ok && !slices.Contains(h.divisions, n) {
		h.divisions = append(h.divisions, n)
	}
	h.areas = g.areas[k]
	trimmed := trimDescribing(words)
	if len(h.areas) == 0 && len(trimmed) > 0 {
		h.areas = g.areas[key(trimmed)]
	}
	if len(h.areas) == 0 && words[len(words)-1].dot {
		h.areas = g.abbreviatedAreas(k)
	}
	if h.empty() && len(words) == 1 && len(k) <= 3 {
		h.areas = g.shortenedRivers(k)
	}
	for _, ws := range [][]word{words, trimmed} {
		if len(ws) == 0 || len(h.near) > 0 {
			continue
		}
		found := g.rank(g.names.find(key(ws)))
		for _, c := range found[:min(3, len(found))] {
			h.near = append(h.near, c.record)
		}
	}
	return h
}

// abbreviatedAreas are the regions whose name begins with k: "Oberbay.".
func (g *Gazetteer) abbreviatedAreas(k string) []area {
	if len(k) < 4 {
		return nil
	}
	var names []string
	for name := range g.areas {
		if strings.HasPrefix(name, k) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []area
	for _, name := range names {
		out = append(out, g.areas[name]...)
	}
	return out
}

// shortenedRivers are the rivers that k may be short for: "N." is the Neckar
// and the Naab, and the place tells which.
func (g *Gazetteer) shortenedRivers(k string) []area {
	var out []area
	for name, areas := range g.areas {
		for _, a := range areas {
			if a.seat == noSeat && shortens(k, name) {
				out = append(out, a)
			}
		}
	}
	return out // in any order: they are only asked for what they contain
}

// within reports whether r lies in the country, a state or a region of h.
func (g *Gazetteer) within(h *hint, r *record) bool {
	return (h.country != "" && h.country == r.country) || slices.Contains(h.divisions, r.division) ||
		slices.ContainsFunc(h.areas, func(a area) bool { return a.contains(r) })
}

func (g *Gazetteer) close(h *hint, r *record) bool {
	return slices.ContainsFunc(h.near, func(n int32) bool {
		q := &g.records[n]
		return DistanceKM(q.lat, q.lon, r.lat, r.lon) <= nearbyKM
	})
}

// surePopulation is the size from which a German, Austrian or Swiss town is
// believed although the state beside it is a neighbouring one.
const surePopulation = 20_000

// settle keeps of the ranked candidates those that h allows. A hint that none
// of them meets is overlooked if it only names another place (lists of places
// are common); if it names another country there is nothing left, and if it
// names another state of the same country only a well-known town is.
func (g *Gazetteer) settle(cs []candidate, h *hint) []candidate {
	if h.empty() || len(cs) == 0 {
		return cs
	}
	keep := func(allow func(*record) bool) []candidate {
		var out []candidate
		for _, c := range cs {
			if allow(&g.records[c.record]) {
				out = append(out, c)
			}
		}
		return out
	}
	if out := keep(func(r *record) bool { return g.within(h, r) }); len(out) > 0 {
		return out
	}
	if out := keep(func(r *record) bool { return g.close(h, r) }); len(out) > 0 {
		return out
	}
	if !h.regional() {
		return cs
	}
	return keep(func(r *record) bool {
		return r.population >= surePopulation && whole[r.country] && slices.Contains(g.countriesOf(h), r.country)
	})
}

// whole are the countries of which every place is known.
var whole = map[string]bool{"DE": true, "AT": true, "CH": true, "LI": true, "LU": true}

func (g *Gazetteer) countriesOf(h *hint) []string {
	var out []string
	for _, d := range h.divisions {
		out = append(out, g.divisions[d].country)
	}
	for _, a := range h.areas {
		out = append(out, a.country)
	}
	return out
}

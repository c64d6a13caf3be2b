package gazetteer

import (
	"cmp"
	"slices"
)

// maxAnswers bounds what Lookup returns; the largest family of namesakes in
// the data is about this size.
const maxAnswers = 50

// Lookup reads what a person types for a place: a name in German, English or
// the place's own language, with or without umlauts; a postcode ("45879",
// "D-45879", "45879 Gelsenkirchen"); a state's name or code. The best answer
// comes first, then its namesakes by population. A state, district or country
// beside the name tells namesakes apart ("Münster, Westfalen"). Nil means that
// the place is not known.
func (g *Gazetteer) Lookup(text string) []Place {
	q := parseQuery(text)
	if q.code == "" && !q.numbers {
		if n, ok := g.state(q.words()); ok && !g.outranks(q.words(), n) {
			places := append([]Place{g.statePlace(n)}, g.alternatives(g.readName(q.words()))...)
			return places[:min(len(places), maxAnswers)]
		}
	}
	found := g.answer(q, nil, "")
	if len(found) > 0 && q.code == "" {
		if n, ok := g.state(q.words()); ok && found[0].Kind == KindPlace {
			found = append(found, g.statePlace(n))
		}
	}
	return found[:min(len(found), maxAnswers)]
}

// outranks reports whether a town of that name is meant before the state:
// Salzburg, Zürich and Geneva are, the village of Hessen is not, nor is a
// town in Brandenburg that is also called so. Swiss cantons bear their towns'
// names in every language.
func (g *Gazetteer) outranks(words []word, state int32) bool {
	cs := g.rank(g.names.find(key(words)))
	if len(cs) == 0 {
		return false
	}
	r := &g.records[cs[0].record]
	if r.population >= 100_000 {
		return true
	}
	named := cs[0].tier == byName || (cs[0].tier == byAlias && r.country == "CH")
	return named && r.population >= 5_000 && !r.quarter && r.country == g.divisions[state].country
}

// answer is the one reading of a query, within a country if that is not empty
// and with hints from elsewhere.
func (g *Gazetteer) answer(q query, hints []hint, country string) []Place {
	names := g.readSegments(q.segments, hints, country)
	if q.code == "" {
		if len(names) == 0 {
			return g.stateOf(q.segments, country)
		}
		return g.alternatives(names)
	}
	codes := g.codes(q, hints, country)
	for _, s := range q.segments {
		if p, ok := g.besideCode(codes, g.names.find(key(s))); ok {
			return []Place{p}
		}
	}
	return g.joinCode(codes, names)
}

// alternatives are the ranked candidates as places: the best one, then the
// others by population.
func (g *Gazetteer) alternatives(cs []candidate) []Place {
	var out []Place
	for _, c := range cs {
		out = append(out, g.place(c.record))
	}
	if len(out) > 2 {
		slices.SortStableFunc(out[1:], func(a, b Place) int { return cmp.Compare(b.Population, a.Population) })
	}
	return out
}

// readSegments takes the first segment that names a place and lets the other
// ones, and hints, choose among its namesakes.
func (g *Gazetteer) readSegments(segments [][]word, hints []hint, country string) []candidate {
	if len(segments) == 0 {
		return nil
	}
	segments = segments[:min(len(segments), 6)]
	if len(segments) > 1 {
		joined := slices.Concat(segments...)
		if cs := g.choose(g.rank(g.names.find(key(joined))), hints, country); len(cs) > 0 {
			return cs
		}
		if len(segments) > 2 {
			joined = slices.Concat(segments[0], segments[1])
			if cs := g.rank(g.names.find(key(joined))); len(cs) > 0 {
				return g.choose(cs, g.hints(hints, segments[2:]), country)
			}
		}
	}
	for i, s := range segments {
		if g.namesRegion(s, len(segments) > 1) {
			continue
		}
		cs := g.readName(s)
		if len(cs) == 0 {
			continue
		}
		others := slices.Delete(slices.Clone(segments), i, i+1)
		if i+1 < len(segments) && segments[i+1][0].sep <= parenthesis {
			if full := g.abbreviated(s, withoutJoining(segments[i+1])); len(full) > 0 {
				cs = full
			}
		}
		if chosen := g.choose(cs, g.hints(hints, others), country); len(chosen) > 0 {
			return g.refine(chosen, others)
		}
		if i == 0 {
			// The name is known, but not there: a later name is no better.
			return nil
		}
	}
	return g.seatOf(segments, country)
}

// seatOf is the town that stands for a region ("Ruhrgebiet"), if the segments
// name nothing but regions.
func (g *Gazetteer) seatOf(segments [][]word, country string) []candidate {
	var seat []candidate
	for _, s := range segments {
		h := g.hint(s)
		if !h.regional() && len(trimDescribing(s)) > 0 {
			return nil
		}
		if len(seat) == 0 && len(h.areas) > 0 && (country == "" || country == h.areas[0].country) {
			seat = []candidate{{record: h.areas[0].seat}}
		}
	}
	return seat
}

// namesRegion reports whether a segment names a state, a country (if there are
// other segments) or a region rather than a place of that name.
func (g *Gazetteer) namesRegion(words []word, others bool) bool {
	if n, ok := g.state(words); ok && !g.outranks(words, n) {
		return true
	}
	if _, ok := g.country(words); ok && others {
		return true
	}
	k := key(words)
	if len(g.areas[k]) == 0 {
		k = key(trimDescribing(words))
	}
	if len(g.areas[k]) == 0 {
		return false
	}
	cs := g.rank(g.names.find(key(words)))
	return len(cs) == 0 || g.records[cs[0].record].population < 5_000
}

func (g *Gazetteer) hints(given []hint, segments [][]word) []hint {
	out := slices.Clone(given)
	for _, s := range segments {
		if h := g.hint(s); !h.empty() {
			out = append(out, h)
		}
	}
	return out
}

// choose applies the country and the hints to ranked candidates.
func (g *Gazetteer) choose(cs []candidate, hints []hint, country string) []candidate {
	if country != "" {
		cs = slices.DeleteFunc(cs, func(c candidate) bool { return g.records[c.record].country != country })
	}
	for i := range hints {
		cs = g.settle(cs, &hints[i])
	}
	return cs
}

// refine turns a town into the quarter of it that another segment names.
func (g *Gazetteer) refine(cs []candidate, others [][]word) []candidate {
	if g.records[cs[0].record].quarter {
		return cs
	}
	for _, s := range others {
		if quarters := g.quartersOf(cs[:1], s); len(quarters) > 0 {
			return quarters[:1]
		}
	}
	return cs
}

// stateOf answers with a state if the segments name one, and no other region.
func (g *Gazetteer) stateOf(segments [][]word, country string) []Place {
	for i, s := range segments {
		n, ok := g.state(s)
		if !ok || (country != "" && g.divisions[n].country != country) {
			continue
		}
		for j, other := range segments {
			if h := g.hint(other); j != i && h.regional() && h.country != g.divisions[n].country && !slices.Contains(h.divisions, n) {
				return nil
			}
		}
		return []Place{g.statePlace(n)}
	}
	return nil
}

// sameTownKM is how far a postcode's position may lie from the place that is
// written beside it. Rural codes cover up to 30 km.
const sameTownKM = 40

// codes are the readings of the query's postcode, largest place first.
func (g *Gazetteer) codes(q query, hints []hint, country string) []postcode {
	code := q.code
	if country == "DE" && len(code) == 4 {
		code = "0" + code // a spreadsheet lost the leading zero
	}
	country = cmp.Or(q.codeCountry, country)
	var out []postcode
	for _, p := range g.postcodes(code) {
		if country == "" || p.country == country {
			out = append(out, p)
		}
	}
	size := func(p postcode) int32 {
		if p.record < 0 {
			return 0
		}
		return g.records[p.record].population
	}
	slices.SortStableFunc(out, func(a, b postcode) int { return cmp.Compare(size(b), size(a)) })
	if len(out) > 1 {
		for i := range hints {
			in := slices.DeleteFunc(slices.Clone(out), func(p postcode) bool {
				return p.record < 0 || !g.within(&hints[i], &g.records[p.record])
			})
			if len(in) > 0 {
				out = in
			}
		}
	}
	return out
}

// besideCode is the one of the places that a postcode belongs to: the code at
// its own position if the place is the code's town, else the nearest place.
func (g *Gazetteer) besideCode(codes []postcode, names []candidate) (Place, bool) {
	best, nearest := int32(-1), float64(sameTownKM)
	for i := range codes {
		p := &codes[i]
		for _, c := range names {
			r := &g.records[c.record]
			if p.record == c.record {
				return g.postcodePlace(p), true
			}
			if d := DistanceKM(r.lat, r.lon, p.lat, p.lon); d <= nearest && p.country == r.country {
				best, nearest = c.record, d
			}
		}
	}
	if best < 0 {
		return Place{}, false
	}
	return g.place(best), true
}

// joinCode answers a postcode with a name beside it. If they do not belong
// together, a known town is believed, else the code.
func (g *Gazetteer) joinCode(codes []postcode, names []candidate) []Place {
	if p, ok := g.besideCode(codes, names); ok {
		return []Place{p}
	}
	var byCode []Place
	for i := range codes {
		byCode = append(byCode, g.postcodePlace(&codes[i]))
	}
	byName := g.alternatives(names)
	if len(names) > 0 && g.records[names[0].record].population >= 5_000 {
		return append(byName, byCode...)
	}
	return append(byCode, byName...)
}

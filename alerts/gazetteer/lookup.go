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
	if q.code != "" || q.numbers {
		if cs := g.names.find(key(split(clip(text)))); len(cs) > 0 {
			return g.alternatives(g.rank(cs)) // a name with a number in it
		}
	}
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

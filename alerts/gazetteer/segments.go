package gazetteer

import (
	"slices"
)

// maxSegments bounds the names of one text that are looked at.
const maxSegments = 6

// readJoined takes the segments, or the first two, for one name that was
// written with brackets, slashes or commas: "Halle (Saale), Sachsen-Anhalt".
func (g *Gazetteer) readJoined(segments [][]word, hints []hint, country string) []candidate {
	if len(segments) < 2 {
		return nil
	}
	whole := key(slices.Concat(segments...))
	if cs := g.choose(g.rank(g.names.find(whole)), hints, country); len(cs) > 0 || len(segments) == 2 {
		return cs
	}
	two := key(slices.Concat(segments[0], segments[1]))
	return g.choose(g.rank(g.names.find(two)), g.hints(hints, segments[2:]), country)
}

// readSegments takes the first segment that names a place and lets the other
// ones, and hints, choose among its namesakes.
func (g *Gazetteer) readSegments(segments [][]word, hints []hint, country string) []candidate {
	if len(segments) == 0 {
		return nil
	}
	segments = segments[:min(len(segments), maxSegments)]
	if cs := g.readJoined(segments, hints, country); len(cs) > 0 {
		return cs
	}
	for _, evenRegions := range []bool{false, true} {
		for i, s := range segments {
			isRegion := g.namesRegion(s, len(segments) > 1)
			if isRegion && !evenRegions {
				continue
			}
			cs := g.readName(s)
			if len(cs) == 0 {
				continue
			}
			if i+1 < len(segments) && segments[i+1][0].sep <= parenthesis {
				if full := g.abbreviated(s, withoutJoining(segments[i+1])); len(full) > 0 {
					cs = full
				}
			}
			others := slices.Delete(slices.Clone(segments), i, i+1)
			told := g.hints(hints, others)
			chosen := g.choose(cs, told, country)
			if len(chosen) > 0 && (!isRegion || g.pinned(chosen[0], told)) {
				return g.refine(chosen, others)
			}
			if i == 0 && !isRegion {
				return nil // The name is known, but not there: a later name is no better.
			}
		}
	}
	return g.seatOf(segments, hints, country)
}

// pinned reports whether a hint names the state or region of a candidate. Only
// then the village of Pommern is meant, not Pomerania.
func (g *Gazetteer) pinned(c candidate, hints []hint) bool {
	return slices.ContainsFunc(hints, func(h hint) bool {
		h.country = ""
		return g.within(&h, &g.records[c.record])
	})
}

// seatOf is the town that stands for a region ("Ruhrgebiet"), if the segments
// name nothing but regions and the hints do not contradict.
func (g *Gazetteer) seatOf(segments [][]word, hints []hint, country string) []candidate {
	var seat []candidate
	told := slices.Clone(hints)
	for _, s := range segments {
		h := g.hint(s)
		if !h.regional() && len(trimDescribing(s)) > 0 {
			return nil
		}
		told = append(told, h)
		for _, a := range h.areas {
			if len(seat) == 0 && a.seat != noSeat && (country == "" || country == a.country) {
				seat = []candidate{{record: a.seat}}
			}
		}
	}
	if len(seat) > 0 && slices.ContainsFunc(told, func(h hint) bool { return h.regional() && !g.within(&h, &g.records[seat[0].record]) }) {
		return nil
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
	if !slices.ContainsFunc(g.areas[k], func(a area) bool { return a.seat != noSeat }) {
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

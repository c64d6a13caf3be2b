package gazetteer

import (
	"cmp"
	"slices"
)

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

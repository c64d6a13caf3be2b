package gazetteer

import (
	"math"
	"slices"
	"strings"
)

// listedCode is a German postcode with the names of its places.
type listedCode struct {
	code  string
	names []string
}

// joinPostcodes gives each German postcode the position of its places. Names
// that several places bear are settled by distance from the middle of the
// codes with the same first three digits, first computed from the names that
// only one place bears. A code without any known place lies between its
// neighbours in number.
func (l *loader) joinPostcodes() {
	g := l.g
	middle := l.middles()
	known := make([]postcode, 0, len(l.codes)+256)
	for _, c := range l.codes {
		p := postcode{code: c.code, country: "DE", record: -1, name: c.names[0]}
		var lats, lons []float64
		m, ok := middle[c.code[:3]]
		if !ok {
			m = middle[c.code[:2]]
		}
		for _, n := range l.members(c.names, m) {
			r := &g.records[n]
			lats, lons = append(lats, r.lat), append(lons, r.lon)
			if p.record < 0 || r.population > g.records[p.record].population {
				p.record, p.name, p.division, p.area = n, r.name, r.division, r.area[:min(5, len(r.area))]
			}
		}
		if p.record >= 0 {
			p.lat, p.lon = median(lats), median(lons)
		}
		known = append(known, p)
	}
	for i := range known {
		if known[i].record < 0 {
			placeBetween(known, i)
		}
		l.addListed(&known[i], l.codes[i].names)
		l.toQuarters(&known[i])
	}
	g.german = slices.DeleteFunc(known, func(p postcode) bool { return p.lat == 0 })
	l.codes = nil
}

// maxMemberKM is how far from the middle of the codes with the same first
// digits a place may lie to be one of theirs.
const maxMemberKM = 60.0

// addListed makes places of the names in the list of postcodes that GeoNames
// does not have, or only far away: mostly communes that bear no village's
// name. They lie where their first code does, within some ten kilometres, and
// are of unknown size.
func (l *loader) addListed(p *postcode, names []string) {
	if p.lat == 0 {
		return
	}
	for _, name := range names {
		name, _, _ = strings.Cut(name, " - ") // the Sorbian name follows
		namesakes := l.germanPlaces(name)
		if _, ok := l.unmistakable(namesakes); ok || slices.ContainsFunc(namesakes, func(n int32) bool {
			return DistanceKM(p.lat, p.lon, l.g.records[n].lat, l.g.records[n].lon) < maxMemberKM
		}) {
			continue
		}
		n := int32(len(l.g.records))
		l.g.records = append(l.g.records, record{name: name, country: "DE", area: p.area, lat: p.lat, lon: p.lon, division: p.division})
		l.addName(n, name, byName)
		delete(l.listed, name)
		if p.record < 0 {
			p.record, p.name = n, name
		}
	}
}

// toQuarters moves a code from the middle of its town to that of its quarters.
func (l *loader) toQuarters(p *postcode) {
	quarters := l.quarterCodes[p.country+p.code]
	if len(quarters) == 0 {
		return
	}
	p.lat, p.lon = 0, 0
	for _, q := range quarters {
		r := &l.g.records[q]
		p.lat, p.lon = p.lat+r.lat/float64(len(quarters)), p.lon+r.lon/float64(len(quarters))
	}
}

type point struct{ lat, lon float64 }

// middles is the median position of the places that have no namesake of any
// size, by the first two and three digits of the postcode.
func (l *loader) middles() map[string]point {
	lats, lons := map[string][]float64{}, map[string][]float64{}
	for _, c := range l.codes {
		for _, name := range c.names {
			places := l.germanPlaces(name)
			if n, ok := l.unmistakable(places); ok || len(places) == 1 {
				if !ok {
					n = places[0]
				}
				r := &l.g.records[n]
				for _, prefix := range []string{c.code[:2], c.code[:3]} {
					lats[prefix], lons[prefix] = append(lats[prefix], r.lat), append(lons[prefix], r.lon)
				}
			}
		}
	}
	out := make(map[string]point, len(lats))
	for prefix := range lats {
		out[prefix] = point{median(lats[prefix]), median(lons[prefix])}
	}
	return out
}

// unmistakable is a town of 20,000 or more that is five times the size of all
// its namesakes, such as Essen in the Ruhr.
func (l *loader) unmistakable(places []int32) (int32, bool) {
	size := func(n int32) int32 { return l.g.records[n].population }
	slices.SortFunc(places, func(a, b int32) int { return int(size(b) - size(a)) })
	if len(places) == 0 || size(places[0]) < surePopulation || (len(places) > 1 && size(places[0]) < 5*size(places[1])) {
		return 0, false
	}
	return places[0], true
}

// germanPlaces are the German places that bear a name, or its beginning
// before "an der", "(" and the like.
func (l *loader) germanPlaces(name string) []int32 {
	if out, ok := l.listed[name]; ok {
		return out
	}
	out := l.findGermanPlaces(name)
	l.listed[name] = out
	return out
}

func (l *loader) findGermanPlaces(name string) []int32 {
	words := split(name)
	for _, k := range []string{key(words), key(words[:baseLength(words)])} {
		var out []int32
		for _, c := range l.g.names.find(k) {
			if r := &l.g.records[c.record]; r.country == "DE" && !r.quarter && c.tier <= byBase {
				out = append(out, c.record)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// members are the places of a code: of each name the one nearest to where the
// code must lie, within 60 km, and no further than 20 km beyond the nearest of
// them all: the list gives a few codes a far-off town by mistake. Further away
// only a town that cannot be mistaken is believed.
func (l *loader) members(names []string, m point) []int32 {
	var out []int32
	from := func(n int32) float64 {
		r := &l.g.records[n]
		return DistanceKM(m.lat, m.lon, r.lat, r.lon)
	}
	nearest := math.Inf(1)
	for _, name := range names {
		best, least := int32(-1), maxMemberKM
		for _, n := range l.germanPlaces(name) {
			if d := from(n); d < least {
				best, least = n, d
			}
		}
		if best >= 0 {
			out = append(out, best)
			nearest = min(nearest, least)
		}
	}
	if len(out) == 0 {
		for _, name := range names {
			if n, ok := l.unmistakable(l.germanPlaces(name)); ok {
				return []int32{n}
			}
		}
	}
	return slices.DeleteFunc(out, func(n int32) bool { return from(n) > nearest+20 })
}

// placeBetween puts known[i] between the nearest codes below and above it that
// have a place and share its first three digits.
func placeBetween(known []postcode, i int) {
	p := &known[i]
	p.between = true
	n := 0
	for _, step := range []int{-1, 1} {
		for j := i + step; j >= 0 && j < len(known) && known[j].code[:3] == p.code[:3]; j += step {
			if q := &known[j]; q.record >= 0 && q.area != "" && !q.between {
				p.lat, p.lon, p.division, p.area = p.lat+q.lat, p.lon+q.lon, q.division, q.area
				n++
				break
			}
		}
	}
	if n > 0 {
		p.lat, p.lon = p.lat/float64(n), p.lon/float64(n)
	}
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	if n := len(x); n%2 == 0 {
		return (x[n/2-1] + x[n/2]) / 2
	}
	return x[len(x)/2]
}

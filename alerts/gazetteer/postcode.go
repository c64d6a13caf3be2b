package gazetteer

import (
	"fmt"
	"sort"
	"strings"
)

// postcode is a delivery area: a position and the largest of its places. The
// record may be missing (-1) where only the name of the place is known.
type postcode struct {
	code, country, name string
	lat, lon            float64
	division, record    int32
	between             bool   // the position is taken from its neighbours in number
	area                string // beginning of the official key, for places taken from the list
}

func (g *Gazetteer) postcodePlace(p *postcode) Place {
	d := &g.divisions[p.division]
	place := Place{Name: p.name, State: d.name, StateCode: d.code, Country: p.country, Lat: p.lat, Lon: p.lon, Kind: KindPostcode}
	if p.record >= 0 {
		place.Population = int(g.records[p.record].population)
	}
	return place
}

// postcodeDE reads: code, places separated by "|". Positions come from the
// places and are found when all codes are read.
func (l *loader) postcodeDE(f []string) error {
	if len(f[0]) != 5 {
		return fmt.Errorf("postcode %q is not of five digits", f[0])
	}
	l.codes = append(l.codes, listedCode{f[0], strings.Split(f[1], "|")})
	return nil
}

// postcodeCH reads: code, place, canton, latitude, longitude. Several places
// may share a code; the first, which the Post lists first, gives the name.
func (l *loader) postcodeCH(f []string) error {
	lat, lon, err := position(f[3], f[4])
	if err != nil {
		return err
	}
	d, ok := l.divisions["CH."+f[2]]
	if !ok {
		return fmt.Errorf("no canton %q", f[2])
	}
	p := postcode{code: f[0], country: "CH", name: f[1], lat: lat, lon: lon, division: d, record: -1}
	words := split(f[1])
	for _, c := range l.g.names.find(key(words)) {
		if r := &l.g.records[c.record]; r.country == "CH" && r.division == d && c.tier <= byBase && (p.record < 0 || r.population > l.g.records[p.record].population) {
			p.record = c.record
		}
	}
	if p.record < 0 && !strings.ContainsAny(f[1], "0123456789") {
		// A hamlet with its own code becomes a place of unknown size.
		p.record = l.addRecord(record{name: f[1], country: "CH", lat: lat, lon: lon}, "CH."+f[2])
	}
	l.g.other[f[0]] = append(l.g.other[f[0]], p)
	return nil
}

// postcodeByName reads: code, country, place. The position is the place's.
func (l *loader) postcodeByName(f []string) error {
	n, ok := l.named(f[2], f[1], "")
	if !ok {
		return fmt.Errorf("no place %q in %s", f[2], f[1])
	}
	r := &l.g.records[n]
	l.g.other[f[0]] = append(l.g.other[f[0]], postcode{code: f[0], country: f[1], name: r.name, lat: r.lat, lon: r.lon, division: r.division, record: n})
	return nil
}

// postcodes returns what a code of four or five digits may mean. A German
// code that is not listed (a post box, a large customer) is taken for the
// nearest one in number with the same first three digits.
func (g *Gazetteer) postcodes(code string) []postcode {
	if len(code) != 5 {
		return g.other[code]
	}
	i := sort.Search(len(g.german), func(i int) bool { return g.german[i].code >= code })
	if i < len(g.german) && g.german[i].code == code {
		return g.german[i : i+1]
	}
	best := -1
	for _, j := range []int{i - 1, i} {
		if j >= 0 && j < len(g.german) && g.german[j].code[:3] == code[:3] &&
			(best < 0 || distanceOf(g.german[j].code, code) < distanceOf(g.german[best].code, code)) {
			best = j
		}
	}
	if best < 0 {
		return nil
	}
	near := g.german[best]
	near.code = code
	return []postcode{near}
}

func distanceOf(a, b string) int {
	n := func(s string) (x int) {
		for _, c := range []byte(s) {
			x = x*10 + int(c-'0')
		}
		return x
	}
	d := n(a) - n(b)
	return max(d, -d)
}

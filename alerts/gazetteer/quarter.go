package gazetteer

import (
	"fmt"
	"strings"
)

// quarterPopulation stands in for the unknown population of a quarter when
// namesakes are weighed.
const quarterPopulation = 8000

// quarter reads: town, quarter, latitude, longitude, postcodes. A quarter
// whose name starts with "-" is understood only together with its town, like
// the many called Mitte. The postcodes take the middle of their quarters.
func (l *loader) quarter(f []string) error {
	lat, lon, err := position(f[2], f[3])
	if err != nil {
		return err
	}
	town, country, _ := strings.Cut(f[0], "/")
	if country == "" {
		country = "DE"
	}
	n, ok := l.named(town, country, "")
	if !ok {
		return fmt.Errorf("no town %q", f[0])
	}
	t := l.g.records[n]
	if d := DistanceKM(t.lat, t.lon, lat, lon); d > quarterKM {
		return fmt.Errorf("%s %s lies %.0f km from its town", f[0], f[1], d)
	}
	name, onlyWithTown := strings.CutPrefix(f[1], "-")
	q := l.quarterRecord(n, name, lat, lon)
	for _, of := range []string{t.name, town, key(split(t.name)[:baseLength(split(t.name))])} {
		l.g.names.addQuarter(q, of+"-"+name, byName)
	}
	if !onlyWithTown {
		l.g.names.addQuarter(q, name, byAlias)
	}
	for code := range strings.FieldsSeq(f[4]) {
		l.quarterCodes[t.country+code] = append(l.quarterCodes[t.country+code], q)
		if t.country == "AT" && len(l.quarterCodes["AT"+code]) == 1 {
			// Of Austria no full list is loaded; these are all of their towns' codes.
			l.g.other[code] = append(l.g.other[code], postcode{code: code, country: "AT", name: t.name, lat: lat, lon: lon, division: t.division, record: n})
		}
	}
	return nil
}

// quarterRecord is the record of a quarter of town. It takes over the one that
// GeoNames may have, with its population; there some are places in their own right.
func (l *loader) quarterRecord(town int32, name string, lat, lon float64) int32 {
	t := l.g.records[town]
	for _, c := range l.g.names.find(key(split(name))) {
		r := &l.g.records[c.record]
		if (r.quarter || r.population == 0) && c.tier == byName && r.country == t.country && DistanceKM(lat, lon, r.lat, r.lon) < 3 {
			r.name, r.lat, r.lon, r.quarter = t.name+"-"+name, lat, lon, true
			return c.record
		}
	}
	l.g.records = append(l.g.records, record{name: t.name + "-" + name, country: t.country, area: t.area,
		lat: lat, lon: lon, division: t.division, quarter: true})
	return int32(len(l.g.records) - 1)
}

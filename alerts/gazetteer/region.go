package gazetteer

import (
	"fmt"
	"slices"
	"strings"
)

// area is a region or district that is not named after a place.
type area struct {
	country  string
	prefixes []string // of the German municipality key
	states   []int32  // divisions, elsewhere
	seat     int32    // record of the town that stands for it; noSeat of a river
}

const noSeat = -1

// addStateKey files a division under one of its names or codes. Codes of two
// or three letters are kept apart: "BE" is also Belgium, "ST" a saint.
func (g *Gazetteer) addStateKey(name string, n int32) {
	k := key(split(name))
	if k == "" {
		return
	}
	keys := g.stateKeys
	if len(k) <= 3 {
		keys = g.codeKeys
	}
	if !slices.Contains(keys[k], n) {
		keys[k] = append(keys[k], n)
	}
}

// region reads: names, country, keys of the area, town that stands for it.
func (l *loader) region(f []string) error {
	a := area{country: f[1]}
	for within := range strings.FieldsSeq(f[2]) {
		if d, ok := l.divisions[within]; ok {
			a.states = append(a.states, d)
			continue
		}
		a.prefixes = append(a.prefixes, within)
	}
	a.seat = noSeat
	if f[3] != "-" {
		seat, ok := l.seat(f[3], a)
		if !ok {
			return fmt.Errorf("no place %q for %s", f[3], f[0])
		}
		a.seat = seat
	}
	for name := range strings.SplitSeq(f[0], "|") {
		k := key(split(name))
		l.g.areas[k] = append(l.g.areas[k], a)
	}
	return nil
}

// seat is the largest place of that name inside a or, for a district whose
// seat lies outside of it, in the country.
func (l *loader) seat(name string, a area) (int32, bool) {
	best, inside, found := int32(0), false, false
	for _, c := range l.g.names.find(key(split(name))) {
		r := &l.g.records[c.record]
		if c.tier > byBase || r.country != a.country {
			continue
		}
		in := a.contains(r)
		if !found || (in && !inside) || (in == inside && r.population > l.g.records[best].population) {
			best, inside, found = c.record, in, true
		}
	}
	return best, found
}

func (a *area) contains(r *record) bool {
	if r.country != a.country {
		return false
	}
	return slices.Contains(a.states, r.division) ||
		slices.ContainsFunc(a.prefixes, func(p string) bool { return strings.HasPrefix(r.area, p) })
}

// Words that go with a state's name and say only that it is one.
var stateWords = wordSet("kanton canton land freistaat bundesland state staat province provinz ct kt")

// State reads a first-level division of Germany, Austria, Switzerland or
// Luxembourg: its German or English name, its ISO 3166-2 code with or without
// the country, a customary abbreviation. A code that two countries use ("BE")
// is read as the German state. It returns the ISO 3166-2 code and the German name.
func (g *Gazetteer) State(name string) (code, german string, ok bool) {
	n, ok := g.state(split(clip(name)))
	if !ok {
		return "", "", false
	}
	return g.divisions[n].code, g.divisions[n].name, true
}

func (g *Gazetteer) state(words []word) (int32, bool) {
	k := key(words)
	for _, keys := range []map[string][]int32{g.stateKeys, g.codeKeys} {
		for _, n := range keys[k] {
			if g.divisions[n].state {
				return n, true
			}
		}
	}
	bare := slices.DeleteFunc(slices.Clone(words), func(w word) bool { return stateWords[w.text] || w.text == "of" })
	if len(bare) == 0 || len(bare) == len(words) {
		return 0, false
	}
	return g.state(bare)
}

// Country reads a country: German or English name, ISO 3166-1 alpha-2 or
// alpha-3 code, a few customary names. It returns the alpha-2 code.
func (g *Gazetteer) Country(name string) (iso string, ok bool) {
	return g.country(split(clip(name)))
}

func (g *Gazetteer) country(words []word) (string, bool) {
	k := key(words)
	if iso, ok := g.countries[k]; ok {
		return iso, true
	}
	iso, ok := customaryCountries[k]
	return iso, ok
}

// customaryCountries are names that neither ISO 3166 nor CLDR lists, as keys.
var customaryCountries = map[string]string{
	"brd": "DE", "bundesrepublik deutschland": "DE", "d": "DE", "federal republic of germany": "DE", "allemagne": "DE", "germania": "DE",
	"a": "AT", "republik oesterreich": "AT", "oesterr": "AT", "autriche": "AT",
	"schweizerische eidgenossenschaft": "CH", "suisse": "CH", "svizzera": "CH", "confoederatio helvetica": "CH",
	"fl": "LI", "fuerstentum liechtenstein": "LI", "l": "LU", "grossherzogtum luxemburg": "LU", "grand duchy of luxembourg": "LU",
	"holland": "NL", "the netherlands": "NL", "nl": "NL", "england": "GB", "scotland": "GB", "schottland": "GB", "wales": "GB",
	"uk": "GB", "great britain": "GB", "grossbritannien": "GB", "northern ireland": "GB", "nordirland": "GB",
	"usa": "US", "u s a": "US", "us": "US", "united states of america": "US", "vereinigte staaten von amerika": "US", "amerika": "US",
	"tschechische republik": "CZ", "czech republic": "CZ", "tuerkei": "TR", "turkey": "TR", "russia": "RU", "russische foederation": "RU",
	"suedkorea": "KR", "south korea": "KR", "korea": "KR", "vae": "AE", "uae": "AE", "f": "FR", "i": "IT", "b": "BE",
}

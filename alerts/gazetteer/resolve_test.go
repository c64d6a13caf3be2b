package gazetteer

import (
	"strings"
	"testing"
)

func TestResolve_ReadsSloppyAddresses(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range []struct {
		address  Address
		lat, lon float64
		kind     Kind
	}{
		{Address{PostalCode: "45879", Locality: "Gelsenkirchen", Region: "NRW", Country: "DE"}, 51.51, 7.10, KindPostcode},
		{Address{PostalCode: "44623", Locality: "Herne"}, 51.538, 7.225, KindPostcode},
		{Address{Locality: "45879 Gelsenkirchen", Country: "Deutschland"}, 51.51, 7.10, KindPostcode},
		{Address{PostalCode: "45879 Gelsenkirchen"}, 51.51, 7.10, KindPostcode},
		{Address{PostalCode: "45894", Locality: "Gelsenkirchen-Buer"}, 51.579, 7.056, KindPlace},
		{Address{PostalCode: "D-80331", Locality: "München", Region: "BY", Country: "Germany"}, 48.137, 11.575, KindPostcode},
		{Address{PostalCode: "1067", Locality: "Dresden", Country: "DE"}, 51.05, 13.737, KindPostcode},
		{Address{PostalCode: "1067", Country: "DEU"}, 51.05, 13.737, KindPostcode},
		{Address{PostalCode: "8010", Locality: "Graz", Country: "AT"}, 47.071, 15.439, KindPostcode},
		{Address{PostalCode: "8010", Country: "CH"}, 47.374, 8.541, KindPostcode},
		{Address{PostalCode: "8010", Country: "Österreich"}, 47.071, 15.439, KindPostcode},
		{Address{PostalCode: "9999", Locality: "Innsbruck", Region: "Tirol", Country: "AT"}, 47.263, 11.394, KindPlace},
		{Address{Locality: "Münster", Region: "NORDRHEIN_WESTFALEN", Country: "DEUTSCHLAND"}, 51.961, 7.626, KindPlace},
		{Address{Locality: "Münster", Region: "Hessen"}, 49.923, 8.868, KindPlace},
		{Address{PostalCode: "64839", Locality: "Münster"}, 49.923, 8.868, KindPostcode},
		{Address{Locality: "Frankfurt", Region: "Brandenburg"}, 52.347, 14.551, KindPlace},
		{Address{Locality: "Frankfurt", Region: "Hessen"}, 50.111, 8.682, KindPlace},
		{Address{PostalCode: "15230", Locality: "Frankfurt"}, 52.347, 14.551, KindPostcode},
		{Address{Locality: "Neustadt", Region: "Sachsen"}, 51.024, 14.217, KindPlace},
		{Address{Locality: "Neuenkirchen", Region: "Kreis Steinfurt"}, 52.241, 7.369, KindPlace},
		{Address{Locality: "Nürnberg, Mittelfranken", Region: "BAYERN"}, 49.452, 11.077, KindPlace},
		{Address{Locality: "Berlin, Germany"}, 52.52, 13.405, KindPlace},
		{Address{Region: "Berlin", Country: "DE"}, 52.52, 13.405, KindPlace},
		{Address{Locality: "", Region: "Stuttgart"}, 48.776, 9.183, KindPlace},
		{Address{Locality: "Freiburg", Country: "Schweiz"}, 46.806, 7.162, KindPlace},
		{Address{Locality: "Freiburg", Country: "DE"}, 47.999, 7.842, KindPlace},
		{Address{Locality: "Luxembourg", Country: "LU"}, 49.611, 6.13, KindPlace},
		{Address{Locality: "Differdange", Region: "ES", Country: "LU"}, 49.524, 5.891, KindPlace},
		{Address{Locality: "Bern", Region: "BE", Country: "CH"}, 46.948, 7.447, KindPlace},
		{Address{Locality: "Wilmington", Region: "DE", Country: "US"}, 39.746, -75.547, KindPlace},
		{Address{PostalCode: "75001", Locality: "Paris", Country: "France"}, 48.857, 2.352, KindPlace},
		{Address{PostalCode: "10115", Locality: "New York", Country: "US"}, 40.713, -74.006, KindPlace},
		{Address{Locality: "Portland", Region: "OR", Country: "US"}, 45.515, -122.679, KindPlace},
		{Address{Locality: "Mannheim", Region: "Rheinland-Pfalz", Country: "DE"}, 49.488, 8.466, KindPlace},
		{Address{PostalCode: "45801", Locality: ""}, 51.511, 7.097, KindPostcode}, // a post box
		{Address{Locality: "Musterdorf", PostalCode: "36037"}, 50.551, 9.675, KindPostcode},
	} {
		p, ok := g.Resolve(c.address)
		if !ok {
			t.Errorf("Resolve(%+v) found nothing", c.address)
			continue
		}
		if d := DistanceKM(c.lat, c.lon, p.Lat, p.Lon); d > 8 || p.Kind != c.kind {
			t.Errorf("Resolve(%+v) is %+v, %.1f km off, want a %s", c.address, p, d, c.kind)
		}
	}
}

func TestResolve_AnswersNothingRatherThanGuess(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, a := range []Address{
		{},
		{Country: "DE"},
		{Country: "Deutschland"},
		{Region: "Germany"},
		{Locality: "Deutschland", Country: "DE"},
		{Locality: "Remote", Country: "DE"},
		{Locality: "deutschlandweit"},
		{Locality: "Berlin", Region: "NH", Country: "US"},
		{Locality: "Gelsenkirchen", Country: "AT"},
		{Locality: "Entenhausen", Country: "DE"},
		{PostalCode: "00000"},
		{PostalCode: "ABC"},
		{PostalCode: "9999", Country: "AT"},
	} {
		if p, ok := g.Resolve(a); ok {
			t.Errorf("Resolve(%+v) is %+v, want nothing", a, p)
		}
	}
}

func TestResolve_AStateAloneIsThatState(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range []struct {
		address Address
		code    string
	}{
		{Address{Region: "Nordrhein-Westfalen", Country: "DE"}, "DE-NW"},
		{Address{Region: "BAYERN"}, "DE-BY"},
		{Address{Locality: "Bayern", Country: "Deutschland"}, "DE-BY"},
		{Address{Region: "Tirol", Country: "AT"}, "AT-7"},
		{Address{Region: "TG", Country: "CH"}, "CH-TG"},
		{Address{Locality: "Entenhausen", Region: "Hessen"}, "DE-HE"},
	} {
		p, ok := g.Resolve(c.address)
		if !ok || p.Kind != KindState || p.StateCode != c.code {
			t.Errorf("Resolve(%+v) is %+v, %v, want the state %s", c.address, p, ok, c.code)
		}
	}
}

// Every row of the German postcode list is an address that postings may use.
func TestResolve_PutsEveryGermanTownNearItsPostcode(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	rows, missing, far := 0, 0, 0
	err := readTable("postcodes-de.tsv.gz", 2, func(f []string) error {
		code := g.postcodes(f[0])
		for name := range strings.SplitSeq(f[1], "|") {
			rows++
			p, ok := g.Resolve(Address{PostalCode: f[0], Locality: name, Country: "DE"})
			if !ok || len(code) == 0 {
				missing++
				continue
			}
			if DistanceKM(code[0].lat, code[0].lon, p.Lat, p.Lon) > 40 {
				far++
				t.Logf("%s %s is %s, %s", f[0], name, p.Name, p.State)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if missing > rows/1000 || far > rows/500 {
		t.Errorf("of %d addresses %d found nothing, %d lay more than 40 km from their postcode", rows, missing, far)
	}
}

// A remembered answer is the one that was found, of one address and not of its neighbour,
// and one that is nothing is remembered too.
func TestResolve_RemembersWhatItFound(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	addresses := []Address{
		{PostalCode: "45879", Locality: "Gelsenkirchen"}, {Locality: "45879", PostalCode: "Gelsenkirchen"}, {Locality: "Münster", Region: "Hessen"},
		{Locality: "Münster"}, {Locality: "Nirgendwohausen"}, {}, {Locality: strings.Repeat("Essen ", maxRemembered)},
	}
	for range 2 {
		for _, a := range addresses {
			got, ok := g.Resolve(a)
			if want, wantOK := g.resolve(a); got != want || ok != wantOK {
				t.Errorf("Resolve(%+v) is %+v, %v; found was %+v, %v", a, got, ok, want, wantOK)
			}
		}
	}
	if n := g.resolved.Len(); n != len(addresses)-1 {
		t.Errorf("%d answers are remembered, want %d: all but the address that is too long", n, len(addresses)-1)
	}
}

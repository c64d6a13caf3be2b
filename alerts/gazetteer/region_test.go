package gazetteer

import "testing"

func TestState_ReadsNamesCodesAndAbbreviations(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for name, want := range map[string]string{
		"NRW": "DE-NW", "Nordrhein-Westfalen": "DE-NW", "NORDRHEIN_WESTFALEN": "DE-NW", "DE-NW": "DE-NW", "North Rhine-Westphalia": "DE-NW",
		"Bavaria": "DE-BY", "Bayern": "DE-BY", "DE-BY": "DE-BY", "Freistaat Bayern": "DE-BY", "BADEN_WUERTTEMBERG": "DE-BW", "Baden-Württemberg": "DE-BW",
		"Thueringen": "DE-TH", "Thüringen": "DE-TH", "Freistaat Thüringen": "DE-TH", "Hamburg": "DE-HH", "Land Berlin": "DE-BE", "Meck-Pomm": "DE-MV",
		"Tirol": "AT-7", "Tyrol": "AT-7", "AT-9": "AT-9", "Wien": "AT-9", "NÖ": "AT-3", "Oberösterreich": "AT-4",
		"ZH": "CH-ZH", "Zürich (Kanton)": "CH-ZH", "Kanton Zürich": "CH-ZH", "CH-ZH": "CH-ZH", "Canton of Bern": "CH-BE", "Genève": "CH-GE", "BE": "DE-BE",
		"St. Gallen": "CH-SG", "LU-LU": "LU-LU",
	} {
		if code, german, ok := g.State(name); !ok || code != want || german == "" {
			t.Errorf("State(%q) is %q, %q, %v, want %s", name, code, german, ok, want)
		}
	}
	for _, name := range []string{"", "Deutschland", "Gelsenkirchen", "Texas", "Kanton", "XX", "Land"} {
		if code, _, ok := g.State(name); ok {
			t.Errorf("State(%q) is %s, want none", name, code)
		}
	}
}

func TestState_KnowsAllOfGermanyAustriaAndSwitzerland(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	count := map[string]int{}
	for _, d := range g.divisions {
		if !d.state {
			continue
		}
		count[d.country]++
		if code, german, ok := g.State(d.code); !ok || code != d.code || german != d.name {
			t.Errorf("State(%q) is %q, %q, %v", d.code, code, german, ok)
		}
	}
	if count["DE"] != 16 || count["AT"] != 9 || count["CH"] != 26 || count["LU"] != 12 {
		t.Errorf("states by country: %v", count)
	}
}

func TestCountry_ReadsNamesAndCodes(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for name, want := range map[string]string{
		"Deutschland": "DE", "Germany": "DE", "DE": "DE", "DEU": "DE", "de": "DE", "DEUTSCHLAND": "DE", "BRD": "DE", "Österreich": "AT", "Oesterreich": "AT",
		"Austria": "AT", "AUT": "AT", "Schweiz": "CH", "Switzerland": "CH", "Suisse": "CH", "CHE": "CH", "Liechtenstein": "LI", "Luxemburg": "LU",
		"Luxembourg": "LU", "USA": "US", "United States": "US", "Vereinigtes Königreich": "GB", "UK": "GB", "Niederlande": "NL", "Holland": "NL",
		"Frankreich": "FR", "FRA": "FR", "Tschechien": "CZ", "Türkei": "TR", "Indien": "IN",
	} {
		if iso, ok := g.Country(name); !ok || iso != want {
			t.Errorf("Country(%q) is %q, %v, want %s", name, iso, ok, want)
		}
	}
	for _, name := range []string{"", "Bayern", "Entenhausen", "XXX"} {
		if iso, ok := g.Country(name); ok {
			t.Errorf("Country(%q) is %s, want none", name, iso)
		}
	}
}

func TestCountry_EveryPlaceLiesInAKnownOne(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for i := range g.records {
		if iso, ok := g.Country(g.records[i].country); !ok || iso != g.records[i].country {
			t.Fatalf("%s lies in %q, which is read as %q", g.records[i].name, g.records[i].country, iso)
		}
	}
}

package gazetteer

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLookup_OffersNamesakesByPopulation(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, text := range []string{"Münster", "Neuenkirchen", "Neustadt", "Frankfurt", "Friedberg", "Freiburg"} {
		found := g.Lookup(text)
		if len(found) < 2 {
			t.Errorf("Lookup(%q) offers %d places, want namesakes", text, len(found))
			continue
		}
		if !slices.IsSortedFunc(found[1:], func(a, b Place) int { return cmp.Compare(b.Population, a.Population) }) {
			t.Errorf("Lookup(%q): alternatives are not by population: %v", text, found)
		}
	}
}

func TestLookup_TellsWhatKindItFound(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, c := range []struct {
		text  string
		kind  Kind
		name  string
		state string
	}{
		{"Gelsenkirchen", KindPlace, "Gelsenkirchen", "DE-NW"},
		{"45879", KindPostcode, "Gelsenkirchen", "DE-NW"},
		{"D-45879", KindPostcode, "Gelsenkirchen", "DE-NW"},
		{"NRW", KindState, "Nordrhein-Westfalen", "DE-NW"},
		{"Bavaria", KindState, "Bayern", "DE-BY"},
		{"Hessen", KindState, "Hessen", "DE-HE"},
		{"Brandenburg", KindState, "Brandenburg", "DE-BB"},
		{"Tirol", KindState, "Tirol", "AT-7"},
		{"Berlin", KindPlace, "Berlin", "DE-BE"},
		{"Zürich", KindPlace, "Zürich", "CH-ZH"},
		{"Kanton Zürich", KindState, "Zürich", "CH-ZH"},
		{"Cologne", KindPlace, "Köln", "DE-NW"},
		{"Milan", KindPlace, "Mailand", ""},
		{"Vaduz", KindPlace, "Vaduz", ""},
	} {
		found := g.Lookup(c.text)
		if len(found) == 0 || found[0].Kind != c.kind || found[0].Name != c.name || found[0].StateCode != c.state {
			t.Errorf("Lookup(%q) is %+v, want %s %s in %q", c.text, found, c.kind, c.name, c.state)
		}
	}
}

func TestLookup_OffersTheStateBesideItsTown(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for _, text := range []string{"Berlin", "Hamburg", "Bremen", "Salzburg", "Zürich", "Luzern"} {
		found := g.Lookup(text)
		if !slices.ContainsFunc(found, func(p Place) bool { return p.Kind == KindState }) {
			t.Errorf("Lookup(%q) does not offer the state: %v", text, found)
		}
	}
}

// However its umlauts, case and hyphens are written, a town is found, and
// found first unless a namesake outweighs it.
func TestLookup_FindsEveryTownInFoldedSpellings(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	var towns []int32
	for i := range g.records {
		if r := &g.records[i]; r.population > 20_000 && !r.quarter {
			towns = append(towns, int32(i))
		}
	}
	written := map[string]func(string) string{
		"as is":      func(s string) string { return s },
		"upper":      strings.ToUpper,
		"lower":      strings.ToLower,
		"written ae": strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue").Replace,
		"dropped":    strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "ss", "Ä", "A", "Ö", "O", "Ü", "U").Replace,
		"spaces":     func(s string) string { return strings.ReplaceAll(s, "-", " ") },
		"padded":     func(s string) string { return "  " + s + " " },
	}
	forms := []string{"as is", "upper", "lower", "written ae", "dropped", "spaces", "padded"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom(towns).Draw(t, "town")
		form := rapid.SampledFrom(forms).Draw(t, "form")
		r := &g.records[n]
		text := written[form](r.name)
		found := g.Lookup(text)
		if !slices.Contains(found, g.place(n)) {
			t.Fatalf("Lookup(%q) misses %s (%s), found %v", text, r.name, r.country, found)
		}
		if r.country == "DE" && form == "as is" && found[0] != g.place(n) && found[0].Population < int(r.population) {
			t.Fatalf("Lookup(%q) prefers %v to %s", text, found[0], r.name)
		}
	})
}

func TestLookup_AStateBesideTheNameKeepsItThere(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	var places []int32
	for i := range g.records {
		if r := &g.records[i]; r.country == "DE" && !r.quarter && r.area != "" {
			places = append(places, int32(i))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom(places).Draw(t, "place")
		want := g.place(n)
		text := want.Name + ", " + want.State
		found := g.Lookup(text)
		if len(found) == 0 || found[0].StateCode != want.StateCode {
			t.Fatalf("Lookup(%q) is %v, want a place in %s", text, found, want.StateCode)
		}
	})
}

func FuzzLookup(f *testing.F) {
	for _, s := range []string{"Köln", "D-45879 Gelsenkirchen-Buer", "Halle (Saale)", "Frankfurt a.M./Oder", "a, b; c|d (e) [f]", "und und und",
		"\xff\xfe", "ü\u0308\u0308", strings.Repeat("am ", 90), strings.Repeat("Neustadt-", 40), "12345 67890 1234", "- - -", "Bad", "St.", "Kreis", "ỐỐỐ"} {
		f.Add(s)
	}
	g := gazetteer(f)
	f.Fuzz(func(t *testing.T, s string) {
		found := g.Lookup(s)
		if len(found) > maxAnswers {
			t.Fatalf("Lookup(%q) answers %d places", s, len(found))
		}
		for _, p := range found {
			if p.Name == "" || p.Country == "" || p.Lat == 0 || p.Lat < -90 || p.Lat > 90 || p.Lon < -180 || p.Lon > 180 || p.Kind == "" {
				t.Fatalf("Lookup(%q) answers %+v", s, p)
			}
		}
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("45879", "Gelsenkirchen", "NRW", "DE")
	f.Add("", "Deutschland", "", "Germany")
	f.Add("8010", "", "BE", "CH")
	f.Add("1067", "Dresden/Leipzig (Sachsen)", "SN, DE", "d")
	g := gazetteer(f)
	f.Fuzz(func(t *testing.T, code, locality, region, country string) {
		p, ok := g.Resolve(Address{PostalCode: code, Locality: locality, Region: region, Country: country})
		if ok != (p.Name != "") {
			t.Fatalf("Resolve answers %v with %+v", ok, p)
		}
		if iso, known := g.Country(country); ok && known && p.Country != iso {
			t.Fatalf("Resolve answers %+v outside of %s", p, iso)
		}
	})
}

package jobposting

import (
	"fmt"
	"strings"
	"testing"
)

// places prints locations as "Name PLZ STATE COUNTRY @lat,lon", "; " between.
func places(r *Reading) string {
	var out []string
	for _, l := range r.Posting.Locations {
		s := strings.Join(strings.Fields(l.Name+" "+l.PostalCode+" "+l.State+" "+l.Country), " ")
		if l.Located {
			s += fmt.Sprintf(" @%.1f,%.1f", l.Lat, l.Lon)
		}
		out = append(out, s)
	}
	if r.Posting.Remote {
		out = append(out, "remote")
	}
	return strings.Join(out, "; ")
}

func address(kv ...any) map[string]any {
	m := map[string]any{"@type": "PostalAddress"}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	return m
}

func place(a any) map[string]any { return map[string]any{"@type": "Place", "address": a} }

func geo(lat, lon any) map[string]any {
	return map[string]any{"@type": "GeoCoordinates", "latitude": lat, "longitude": lon}
}

func TestLocationsInTheirForms(t *testing.T) {
	gelsenkirchen := "Gelsenkirchen DE-NW DE @51.5,7.1"
	for name, c := range map[string]struct {
		location any
		want     string
	}{
		"text":                 {"Gelsenkirchen", gelsenkirchen},
		"postcode and town":    {"45879 Gelsenkirchen", "45879 " + gelsenkirchen},
		"place with text":      {place("Ahstraße 22, 45879 Gelsenkirchen"), "45879 " + gelsenkirchen},
		"bare address":         {address("addressLocality", "Gelsenkirchen"), gelsenkirchen},
		"lower case key":       {map[string]any{"address": map[string]any{"AddressLocality": "Gelsenkirchen"}}, gelsenkirchen},
		"country as object":    {place(address("addressLocality", "Gelsenkirchen", "addressCountry", map[string]any{"@type": "Country", "name": "Deutschland"})), gelsenkirchen},
		"postcode as number":   {place(address("addressLocality", "Gelsenkirchen", "postalCode", 45879)), "Gelsenkirchen 45879 DE-NW DE @51.5,7.1"},
		"postcode alone":       {place(address("postalCode", "45879", "addressCountry", "DE")), "Gelsenkirchen 45879 DE-NW DE @51.5,7.1"},
		"several places":       {[]any{place(address("addressLocality", "Gelsenkirchen")), "Bochum"}, gelsenkirchen + "; Bochum DE-NW DE @51.5,7.2"},
		"several addresses":    {place([]any{address("addressLocality", "Gelsenkirchen"), address("addressLocality", "Bochum")}), gelsenkirchen + "; Bochum DE-NW DE @51.5,7.2"},
		"the same twice":       {[]any{"Gelsenkirchen", "Gelsenkirchen"}, gelsenkirchen},
		"a list as one name":   {"Essen, Bochum und Herne", "Essen DE-NW DE @51.5,7.0; Bochum DE-NW DE @51.5,7.2; Herne DE-NW DE @51.5,7.2"},
		"with a slash":         {"Berlin / Hamburg", "Berlin DE-BE DE @52.5,13.4; Hamburg DE-HH DE @53.6,10.0"},
		"a river":              {place(address("addressLocality", "Limburg / Lahn", "addressCountry", "DE")), "Limburg / Lahn DE-HE DE @50.4,8.1"},
		"umlauts spelt out":    {"Koeln", "Koeln DE-NW DE @50.9,7.0"},
		"in English":           {place(address("addressLocality", "Munich", "addressCountry", "Germany")), "Munich DE-BY DE @48.1,11.6"},
		"Austria":              {place(address("addressLocality", "Wien", "addressCountry", "AT")), "Wien AT-9 AT @48.2,16.4"},
		"Switzerland":          {place(address("addressLocality", "Zürich", "postalCode", "8001", "addressCountry", "CH")), "Zürich 8001 CH-ZH CH @47.4,8.5"},
		"name of the place":    {map[string]any{"@type": "Place", "name": "Gelsenkirchen"}, gelsenkirchen},
		"a country alone":      {place(address("addressCountry", "DE")), "DE DE"},
		"a state alone":        {place(address("addressRegion", "Bayern", "addressCountry", "DE")), "Bayern DE-BY DE"},
		"a state as the town":  {place(address("addressLocality", "Bayern")), "Bayern DE-BY DE"},
		"a country as text":    {"Deutschland", "Deutschland DE"},
		"nationwide":           {"deutschlandweit", "deutschlandweit DE"},
		"remote as the town":   {place(address("addressLocality", "Remote", "addressCountry", "DE")), "DE DE; remote"},
		"remote as text":       {"Homeoffice", "remote"},
		"virtual location":     {map[string]any{"@type": "VirtualLocation", "url": "https://example.org"}, "remote"},
		"finer coordinates":    {map[string]any{"@type": "Place", "address": address("addressLocality", "Gelsenkirchen"), "geo": geo(51.58, 7.06)}, "Gelsenkirchen DE-NW DE @51.6,7.1"},
		"coordinates as text":  {map[string]any{"@type": "Place", "address": address("addressLocality", "Gelsenkirchen"), "geo": geo("51,58", "7,06")}, "Gelsenkirchen DE-NW DE @51.6,7.1"},
		"coordinates alone":    {map[string]any{"@type": "Place", "geo": geo(51.51, 7.1)}, "Gelsenkirchen DE-NW DE @51.5,7.1"},
		"unknown, but located": {map[string]any{"@type": "Place", "address": address("addressLocality", "Klinikgelände Xyz"), "geo": geo(51.51, 7.1)}, "Klinikgelände Xyz DE-NW DE @51.5,7.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, with(map[string]any{"jobLocation": c.location}))
			if have := places(got); have != c.want {
				t.Errorf("at %q, want %q", have, c.want)
			}
			if len(got.Warnings) > 0 {
				t.Errorf("warned of %v", got.Warnings)
			}
		})
	}
}

func TestUnknownPlacesAreKeptAndTold(t *testing.T) {
	for name, c := range map[string]struct {
		location    any
		want, field string
	}{
		"a town":        {place(address("addressLocality", "Xyzhausen", "addressCountry", "DE")), "Xyzhausen DE", "jobLocation.address"},
		"in a list":     {[]any{"Bochum", place(address("addressLocality", "Xyzhausen"))}, "Bochum DE-NW DE @51.5,7.2; Xyzhausen", "jobLocation[1].address"},
		"in a state":    {place(address("addressLocality", "Xyzhausen", "addressRegion", "NRW")), "Xyzhausen DE-NW DE", "jobLocation.address"},
		"a false point": {map[string]any{"address": address("addressLocality", "Gelsenkirchen"), "geo": geo(48.1, 11.6)}, "Gelsenkirchen DE-NW DE @51.5,7.1", "jobLocation.address"},
		"no point":      {map[string]any{"address": address("addressLocality", "Gelsenkirchen"), "geo": geo(151.5, 7.1)}, "Gelsenkirchen DE-NW DE @51.5,7.1", "jobLocation.geo"},
		"null island":   {map[string]any{"address": address("addressLocality", "Gelsenkirchen"), "geo": geo(0, 0)}, "Gelsenkirchen DE-NW DE @51.5,7.1", "jobLocation.geo"},
		"a region":      {place(address("addressRegion", "Xyzland")), "Xyzland", "jobLocation.address"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, with(map[string]any{"jobLocation": c.location}))
			if have := places(got); have != c.want {
				t.Errorf("at %q, want %q", have, c.want)
			}
			if len(got.Warnings) != 1 || got.Warnings[0].Field != c.field {
				t.Errorf("warned of %v, want one warning about %s", got.Warnings, c.field)
			}
		})
	}
}

func TestRemotePostingsNeedNoPlace(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"telecommute":  {"jobLocation": nil, "jobLocationType": "TELECOMMUTE"},
		"in a list":    {"jobLocation": nil, "jobLocationType": []string{"TELECOMMUTE"}},
		"lower case":   {"jobLocation": nil, "jobLocationType": "telecommute"},
		"as a link":    {"jobLocation": nil, "jobLocationType": map[string]any{"@id": "https://schema.org/TELECOMMUTE"}},
		"empty places": {"jobLocation": []any{}, "jobLocationType": "TELECOMMUTE"},
	} {
		if got := places(read(t, with(changes))); got != "remote" {
			t.Errorf("%s: at %q", name, got)
		}
	}
	got := read(t, with(map[string]any{"jobLocation": nil, "jobLocationType": "TELECOMMUTE", "applicantLocationRequirements": map[string]any{"@type": "Country", "name": "Germany"}}))
	if places(got) != "Germany DE; remote" {
		t.Errorf("open to Germany: at %q", places(got))
	}
	got = read(t, with(map[string]any{"jobLocationType": "TELECOMMUTE"}))
	if places(got) != "Gelsenkirchen 45879 DE-NW DE @51.5,7.1; remote" {
		t.Errorf("remote with a place: at %q", places(got))
	}
}

func TestNoPlaceAndNotRemoteIsRejected(t *testing.T) {
	for _, location := range []any{nil, []any{}, "", map[string]any{}, map[string]any{"@type": "Place", "name": "Klinikum Xyz GmbH"}, place(address()), place(nil), 0.5 == 1} {
		if r := rejected(t, with(map[string]any{"jobLocation": location})); !says(r.Errors, "jobLocation", "TELECOMMUTE") {
			t.Errorf("%v: %v", location, r.Errors)
		}
	}
}

func TestManyLocationsAreCapped(t *testing.T) {
	var many []any
	for i := range 300 {
		many = append(many, map[string]any{"geo": geo(48+float64(i)/100, 10)})
	}
	got := read(t, with(map[string]any{"jobLocation": many}))
	if len(got.Posting.Locations) != 100 || !says(got.Warnings, "jobLocation", "first 100") {
		t.Errorf("%d locations, %v", len(got.Posting.Locations), got.Warnings)
	}
}

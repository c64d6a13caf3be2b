package web_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

// The sitemap names a search if a posting's title and place make one, and each finds
// something and is its own address.
func TestTheSitemapListsTheSearchesThatFindSomething(t *testing.T) {
	postings := samplePostings()[:2]
	for i, p := range []struct{ title, town string }{
		{"Verkäufer:in (m/w/d)", "Köln"}, {"Koch / Köchin", "Frankfurt am Main"}, {"Examinierte Pflegefachkraft – Nachtdienst", "Gelsenkirchen"},
		{"Wir suchen Dich", "Essen"}, {"IT-Systemadministrator", "Essen"}, {"Leitung eines Teams von sechs Personen", "Essen"}, {"Schreiner", "Atlantis an der Ruhr"},
		{"(m/w/d)", "Essen"}, {"Gärtner*in", ""},
	} {
		next := postings[0]
		next.Number, next.Title, next.Locations = uint32(100+i), p.title, nil
		for _, found := range meaning().Places.Lookup(p.town) {
			next.Locations = []alerts.Location{{Name: p.town, Country: "DE", Located: true, Lat: found.Lat, Lon: found.Lon}}
			break
		}
		if p.town != "" && next.Locations == nil {
			next.Locations = []alerts.Location{{Name: p.town}}
		}
		postings = append(postings, next)
	}
	closed := postings[0]
	closed.Number, closed.Title, closed.Withdrawn = 200, "Dachdecker", true
	w := fullOf(t, append(postings, closed))
	var m struct {
		URLs []struct {
			Loc string `xml:"loc"`
		} `xml:"url"`
	}
	if err := xml.Unmarshal([]byte(w.get("/sitemap.xml").must(t, 200).body), &m); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range m.URLs {
		if to := path(u.Loc); strings.HasPrefix(to, "/jobs/") {
			got = append(got, to)
			page := w.get(to+"?lang=de").must(t, 200, `<link rel="canonical" href="`+u.Loc+`"`)
			if strings.Contains(page.body, "noindex") || strings.Contains(page.body, "Heute passt keine") {
				t.Errorf("%s finds nothing or is not to be listed", to)
			}
		}
	}
	want := []string{"/jobs/medizininformatiker", "/jobs/medizininformatiker/gelsenkirchen", "/jobs/verkaeufer", "/jobs/verkaeufer/koeln", "/jobs/koch", "/jobs/koch/frankfurt-am-main",
		"/jobs/examinierte-pflegefachkraft", "/jobs/examinierte-pflegefachkraft/gelsenkirchen", "/jobs/schreiner", "/jobs/gaertner"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("listed\n%v, want\n%v", got, want)
	}
}

package alerts_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

var update = flag.Bool("update", false, "rewrite golden files")

// rankedPostings are what the golden orders choose from.
func rankedPostings() []*alerts.Document {
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var out []*alerts.Document
	for i, x := range []struct {
		title, text string
		place       alerts.Location
		days        int
		monthly     float64
	}{
		{"Medizininformatiker (m/w/d)", "Sie betreuen das KIS.", far(60), 0, 0},
		{"Medizininformatiker (m/w/d)", "Sie betreuen das KIS.", far(3), 0, 0},
		{"Medizininformatiker (m/w/d)", "Sie betreuen das KIS.", far(4), 0, 4200},
		{"Medizininformatikerin", "Sie betreuen das KIS.", far(5), 0, 5100},
		{"Medizininformatiker:in", "Sie betreuen das PACS.", far(2), 5, 0},
		{"Informatiker:in für Medizinische Informatik", "Sie betreuen das KIS.", far(1), 5, 6000},
		{"Informatiker", "Am Klinikum, als Medizininformatiker.", far(1), 6, 6000},
		{"Referentin Digitalisierung", "Medizinische Informatik: Sie arbeiten als Informatiker.", far(1), 6, 6000},
		{"Krankenschwester", "Dienst auf der Kinderstation.", far(1), 1, 3300},
		{"Pflegefachkraft (w/m/d)", "Dienst auf der Kinderstation.", far(30), 0, 3100},
		{"Pflegefachkraft", "Dienst auf der Kinderstation.", far(1), 2, 3100},
		{"Stationsleitung", "Sie führen zwölf Krankenschwestern.", far(1), 7, 4500},
	} {
		out = append(out, posting(func(p *alerts.Posting) {
			p.Number, p.Title, p.Description = uint32(i+1), x.title, "<p>"+x.text+"</p>"
			p.Locations, p.PublishedAt, p.Pay = []alerts.Location{x.place}, day.AddDate(0, 0, x.days), nil
			if x.monthly > 0 {
				s := pay.Normalise(x.monthly, x.monthly, "EUR", pay.Month, pay.Hints{})
				p.Pay = &s
			}
		}))
	}
	return out
}

// TestRank_OrdersAsTheGoldenFileHasIt: digests and pages both list what Rank puts
// first, so a change of this file is a change of every mail and page.
func TestRank_OrdersAsTheGoldenFileHasIt(t *testing.T) {
	hundred := 100.0
	var b strings.Builder
	for _, c := range []alerts.Criteria{
		{Query: "Medizininformatiker"},
		{Query: "Medizininformatiker KIS", Places: []alerts.Place{{Name: "Bochum", RadiusKM: &hundred}}},
		{Query: "Krankenschwester", Places: []alerts.Place{{Name: "Bochum", RadiusKM: &hundred}}},
		{Places: []alerts.Place{{Name: "Bochum", RadiusKM: &hundred}}},
	} {
		c := prepare(t, c)
		fmt.Fprintf(&b, "%q near %v\n", c.Query, len(c.Places) > 0)
		var met []*alerts.Document
		for _, d := range rankedPostings() {
			if c.Matches(d) {
				met = append(met, d)
			}
		}
		slices.SortFunc(met, func(x, y *alerts.Document) int {
			return c.Rank(x, int64(x.Number)).Compare(c.Rank(y, int64(y.Number)))
		})
		for _, d := range met {
			_, reasons := c.Explain(d)
			var why []string
			for _, r := range reasons {
				why = append(why, r.Text("en"))
			}
			fmt.Fprintf(&b, "  %2d  %s  %-45s %6d  %s\n", d.Number, d.PublishedAt.Format("01-02"), d.Title, d.PayReach(), strings.Join(why, "; "))
		}
	}
	file := filepath.Join("testdata", "rank.golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the order is\n%s\nwant\n%s", b.String(), want)
	}
}

package gazetteer

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// open parses the data once for all tests.
var open = sync.OnceValues(Open)

func gazetteer(t testing.TB) *Gazetteer {
	t.Helper()
	g, err := open()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// written is one row of testdata/places*.tsv.
type written struct {
	text, country, kind string
	lat, lon, km        float64
}

func readWritten(t *testing.T) []written {
	t.Helper()
	var table []byte
	for _, file := range []string{"places.tsv", "places-blind.tsv"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		table = append(table, data...)
	}
	var out []written
	for line := range strings.Lines(string(table)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		w := written{text: f[0], country: f[1], kind: f[5]}
		w.lat, _ = strconv.ParseFloat(f[2], 64)
		w.lon, _ = strconv.ParseFloat(f[3], 64)
		w.km, _ = strconv.ParseFloat(f[4], 64)
		out = append(out, w)
	}
	return out
}

func TestLookup_FindsWhatPeopleWriteWithinTolerance(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	rows := readWritten(t)
	if len(rows) < 300 {
		t.Fatalf("the list has %d rows, want at least 300", len(rows))
	}
	for _, w := range rows {
		found := g.Lookup(w.text)
		switch {
		case w.country == "-":
			if len(found) > 0 {
				t.Errorf("Lookup(%q) found %v, want nothing", w.text, found[0])
			}
		case len(found) == 0:
			t.Errorf("Lookup(%q) found nothing", w.text)
		default:
			p := found[0]
			if d := DistanceKM(w.lat, w.lon, p.Lat, p.Lon); d > w.km || p.Country != w.country {
				t.Errorf("Lookup(%q) is %s, %s %s at %.3f,%.3f: %.1f km off, want at most %g", w.text, p.Name, p.State, p.Country, p.Lat, p.Lon, d, w.km)
			}
		}
	}
}

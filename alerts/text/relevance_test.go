package text_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// shared is the analyser of the embedded vocabulary, made once for all tests.
var shared = sync.OnceValue(func() *text.Analyser { return text.New(text.Embedded()) })

// pair is a judged row: would someone with an alert on query want this posting?
type pair struct {
	query, title, text, should, language, category, why string
}

func readTSV(t testing.TB, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rows = append(rows, strings.Split(line, "\t"))
	}
	return rows[1:]
}

func readPairs(t testing.TB, path string) []pair {
	var out []pair
	for i, f := range readTSV(t, path) {
		if len(f) < 7 {
			t.Fatalf("%s row %d has %d columns", path, i+2, len(f))
		}
		out = append(out, pair{f[0], f[1], f[2], f[3], f[4], f[5], f[6]})
	}
	return out
}

// tally counts the rows of one category.
type tally struct{ yes, found, no, wrong int }

func (c tally) recall() float64 { return share(c.found, c.yes) }

func (c tally) precision() float64 { return share(c.found, c.found+c.wrong) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

// judge runs the pairs and returns the counts by category and the failures.
func judge(t testing.TB, a *text.Analyser, pairs []pair) (map[string]*tally, []string) {
	byCategory := map[string]*tally{"all": {}}
	var failures []string
	for _, p := range pairs {
		if p.should == "either" {
			continue
		}
		q, err := a.Parse(p.query)
		if err != nil {
			t.Fatalf("Parse(%q): %v", p.query, err)
		}
		d := a.Document(p.title, p.text, "")
		got := q.Matches(d)
		if held, _ := q.Explain(d); held != got {
			t.Errorf("%q against %q: Explain says %v, Matches %v", p.query, p.title, held, got)
		}
		if byCategory[p.category] == nil {
			byCategory[p.category] = &tally{}
		}
		for _, c := range []*tally{byCategory["all"], byCategory[p.category]} {
			switch {
			case p.should == "yes" && got:
				c.yes++
				c.found++
			case p.should == "yes":
				c.yes++
			case got:
				c.no++
				c.wrong++
			default:
				c.no++
			}
		}
		if got != (p.should == "yes") {
			_, hits := q.Explain(d)
			failures = append(failures, fmt.Sprintf("%-6s %-12s %s  <>  %s | %s  (%s) %v", p.should, p.category, p.query, p.title, p.text, p.why, hits))
		}
	}
	return byCategory, failures
}

func merged(by map[string]*tally, names ...string) tally {
	var out tally
	for _, n := range names {
		if c := by[n]; c != nil {
			out.yes += c.yes
			out.found += c.found
			out.no += c.no
			out.wrong += c.wrong
		}
	}
	return out
}

func TestRelevance_JudgedPairsReachTheirFloors(t *testing.T) {
	a := shared()
	files, err := filepath.Glob("testdata/relevance*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no judged pairs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			by, failures := judge(t, a, readPairs(t, file))
			for _, c := range slices.Sorted(keys(by)) {
				t.Logf("%-14s yes %d/%d = %.3f   no wrongly %d/%d = %.3f", c, by[c].found, by[c].yes, by[c].recall(), by[c].wrong, by[c].no, share(by[c].wrong, by[c].no))
			}
			for _, f := range failures {
				t.Log(f)
			}
			all := by["all"]
			floor(t, "gender, hyphen, umlaut", merged(by, "gender", "hyphen", "umlaut").recall(), 0.97)
			floor(t, "compound, inflection", merged(by, "compound", "inflection").recall(), 0.90)
			floor(t, "synonym, abbreviation, en-de", merged(by, "synonym", "abbreviation", "en-de").recall(), 0.65)
			floor(t, "no rows left alone", 1-share(all.wrong, all.no), 0.88)
			floor(t, "precision", all.precision(), 0.93)
			floor(t, "recall", all.recall(), 0.85)
		})
	}
}

func floor(t *testing.T, what string, got, want float64) {
	t.Helper()
	t.Logf("%-30s %.3f (at least %.2f)", what, got, want)
	if got < want {
		t.Errorf("%s: %.3f, want at least %.2f", what, got, want)
	}
}

func keys(m map[string]*tally) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

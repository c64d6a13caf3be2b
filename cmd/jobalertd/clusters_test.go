package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPostingsClusters_OnBoardsThatListTheSameJobs reads testdata/crossposts: in
// each folder a file a board, as boards rewrite, cut and decorate an employer's
// ads, beside other jobs in nearly the same words; "x-job" says which job an ad is of.
func TestPostingsClusters_OnBoardsThatListTheSameJobs(t *testing.T) {
	t.Parallel()
	var right, wrong, missed int
	for _, folder := range []string{"boards", "departments", "trades", "care", "municipal"} {
		files, err := filepath.Glob(filepath.Join("testdata", "crossposts", folder, "*.json"))
		if err != nil || len(files) < 5 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		type ad struct {
			file  string
			index int
		}
		job := map[ad]string{}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var ads []struct {
				Job string `json:"x-job"`
			}
			if err := json.Unmarshal(raw, &ads); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			for i, a := range ads {
				job[ad{f, i}] = a.Job
			}
		}
		r := runCommand(t, "", append([]string{"postings", "clusters", "--json"}, files...)...)
		if r.status != exitDone {
			t.Fatalf("ended with %d: %s", r.status, r.errOut)
		}
		group := map[ad]int{}
		for n, line := range strings.Split(strings.TrimSpace(r.out), "\n") {
			var g struct{ Postings []member }
			if err := json.Unmarshal([]byte(line), &g); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			for _, m := range g.Postings {
				group[ad{m.File, m.Index}] = n + 1
			}
		}
		for a, of := range job {
			for b, other := range job {
				if a == b || a.file > b.file || a.file == b.file && a.index > b.index {
					continue
				}
				switch found := group[a] != 0 && group[a] == group[b]; {
				case found && of == other:
					right++
				case found:
					wrong++
					t.Logf("taken for one: %v (%s) and %v (%s)", a, of, b, other)
				case of == other:
					missed++
					t.Logf("missed: %v and %v, both %s", a, b, of)
				}
			}
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("%d pairs right, %d wrong, %d missed: precision %.4f, recall %.4f", right, wrong, missed, precision, recall)
	if precision < 0.98 || recall < 0.90 {
		t.Errorf("precision %.4f and recall %.4f, want 0.98 and 0.90 at least", precision, recall)
	}
}

// TestPostingsClusters_OfExpiredPostings: boards' files lie about for months.
func TestPostingsClusters_OfExpiredPostings(t *testing.T) {
	t.Parallel()
	const ad = `{"@type":"JobPosting","title":"Koch (m/w/d)","identifier":"%s","datePosted":"2019-03-01",%s"hiringOrganization":{"name":"Haus am Park"},` +
		`"jobLocation":{"address":{"addressLocality":"Essen","addressCountry":"DE"}},"description":"<p>Sie kochen täglich frisch für achtzig Gäste und planen den Speiseplan der Woche mit uns.</p>"}`
	r := runCommand(t, fmt.Sprintf(ad, "1", "")+"\n"+fmt.Sprintf(ad, "2", `"validThrough":"2019-04-01",`), "postings", "clusters", "--json", "-")
	if r.status != exitDone || !strings.Contains(r.out, `"identifier":"1"`) || !strings.Contains(r.out, `"identifier":"2"`) {
		t.Errorf("ended with %d: %q, %q; want both in a group", r.status, r.out, r.errOut)
	}
}

// TestPostingsClusters_OfAFileAnAd: then the addresses say which board an ad is of, and
// so that one board's two ads, alike but for some words, are two jobs.
func TestPostingsClusters_OfAFileAnAd(t *testing.T) {
	t.Parallel()
	const same = "Sie arbeiten in einem Team aus zwölf Menschen, nach Tarif, mit dreißig Tagen Urlaub und einer Kantine im Haus. "
	dir := t.TempDir()
	var files []string
	for _, board := range []string{"a", "b"} {
		for job, text := range map[string]string{"1": "Sie pflegen Menschen nach Operationen am Herzen und leiten Schüler an.", "2": "Sie versorgen Neugeborene und beraten junge Eltern beim Stillen daheim."} {
			f := filepath.Join(dir, board+job+".json")
			doc := fmt.Sprintf(`{"@type":"JobPosting","title":"Pflegefachkraft (m/w/d)","identifier":"%s","url":"https://%s.example/%s","datePosted":"2026-03-01","hiringOrganization":{"name":"Haus am Park"},`+
				`"jobLocation":{"address":{"addressLocality":"Essen","addressCountry":"DE"}},"description":"<p>%s</p><p>%s</p>"}`, board+job, board, job, same, text)
			if err := os.WriteFile(f, []byte(doc), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
	}
	slices.Sort(files)
	r := runCommand(t, "", append([]string{"postings", "clusters"}, files...)...)
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); r.status != exitDone || len(lines) != 2 ||
		!strings.Contains(lines[0], "a1.json a1, ") || !strings.Contains(lines[0], "b1.json b1") || !strings.Contains(lines[1], "b2.json b2") {
		t.Errorf("ended with %d: %q, %q; want each job's two ads in a group", r.status, r.out, r.errOut)
	}
}

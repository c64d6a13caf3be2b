package jobposting

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what is read of testdata/whole beside it")

// TestWholeDocuments reads each document of testdata/whole and compares what
// came of it with the .want file beside it.
func TestWholeDocuments(t *testing.T) {
	names, err := filepath.Glob("testdata/whole/*.json")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	r := newReader()
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			reading, err := r.Read("tests", raw, now)
			got := summary(reading, err)
			wantFile := strings.TrimSuffix(name, ".json") + ".want"
			if *update {
				if err := os.WriteFile(wantFile, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("read as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// summary prints a reading a field a line.
func summary(r *Reading, err error) string {
	var b strings.Builder
	var rejected *Rejected
	if errors.As(err, &rejected) {
		fmt.Fprintf(&b, "rejected: %s\n", rejected.Identifier)
		for _, e := range rejected.Errors {
			fmt.Fprintf(&b, "  %s\n", e)
		}
		return b.String()
	}
	p := r.Posting
	fmt.Fprintf(&b, "identifier: %s\ntitle: %s\nemployer: %s (agency %v)\nplaces: %s\ntypes: %s\nlanguage: %s\nurl: %s\n",
		p.Identifier, p.Title, p.Employer, p.Agency, places(r), typesText(r), p.Language, p.URL)
	fmt.Fprintf(&b, "open: %s to %s\n", p.PublishedAt.Format(time.RFC3339), p.ExpiresAt.Format(time.RFC3339))
	if p.Pay != nil {
		fmt.Fprintf(&b, "pay: %v to %v %s %s, a year %d to %d\n", p.Pay.Min, p.Pay.Max, p.Pay.Currency, p.Pay.Unit, p.Pay.YearlyMin, p.Pay.YearlyMax)
	}
	fmt.Fprintf(&b, "description: %s\n", p.Description)
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

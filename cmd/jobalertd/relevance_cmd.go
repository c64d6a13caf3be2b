package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
)

// relevanceCmd judges a list of queries and postings.
type relevanceCmd struct {
	File string `arg:"" help:"Tab-separated list with a header: query, title, text, should_match (yes, no, either), lang, category, why."`
	JSON bool   `help:"One JSON object." name:"json"`
}

func (relevanceCmd) Help() string {
	return "Example:\n  jobalertd relevance judged.tsv --json\n\nRows judged \"either\" are not scored. The status is 0 however good or bad the figures are."
}

// relevance is the verdict on a list.
type relevance struct {
	Scored     int                  `json:"scored"`
	Precision  float64              `json:"precision"`
	Recall     float64              `json:"recall"`
	Categories map[string]*category `json:"categories"`
	Failures   []relevanceFailure   `json:"failures"`

	yes, found, wrong int
}

type category struct {
	Yes            int `json:"yes"`
	Found          int `json:"found"`
	No             int `json:"no"`
	WronglyMatched int `json:"wrongly_matched"`
}

type relevanceFailure struct {
	Query    string `json:"query"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Why      string `json:"why"`
}

func (c relevanceCmd) Run(s *session) error {
	cfg, err := s.config()
	if err != nil {
		return err
	}
	m, err := s.meaning(cfg)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := judgeRelevance(m, f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if c.JSON {
		return s.printJSON(r)
	}
	s.printf("%d rows scored: precision %.3f, recall %.3f\n\n%-16s %5s %6s %5s %8s\n", r.Scored, r.Precision, r.Recall, "category", "yes", "found", "no", "wrongly")
	for _, name := range sortedNames(r.Categories) {
		k := r.Categories[name]
		s.printf("%-16s %5d %6d %5d %8d\n", name, k.Yes, k.Found, k.No, k.WronglyMatched)
	}
	for _, f := range r.Failures {
		s.printf("\n%q, expected %s, got %s (%s)\n  title: %s\n  text:  %s\n", f.Query, f.Expected, f.Got, f.Why, f.Title, f.Text)
	}
	return nil
}

func sortedNames(m map[string]*category) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// judgeRelevance matches each row's query against its title and text.
func judgeRelevance(m *alerts.Meaning, in io.Reader) (*relevance, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		return nil, errors.Join(errors.New("the list is empty"), lines.Err())
	}
	column := map[string]int{}
	for i, name := range strings.Split(lines.Text(), "\t") {
		column[strings.TrimSpace(name)] = i
	}
	for _, need := range []string{"query", "title", "should_match"} {
		if _, ok := column[need]; !ok {
			return nil, fmt.Errorf("the header lacks the column %q", need)
		}
	}
	r := &relevance{Categories: map[string]*category{}, Failures: []relevanceFailure{}}
	for lines.Scan() {
		row := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		r.row(m, func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return row[i]
			}
			return ""
		})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	r.Precision, r.Recall = ratio(r.found, r.found+r.wrong), ratio(r.found, r.yes)
	return r, nil
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// row scores one; "either" is not scored.
func (r *relevance) row(m *alerts.Meaning, get func(string) string) {
	expected := get("should_match")
	if expected != "yes" && expected != "no" {
		return
	}
	q, err := m.Text.Parse(get("query"))
	got := "no"
	if err == nil && q.Matches(m.Text.Document(get("title"), get("text"), get("lang"))) {
		got = "yes"
	}
	k := r.Categories[get("category")]
	if k == nil {
		k = &category{}
		r.Categories[get("category")] = k
	}
	r.Scored++
	switch {
	case expected == "yes":
		r.yes++
		k.Yes++
		if got == "yes" {
			r.found++
			k.Found++
		}
	default:
		k.No++
		if got == "yes" {
			r.wrong++
			k.WronglyMatched++
		}
	}
	if got != expected {
		r.Failures = append(r.Failures, relevanceFailure{get("query"), get("title"), get("text"), expected, got, get("why")})
	}
}

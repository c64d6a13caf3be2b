package text_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// What an index is told of alternatives is so: without what they need none holds, and
// where that is all there is to know, it decides.
func TestUnit_SaysWhatItsAlternativesNeed(t *testing.T) {
	t.Parallel()
	a := shared()
	documents := judgedDocuments(t, a)
	held, inline := 0, 0
	seen := map[*text.Unit]bool{} // queries share units
	for _, q := range judgedQueries(t, a) {
		var units []*text.Unit
		for _, c := range q.Conditions(nil) {
			units = append(append(units, c.Units...), c.Rows...)
		}
		for _, u := range append(units, q.Excluded(nil)...) {
			if seen[u] {
				continue
			}
			seen[u] = true
			for i := range u.Alternatives() {
				terms, needs := u.Terms(i), make([]text.Ways, len(u.Terms(i)))
				for k := range terms {
					needs[k] = u.Needs(i, k)
				}
				unless, suffices := u.Unless(i), u.Suffices(i)
				for _, d := range documents {
					holds, may := u.Question(i).Holds(d), !d.Says(unless)
					for k, term := range terms {
						n, known := slices.BinarySearch(d.Terms(), term)
						has := known && d.Occurs(n, needs[k])
						if has != d.Has(term, needs[k]) {
							t.Fatalf("query %s, term %d of alternative %d: Has and Occurs differ", q, k, i)
						}
						may = may && has
					}
					if holds && !may {
						t.Fatalf("query %s: alternative %d holds without what it needs", q, i)
					}
					if suffices && holds != may {
						t.Fatalf("query %s: alternative %d should be decided by its term", q, i)
					}
					if holds {
						held++
					}
				}
				for first := range min(2, len(terms)) {
					p := u.Pair(i, first)
					if p == 0 {
						continue
					}
					for _, d := range documents {
						inline++
						if got, holds := p.Holds(terms[first], terms[1-first], d) && !d.Says(unless), u.Question(i).Holds(d); got != holds {
							t.Fatalf("query %s: alternative %d holds: %v, as a pair: %v", q, i, holds, got)
						}
					}
				}
			}
		}
	}
	if held < 1000 || inline < 1000 {
		t.Errorf("%d hold, %d are pairs: too few to tell", held, inline)
	}
}

// A row is looked up by the terms that RowTerms gives of the words that it stands for:
// whatever may make it hold must be among them, and nothing else costs a look.
func TestRowTerms_AreThoseOfTheRowsAlternatives(t *testing.T) {
	t.Parallel()
	a := shared()
	queries := judgedQueries(t, a)
	parse := func(s string) {
		q, err := a.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		queries = append(queries, q)
	}
	for _, s := range []string{"back end engineer", "customer success manager"} {
		parse(s)
	}
	words := []string{"software", "developer", "Leiter", "Finanzen", "medizinische", "Informatik", "back", "end", "C++", "Go", "HR", "E-Commerce", "3D",
		"Koch", "Köchin", "Pflege", "Kraft", "technische", "Zeichner", "customer", "success", "Kinder", "Garten", "Projekt", "Manager", "R"}
	for _, l := range words {
		for _, r := range words {
			parse(l + " " + r)
		}
	}
	rows, alternatives := 0, 0
	for _, q := range queries {
		words := map[*text.Unit][]*text.Unit{} // by row
		for _, c := range q.Conditions(nil) {
			for _, row := range c.Rows {
				words[row] = append(words[row], c.Units[0])
			}
		}
		for row, of := range words {
			rows++
			got, each, want := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for terms := range text.RowTerms(of...) {
				got[fmt.Sprint(terms)] = true
			}
			for terms := range row.EachTerms() {
				each[fmt.Sprint(terms)] = true
			}
			for i := range row.Alternatives() {
				alternatives++
				want[fmt.Sprint(row.Terms(i))] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("query %s: terms of row %s (-alternatives +RowTerms):\n%s", q, row.Key(), diff)
			}
			if diff := cmp.Diff(want, each); diff != "" {
				t.Errorf("query %s: terms of row %s (-alternatives +EachTerms):\n%s", q, row.Key(), diff)
			}
		}
	}
	if rows < 500 || alternatives < 500 {
		t.Errorf("%d rows with %d alternatives say little", rows, alternatives)
	}
}

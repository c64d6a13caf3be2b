package text_test

import (
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// What an index is told of alternatives is so: without what they need none holds, and
// where that is all there is to know, it decides.
func TestUnit_SaysWhatItsAlternativesNeed(t *testing.T) {
	t.Parallel()
	a := shared()
	documents := judgedDocuments(t, a)
	held, inline := 0, 0
	for _, q := range judgedQueries(t, a) {
		var units []*text.Unit
		for _, c := range q.Conditions(nil) {
			units = append(append(units, c.Units...), c.Rows...)
		}
		for _, u := range append(units, q.Excluded(nil)...) {
			for i := range u.Alternatives() {
				for _, d := range documents {
					terms, holds := u.Terms(i), u.HoldsBy(i, d)
					may := !d.Says(u.Unless(i))
					for k, term := range terms {
						n, known := slices.BinarySearch(d.Terms(), term)
						has := known && d.Occurs(n, u.Needs(i, k))
						if has != d.Has(term, u.Needs(i, k)) {
							t.Fatalf("query %s, term %d of alternative %d: Has and Occurs differ", q, k, i)
						}
						may = may && has
					}
					if holds && !may {
						t.Fatalf("query %s: alternative %d holds without what it needs", q, i)
					}
					if u.Suffices(i) && holds != may {
						t.Fatalf("query %s: alternative %d should be decided by its term", q, i)
					}
					for first := range min(2, len(terms)) {
						p := u.Pair(i, first)
						if p == 0 {
							continue
						}
						inline++
						if got := p.Holds(terms[first], terms[1-first], d) && !d.Says(u.Unless(i)); got != holds {
							t.Fatalf("query %s: alternative %d holds: %v, as a pair: %v", q, i, holds, got)
						}
					}
					if holds {
						held++
					}
				}
			}
		}
	}
	if held < 1000 || inline < 1000 {
		t.Errorf("%d hold, %d are pairs: too few to tell", held, inline)
	}
}

package percolate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
)

// scan is the definition: ask everybody.
func scan(standing map[uint32]*alerts.Criteria, d *alerts.Document) []uint32 {
	var out []uint32
	for id, c := range standing {
		if c.Matches(d) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// describe prints what is needed to see why an answer is wrong.
func describe(standing map[uint32]*alerts.Criteria, d *alerts.Document, got, want []uint32) string {
	s := fmt.Sprintf("percolated to %v, want %v\nposting: %+v", got, want, *d.Posting)
	for _, id := range append(slices.Clone(got), want...) {
		if slices.Contains(got, id) != slices.Contains(want, id) && standing[id] != nil {
			s += fmt.Sprintf("\n%d: %+v", id, *standing[id])
		}
	}
	return s
}

// TestEveryCriterionIsDrawn: a criterion that nobody draws would agree unasked.
func TestEveryCriterionIsDrawn(t *testing.T) {
	drawn := map[string]bool{}
	criteria := rapid.Custom(drawCriteria)
	for i := range 500 {
		v := reflect.ValueOf(criteria.Example(i)).Elem()
		for _, f := range reflect.VisibleFields(v.Type()) {
			if f.IsExported() && !v.FieldByIndex(f.Index).IsZero() {
				drawn[f.Name] = true
			}
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[alerts.Criteria]()) {
		if f.IsExported() && !drawn[f.Name] {
			t.Errorf("%s never occurs in what drawCriteria draws", f.Name)
		}
	}
}

// TestPercolateAgreesWithMatchesInEveryState walks an index through puts,
// replacements, removals, merges, broken-off merges, and all of these while a
// merge is under way, and asks after each step.
func TestPercolateAgreesWithMatchesInEveryState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, standing := New(nil), map[uint32]*alerts.Criteria{}
		if rapid.Bool().Draw(t, "built") {
			for id := range uint32(rapid.IntRange(1, 12).Draw(t, "at once")) {
				standing[id*7] = drawCriteria(t)
			}
			x = Build(maps.All(standing), nil)
		}
		var frozen *layers
		var finish func()
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 8).Draw(t, "how many") {
					id := rapid.Uint32Range(0, 30).Draw(t, "id")
					standing[id] = drawCriteria(t)
					x.Put(id, standing[id])
				}
			},
			"remove": func(t *rapid.T) {
				id := rapid.Uint32Range(0, 40).Draw(t, "id")
				delete(standing, id)
				x.Remove(id)
			},
			"merge": func(t *rapid.T) {
				if frozen != nil {
					t.Skip("one is under way")
				}
				if err := x.Merge(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"fold": func(t *rapid.T) {
				if frozen != nil {
					t.Skip("a merge is under way")
				}
				if err := x.Fold(context.Background()); err != nil {
					t.Fatal(err)
				}
			},
			"broken-off merge": func(t *rapid.T) {
				if frozen != nil || len(standing) == 0 {
					t.Skip("one is under way, or nothing to build")
				}
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				if err := x.Merge(ctx); !errors.Is(err, context.Canceled) {
					t.Fatalf("merged with a context that has ended: %v", err)
				}
			},
			"begin or end a merge": func(t *rapid.T) {
				if frozen != nil {
					finish()
					frozen = nil
					return
				}
				var take func() *builder
				from := rapid.SampledFrom([]int{every, recent}).Draw(t, "from")
				frozen, take = x.freeze(from)
				build := func() *base {
					b, err := take().build(context.Background())
					if err != nil {
						panic(err)
					}
					return b
				}
				if rapid.Bool().Draw(t, "build at once") {
					b := build()
					finish = func() { x.thaw(frozen, from, b) }
					return
				}
				finish = func() { x.thaw(frozen, from, build()) }
			},
			"": func(t *rapid.T) {
				if x.Len() != len(standing) {
					t.Fatalf("holds %d, want %d", x.Len(), len(standing))
				}
				for range 3 {
					d := drawDocument(t)
					if got, want := x.Percolate(nil, d), scan(standing, d); !slices.Equal(got, want) {
						t.Fatal(describe(standing, d, got, want))
					}
				}
			},
		})
	})
}

// TestPercolateWhileOthersWrite: readers beside a writer and merges see, of each
// subscription, one of the criteria it ever had, and always those that stay; when
// all is done, what stands.
func TestPercolateWhileOthersWrite(t *testing.T) {
	l := generate(t, 600, 8)
	standing := map[uint32]*alerts.Criteria{}
	had := map[uint32][]*alerts.Criteria{} // all that each ever has
	for i, c := range l.criteria[:200] {
		standing[uint32(i)], had[uint32(i)] = c, []*alerts.Criteria{c}
	}
	x := Build(maps.All(standing), nil)
	wants := make([][]uint32, len(l.documents)) // of those that stay
	for i, d := range l.documents {
		wants[i] = scan(standing, d)
	}
	type change struct {
		id uint32
		to *alerts.Criteria // nil: removed
	}
	var changes []change
	for i := range 4000 {
		id := 1000 + uint32(i%200)
		c := change{id: id}
		if i%7 > 0 {
			c.to = l.criteria[200+(int(id)+i)%400]
			had[id] = append(had[id], c.to)
		}
		changes = append(changes, c, change{uint32(i % 200), l.criteria[i%200]}) // the second by the same: never missing
	}
	var stop atomic.Bool
	var readers sync.WaitGroup
	for n := range 3 {
		readers.Go(func() {
			var got []uint32
			for i := n; !stop.Load(); i++ {
				d := l.documents[i%len(l.documents)]
				got = x.Percolate(got[:0], d)
				if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
					t.Errorf("not ascending without duplicates: %v", got)
				}
				for _, id := range wants[i%len(wants)] {
					if !slices.Contains(got, id) {
						t.Errorf("subscription %d was lost", id)
					}
				}
				for _, id := range got {
					if !slices.ContainsFunc(had[id], func(c *alerts.Criteria) bool { return c.Matches(d) }) {
						t.Errorf("subscription %d was found", id)
					}
				}
			}
		})
	}
	var merges sync.WaitGroup
	merges.Go(func() {
		for range 20 {
			if err := errors.Join(x.Merge(context.Background()), x.Fold(context.Background())); err != nil {
				t.Error(err)
			}
		}
	})
	for _, c := range changes {
		if c.to == nil {
			x.Remove(c.id)
			delete(standing, c.id)
		} else {
			x.Put(c.id, c.to)
			standing[c.id] = c.to
		}
	}
	merges.Wait()
	stop.Store(true)
	readers.Wait()
	found := 0
	for _, d := range l.documents {
		got, want := x.Percolate(nil, d), scan(standing, d)
		if found += len(got); !slices.Equal(got, want) {
			t.Error(describe(standing, d, got, want))
		}
	}
	if found == 0 {
		t.Error("nothing matched in the end")
	}
}

func TestGeneratedLoadsAgree(t *testing.T) {
	l := generate(t, 3000, 60)
	standing := maps.Collect(l.each)
	x := Build(l.each, nil)
	total := 0
	for round := range 2 {
		for _, d := range l.documents {
			got, want := x.Percolate(nil, d), scan(standing, d)
			if total += len(got); !slices.Equal(got, want) {
				t.Fatalf("round %d: %s", round, describe(standing, d, got, want))
			}
		}
		if err := x.Merge(context.Background()); err != nil { // files anew, by what was learnt
			t.Fatal(err)
		}
	}
	if total == 0 {
		t.Error("nothing matched")
	}
}

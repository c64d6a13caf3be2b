package text_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/text"
)

// A packed document means to every query what the document itself does, also after
// it was packed anew for another dictionary.
func TestPacked_MatchesAndWeighsAsTheDocumentDoes(t *testing.T) {
	t.Parallel()
	a := shared()
	documents, queries := judgedDocuments(t, a), judgedQueries(t, a)
	middle := len(documents) / 2
	first, second := pack(documents[:middle]), pack(documents[middle:])
	merged := merge(first, second)
	// One Unpacked reads all: nothing of one document may remain in the next.
	var u text.Unpacked
	matched := 0
	for _, q := range queries {
		for _, part := range []packedPart{first, second, merged} {
			wanted := q.Wanted(part.dictionary)
			for i, doc := range part.packed {
				whole, packed := part.documents[i], u.Read(doc, &wanted)
				if got, want := q.Matches(packed), q.Matches(whole); got != want {
					t.Fatalf("query %s, document %d: packed it matches %v, whole %v", q, i, got, want)
				}
				if !q.Matches(whole) {
					continue
				}
				matched++
				gotText, gotWays := q.Weigh(packed)
				wantText, wantWays := q.Weigh(whole)
				if gotText != wantText || gotWays != wantWays {
					t.Fatalf("query %s, document %d: packed it weighs %d, %d, whole %d, %d", q, i, gotText, gotWays, wantText, wantWays)
				}
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d pairs match: too few to tell", matched)
	}
}

// What lists of terms can tell of a query is so.
func TestPlan_TellsWhereAQueryHolds(t *testing.T) {
	t.Parallel()
	a := shared()
	part := pack(judgedDocuments(t, a))
	ofAll := make([]map[text.Term]bool, len(part.packed)) // what each has, and whether it ends a word
	for i, doc := range part.packed {
		ofAll[i] = map[text.Term]bool{}
		text.PackedTerms(doc, func(n uint32, ends bool) { ofAll[i][part.dictionary[n]] = ends })
	}
	sure, unsure := 0, 0
	for _, q := range judgedQueries(t, a) {
		plan := q.Plan()
		for i, has := range ofAll {
			may, must := true, !plan.Bound()
			for _, ways := range plan.Required {
				m, s := holds(ways, has)
				may, must = may && m, must && s
			}
			for _, ways := range plan.Excluded {
				m, _ := holds(ways, has)
				must = must && !m
			}
			if got := q.Matches(part.documents[i]); got && !may || !got && must {
				t.Fatalf("query %s, document %d: it matches %v, by the terms it may: %v, and must: %v", q, i, got, may, must)
			}
			if must {
				sure++
			} else if may {
				unsure++
			}
		}
	}
	if sure < 1000 || unsure < 100 {
		t.Errorf("%d pairs are sure and %d are not: too few to tell", sure, unsure)
	}
}

func holds(ways []text.Way, has map[text.Term]bool) (may, must bool) {
	for _, way := range ways {
		all, end := true, true
		for _, t := range way.Terms {
			ends, ok := has[t]
			all, end = all && ok, end && ends
		}
		may, must = may || all, must || all && end && way.Sure
	}
	return may, must
}

func TestPackedTerms_AreTheDocuments(t *testing.T) {
	t.Parallel()
	part := pack(judgedDocuments(t, shared())[:200])
	for i, doc := range part.packed {
		var got []text.Term
		text.PackedTerms(doc, func(n uint32, _ bool) { got = append(got, part.dictionary[n]) })
		if !slices.Equal(got, part.documents[i].Terms()) {
			t.Fatalf("document %d has the terms %v packed, %v whole", i, got, part.documents[i].Terms())
		}
	}
}

type packedPart struct {
	documents  []*text.Document
	dictionary text.Dictionary
	packed     []string
}

func pack(documents []*text.Document) packedPart {
	var terms []text.Term
	for _, d := range documents {
		terms = append(terms, d.Terms()...)
	}
	part := packedPart{documents: documents, dictionary: text.NewDictionary(terms)}
	for _, d := range documents {
		part.packed = append(part.packed, string(d.Pack(nil, part.dictionary)))
	}
	return part
}

func merge(parts ...packedPart) packedPart {
	var out packedPart
	var terms []text.Term
	for _, p := range parts {
		terms = append(terms, p.dictionary...)
	}
	out.dictionary = text.NewDictionary(terms)
	for _, p := range parts {
		renumbered := make([]uint32, len(p.dictionary))
		for i, t := range p.dictionary {
			renumbered[i], _ = out.dictionary.Number(t)
		}
		out.documents = append(out.documents, p.documents...)
		for _, doc := range p.packed {
			out.packed = append(out.packed, string(text.Repack(nil, doc, renumbered)))
		}
	}
	return out
}

// judgedDocuments are the postings of the judged lists, long ones made of several
// of them, and a whole one.
func judgedDocuments(t testing.TB, a *text.Analyser) []*text.Document {
	t.Helper()
	var titles, bodies []string
	for _, list := range judgedLists {
		for _, p := range readPairs(t, list) {
			titles, bodies = append(titles, p.title), append(bodies, p.text)
		}
	}
	title, body := posting300(t)
	out := []*text.Document{a.Document(title, body, "de"), a.Document("", "", ""), a.Document("Nur ein Titel", "", "")}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range titles {
		body := bodies[i]
		for range r.IntN(6) {
			k := r.IntN(len(titles))
			body += ". " + titles[k] + ", " + strings.ReplaceAll(bodies[k], ". ", ".\n")
		}
		out = append(out, a.Document(titles[i], body, []string{"de", "en", ""}[r.IntN(3)]))
	}
	return out
}

var judgedLists = []string{"testdata/relevance-dev.tsv", "testdata/relevance-own.tsv", "testdata/relevance-unseen.tsv", "testdata/relevance-blind.tsv"}

// judgedQueries are some of the lists' queries, alone and put together in every
// way that the syntax has.
func judgedQueries(t testing.TB, a *text.Analyser) []text.Query {
	t.Helper()
	var words []string
	for _, list := range judgedLists {
		for _, p := range readPairs(t, list) {
			words = append(words, p.query)
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	r := rand.New(rand.NewPCG(3, 4))
	pick := func() string { return words[r.IntN(len(words))] }
	asked := []string{"sales manager", `"medizinische Informatik"`}
	for range 60 {
		asked = append(asked, pick(), pick()+" OR "+pick(), pick()+" -"+pick(), "title:"+pick(), pick()+" "+pick(), fmt.Sprintf("%q", pick()))
	}
	var out []text.Query
	for _, s := range asked {
		if q, err := a.Parse(s); err == nil {
			out = append(out, q)
		}
	}
	return out
}

func BenchmarkPacked(b *testing.B) {
	a := shared()
	title, body := posting300(b)
	d := a.Document(title, "Gesucht: "+strings.ReplaceAll(body, "\n", " "), "de")
	part := pack([]*text.Document{d})
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			dst = d.Pack(dst[:0], part.dictionary)
		}
		b.ReportMetric(float64(len(dst)), "bytes")
	})
	q, err := a.Parse("Medizininformatiker Krankenhaus")
	if err != nil {
		b.Fatal(err)
	}
	wanted := q.Wanted(part.dictionary)
	var u text.Unpacked
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			u.Read(part.packed[0], &wanted)
		}
	})
}

// A weigher, whatever it weighed before, tells of a query what the query tells.
func TestWeigher_WeighsAsTheQueryDoes(t *testing.T) {
	t.Parallel()
	a := shared()
	queries := judgedQueries(t, a)
	var w text.Weigher
	matched := 0
	for i, d := range judgedDocuments(t, a) {
		if i%50 == 0 {
			w.Drop()
			for k, q := range queries {
				if n := w.Take(q); int(n) != k {
					t.Fatalf("query %d is taken as %d", k, n)
				}
			}
		}
		w.Next(d)
		for k, q := range queries {
			if !q.Matches(d) {
				continue
			}
			matched++
			gotText, gotWays := w.Weigh(uint32(k))
			if wantText, wantWays := q.Weigh(d); gotText != wantText || gotWays != wantWays {
				t.Fatalf("query %s, document %d: it weighs %d, %d, not %d, %d", q, i, gotText, gotWays, wantText, wantWays)
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d pairs match: too few to tell", matched)
	}
}

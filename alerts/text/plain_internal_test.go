package text

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// queryWords are the words of the embedded lists, and such as a query must not
// take for plain.
func queryWords() []string {
	var out []string
	for _, data := range []string{embeddedSynonyms, embeddedParts, sensesData, marksData, englishData} {
		out = append(out, strings.FieldsFunc(data, func(r rune) bool { return strings.ContainsRune(" \t\n=|>[]:,", r) })...)
	}
	return append(out, "OR", "UND", "NOT", "it", "its", "IT", "Go", "C", "LehrerInnen", "und", "Klasse", "B", "m/w/d", "Köchin", "-helfer", "title:Koch", "ﬁnanz", "Ａrzt", "E", "13", "can")
}

// longMembers are the synonyms of three plain words or more.
func longMembers() []string {
	var out []string
	for line := range strings.Lines(embeddedSynonyms) {
		line, _, _ = strings.Cut(line, "#")
		for _, m := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("\n=|>,", r) }) {
			if words := strings.Fields(m); len(words) > 2 && !slices.ContainsFunc(words, func(w string) bool { return !letters(w) }) {
				out = append(out, strings.Join(words, " "))
			}
		}
	}
	return out
}

// TestPlainQueriesAreParsedAsAnyOthers compares the short way with the long one.
func TestPlainQueriesAreParsedAsAnyOthers(t *testing.T) {
	a, words, members := New(Embedded()), queryWords(), longMembers()
	r := rand.New(rand.NewPCG(1, 2))
	short := 0
	for range 30_000 {
		var parts []string
		for range 1 + r.IntN(4) {
			w := words[r.IntN(len(words))]
			switch r.IntN(12) {
			case 0:
				w = "-" + w
			case 1:
				w = strings.ToUpper(w)
			case 2:
				w = strings.ToLower(w)
			}
			if r.IntN(5) == 0 && len(parts) > 0 {
				parts = append(parts, []string{"OR", "ODER", "or", "|"}[r.IntN(4)])
			}
			if r.IntN(12) == 0 {
				w = `"` + w + " " + words[r.IntN(len(words))] + `"`
			}
			parts = append(parts, w)
		}
		if r.IntN(8) == 0 { // what means something as a row
			parts = slices.Insert(parts, r.IntN(len(parts)+1), members[r.IntN(len(members))])
		}
		query := composed(strings.Join(parts, " "))
		got, ok := a.parsePlain(query)
		if !ok {
			continue
		}
		short++
		want, err := a.parse(query)
		if err != nil {
			t.Fatalf("%q: %v, want it refused by both", query, err)
		}
		if !slices.EqualFunc(got.c.clauses, want.c.clauses, equalClauses) || !sameGroups(got.c.required, want.c.required) ||
			!sameGroups(got.c.excluded, want.c.excluded) || len(want.c.bonds) > 0 {
			t.Fatalf("%q: understood as %v, want %v", query, got, want)
		}
	}
	if short < 5_000 {
		t.Errorf("%d queries went the short way", short)
	}
}

func sameGroups(got, want []group) bool {
	return slices.EqualFunc(got, want, func(g, w group) bool {
		return g.asked == w.asked && g.atoms == w.atoms && slices.EqualFunc(g.units, w.units, func(x, y *Unit) bool { return x.Key() == y.Key() })
	})
}

func BenchmarkParse(b *testing.B) {
	a := New(Embedded())
	for name, query := range map[string]string{
		"one": "krankenpfleger", "three": "medizin softwareentwickler projektleiter", "without": "informatiker -praktikum", "any": "koch OR köchin",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Parse(query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package text

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/clipperhouse/uax29/v2/words"
)

// Segments are the library's, but for blanks.
func TestSegments_AreThoseOfUAX29(t *testing.T) {
	t.Parallel()
	check := func(s string) {
		t.Helper()
		g := newSegments()
		g.begin(s)
		next := func() bool {
			for g.next() {
				if s[g.start] != ' ' {
					return true
				}
			}
			return false
		}
		want := words.FromString(s)
		for want.Next() {
			if strings.HasPrefix(want.Value(), " ") {
				continue
			}
			if !next() || g.start != want.Start() || g.end != want.End() {
				t.Fatalf("%q: %q (%d to %d) instead of %q (%d to %d)", s, s[g.start:g.end], g.start, g.end, want.Value(), want.Start(), want.End())
			}
		}
		if next() {
			t.Fatalf("%q: %q is one too many", s, s[g.start:g.end])
		}
	}
	posting, err := os.ReadFile("testdata/posting.txt")
	if err != nil {
		t.Fatal(err)
	}
	check(string(posting))
	pieces := []string{
		"a", "Z", "Pflege", "ä", "ß", "Ü", "é", "×", "÷", "1", "42", " ", "  ", "\n", "\r", "\t", ".", ",", ":", ";", "'", "’", "\"", "_", "-", "/", "(", ")", "*", "+", "#",
		"\u0308", "\u200d", "\u00ad", "\u00a0", "·", "–", "א", "あ", "日", "🇩🇪", "🇩", "👩‍⚕️", "ﬁ", "ſ", "Ω", "ж",
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		check(b.String())
	}
}

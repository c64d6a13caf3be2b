package text

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStems_OfStemsAreThemselves(t *testing.T) {
	x := newLexicon()
	syllable := rapid.SampledFrom([]string{
		"en", "er", "ern", "es", "e", "ung", "in", "innen", "isch", "ik", "iker", "heit", "s", "leit", "pfleg", "kraft", "kräfte", "haus", "häuser", "stell", "kauf", "mann",
		"männer", "frau", "leute", "arzt", "ä", "ö", "ü", "st", "b", "lich", "system", "ies", "ss", "ing", "schaft", "ieren",
	})
	rapid.Check(t, func(t *rapid.T) {
		w := canonical(strings.Join(rapid.SliceOfN(syllable, 1, 5).Draw(t, "syllables"), ""))
		if s := x.stemGerman(w); x.stemGerman(s) != s {
			t.Fatalf("German: %s, %s, %s", w, s, x.stemGerman(s))
		}
		if s := x.stemEnglish(w); x.stemEnglish(s) != s {
			t.Fatalf("English: %s, %s, %s", w, s, x.stemEnglish(s))
		}
		if m := x.masculine(w); x.masculine(m) != m && x.masculine(x.masculine(m)) != x.masculine(m) {
			t.Fatalf("masculine: %s, %s, %s", w, m, x.masculine(m))
		}
	})
}

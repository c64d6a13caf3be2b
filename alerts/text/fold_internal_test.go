package text

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Whatever is below the first character that combines is in normal form C, beside any
// other.
func TestBelowCombining_IsInNormalForm(t *testing.T) {
	t.Parallel()
	for r := rune(1); r < 0x300; r++ {
		for _, beside := range []rune{'a', 'ä', 0x2ff, r} {
			if s := string([]rune{beside, r}); !belowCombining(s) || !norm.NFC.IsNormalString(s) {
				t.Fatalf("%U beside %U: below combining %v, normal %v", r, beside, belowCombining(s), norm.NFC.IsNormalString(s))
			}
		}
	}
	if s := "a\u0300"; belowCombining(s) || composed(s) != "à" {
		t.Errorf("a with a grave accent behind it is composed to %q", composed(s))
	}
}

package gazetteer

import (
	"strings"
	"testing"
)

func TestMisspelt_KnowsWhatWasMeant(t *testing.T) {
	t.Parallel()
	g := gazetteer(t)
	for typed, want := range map[string]string{
		"Gelsenkirchn": "Gelsenkirchen", "Gelsenkrichen": "Gelsenkirchen", "Recklinghausn": "Recklinghausen", "Dortmunt": "Dortmund",
		"Müncen": "München", "Stuttgard": "Stuttgart", "Duseldorf": "Düsseldorf", "Hambrug": "Hamburg", "Wupertal": "Wuppertal",
	} {
		if got := g.Misspelt(typed, 3); len(got) == 0 || got[0].Name != want {
			t.Errorf("%s: %v, want %s first", typed, got, want)
		}
	}
	for _, typed := range []string{"", "Ess", "Atlantis an der Ruhr", "99999", strings.Repeat("Gelsenkirchen", 9)} {
		if got := g.Misspelt(typed, 3); len(got) > 0 {
			t.Errorf("%q is taken for %v", typed, got)
		}
	}
}

package text_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCompounds_ListedOnesAreTakenApartRight(t *testing.T) {
	a := shared()
	files, err := filepath.Glob("testdata/compounds*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists of compounds: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var compounds, split, right, wholes, wrong int
			for _, f := range readTSV(t, file) {
				got := strings.Join(a.Analyse(f[0]).Parts, "|")
				if !strings.Contains(f[1], "|") {
					wholes++
					if got != "" {
						wrong++
						t.Logf("%s taken apart: %s", f[0], got)
					}
					continue
				}
				compounds++
				switch got {
				case "":
					t.Logf("%s left whole, want %s", f[0], f[1])
				case f[1]:
					split++
					right++
				default:
					split++
					t.Logf("%s got %s, want %s", f[0], got, f[1])
				}
			}
			t.Logf("%d compounds, %d split, %d right; %d of %d wholes taken apart", compounds, split, right, wrong, wholes)
			floor(t, "splits right", share(right, split+wrong), 0.96)
			floor(t, "compounds split", share(split, compounds), 0.85)
		})
	}
}

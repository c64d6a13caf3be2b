package text

import "testing"

// Every name is an occupation that a search finds by itself, and the two of one
// occupation find the same.
func TestAkin_NamesFindEachOther(t *testing.T) {
	t.Parallel()
	for i, g := range New(Embedded()).akin() {
		if len(g) < 3 {
			t.Errorf("group %d has %d occupations", i, len(g))
		}
		for _, m := range g {
			for _, one := range m {
				for _, other := range m {
					if !one.query.Matches(other.title) {
						t.Errorf("%q does not find %q", one.name, other.name)
					}
				}
			}
		}
	}
}

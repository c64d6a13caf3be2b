package percolate

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSorter_SortsAndLeavesOutDuplicatesAgainAndAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s sorter
		for range 3 {
			highest := rapid.SampledFrom([]uint32{1, 300, 1 << 20, 1 << 24, math.MaxUint32}).Draw(t, "highest")
			list := rapid.SliceOfN(rapid.Uint32Range(0, highest), 0, 4*fewNumbers).Draw(t, "list")
			want := slices.Compact(slices.Sorted(slices.Values(list)))
			if got := s.sort(slices.Clone(list)); !slices.Equal(got, want) {
				t.Fatalf("sorted %v to %v, want %v", list, got, want)
			}
		}
	})
}

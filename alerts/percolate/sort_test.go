package percolate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSorter_SortsAndLeavesOutDuplicatesAgainAndAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s sorter
		for range 3 {
			highest := rapid.SampledFrom([]uint32{1, 300, 1 << 20, 1 << 24, 1 << 25, math.MaxUint32}).Draw(t, "highest")
			around := rapid.SampledFrom([]int{0, fewNumbers, manyNumbers}).Draw(t, "about how many")
			list := make([]uint32, around+rapid.IntRange(-min(around, 2), 2).Draw(t, "more or fewer"))
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
			for i := range list {
				list[i] = uint32(r.Uint64N(uint64(highest) + 1))
			}
			want := slices.Compact(slices.Sorted(slices.Values(list)))
			if got := s.sort(slices.Clone(list)); !slices.Equal(got, want) {
				t.Fatalf("sorted %v to %v, want %v", list, got, want)
			}
		}
	})
}

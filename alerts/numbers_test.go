package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/alerts"
)

// ascending are n distinct numbers below limit.
func ascending(n, limit int) []uint32 {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[uint32]bool{}
	for len(seen) < n {
		seen[1+r.Uint32N(uint32(limit))] = true
	}
	out := make([]uint32, 0, n)
	for x := range seen {
		out = append(out, x)
	}
	slices.Sort(out)
	return out
}

func BenchmarkPackNumbers(b *testing.B) {
	for _, n := range []int{5, 534, 6504} {
		numbers := ascending(n, 1_000_000)
		b.Run(fmt.Sprintf("matches=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := alerts.PackNumbers(numbers); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestPackNumbers_IsReadByRoaring(t *testing.T) {
	t.Parallel()
	for _, numbers := range [][]uint32{{1}, {0xffffffff}, ascending(534, 1_000_000), ascending(70_000, 100_000), {65535, 65536, 65537}, ascending(4096, 4096), ascending(4097, 4097), nil} {
		b, err := alerts.PackNumbers(numbers)
		if err != nil {
			t.Fatal(err)
		}
		bm := roaring.New()
		if err := bm.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if err := bm.Validate(); err != nil {
			t.Error(err)
		}
		if !slices.Equal(bm.ToArray(), numbers) {
			t.Errorf("%d numbers are read as %d others", len(numbers), bm.GetCardinality())
		}
	}
}

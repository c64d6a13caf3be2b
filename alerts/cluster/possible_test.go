package cluster_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts/cluster"
)

// TestPossible_HoldsEveryPairThatAnySelectionJoins over the blocks of cross-posts.
func TestPossible_HoldsEveryPairThatAnySelectionJoins(t *testing.T) {
	t.Parallel()
	var sketches []*cluster.Sketch
	for seed := range uint64(6) {
		ps, _ := block(seed)
		for _, p := range ps {
			sketches = append(sketches, cluster.New(p))
		}
	}
	possible := map[[2]int]bool{}
	for _, p := range cluster.Possible(sketches) {
		possible[p] = true
	}
	if len(possible) == 0 || len(possible) > len(sketches)*len(sketches)/4 {
		t.Errorf("%d pairs of %d postings are possible", len(possible), len(sketches))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		chosen := random.Perm(len(sketches))[:2+random.IntN(len(sketches)-1)]
		slices.Sort(chosen)
		some := make([]*cluster.Sketch, len(chosen))
		for i, n := range chosen {
			some[i] = sketches[n]
		}
		for _, g := range cluster.Groups(some, nil) {
			for n, i := range g {
				linked := false
				for m, j := range g {
					linked = linked || n != m && possible[[2]int{min(chosen[i], chosen[j]), max(chosen[i], chosen[j])}]
				}
				if !linked {
					t.Fatalf("posting %d is joined to others though no pair is possible", chosen[i])
				}
			}
		}
	}
}

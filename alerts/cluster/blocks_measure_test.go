package cluster_test

import (
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
)

func sketches(ps []*alerts.Posting) []*cluster.Sketch {
	out := make([]*cluster.Sketch, len(ps))
	for i, p := range ps {
		out[i] = cluster.New(p)
	}
	return out
}

// pairs counts, over one block, pairs rightly found, wrongly found, and missed.
func pairs(job []int, groups [][]int) (right int, wrong, missed [][2]int) {
	of := make([]int, len(job))
	for n, g := range groups {
		for _, i := range g {
			of[i] = n + 1
		}
	}
	for i := range job {
		for j := i + 1; j < len(job); j++ {
			found := of[i] != 0 && of[i] == of[j]
			switch {
			case found && job[i] == job[j]:
				right++
			case found:
				wrong = append(wrong, [2]int{i, j})
			case job[i] == job[j]:
				missed = append(missed, [2]int{i, j})
			}
		}
	}
	return right, wrong, missed
}

func TestGroups_FindCrossPostsAndKeepOtherJobsApart(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"", "a feed of many boards"} {
		t.Run(source, func(t *testing.T) { measure(t, source) })
	}
}

func measure(t *testing.T, source string) {
	var right, wrong, missed int
	for seed := range uint64(60) {
		ps, job := block(seed)
		for _, p := range ps {
			p.Source = source
		}
		groups := cluster.Groups(sketches(ps), nil)
		r, w, m := pairs(job, groups)
		right, wrong, missed = right+r, wrong+len(w), missed+len(m)
		for _, x := range w {
			t.Logf("seed %d: wrongly one: %q (%s, %v) and %q (%s, %v)", seed, ps[x[0]].Title, ps[x[0]].Employer, ps[x[0]].Locations[0].Name, ps[x[1]].Title, ps[x[1]].Employer, ps[x[1]].Locations[0].Name)
		}
		for _, x := range m {
			t.Logf("seed %d: missed: %q (%s) and %q (%s)", seed, ps[x[0]].Title, ps[x[0]].Employer, ps[x[1]].Title, ps[x[1]].Employer)
		}
	}
	precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
	t.Logf("%d pairs right, %d wrong, %d missed: precision %.4f, recall %.4f", right, wrong, missed, precision, recall)
	if precision < 0.98 || recall < 0.90 {
		t.Errorf("precision %.4f and recall %.4f, want 0.98 and 0.90 at least", precision, recall)
	}
}

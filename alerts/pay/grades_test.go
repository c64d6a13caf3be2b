package pay

import (
	"regexp"
	"strings"
	"testing"
)

func TestGradesFile_HoldsWholeTables(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`^(TVöD VKA|TVöD-P|TVöD SuE|TV-L|BBesO A)\t20\d\d-\d\d\t[EPSA] \d+[abcÜ]?\t\d{4}\t\d{4}\t12$`)
	for n, l := range strings.Split(strings.TrimSpace(gradesFile), "\n") {
		if !strings.HasPrefix(l, "#") && !line.MatchString(l) {
			t.Errorf("line %d is malformed: %q", n+1, l)
		}
	}
	count := map[string]int{}
	for key, g := range gradeTable() {
		count[g.table]++
		if g.min >= g.max {
			t.Errorf("%s: lowest step %v is not below the highest %v", key, g.min, g.max)
		}
	}
	for table, want := range map[string]int{tableTVoeD: 19, tableP: 12, tableSuE: 16, tableTVL: 16, tableA: 14} {
		if count[table] != want {
			t.Errorf("%s has %d grades, want %d", table, count[table], want)
		}
	}
}

// Pay rises from grade to grade, at the lowest step and at the highest.
func TestGradesFile_RisesWithTheGrade(t *testing.T) {
	t.Parallel()
	last := grade{}
	for l := range strings.Lines(gradesFile) {
		f := strings.Split(strings.TrimSpace(l), "\t")
		if strings.HasPrefix(l, "#") {
			continue
		}
		g := gradeTable()[f[0]+"|"+f[2]]
		if g.table == last.table && (g.min < last.min || g.max < last.max) {
			t.Errorf("%s %s pays %v–%v, less than the grade before (%v–%v)", f[0], f[2], g.min, g.max, last.min, last.max)
		}
		last = g
	}
}

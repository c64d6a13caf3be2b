package main

import (
	"strings"
	"testing"
)

func TestBenchSearchAgreesWithAskingEveryPosting(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		mix := sampleMix
		if strings.HasPrefix(url, "sqlite:") {
			mix = generatedMix
		}
		var f searchFigures
		measured(t, &f, "bench", "search", "--postings", "900", "--searches", "60", "--check", "60", "--mix", mix, "--database", url)
		if !f.Agrees || f.Postings != 900 || f.Checked != 60 || f.FoundPerSearch == 0 || f.P99 == 0 {
			t.Errorf("got %+v", f)
		}
	})
}

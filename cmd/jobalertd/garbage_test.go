package main

import "testing"

func TestGarbageFor_MayBeMoreDuringABacklogBesideLittle(t *testing.T) {
	t.Parallel()
	const mega = 1 << 20
	for _, c := range []struct {
		postings, live uint64
		want           int
	}{
		{0, 100 * mega, garbage},
		{backlogRate - 1, 100 * mega, garbage},
		{backlogRate, 100 * mega, 160},
		{4000, 200 * mega, 80},
		{4000, 1000 * mega, garbage},
	} {
		if got := garbageFor(c.postings, c.live); got != c.want {
			t.Errorf("%d postings, %d MB live: got %d, want %d", c.postings, c.live/mega, got, c.want)
		}
	}
}

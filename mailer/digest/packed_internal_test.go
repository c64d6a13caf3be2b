package digest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jobalertd/jobalertd/alerts"
)

// What was packed is read as it was added, however far its numbers lie apart and
// wherever its sheets come from.
func TestPacked_ReadsWhatWasAdded(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 6))
	type added struct{ alert, fit, card uint32 }
	from, most, made := new(pad), 0, 0
	for range 40 {
		var (
			k    packed
			want []added
		)
		for range r.IntN(6000) {
			x := added{r.Uint32() >> r.IntN(32), r.Uint32() >> r.IntN(32), r.Uint32() >> r.IntN(32)}
			if r.IntN(100) == 0 {
				x = added{math.MaxUint32, math.MaxUint32, math.MaxUint32}
			}
			k.add(from, x.alert, x.fit, x.card)
			want = append(want, x)
		}
		var got []added
		k.each(func(alert, fit, card uint32) { got = append(got, added{alert, fit, card}) })
		if !slices.Equal(got, want) {
			t.Fatalf("%d proposals read, or others than the %d that were added", len(got), len(want))
		}
		most = max(most, len(k.sheets))
		from.takeBack(&k)
		made = len(from.sheets)
	}
	if made != most {
		t.Errorf("%d sheets were made, where %d were in use at most", made, most)
	}
}

// Each fit has one number, whatever was numbered before and between.
func TestFits_NumberEachOnce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 7))
	var f fits
	for range 20000 {
		x := alerts.Fit(r.Uint32N(3)<<24 | r.Uint32N(2)<<16 | r.Uint32N(100))
		if n := f.number(x); f.of[n] != x {
			t.Fatalf("fit %x has number %d, which is fit %x", x, n, f.of[n])
		}
	}
	if len(f.of) != 600 {
		t.Errorf("%d fits are numbered, want 600", len(f.of))
	}
}

// Halves hold everybody once, with her alerts, whether pages are divided or a page.
func TestHalves_HoldEverybody(t *testing.T) {
	t.Parallel()
	of := func(subscribers ...int64) *page {
		p := &page{subscribers: subscribers}
		for _, s := range subscribers {
			for range s % 3 { // none, one or two
				a := new(alert)
				a.Subscriber = s
				p.alerts = append(p.alerts, a)
			}
		}
		return p
	}
	for _, pages := range [][]*page{{of(1, 2)}, {of(2, 3, 4)}, {of(3, 6)}, {of(1), of(2)}, {of(1, 2), of(4, 5, 8), of(11)}} {
		first, second := halves(pages)
		if len(first) == 0 || len(second) == 0 {
			t.Errorf("of %v a half is empty", subscribersOf(pages))
		}
		halved := append(slices.Clone(first), second...)
		if got := subscribersOf(halved); !slices.Equal(got, subscribersOf(pages)) {
			t.Errorf("halves hold %v, want %v", got, subscribersOf(pages))
		}
		var n int
		for _, p := range halved {
			for _, s := range p.subscribers {
				as := p.of(s)
				n += len(as)
				if len(as) != int(s%3) || slices.ContainsFunc(as, func(a *alert) bool { return a.Subscriber != s }) {
					t.Errorf("subscriber %d has %d alerts", s, len(as))
				}
			}
			n -= len(p.alerts)
		}
		if n != 0 {
			t.Errorf("of %v, %d alerts too many or too few", subscribersOf(pages), n)
		}
	}
}

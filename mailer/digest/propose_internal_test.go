package digest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Whether a row is asked for each seat or read, it names the same.
func TestNamed_AsksAsItReads(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 4))
	number := func() uint32 { return r.Uint32N(3)<<16 + r.Uint32N(10) }
	found := 0
	for range 500 {
		p := proposer{seating: seating{}}
		for _, id := range roaring.BitmapOf(number(), number(), number(), number(), number(), number()).ToArray() {
			a := &alert{logged: r.Int64N(6)}
			a.ID = id
			a.window = subscriptions.Window{After: r.Int64N(6), Through: 6 + r.Int64N(6)}
			p.all = append(p.all, a)
		}
		p.seats = make([]seat, len(p.all))
		_, first, last := p.sit()
		row := alerts.Logged{Position: 2 + r.Int64N(8), Subscriptions: roaring.New()}
		for range 20 + r.IntN(40) {
			row.Subscriptions.Add(number())
		}
		read := p.named(nil, &row, first, last)
		p.seating = nil
		if asked := p.named(nil, &row, first, last); !slices.Equal(asked, read) {
			t.Fatalf("asked, seats %v are named, read, %v", asked, read)
		}
		found += len(read)
	}
	if found < 500 {
		t.Errorf("only %d seats were named: too few to tell", found)
	}
}

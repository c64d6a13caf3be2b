package outbox_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
)

// However many ask at once, no two get the same place, and places lie interval apart.
func TestReserve_GivesEachPlaceOnce(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, err := outbox.NewStore(db, func(p string) string { return p }, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		start := time.UnixMicro(1_800_000_000_000_000)
		const askers, each = 4, 25
		var mu sync.Mutex
		taken := map[time.Time]bool{}
		var wg sync.WaitGroup
		for range askers {
			wg.Go(func() {
				for range each {
					at, ok, err := s.Reserve(context.Background(), "total", 2, time.Millisecond, start, time.Time{})
					if err != nil || !ok {
						t.Errorf("reserve: %v, %v", ok, err)
						return
					}
					mu.Lock()
					if taken[at] {
						t.Errorf("%s was given twice", at)
					}
					taken[at] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for i := range askers * each {
			if at := start.Add(time.Duration(2*i) * time.Millisecond); !taken[at] {
				t.Errorf("nobody was given %s", at)
			}
		}
	})
}

func TestReserve_TakesNothingThatLiesTooLate(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, err := outbox.NewStore(db, func(p string) string { return p }, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		ctx, start := context.Background(), time.UnixMicro(1_800_000_000_000_000)
		if _, ok, err := s.Reserve(ctx, "domain:example.org", 1, time.Second, start, start); err != nil || !ok {
			t.Fatalf("the first place: %v, %v", ok, err)
		}
		for range 2 { // asking takes nothing
			if at, ok, err := s.Reserve(ctx, "domain:example.org", 1, time.Second, start, start); err != nil || ok || !at.Equal(start.Add(time.Second)) {
				t.Errorf("got %s, %v, %v; want none before %s", at, ok, err, start.Add(time.Second))
			}
		}
	})
}

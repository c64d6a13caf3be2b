package outbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// Over any ten seconds real processes together keep to the pace within two per
// cent, in all and to one domain, and no moment is more than a second's worth ahead.
// It measures by the machine's clock, so that a machine with other work fails it;
// what does not depend on the machine is TestReserve's and the limiter's own tests'.
func TestPace_HoldsOverProcesses(t *testing.T) {
	if os.Getenv("OUTBOX_TEST_PACE") == "" {
		t.Skip("a measurement of real time, for a quiet machine: set OUTBOX_TEST_PACE=1")
	}
	t.Parallel()
	const perSecond, seconds = 100, 14
	for _, c := range []struct {
		name      string
		url       func(testing.TB) string
		processes int
		setting   string
	}{
		{"total,1", databasetest.MigratedSQLiteURL, 1, fmt.Sprintf("%s=%d", crashPace, perSecond)},
		{"total,3", databasetest.PostgresURL, 3, fmt.Sprintf("%s=%d", crashPace, perSecond)},
		{"domain,1", databasetest.MigratedSQLiteURL, 1, fmt.Sprintf("%s=%d", crashDomainPace, 60*perSecond)},
		{"domain,3", databasetest.PostgresURL, 3, fmt.Sprintf("%s=%d", crashDomainPace, 60*perSecond)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := c.url(t)
			db := databasetest.Open(t, url, database.Options{})
			r := newRig(t, db, nil)
			var mu sync.Mutex
			var at []time.Time
			server := smtptest.Run(t, smtptest.Options{Keep: func(smtptest.Mail) {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			}})
			for i := range c.processes {
				startChild(t, url, server, fmt.Sprintf("%s=p%d", crashName, i), c.setting)
			}
			// The processes are up and look for work before there is any.
			<-time.After(2 * time.Second)
			r.enqueue(t, mailer.Digest, 1, perSecond*seconds*4)
			for range 3 {
				from := time.Now()
				stalled := longestStall(t, seconds*time.Second)
				mu.Lock()
				times := slices.DeleteFunc(slices.Clone(at), func(a time.Time) bool { return a.Before(from) })
				mu.Unlock()
				if stalled < 100*time.Millisecond {
					inPace(t, times, perSecond, (seconds-1)*time.Second)
					return
				}
				t.Logf("the machine stood still for %v: measured again", stalled)
			}
			t.Skip("processor or disk stood still in each measurement; measure again on a quiet machine")
		})
	}
}

// longestStall waits for d and returns for how long processor or disk stood still at
// most: what they, and not the pace, kept from arriving in time.
func longestStall(t *testing.T, d time.Duration) (longest time.Duration) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const tick = 5 * time.Millisecond
	for end := time.Now().Add(d); time.Now().Before(end); {
		before := time.Now()
		if _, err := f.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		<-time.After(tick)
		longest = max(longest, time.Since(before)-tick)
	}
	return longest
}

// inPace checks arrivals over span from the first on.
func inPace(t *testing.T, at []time.Time, perSecond int, span time.Duration) {
	t.Helper()
	if len(at) == 0 {
		t.Fatal("nothing arrived")
	}
	slices.SortFunc(at, time.Time.Compare)
	const window = 10 * time.Second
	least, most := len(at), 0
	for from := time.Duration(0); from <= span-window; from += 100 * time.Millisecond {
		n := 0
		for _, a := range at {
			if d := a.Sub(at[0]) - from; d >= 0 && d < window {
				n++
			}
		}
		least, most = min(least, n), max(most, n)
	}
	want := perSecond * int(window/time.Second)
	t.Logf("any ten seconds hold %d to %d mails, %d are set", least, most, want)
	if least < want*98/100 || most > want*102/100 {
		t.Errorf("ten seconds hold %d to %d mails, want %d within two per cent", least, most, want)
	}
	for i, a := range at {
		if ahead := float64(i+1) - a.Sub(at[0]).Seconds()*float64(perSecond); ahead > float64(perSecond)+1 {
			t.Errorf("after %v %.0f are ahead of the pace", a.Sub(at[0]), ahead)
			break
		}
	}
}

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
					at, ok, err := s.Reserve(context.Background(), outbox.Place{Pace: "total", Count: 2, Interval: time.Millisecond, Now: start, Since: start})
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
		place := outbox.Place{Pace: "domain:example.org", Count: 1, Interval: time.Second, Now: start, Since: start, Latest: start}
		if _, ok, err := s.Reserve(ctx, place); err != nil || !ok {
			t.Fatalf("the first place: %v, %v", ok, err)
		}
		for range 2 { // asking takes nothing
			if at, ok, err := s.Reserve(ctx, place); err != nil || ok || !at.Equal(start.Add(time.Second)) {
				t.Errorf("got %s, %v, %v; want none before %s", at, ok, err, start.Add(time.Second))
			}
		}
	})
}

func TestReserve_MakesUpForAStumbleAndNotForRest(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		s, err := outbox.NewStore(db, func(p string) string { return p }, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		start := time.UnixMicro(1_800_000_000_000_000)
		for _, c := range []struct{ after, want time.Duration }{
			{0, 0},
			{300 * time.Millisecond, 100 * time.Millisecond}, // late, and goes on
			{1200 * time.Millisecond, 200 * time.Millisecond},
			{1400 * time.Millisecond, 1400 * time.Millisecond}, // what was taken last ends too long ago
		} {
			now := start.Add(c.after)
			at, ok, err := s.Reserve(t.Context(), outbox.Place{Pace: "total", Count: 1, Interval: 100 * time.Millisecond, Now: now, Since: now.Add(-time.Second)})
			if err != nil || !ok || !at.Equal(start.Add(c.want)) {
				t.Errorf("after %v: place at %v, %v, %v; want %v", c.after, at.Sub(start), ok, err, c.want)
			}
		}
	})
}

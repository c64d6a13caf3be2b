package smtp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// Any ten seconds hold the pace within two per cent, and no moment is more
// than a second's worth ahead, with one process and with three on one store.
func TestLimiter_KeepsPaceTogether(t *testing.T) {
	for _, rate := range []int{3, 50, 1000} {
		for _, processes := range []int{1, 3} {
			t.Run(fmt.Sprintf("rate=%d processes=%d", rate, processes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { keepPace(t, rate, processes) })
			})
		}
	}
}

func keepPace(t *testing.T, rate, processes int) {
	const total = 30 * time.Second
	shared := new(smtp.MemorySlots)
	ctx, cancel := context.WithTimeout(t.Context(), total)
	defer cancel()
	begin := time.Now()
	var (
		mu  sync.Mutex
		at  []time.Duration
		all sync.WaitGroup
	)
	for range processes {
		limiter := smtp.NewLimiter(smtp.LimiterOptions{PerSecond: float64(rate), Slots: shared})
		for range 4 { // connections
			all.Go(func() {
				for {
					slot, err := limiter.Next(ctx)
					if err != nil {
						return
					}
					select {
					case <-ctx.Done():
						return
					case <-time.After(time.Until(slot)):
					}
					mu.Lock()
					at = append(at, time.Since(begin))
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
	for from := time.Duration(0); from <= total-10*time.Second; from += 500 * time.Millisecond {
		n := 0
		for _, a := range at {
			if a >= from && a < from+10*time.Second {
				n++
			}
		}
		if low, high := rate*10*98/100-1, rate*10*102/100+1; n < low || n > high {
			t.Errorf("%d in the ten seconds from %v, want %d", n, from, rate*10)
		}
	}
	for _, a := range at {
		early := 0
		for _, b := range at {
			if b <= a {
				early++
			}
		}
		if ahead := float64(early) - a.Seconds()*float64(rate); ahead > float64(rate)+1 {
			t.Fatalf("%d sent after %v: %.0f ahead of the pace", early, a, ahead)
		}
		if len(at) > 2000 {
			break // the quadratic check is for the slow cases
		}
	}
}

func TestLimiter_BoundsADomainAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := smtp.NewLimiter(smtp.LimiterOptions{PerMinute: map[string]int{"GMX.example": 60, "*": 6}})
		count := func(address string, d time.Duration) int {
			n := 0
			for end := time.Now().Add(d); time.Now().Before(end); {
				ok, again, err := l.Domain(t.Context(), address)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					n++
					continue
				}
				time.Sleep(time.Until(again))
			}
			return n
		}
		if n := count("a@gmx.example", 10*time.Minute); n < 600 || n > 606 {
			t.Errorf("%d in ten minutes, want 600 and a burst", n)
		}
		if n := count("a@other.example", 10*time.Minute); n < 60 || n > 61 {
			t.Errorf("%d in ten minutes of a domain not named, want 60", n)
		}
		free := smtp.NewLimiter(smtp.LimiterOptions{})
		if ok, _, err := free.Domain(t.Context(), "a@gmx.example"); !ok || err != nil {
			t.Errorf("no pace set: %v, %v", ok, err)
		}
		if at, err := free.Next(t.Context()); !at.IsZero() || err != nil {
			t.Errorf("no pace set: %v, %v", at, err)
		}
	})
}

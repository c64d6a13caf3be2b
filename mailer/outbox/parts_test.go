package outbox

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/mailer"
)

var kinds = []mailer.Kind{mailer.Confirmation, mailer.Account, mailer.InstantDigest, mailer.Digest}

func TestQueue_GivesTheMostUrgentFirstAndLosesNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(1_000_000)
		q := newQueue(16)
		var model []mailer.Envelope // in the order of arrival
		out := map[int64]*claim{}
		next := int64(1)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				e := mailer.Envelope{ID: next, Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
				next++
				model = append(model, e)
				q.add([]mailer.Envelope{e, e}, nil, now.Add(time.Minute))
			},
			"pop": func(t *rapid.T) {
				c, _ := q.pop(now)
				if len(model) == 0 {
					if c != nil {
						t.Fatalf("popped %d from nothing", c.ID)
					}
					return
				}
				want := 0
				for i, e := range model {
					if e.Kind.Priority() < model[want].Kind.Priority() {
						want = i
					}
				}
				if c == nil || c.ID != model[want].ID {
					t.Fatalf("popped %v, want %d", c, model[want].ID)
				}
				out[c.ID] = c
				model = slices.Delete(model, want, want+1)
			},
			"back": func(t *rapid.T) {
				for id, c := range out {
					q.back(c)
					model = slices.Insert(model, 0, c.Envelope)
					delete(out, id)
					return
				}
			},
			"forget": func(t *rapid.T) {
				for id, c := range out {
					q.forget(c)
					delete(out, id)
					return
				}
			},
			"": func(t *rapid.T) {
				if got := len(q.holding()); got != len(model)+len(out) {
					t.Fatalf("%d are held, want %d waiting and %d out", got, len(model), len(out))
				}
				if len(model) > 0 && len(q.ready) == 0 {
					t.Fatal("envelopes wait and nobody would be woken")
				}
			},
		})
		if got := q.drain(); len(got) != len(model) {
			t.Fatalf("drained %d of %d", len(got), len(model))
		}
	})
}

func TestQueue_DropsWhatItsLeaseNoLongerCovers(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	q := newQueue(16)
	q.add([]mailer.Envelope{{ID: 1}, {ID: 2}, {ID: 3}}, nil, now.Add(time.Minute))
	q.renewed([]int64{1, 2, 3}, []int64{3, 2}, now.Add(2*time.Minute)) // 1 was lost
	q.add([]mailer.Envelope{{ID: 3}}, nil, now.Add(3*time.Minute))     // claimed again by the same relay
	c, stale := q.pop(now)
	if c == nil || c.ID != 2 || !slices.Equal(stale, []int64{1}) {
		t.Errorf("popped %v, stale %v; want 2 and 1", c, stale)
	}
	if c, stale := q.pop(now.Add(150 * time.Second)); c == nil || c.ID != 3 || stale != nil {
		t.Errorf("popped %v, stale %v; want 3", c, stale)
	}
}

func TestQueue_TakesAnewWhatWasRecordedAMomentAgo(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	q := newQueue(16)
	q.add([]mailer.Envelope{{ID: 1, DueAt: now}}, nil, now.Add(time.Minute))
	before, _ := q.pop(now)
	q.add([]mailer.Envelope{{ID: 1, DueAt: now.Add(time.Second)}}, nil, now.Add(time.Minute))
	q.forget(before)
	if again, _ := q.pop(now); again == nil || again.ID != 1 {
		t.Error("an envelope that was claimed anew is lost until its lease ends")
	}
}

func TestBreaker_PausesDoubleOncePerTrouble(t *testing.T) {
	var b breaker
	now := time.UnixMilli(0)
	var got []time.Duration
	for range 7 {
		if !b.trip(now, serverAway) || b.trip(now, serverAway) {
			t.Fatal("only the first of those who meet a trouble pauses")
		}
		got = append(got, b.left(now))
		now = now.Add(b.left(now))
	}
	s := time.Second
	if want := []time.Duration{s / 2, s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s}; !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
	b.fine()
	b.trip(now, serverAway)
	if b.left(now) != s/2 || !b.unsendable(now) {
		t.Errorf("after a success the pause is %v", b.left(now))
	}
	if got := []bool{b.refused(), b.refused(), b.refused()}; !slices.Equal(got, []bool{false, false, true}) {
		t.Errorf("sending pauses at refusals of us in a row: %v; want it at the third", got)
	}
}

func TestRelay_SoundsAnAlarmWhenTheServerSlowsUsDownForGood(t *testing.T) {
	now := time.UnixMilli(0)
	var errors bytes.Buffer
	r := New(Options{Metrics: NewMetrics(prometheus.NewRegistry(), nil), Now: func() time.Time { return now },
		Log: slog.New(slog.NewTextHandler(&errors, &slog.HandlerOptions{Level: slog.LevelError}))})
	slow := result{aboutUs: mailer.SlowDown}
	pauses := 0
	for ; errors.Len() == 0 && pauses < 20; pauses++ {
		r.after(t.Context(), slow)
		now = now.Add(r.breaker.left(now))
	}
	if pauses < 5 || pauses > 10 {
		t.Errorf("the alarm came after %d pauses; want it once the longest was made", pauses)
	}
	errors.Reset()
	r.after(t.Context(), result{finished: finished{ID: 1}, outcome: mailer.Accepted})
	r.after(t.Context(), slow)
	if errors.Len() > 0 {
		t.Error("the alarm is raised again though mail was taken meanwhile")
	}
}

func TestBreaker_WaitEndsWithThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b breaker
		b.trip(time.Now(), serverRefuses)
		began := time.Now()
		if !b.wait(t.Context(), time.Now) || time.Since(began) != time.Minute {
			t.Errorf("waited %v, want a minute", time.Since(began))
		}
	})
}

func TestSpread_GivesTurnsAtTheDomainsPace(t *testing.T) {
	var s spread
	now := time.UnixMilli(1_000_000)
	s.next("a@x.example", now, now.Add(time.Second))
	second := now.Add(2 * time.Second)
	var last time.Time
	for i := range 100 {
		due := s.next("b@X.example", now, second)
		if due.Before(second) || i > 1 && due.Sub(last) != time.Second {
			t.Fatalf("turn %d comes %v after the one before", i, due.Sub(last))
		}
		last = due
	}
	for range 10_000 {
		last = s.next("c@x.example", now, second)
	}
	if last.After(second.Add(furthest)) {
		t.Errorf("a turn comes %v after the next slot", last.Sub(second))
	}
	if other := s.next("a@y.example", now, second); !other.Equal(second) {
		t.Errorf("another domain's first turn is at %v", other)
	}
}

func FuzzReplyText(f *testing.F) {
	f.Add("550 5.1.1 <A@Example.org>: unknown", "a@example.org")
	f.Add("M\xfcller\x00İ", "İ@x")
	f.Add(strings.Repeat("ä", 600), "a@b")
	f.Fuzz(func(t *testing.T, text, to string) {
		if len(to) < 3 {
			return
		}
		got := replyText(mailer.Attempt{Code: 550, Text: text}, to)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\n") || len(got) > maxReply+10+2*strings.Count(got, "…") {
			t.Errorf("kept %q", got)
		}
		if plainTo := plain(to, len(to)); plainTo == to && strings.Contains(strings.ToLower(strings.TrimPrefix(got, "550 ")), strings.ToLower(to)) {
			t.Errorf("the reply %q names %q", got, to)
		}
	})
}

package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// TestPause_EndsOnItsDayAsSheChose: what came meanwhile is all there, or its best
// twenty with the others counted, or nothing of it; what comes later is there.
func TestPause_EndsOnItsDayAsSheChose(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url, time.Date(2026, 6, 1, 6, 0, 0, 0, time.UTC))
		const missed = 25
		publish := func(what string, n int) {
			for i := range n {
				a := w.publish(map[string]any{"@type": "JobPosting", "identifier": fmt.Sprint(what, i), "title": fmt.Sprintf("Koch %s %d (m/w/d)", what, i),
					"description": fmt.Sprintf("<p>Küche %s, Haus %d.</p>", what, i), "hiringOrganization": fmt.Sprint("Haus ", what, i, " GmbH"),
					"datePosted": w.now().Format(time.DateOnly), "jobLocationType": "TELECOMMUTE"})
				if a.Status != alerts.StatusStored {
					t.Fatalf("posting %d was answered %+v", i, a)
				}
			}
		}
		type promise struct{ shown, counted int }
		want := map[subscriptions.OnReturn]promise{subscriptions.CatchUp: {missed + 1, 0}, subscriptions.BestOnly: {20, missed + 1 - 20}, subscriptions.StartFresh: {1, 0}}
		whose := map[int64]subscriptions.OnReturn{}
		for onReturn := range want {
			wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: "Koch"}, Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
			w.must(w.meaning.Prepare(&wish.Criteria))
			who, id, ok := w.subscribe(string(onReturn)+"@example.org", wish)
			if !ok {
				t.Fatal("not subscribed")
			}
			whose[who] = onReturn
			w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
				_, err := w.daemon.subscriptions.Pause(ctx, tx, []uint32{id}, time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC), onReturn)
				return err
			})
		}
		publish("verpasst", missed)
		tick := func(day int) (envelopes int) {
			w.clock.Store(time.Date(2026, 6, day, 6, 0, 0, 0, time.UTC).UnixMilli())
			_, err := w.daemon.subscriptions.ResumeDue(t.Context(), w.now())
			w.must(err)
			sum, err := w.daemon.digests.Run(t.Context(), w.now())
			w.must(err)
			return sum.Envelopes
		}
		if n := tick(9); n != 0 {
			t.Errorf("while they rest %d get a mail", n)
		}
		// The pause ends in the night of the tenth; the usual hour comes after it.
		w.clock.Store(time.Date(2026, 6, 10, 0, 1, 0, 0, time.UTC).UnixMilli())
		if n, err := w.daemon.subscriptions.ResumeDue(t.Context(), w.now()); n != 3 || err != nil {
			t.Fatalf("%d resumed, %v", n, err)
		}
		publish("neu", 1)
		if n := tick(10); n != 3 {
			t.Errorf("on their return %d get a mail, want 3", n)
		}
		run, err := w.daemon.digests.Runs(t.Context(), 0, 1)
		w.must(err)
		for who, onReturn := range whose {
			c, err := w.daemon.digests.Content(t.Context(), run[0].Run, who)
			w.must(err)
			if got := (promise{len(c.Postings), c.Counted}); got != want[onReturn] {
				t.Errorf("%s: shown and counted %+v, want %+v", onReturn, got, want[onReturn])
			}
		}
	})
}

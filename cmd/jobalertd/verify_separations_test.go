package main

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// separatedWorld is one where a posting was folded into another, was set apart from it,
// and came by itself; a third digest brought something new.
func separatedWorld(t *testing.T, url string) *world {
	t.Helper()
	w := newWorld(t, url, time.Now())
	c := alerts.Criteria{Query: "Koch"}
	w.must(w.daemon.meaning.Prepare(&c))
	who, _, ok := w.subscribe("anna@example.org", subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}})
	if !ok {
		t.Fatal("the sign-up was not answered with a confirmation")
	}
	publish := func(p map[string]any) {
		if a := w.publish(p); a.Status != alerts.StatusStored {
			t.Fatalf("a posting was %s: %v", a.Status, a.Errors)
		}
	}
	next := func(folded int) {
		w.clock.Add((24 * time.Hour).Milliseconds())
		sum, err := w.daemon.digests.Run(t.Context(), w.now())
		w.must(err)
		if sum.Postings != 1 || sum.Folded != folded {
			t.Fatalf("built %+v, want one posting with %d folded", sum, folded)
		}
	}
	g := newGenerator(1, "separations")
	one, other := g.posting(1), g.posting(2)
	one["title"], other["title"] = "Koch (m/w/d)", "Koch (m/w/d)"
	twin := maps.Clone(one)
	twin["identifier"] = "twin"
	publish(one)
	publish(twin)
	next(1)
	w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		return w.daemon.digests.Separate(ctx, tx, who, []uint32{1, 2}, w.now())
	})
	next(0)
	publish(other)
	next(0)
	return w
}

func TestVerifyHoldsWhereAPostingWasSetApart(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		if answer := separatedWorld(t, url).verified(); !answer.Holds {
			t.Errorf("verify lists offenders of a sound store: %+v", answer)
		}
	})
}

func TestVerifyFindsWhatCameTwiceThoughSetApart(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"nobody set it apart":         "DELETE FROM separations",
		"another set it apart":        "UPDATE separations SET subscriber_id = subscriber_id + 1",
		"it was not folded":           "UPDATE digests SET content = REPLACE(content, 'twins', 'also')",
		"it came by itself again":     "UPDATE digests SET delivered = (SELECT delivered FROM digests WHERE id = 2) WHERE id = 3",
		"it was folded after that":    "UPDATE digests SET delivered = (SELECT delivered FROM digests WHERE id = 1), content = (SELECT content FROM digests WHERE id = 1) WHERE id = 3",
		"what was shown came with it": "UPDATE digests SET delivered = (SELECT delivered FROM digests WHERE id = 1) WHERE id = 2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := separatedWorld(t, "")
			if _, err := w.daemon.db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
			found, err := json.Marshal(w.verified())
			w.must(err)
			if !strings.Contains(string(found), "delivered again") {
				t.Errorf("no offender was delivered again: %s", found)
			}
		})
	}
}

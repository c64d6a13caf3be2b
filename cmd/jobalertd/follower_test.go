package main

import (
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// On an installation's first start intake may store what waits in the stream before
// the instant follower has looked at anything.
func TestInstantAlert_HearsOfWhatWasStoredBeforeItsFollowerStarted(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := newWorldWithoutFollower(t, url, time.Date(2026, 3, 25, 6, 30, 0, 0, time.UTC))
		wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: "Koch"}, Schedule: subscriptions.Schedule{Frequency: subscriptions.Instant, Timezone: "Europe/Berlin"}}
		w.must(w.meaning.Prepare(&wish.Criteria))
		subscriber, _, ok := w.subscribe("a@example.org", wish)
		if !ok {
			t.Fatal("not subscribed")
		}
		if a := w.publish(map[string]any{"@type": "JobPosting", "identifier": "early", "title": "Koch (m/w/d)", "description": "<p>Küche.</p>",
			"hiringOrganization": "Haus am Park GmbH", "datePosted": "2026-03-25", "jobLocationType": "TELECOMMUTE"}); a.Status != alerts.StatusStored {
			t.Fatalf("publishing was answered %+v", a)
		}
		w.must(w.follower.Start(t.Context()))
		w.must(w.follower.Follow(t.Context()))
		w.clock.Add((w.config.Digest.InstantHold + time.Second).Milliseconds())
		sum, err := w.daemon.digests.Run(t.Context(), w.now())
		w.must(err)
		if sum.Envelopes != 1 || sum.Postings != 1 {
			t.Errorf("the run built %d digests with %d postings for subscriber %d, want one with one", sum.Envelopes, sum.Postings, subscriber)
		}
	})
}

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// A new vocabulary makes postings match that did not: they are found by search at
// once, and by the match log once stored postings have been matched anew.
func TestNewVocabularyCountsForWhatIsStored(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url, time.Date(2026, 5, 4, 6, 0, 0, 0, time.UTC))
		wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: "Quantenflausch"},
			Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
		w.must(w.daemon.meaning.Prepare(&wish.Criteria))
		subscriber, _, _ := w.subscribe("a@example.org", wish)
		w.publish(map[string]any{"@type": "JobPosting", "identifier": "1", "title": "Zwirbelmeister (m/w/d)", "description": "<p>x</p>",
			"hiringOrganization": "Haus GmbH", "jobLocationType": "TELECOMMUTE"})
		logged := func() (n int) {
			w.must(w.daemon.postings.MatchesBetween(context.Background(), w.daemon.db.Reader, 0, 1<<40, func(alerts.Logged) error { n++; return nil }))
			return n
		}
		if logged() != 0 {
			t.Fatal("the posting matched before the vocabulary knew the words")
		}

		v := text.Embedded()
		w.must(v.Extend(strings.NewReader("[synonyms]\nQuantenflausch = Zwirbelmeister\n"), "test"))
		w.stop()
		w.meaning = &alerts.Meaning{Text: text.New(v), Places: w.meaning.Places}
		w.start()
		deadline := time.Now().Add(30 * time.Second)
		for {
			a, err := w.daemon.postings.Analysis(context.Background(), w.daemon.db.Reader)
			w.must(err)
			if a.Position == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("stored postings were not matched anew within 30 s")
			}
			<-time.After(10 * time.Millisecond)
		}
		if n := logged(); n != 1 {
			t.Errorf("the match log has %d rows after the re-analysis, want 1", n)
		}
		w.clock.Store(time.Date(2026, 5, 5, 6, 0, 0, 0, time.UTC).UnixMilli())
		sum, err := w.daemon.digests.Run(context.Background(), w.now())
		w.must(err)
		list, err := w.daemon.digests.Deliveries(context.Background(), subscriber, 1)
		w.must(err)
		if sum.Envelopes != 1 || len(list) != 1 || len(list[0].Delivered) != 1 {
			t.Errorf("the digest run built %+v, delivered %v; want one digest with one posting", sum, list)
		}
	})
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// verified runs verify over a world that goes on running.
func (w *world) verified() verdict {
	w.t.Helper()
	v, err := newVerifier(w.daemon.stores, &session{stderr: &bytes.Buffer{}}, 10)
	w.must(err)
	v.reach = func(context.Context) (*broker.Broker, func(), error) { return w.daemon.broker, func() {}, nil }
	answer, err := v.verify(w.t.Context())
	w.must(err)
	return answer
}

// servedWorld is one where subscribers have got digests: each of three alerts has
// been served twice.
func servedWorld(t *testing.T, url string) *world {
	t.Helper()
	w := newWorld(t, url, time.Now())
	g := newGenerator(1, "verify")
	for i, query := range []string{"Koch", "Koch OR Pflegefachkraft", "Pflegefachkraft"} {
		c := alerts.Criteria{Query: query}
		w.must(w.daemon.meaning.Prepare(&c))
		wish := subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
		if _, _, ok := w.subscribe("s"+strconv.Itoa(i)+"@example.org", wish); !ok {
			t.Fatal("the sign-up was not answered with a confirmation")
		}
	}
	for day := range 2 {
		for i := range 6 {
			p := g.posting(10*day + i)
			p["title"] = []string{"Koch (m/w/d)", "Pflegefachkraft (m/w/d)"}[i%2]
			if a := w.publish(p); a.Status != alerts.StatusStored {
				t.Fatalf("posting %d was %s: %v", i, a.Status, a.Errors)
			}
		}
		w.clock.Add((24 * time.Hour).Milliseconds())
		sum, err := w.daemon.digests.Run(t.Context(), w.now())
		w.must(err)
		if sum.Envelopes != 3 {
			t.Fatalf("%d digests were built, want 3", sum.Envelopes)
		}
	}
	w.must(w.daemon.db.Reader.PingContext(t.Context()))
	return w
}

func TestVerifyHoldsOnAServedStore(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := servedWorld(t, url)
		answer := w.verified()
		if !answer.Holds {
			t.Errorf("verify lists offenders of a sound store: %+v", answer)
		}
		for _, p := range answer.Proofs {
			if p.Checked == 0 || p.Skipped {
				t.Errorf("nothing was checked of: %s (%s)", p.Claim, p.Note)
			}
		}
	})
}

func TestVerifyFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		what      string
	}{
		"a posting vanished":           {"DELETE FROM postings WHERE number = 3", "was acknowledged and is not stored"},
		"a posting went back":          {"UPDATE postings SET stream_sequence = 1 WHERE number = 3", "a later one was acknowledged"},
		"the database was put back":    {"UPDATE postings SET stream_sequence = 1", "the database has applied"},
		"a position was given twice":   {"UPDATE postings SET position = (SELECT MIN(position) FROM postings), first_position = 1", "shares its position"},
		"a position was invented":      {"UPDATE postings SET position = 1000000 WHERE number = 3", "the clock has not reached"},
		"a row of the log vanished":    {"DELETE FROM match_log WHERE posting = 3", "not in the match log"},
		"a digest vanished":            {"DELETE FROM digests WHERE id = (SELECT MIN(id) FROM digests)", "never delivered"},
		"an envelope lost its digest":  {"DELETE FROM digests WHERE id = (SELECT MIN(id) FROM digests)", "an envelope without its digest"},
		"an envelope vanished":         {"DELETE FROM outbox WHERE id = (SELECT MIN(id) FROM outbox)", "a digest without an envelope"},
		"an envelope was given up":     {"UPDATE outbox SET state = 'done', outcome = 'deferred' WHERE id = (SELECT MIN(id) FROM outbox)", "nobody will send"},
		"an envelope is stuck":         {"UPDATE outbox SET state = 'claimed', lease_until_ms = 1 WHERE id = (SELECT MIN(id) FROM outbox)", "nobody will send"},
		"a digest was repeated":        {"UPDATE digests SET delivered = (SELECT d.delivered FROM digests d WHERE d.subscriber_id = digests.subscriber_id ORDER BY d.id LIMIT 1)", "delivered again"},
		"a window begins too early":    {"UPDATE digests SET subscriptions = REPLACE(subscriptions, '\"after\":', '\"after\":0,\"was\":')", "begins before the end"},
		"windows have a gap":           {"UPDATE digests SET subscriptions = json_set(subscriptions, '$[0].window.after', json_extract(subscriptions, '$[0].window.through')) WHERE id = (SELECT MIN(id) FROM digests)", "no window holds"},
		"a window was not moved":       {"UPDATE subscriptions SET delivered_through = 1 WHERE id = 1", "stands at 1"},
		"a window was moved by itself": {"UPDATE subscriptions SET delivered_through = 1000000 WHERE id = 1", "the clock has not reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := servedWorld(t, "")
			if _, err := w.daemon.db.ExecContext(t.Context(), c.statement); err != nil {
				t.Fatal(err)
			}
			answer := w.verified()
			if answer.Holds {
				t.Fatal("verify says that everything holds")
			}
			found, err := json.Marshal(answer)
			w.must(err)
			if !strings.Contains(string(found), c.what) {
				t.Errorf("no offender says %q: %s", c.what, found)
			}
		})
	}
}

func TestVerifyHoldsAfterWhateverHappens(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url, time.Date(2026, 3, 25, 6, 30, 0, 0, time.UTC))
		m := newModel(w, 11)
		for m.step = 1; m.step <= 150; m.step++ {
			m.act()
		}
		if answer := w.verified(); !answer.Holds {
			t.Errorf("verify lists offenders: %+v", answer)
		}
	})
}

func TestVerifyPrintsWhatIsBroken(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &session{stdout: &out}
	v := verdict{Proofs: []proof{
		{Promise: 3, Claim: "no posting twice", Checked: 9, Broken: 3, Offenders: []offender{{What: "delivered again", Posting: 4, Subscriber: 2}}},
		{Promise: 1, Claim: "all is stored", Skipped: true, Note: "NATS is away"},
	}}
	if err := s.printVerdict(v, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3  BROKEN", "delivered again, posting 4, subscriber 2", "and 2 more", "not judged", "NATS is away"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}

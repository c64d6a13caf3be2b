package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
)

// wholeSample is a file of postings, one JSON document a line, to be sent through
// the whole path in place of the program's own sample.
const wholeSample = "TEST_WHOLE_SAMPLE"

// TestWholePath_EveryMailSaysWhatMatchesSays sends the sample over NATS to 1,000
// imported subscriptions, composes every mail, and compares each with what
// Criteria.Matches says of the postings as they were published.
func TestWholePath_EveryMailSaysWhatMatchesSays(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		now := time.Date(2026, 3, 25, 6, 30, 0, 0, time.UTC)
		postings, err := sample(now)
		if err != nil {
			t.Fatal(err)
		}
		if path := os.Getenv(wholeSample); path != "" {
			now = time.Now().UTC()
			postings = readLines(t, path)
		}
		lines := marshalLines(t, manyWishes(1000))
		w := newWorld(t, url, now)
		began := time.Now()
		counts, err := w.daemon.importLines(t.Context(), bytes.NewReader(bytes.Join(rawLines(lines), []byte("\n"))),
			func(r refusedLine) error { t.Errorf("line %d is refused: %v", r.Line, r.Faults); return nil }, func(int) {})
		w.must(err)
		imported := time.Since(began)

		want := expect(t, w.config, "board", postings, lines, now)
		began = time.Now()
		w.publishAll(postings, want)
		published := time.Since(began)

		// The next morning everybody is due, whose hours lie apart or not.
		w.clock.Store(now.Add(24 * time.Hour).UnixMilli())
		w.must(w.follower.Follow(t.Context()))
		w.clock.Add((w.config.Digest.InstantHold + time.Second).Milliseconds())
		want = expect(t, w.config, "board", lastStanding(w, postings), lines, now)
		began = time.Now()
		sum, err := w.daemon.digests.Run(t.Context(), w.now())
		w.must(err)
		built := time.Since(began)
		began = time.Now()
		shown := w.compareMails(want)
		t.Logf("%d subscriptions imported in %s; %d postings taken in in %s; %d digests with %d postings built in %s; composed and compared in %s; %d pairs expected, %d cards",
			counts.Stored, imported.Round(time.Millisecond), len(postings), published.Round(time.Millisecond), sum.Envelopes, sum.Postings,
			built.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), want.pairs(), shown)
		if sum.Envelopes != len(want.by) {
			t.Errorf("%d digests were built, want %d", sum.Envelopes, len(want.by))
		}
		if want.pairs() < 1000 {
			t.Errorf("only %d pairs were expected, so little was proved", want.pairs())
		}
	})
}

func readLines(t testing.TB, path string) (out []json.RawMessage) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, json.RawMessage(line))
		}
	}
	return out
}

// publishAll publishes over NATS, many at once, and holds each receipt against
// what the posting is worth: stored, or rejected with a reason.
func (w *world) publishAll(postings []json.RawMessage, want expectation) {
	w.t.Helper()
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	var mu sync.Mutex
	counts := map[alerts.Status]int{}
	for i, raw := range postings {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			a := w.push.send(w.t.Context(), raw, time.Minute)
			mu.Lock()
			defer mu.Unlock()
			counts[a.Status]++
			switch {
			case want.rejected[i] && (a.Status != alerts.StatusRejected || len(a.Errors) == 0 || a.Errors[0].Message == ""):
				w.t.Errorf("posting %d was answered %+v, want a rejection with its reason", i, a)
			case !want.rejected[i] && !slices.Contains([]alerts.Status{alerts.StatusStored, alerts.StatusUpdated, alerts.StatusUnchanged}, a.Status):
				w.t.Errorf("posting %d was answered %+v, want it stored", i, a)
			}
		})
	}
	wg.Wait()
	w.t.Logf("receipts: %v", counts)
}

// lastStanding leaves out what is withdrawn, expired or replaced by the time of the
// digest: what is stored under a key is its last publish.
func lastStanding(w *world, postings []json.RawMessage) []json.RawMessage {
	w.t.Helper()
	reader, err := newReader(w.config, w.meaning)
	w.must(err)
	last := map[string]int{}
	for i, raw := range postings {
		if r, err := reader.Read("board", raw, w.now()); err == nil && r.Posting.Open(w.now()) {
			last[r.Posting.Identifier] = i
		}
	}
	out := make([]json.RawMessage, 0, len(last))
	for i, raw := range postings {
		if r, err := reader.Read("board", raw, w.now()); err == nil && last[r.Posting.Identifier] == i && r.Posting.Open(w.now()) {
			out = append(out, raw)
		}
	}
	return out
}

// compareMails composes every envelope and compares what it links to with the
// expectation. Cross-posts are folded: one of a group is shown for all of it.
func (w *world) compareMails(want expectation) (shown int) {
	w.t.Helper()
	t, ctx := w.t, w.t.Context()
	stored := map[uint32]alerts.Posting{}
	w.must(w.daemon.postings.OpenBetween(ctx, w.daemon.db.Reader, 0, 1<<62, w.now(), func(p alerts.Stored) error {
		stored[p.Number] = p.Posting
		return nil
	}))
	envelopes, err := w.daemon.outbox.List(ctx, outbox.Filter{Limit: 10000})
	w.must(err)
	seen := map[string]bool{}
	for _, e := range envelopes {
		m, err := mails{w.daemon.stores}.Compose(ctx, e)
		if err != nil {
			t.Fatalf("compose envelope %d: %v", e.ID, err)
		}
		if e.State != mailer.Waiting || seen[m.To] {
			t.Errorf("envelope %d to %s is %s; one waiting was expected", e.ID, m.To, e.State)
		}
		seen[m.To] = true
		got, err := readMail(m.Data)
		w.must(err)
		list, err := w.daemon.digests.Deliveries(ctx, e.Subscriber, 1)
		w.must(err)
		if recorded := namesOf(stored, list[0].Delivered); !slices.Equal(recorded, want.by[m.To]) {
			t.Errorf("%s is recorded to have got %v\nexpected %v", m.To, recorded, want.by[m.To])
			continue
		}
		shown += len(got.postings)
		if fault := w.shownFor(stored, list[0].Delivered, got.postings, len(m.Data)); fault != "" {
			t.Errorf("%s: %s\nmail shows %v of %v", m.To, fault, namesOf(stored, got.postings), want.by[m.To])
		}
	}
	for address, ids := range want.by {
		if !seen[address] {
			t.Errorf("%s got no mail, expected %v", address, ids)
		}
	}
	return shown
}

// cutFrom is the size of a mail, in bytes, from which it may have been cut.
const cutFrom = 90_000

// shownFor reports what is wrong with a mail that shows some postings for those due:
// each must be due, and each one due be shown or be the same job as one shown.
func (w *world) shownFor(stored map[uint32]alerts.Posting, due, shown []uint32, size int) string {
	for _, n := range shown {
		if !slices.Contains(due, n) {
			return fmt.Sprintf("posting %d is shown and was not due", n)
		}
	}
	if len(shown) == len(due) || size > cutFrom {
		return ""
	}
	sketches := make([]*cluster.Sketch, len(due))
	for i, n := range due {
		p := stored[n]
		sketches[i] = cluster.New(&p)
	}
	excused := map[uint32]bool{}
	for _, group := range cluster.Groups(sketches, nil) {
		anyShown := slices.ContainsFunc(group, func(i int) bool { return slices.Contains(shown, due[i]) })
		for _, i := range group {
			excused[due[i]] = anyShown
		}
	}
	for _, n := range due {
		if !slices.Contains(shown, n) && !excused[n] {
			return fmt.Sprintf("posting %d is missing, and nothing shown is the same job", n)
		}
	}
	return ""
}

func namesOf(stored map[uint32]alerts.Posting, numbers []uint32) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		p := stored[n]
		out[i] = p.Identifier
	}
	slices.Sort(out)
	return out
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// TestServe_TwoReplicasShareTheWorkAndKeepThePromises runs two daemons on one
// PostgreSQL and one NATS server. The second starts, and the first stops and comes
// back, while postings arrive and people confirm and edit.
func TestServe_TwoReplicasShareTheWorkAndKeepThePromises(t *testing.T) {
	t.Parallel()
	url := databasetest.EmptyPostgresURL(t)
	nats := newRemoteNATS(t)
	first := newInstallation(t, url, nats.setting(), "")
	first.must("migrate")
	second := newReplica(t, url, nats.setting(), "", first.relay)
	postings, people := 2000, 300
	if !thorough() {
		postings = 800
	}
	board := dialRecruiter(t, nats.url(), "board")
	raws := manyPostings(t, postings, "k", time.Now())
	lines := fitting(t, first.config(), board.source, raws, marshalLines(t, manyWishes(4*people)), time.Now())
	lines = lines[:min(len(lines), people)]

	first.relay.slow = 20 * time.Millisecond // so that there is work for two
	a := first.start(0)
	crowd := newCrowd(t, first.stores(), lines)
	const parts = 40
	var publishing, starting sync.WaitGroup
	var b *child
	counts := map[string]float64{}
	for i := range parts {
		publishing.Go(func() {
			for raw := range slices.Values(raws[i*postings/parts : (i+1)*postings/parts]) {
				if _, err := board.publish(t.Context(), raw); err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		})
		switch i {
		case 5:
			b = startChild(t, second.settings, 0)
			starting.Go(func() { waitReady(t, b) })
		case 25:
			starting.Wait()
			counts["first"] = first.metric("jobalert_postings_received_total")
			a.stop()
		case 30:
			a = first.start(0)
		}
		crowd.move(i, parts)
	}
	publishing.Wait()
	if t.Failed() {
		t.FailNow()
	}
	if !comesTrue(t, 90*time.Second, func() bool { return intakeIdle(t, first.operator()) }) {
		t.Fatalf("intake has not worked off the stream\nfirst:\n%s\nsecond:\n%s", a.log(), b.log())
	}
	counts["first"] += first.metric("jobalert_postings_received_total")
	counts["second"] = second.metric("jobalert_postings_received_total")
	t.Logf("postings taken in: %v", counts)
	for who, n := range counts {
		if n == 0 {
			t.Errorf("the %s replica took no posting in", who)
		}
	}

	want := crowd.expectation(expect(t, first.config(), board.source, raws, crowd.finalLines(), time.Now()))
	var sent [2]float64
	for day := 1; day <= 2; day++ {
		a.stop()
		b.stop()
		ahead := time.Duration(day) * 24 * time.Hour
		a, b = startChild(t, first.settings, ahead), startChild(t, second.settings, ahead)
		waitReady(t, a)
		waitReady(t, b)
		if !comesTrue(t, time.Minute, func() bool { return want.complete(first.deliveries(crowd.st)) && outboxDone(t, crowd.st) }) && day == 2 {
			t.Errorf("not everything has arrived\nfirst:\n%s\nsecond:\n%s", a.log(), b.log())
		}
		sent[0] += first.metric(`jobalert_envelopes_total{outcome="accepted"}`)
		sent[1] += second.metric(`jobalert_envelopes_total{outcome="accepted"}`)
	}
	// One run more finds nobody to write to.
	a.stop()
	b.stop()
	a = first.start(3 * 24 * time.Hour)
	select {
	case <-a.saw("digest run finished"):
	case <-time.After(time.Minute):
		t.Fatalf("no digest run on the last day\n%s", a.log())
	}
	a.stop()
	got := first.deliveries(crowd.st)
	want.compare(t, got)
	t.Logf("%d subscribers got %d postings in %d mails; on the days of digests the replicas sent %v", len(want.by), want.pairs(), got.distinct, sent)
	if got.doubled > 0 {
		t.Errorf("%d mails came twice, though nothing crashed", got.doubled)
	}
	if sent[0] == 0 || sent[1] == 0 {
		t.Errorf("one replica sent nothing: %v", sent)
	}
}

func waitReady(t testing.TB, c *child) {
	select {
	case <-c.saw("ready"):
	case <-c.ended:
		t.Errorf("the daemon ended instead of serving: %v\n%s", c.err, c.log())
	case <-time.After(time.Minute):
		t.Errorf("the daemon did not serve within a minute\n%s", c.log())
	}
}

// metric adds up the values of a running daemon's metric, over all labels not named.
func (in *installation) metric(name string) (sum float64) {
	in.t.Helper()
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodGet, "http://"+in.pages+"/metrics", nil)
	if err != nil {
		in.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		in.t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, name); ok && rest != "" && (rest[0] == ' ' || rest[0] == '{') {
			v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
			if err != nil {
				in.t.Fatalf("metric %q: %v", line, err)
			}
			sum += v
		}
	}
	return sum
}

// crowd are people who sign up, confirm and edit while postings come in.
type crowd struct {
	t     testing.TB
	st    *stores
	lines []json.RawMessage // what each wants in the end
	ids   []uint32
	since []int64 // position at which each confirmed
}

func newCrowd(t testing.TB, st *stores, lines []json.RawMessage) *crowd {
	return &crowd{t: t, st: st, lines: lines, ids: make([]uint32, len(lines)), since: make([]int64, len(lines))}
}

// move lets the ith of n parts of the crowd sign up and confirm, and some who came
// earlier change their criteria to what they want in the end.
func (c *crowd) move(i, n int) {
	c.t.Helper()
	from, to := i*len(c.lines)/n, (i+1)*len(c.lines)/n
	for k := from; k < to; k++ {
		c.confirm(k)
		if k >= 20 {
			c.edit(k - 20)
		}
	}
	if i == n-1 {
		for k := max(0, len(c.lines)-20); k < len(c.lines); k++ {
			c.edit(k)
		}
	}
}

func (c *crowd) wish(k int) subscriptions.Import {
	c.t.Helper()
	made, err := subscriptions.DecodeImportLine(c.lines[k], subscriptions.ImportRules{Meaning: c.st.meaning, Timezone: "Europe/Berlin", Now: time.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
	return made
}

// edits reports who first asks for something else. Instant alerts stay as they
// are: what they were told meanwhile was right at the time.
func (c *crowd) edits(k int, w subscriptions.Import) bool {
	return k%2 == 0 && w.Wish.Schedule.Frequency != subscriptions.Instant
}

func (c *crowd) confirm(k int) {
	c.t.Helper()
	w := c.wish(k)
	if c.edits(k, w) {
		w.Wish.Criteria = alerts.Criteria{Query: fmt.Sprintf("Astronautin OR Mondfahrer%d", k)}
		if err := c.st.meaning.Prepare(&w.Wish.Criteria); err != nil {
			c.t.Fatal(err)
		}
	}
	up := subscriptions.SignUp{Address: w.Email, Locale: w.Locale, Wish: w.Wish, How: subscriptions.Circumstances{Source: "test", TextVersion: "v1"}}
	id, answer, err := c.st.signUp(c.t.Context(), up, true)
	if err != nil || answer != subscriptions.AskConfirmation {
		c.t.Fatalf("sign up %s: %v, %v", w.Email, answer, err)
	}
	sub, err := c.st.subscriptions.Get(c.t.Context(), c.st.db.Reader, id)
	if err != nil {
		c.t.Fatal(err)
	}
	c.ids[k], c.since[k] = id, sub.DeliveredThrough
}

func (c *crowd) edit(k int) {
	c.t.Helper()
	w := c.wish(k)
	if !c.edits(k, w) {
		return
	}
	ctx := context.WithoutCancel(c.t.Context())
	err := c.st.db.Tx(ctx, func(tx *sqlx.Tx) error { return c.st.subscriptions.Edit(ctx, tx, c.ids[k], w.Wish, time.Now()) })
	if err != nil {
		c.t.Fatal(err)
	}
}

// finalLines are the wishes as they stand, each under an address of its own making:
// the number of its line.
func (c *crowd) finalLines() []json.RawMessage {
	c.t.Helper()
	out := make([]json.RawMessage, len(c.lines))
	for k, line := range c.lines {
		var l importLine
		if err := json.Unmarshal(line, &l); err != nil {
			c.t.Fatal(err)
		}
		l["email"] = fmt.Sprintf("line%d@example.org", k)
		raw, err := json.Marshal(l)
		if err != nil {
			c.t.Fatal(err)
		}
		out[k] = raw
	}
	return out
}

// expectation narrows what each line matches to what was published after its
// confirmation, and unites the lines of an address.
func (c *crowd) expectation(byLine expectation) expectation {
	c.t.Helper()
	positions := map[string]int64{}
	err := c.st.postings.OpenBetween(c.t.Context(), c.st.db.Reader, 0, 1<<62, time.Time{}, func(p alerts.Stored) error {
		positions[p.Identifier] = p.Position
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	out := expectation{rejected: byLine.rejected, by: map[string][]string{}}
	for k := range c.lines {
		email := c.wish(k).Email
		for _, id := range byLine.by[fmt.Sprintf("line%d@example.org", k)] {
			if positions[id] > c.since[k] && !slices.Contains(out.by[email], id) {
				out.by[email] = append(out.by[email], id)
			}
		}
		slices.Sort(out.by[email])
		if len(out.by[email]) == 0 {
			delete(out.by, email)
		}
	}
	return out
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// measured runs a command that must succeed, and decodes its one JSON object.
func measured(t *testing.T, into any, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), append(args, "--json"), []string{"JOBALERTD_DATA_DIR=" + t.TempDir()}, strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), status, stdout.String(), stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		t.Fatalf("%s printed %q: %v", strings.Join(args, " "), stdout.String(), err)
	}
}

func TestBenchMatchAgreesWithEveryPeer(t *testing.T) {
	t.Parallel()
	url := databasetest.EmptyPostgresURL(t)
	ids := filepath.Join(t.TempDir(), "ids")
	var f matchFigures
	measured(t, &f, "bench", "match", "--subscriptions", "2000", "--postings", "60", "--for", "1ms", "--threads", "2",
		"--peers", "naive,postgres", "--postgres", url, "--ids", ids)
	if !f.Agrees || f.Checked != 60 || !f.Peers["naive"].Agrees || !f.Peers["postgres"].Agrees {
		t.Errorf("the engines disagree: %+v", f)
	}
	if f.MatchesPerPosting == 0 || f.Refused > 0 {
		t.Errorf("the load says nothing: %+v", f)
	}
	b, err := os.ReadFile(ids)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) != 60 {
		t.Fatalf("%d lines of answers, want one a posting", len(lines))
	}
	matches := 0
	for i, line := range lines {
		id, numbers, _ := strings.Cut(line, "\t")
		if want := "b" + strconv.Itoa(i+1); id != want {
			t.Errorf("line %d is of %q, want %q", i+1, id, want)
		}
		matches += len(strings.Fields(numbers))
	}
	if want := f.MatchesPerPosting * 60; float64(matches) != want {
		t.Errorf("%d numbers written, want %v", matches, want)
	}
}

func TestBenchMatchReadsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	subs, posts := filepath.Join(dir, "s.jsonl"), filepath.Join(dir, "p.jsonl")
	g := newGenerator(7, "files")
	var lines, docs []byte
	for i := range 50 {
		line, err := json.Marshal(g.subscription(i))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := json.Marshal(g.posting(i))
		if err != nil {
			t.Fatal(err)
		}
		lines, docs = append(append(lines, line...), '\n'), append(append(docs, doc...), '\n')
	}
	lines = append(lines, "{\"email\":\"nobody\"}\n"...)
	if err := os.WriteFile(subs, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(posts, docs, 0o600); err != nil {
		t.Fatal(err)
	}
	var f matchFigures
	measured(t, &f, "bench", "match", "--subscriptions", subs, "--postings", posts, "--for", "1ms", "--changes", "20", "--soak", "100ms")
	if f.Subscriptions != 50 || f.Refused != 1 || f.Postings != 50 || !f.Agrees {
		t.Errorf("got %+v, want 50 subscriptions, 1 refused line and 50 postings that agree", f)
	}
	if c := f.Changes; c.Put.Count == 0 || c.Put.Count != c.Remove.Count || c.Put.Count != c.Add.Count || !c.Agrees {
		t.Errorf("changes: %+v", c)
	}
	if k := f.Soak; k.Changes == 0 || k.Postings == 0 || len(k.Heap) != 11 || !k.Agrees {
		t.Errorf("soak: %+v", k)
	}
}

func TestTheSameSeedMakesTheSameLoad(t *testing.T) {
	t.Parallel()
	made := func(seed uint64, n int) string {
		var b strings.Builder
		l := load{seed: seed, subscriptions: strconv.Itoa(n), postings: strconv.Itoa(n)}
		for line, err := range l.subscriptionLines() {
			if err != nil {
				t.Fatal(err)
			}
			b.Write(line)
		}
		for doc, err := range l.postingDocuments() {
			if err != nil {
				t.Fatal(err)
			}
			b.Write(doc)
		}
		return b.String()
	}
	if first, again := made(1, 20), made(1, 20); first != again {
		t.Error("one seed made two loads")
	}
	if made(1, 20) == made(2, 20) {
		t.Error("two seeds made one load")
	}
}

func TestBenchIntakeStoresWhatItPublished(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		var f intakeFigures
		measured(t, &f, "bench", "intake", "--subscriptions", "300", "--postings", "100", "--live", "50", "--rate", "20,100", "--for", "300ms",
			"--sign-ups", "200", "--stand-in", "0,100us", "--database", url)
		if !f.Agrees || f.Subscriptions != 300 || f.Postings != 100 || f.P99 == 0 || f.MatchesPerDoc == 0 || f.LiveRatio == 0 || f.SignUps == 0 || f.SignUpP99 == 0 ||
			len(f.Latency) != 2 || f.Latency[1].Postings != 30 || len(f.StandIns) != 2 || f.StandIns[1].CPU != 100 || f.StandIns[1].Ratio == 0 {
			t.Errorf("got %+v", f)
		}
	})
}

func TestBenchIntakeBeginsWithWhatWasPrepared(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "prepared.db")
	for _, subscriptions := range []string{"200", "3"} { // the second time there is nothing to import
		var f intakeFigures
		measured(t, &f, "bench", "intake", "--subscriptions", subscriptions, "--postings", "20", "--live", "10", "--rate", "0", "--prepared", file)
		if !f.Agrees || f.Subscriptions != 200 {
			t.Errorf("got %+v", f)
		}
	}
}

func TestBenchDigestServesEverybody(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		var f digestFigures
		measured(t, &f, "bench", "digest", "--subscribers", "400", "--postings", "80", "--database", url)
		if !f.Agrees || f.Subscribers < 380 || f.Envelopes == 0 || f.Checked < 50 {
			t.Errorf("got %+v", f)
		}
	})
}

func TestBenchMailHandsOverEveryDigest(t *testing.T) {
	t.Parallel()
	sink, err := smtptest.StartRawSink(smtptest.SinkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	to := sink.Host + ":" + strconv.Itoa(sink.Port)
	var digests, raw mailFigures
	measured(t, &digests, "bench", "mail", "--to", to, "--count", "60", "--subscribers", "40", "--rounds", "1", "--connections", "3", "--peers", "plain")
	measured(t, &raw, "bench", "mail", "--to", to, "--count", "200", "--connections", "3", "--rounds", "1", "--raw")
	// The 40 digests that the run itself made warm the caches.
	if digests.Accepted != 60 || digests.Peers["plain"].EnvelopesPerSecond == 0 || raw.Accepted != 200 || sink.Mails() != 40+60+60+200 {
		t.Errorf("%d digests and %d ready mails were reported, the server took %d", digests.Accepted, raw.Accepted, sink.Mails())
	}
}

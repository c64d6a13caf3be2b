package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

// wantTold checks how a command failed: its status, words that help, no stack.
func wantTold(t testing.TB, r result, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("ended with %d, want %d: %s", r.status, status, r.errOut)
	}
	for _, w := range words {
		if !strings.Contains(r.errOut, w) {
			t.Errorf("standard error says nothing of %q: %s", w, r.errOut)
		}
	}
	wantNoStack(t, r.errOut)
}

func wantNoStack(t testing.TB, text string) {
	t.Helper()
	for _, sign := range []string{"goroutine ", ".go:", "panic:"} {
		if strings.Contains(text, sign) {
			t.Errorf("shows a stack: %s", text)
		}
	}
}

// get asks a running daemon's page for its status; 0 without an answer.
func (in *installation) get(path string) int {
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodGet, "http://"+in.pages+path, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// offer is a good posting with some fields changed; nil takes one away.
func offer(t testing.TB, id string, change map[string]any) json.RawMessage {
	t.Helper()
	p := map[string]any{"@type": "JobPosting", "identifier": id, "title": "Koch (m/w/d)", "description": "<p>Küche.</p>", "hiringOrganization": "Haus am Park GmbH",
		"datePosted":  time.Now().Format(time.DateOnly),
		"jobLocation": map[string]any{"address": map[string]any{"addressLocality": "Essen", "addressCountry": "DE"}}}
	maps.Copy(p, change)
	maps.DeleteFunc(p, func(_ string, v any) bool { return v == nil })
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestServe_AnswersBadPostingsOnNATS publishes as a recruiter's own program would,
// and reads the answers that it may read.
func TestServe_AnswersBadPostingsOnNATS(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		in := newInstallation(t, url, "", "")
		in.must("migrate")
		board := in.dialRecruiter("board", in.addRecruiter("board"))
		c := in.start(0)
		receipts, err := board.conn.SubscribeSync("receipts.board")
		if err != nil {
			t.Fatal(err)
		}
		refusals, err := board.conn.SubscribeSync("rejections.board")
		if err != nil {
			t.Fatal(err)
		}
		if err := board.conn.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name    string
			raw     []byte
			subject string // verb, if not published
			field   string // "": the whole
			says    string
		}{
			{name: "broken JSON", raw: []byte(`{"@type":"JobPosting","title":"Koch`), says: "JSON"},
			{name: "not a posting", raw: []byte(`{"@type":"Recipe","name":"Labskaus"}`), says: "JobPosting"},
			{name: "an array", raw: []byte(`[` + string(offer(t, "a", nil)) + `]`), says: "array"},
			{name: "no location", raw: offer(t, "nowhere", map[string]any{"jobLocation": nil}), field: "jobLocation", says: "location"},
			{name: "no title", raw: offer(t, "untitled", map[string]any{"title": nil}), field: "title", says: "title"},
			{name: "expired", raw: offer(t, "past", map[string]any{"validThrough": "2020-01-01"}), field: "validThrough", says: "expired"},
			{name: "unknown subject", raw: offer(t, "verb", nil), subject: "postings.pubished.board", says: "postings.published.SOURCE"},
			{name: "withdrawal without identifier", raw: []byte(`{"id":"x"}`), subject: "postings.withdrawn.board", field: "identifier", says: "identifier"},
			{name: "not UTF-8", raw: []byte("{\"@type\":\"JobPosting\",\"title\":\"K\xf6ch\"}"), says: "UTF-8"},
		} {
			t.Run(test.name, func(t *testing.T) {
				subject := test.subject
				if subject == "" {
					subject = "postings.published.board"
				}
				sequence, err := board.try(t.Context(), subject, test.raw)
				if err != nil {
					t.Fatalf("NATS did not take it: %v", err)
				}
				r := nextReceipt(t, receipts)
				if r.StreamSequence != sequence || r.Status != alerts.StatusRejected || len(r.Errors) == 0 {
					t.Fatalf("receipt %+v, want a rejection of message %d", r, sequence)
				}
				fits := func(e alerts.FieldError) bool {
					return (test.field == "" || strings.Contains(e.Field, test.field)) && strings.Contains(strings.ToLower(e.Field+" "+e.Message), strings.ToLower(test.says))
				}
				if !slices.ContainsFunc(r.Errors, fits) {
					t.Errorf("errors %+v name no %q that says %q", r.Errors, test.field, test.says)
				}
				m, err := refusals.NextMsg(20 * time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if string(m.Data) != string(test.raw) || m.Header.Get("Jobalert-Reason") == "" || m.Header.Get("Jobalert-Subject") != subject {
					t.Errorf("rejection has headers %v and %d bytes, want the reason and the original", m.Header, len(m.Data))
				}
				wantNoStack(t, m.Header.Get("Jobalert-Reason"))
			})
		}
		t.Run("a date of 2035", func(t *testing.T) {
			if _, err := board.try(t.Context(), "postings.published.board", offer(t, "future", map[string]any{"datePosted": "2035-01-01"})); err != nil {
				t.Fatal(err)
			}
			r := nextReceipt(t, receipts)
			noted := slices.ContainsFunc(r.Warnings, func(e alerts.FieldError) bool { return e.Field == "datePosted" && strings.Contains(e.Message, "2035") })
			if r.Status != alerts.StatusStored || !noted {
				t.Errorf("receipt %+v, want it stored with a note on datePosted", r)
			}
		})
		c.stop()
	})
}

func nextReceipt(t testing.TB, receipts *nats.Subscription) alerts.Receipt {
	t.Helper()
	m, err := receipts.NextMsg(20 * time.Second)
	if err != nil {
		t.Fatalf("no receipt: %v", err)
	}
	var r alerts.Receipt
	if err := json.Unmarshal(m.Data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestServe_MakesOddPostingsHarmless: they are stored, and neither page nor mail
// carries what could hurt.
func TestServe_MakesOddPostingsHarmless(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	in.importLines([]json.RawMessage{cooksAlert("a@example.org")})
	c := in.start(0)
	st := in.stores()
	hostile := `<p>Küche.</p><script>alert("x")</script><img src=x onerror=alert(1)><a href="javascript:alert(2)">hier</a><iframe src="https://evil.example"></iframe>`
	for id, change := range map[string]map[string]any{
		"script":  {"description": hostile},
		"newline": {"title": "Koch (m/w/d)\r\nBcc: everybody@example.org\r\n\r\nHallo", "hiringOrganization": "Haus\r\nX-Evil: 1"},
	} {
		if _, err := board.publish(t.Context(), offer(t, id, change)); err != nil {
			t.Fatal(err)
		}
		if !comesTrue(t, 30*time.Second, func() bool { return in.stored(st, "board", id) }) {
			t.Fatalf("%s was not stored\n%s", id, c.log())
		}
	}
	eventually(t, time.Minute, "both have arrived", func() bool { return len(in.deliveries(st).by["a@example.org"]) == 2 })
	in.relay.mu.Lock()
	for _, m := range in.relay.mails {
		head, body, _ := strings.Cut(string(m.Data), "\r\n\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, "bcc") || strings.EqualFold(name, "x-evil") {
				t.Errorf("a title has made a header: %s", line)
			}
		}
		if strings.Contains(body, "<script") || strings.Contains(body, "onerror") || strings.Contains(body, "javascript:") {
			t.Errorf("a mail carries a script:\n%s", m.Data)
		}
	}
	in.relay.mu.Unlock()
	p, err := st.postings.PostingByKey(t.Context(), st.db.Reader, alerts.Key{Source: "board", Identifier: "script"})
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"script", "onerror", "iframe", "javascript"} {
		if strings.Contains(p.Description, sign) {
			t.Errorf("the stored description has %q: %s", sign, p.Description)
		}
	}
	c.stop()
}

// TestServe_RefusesPostingsTooLarge: by NATS, and before that by our own client.
func TestServe_RefusesPostingsTooLarge(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	c := in.start(0)
	huge := offer(t, "huge", map[string]any{"description": strings.Repeat("Koch ", 1<<20)})
	if _, err := board.try(t.Context(), "postings.published.board", huge); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("5 MB published over NATS: got %v, want %v", err, nats.ErrMaxPayload)
	}
	// Within the server's bound, beyond the stream's.
	large := offer(t, "large", map[string]any{"description": strings.Repeat("Koch ", 1<<20/5)})
	if _, err := board.try(t.Context(), "postings.published.board", large); err == nil {
		t.Error("1 MiB and more was acknowledged")
	}
	path := filepath.Join(t.TempDir(), "huge.json")
	if err := os.WriteFile(path, huge, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"push", "check"} {
		r := in.command("postings", command, "--json", path)
		var a postingAnswer
		if err := json.Unmarshal([]byte(r.out), &a); err != nil {
			t.Fatalf("postings %s printed %q%s: %v", command, r.out, r.errOut, err)
		}
		if r.status != exitFailed || a.Status != alerts.StatusRejected || len(a.Errors) == 0 || !regexp.MustCompile(`1 MiB|1048576`).MatchString(a.Errors[0].Message) {
			t.Errorf("postings %s ended with %d and %+v, want a rejection that names the bound", command, r.status, a)
		}
	}
	// The connection that tried is still good.
	if _, err := board.publish(t.Context(), offer(t, "small", nil)); err != nil {
		t.Error(err)
	}
	c.stop()
}

// TestServe_KeepsRecruitersApart with a real NATS user.
func TestServe_KeepsRecruitersApart(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	in.addRecruiter("rival")
	c := in.start(0)
	secrets := in.addRecruiter("board") // beside the running daemon
	select {
	case <-c.saw("accounts of recruiters changed"):
	case <-time.After(20 * time.Second):
		t.Fatalf("the daemon has not noticed the new account\n%s", c.log())
	}
	board := in.dialRecruiter("board", secrets)
	if _, err := board.publish(t.Context(), offer(t, "own", nil)); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"postings.published.rival", "postings.withdrawn.rival", "receipts.board", "$JS.API.STREAM.DELETE.POSTINGS", "subscriptions.changed"} {
		if _, err := board.try(t.Context(), subject, offer(t, "foreign", nil)); err == nil {
			t.Errorf("%s took a message of another's", subject)
		}
		wantViolation(t, board, "Publish", subject)
	}
	for _, subject := range []string{"postings.published.*", "receipts.rival", "rejections.rival", "receipts.*", "_INBOX_rival.>", "_INBOX_OPERATOR.>", ">"} {
		if _, err := board.conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		wantViolation(t, board, "Subscription", subject)
	}
	st := in.stores()
	eventually(t, 30*time.Second, "the own posting is stored", func() bool { return in.stored(st, "board", "own") })
	if in.stored(st, "rival", "foreign") {
		t.Error("a posting was stored for another source")
	}
	in.must("recruiters", "revoke", "board")
	eventually(t, 30*time.Second, "the revoked account's connection is closed", func() bool { return !board.conn.IsConnected() })
	c.stop()
}

func wantViolation(t testing.TB, r *recruiter, kind, subject string) {
	t.Helper()
	select {
	case err := <-r.errs:
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), kind) || !strings.Contains(err.Error(), subject) {
			t.Errorf("%s: got %v, want a permission violation for %s", subject, err, kind)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("%s: the client was told nothing", subject)
	}
}

// TestServe_SaysWhatIsInTheWay of its start, and what to do.
func TestServe_SaysWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	c := in.start(0)
	t.Run("a second daemon on the same data_dir", func(t *testing.T) {
		wantTold(t, in.command("serve"), exitFailed, fmt.Sprintf("process %d", c.cmd.Process.Pid), "another data_dir")
	})
	t.Run("pages' port in use", func(t *testing.T) {
		other := newInstallation(t, databasetest.SQLiteURL(t), "", "")
		other.pages = in.pages
		rewrite(t, other.settings, func(s string) string { return replaceKey(s, "[http]", "listen", in.pages) })
		wantTold(t, other.command("serve"), exitFailed, "http.listen", in.pages, "in use")
	})
	t.Run("NATS port in use", func(t *testing.T) {
		other := newInstallation(t, databasetest.SQLiteURL(t), "", "")
		rewrite(t, other.settings, func(s string) string { return replaceKey(s, "[nats]", "listen", in.nats) })
		wantTold(t, other.command("serve"), exitFailed, "nats.listen", in.nats, "in use")
	})
	t.Run("every fault of the settings at once", func(t *testing.T) {
		other := newInstallation(t, databasetest.SQLiteURL(t), "", "[archive]\nmax_postings = 0\n[retention]\noutbox = \"5 minutes\"\nforever = true\n")
		r := other.command("serve")
		wantTold(t, r, exitFailed, "archive.max_postings", "retention.outbox", "retention.forever")
		if check := other.command("config", "check"); check.errOut != r.errOut || check.status != exitFailed {
			t.Errorf("config check says %q with status %d, serve says %q", check.errOut, check.status, r.errOut)
		}
	})
	t.Run("no such settings file", func(t *testing.T) {
		wantTold(t, runCommand(t, "", "serve", "--config", filepath.Join(t.TempDir(), "nowhere.toml")), exitFailed, "nowhere.toml")
	})
	t.Run("a database that is away", func(t *testing.T) {
		other := newInstallation(t, "postgres://jobalertd:secret-word@127.0.0.1:1/jobs", "", "")
		r := other.command("serve")
		wantTold(t, r, exitFailed, "database")
		if strings.Contains(r.errOut, "secret-word") {
			t.Errorf("prints the password: %s", r.errOut)
		}
	})
	t.Run("a remote NATS that is away", func(t *testing.T) {
		other := newInstallation(t, databasetest.SQLiteURL(t), `url = "nats://someone:secret-word@127.0.0.1:1"`, "")
		r := other.command("serve")
		wantTold(t, r, exitFailed, "NATS", "127.0.0.1:1")
		if strings.Contains(r.errOut, "secret-word") {
			t.Errorf("prints the password: %s", r.errOut)
		}
	})
	t.Run("publishing without a daemon", func(t *testing.T) {
		other := newInstallation(t, databasetest.SQLiteURL(t), "", "")
		path := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(path, offer(t, "p", nil), 0o600); err != nil {
			t.Fatal(err)
		}
		wantTold(t, other.command("postings", "push", path), exitFailed, "jobalertd serve")
	})
	c.stop()
}

func rewrite(t testing.TB, path string, f func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(f(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replaceKey sets a key of a section of a TOML text that has it.
func replaceKey(text, section, key, value string) string {
	before, rest, _ := strings.Cut(text, section+"\n")
	lines := strings.Split(rest, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, key+" = ") {
			lines[i] = fmt.Sprintf("%s = %q", key, value)
			break
		}
	}
	return before + section + "\n" + strings.Join(lines, "\n")
}

// TestServe_SurvivesAFullDisk: data_dir on a file system of 24 MB that fills up while
// postings come in. Publishers are refused rather than lied to; with room again
// everything that was acknowledged is there.
func TestServe_SurvivesAFullDisk(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	disk := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small file system can be mounted here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	in := newInstallation(t, "", "", "")
	data := filepath.Join(disk, "data")
	rewrite(t, in.settings, func(s string) string {
		_, rest, _ := strings.Cut(s, "\n")
		return fmt.Sprintf("data_dir = %q\n", data) + rest
	})
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 12<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c := in.start(0)
	taken := map[string]bool{}
	refused := 0
	long := strings.Repeat("<p>"+randomWords+"</p>", 40)
	for i := 0; refused < 5 && i < 3000; i++ {
		id := fmt.Sprintf("p%d", i)
		if _, err := board.try(t.Context(), "postings.published.board", offer(t, id, map[string]any{"description": fmt.Sprintf("%d %s", i, long)})); err != nil {
			refused++
			continue
		}
		taken[id] = true
	}
	if refused == 0 {
		t.Fatalf("%d postings fitted: the disk never filled up", len(taken))
	}
	t.Logf("%d postings were acknowledged, then %d refused", len(taken), refused)
	eventually(t, 20*time.Second, "the daemon says that it is not ready", func() bool { return in.get("/readyz") == http.StatusServiceUnavailable })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if !comesTrue(t, time.Minute, func() bool { return in.get("/readyz") == http.StatusOK }) {
		t.Fatalf("with room again the daemon is not ready\n%s", c.log())
	}
	if _, err := board.publish(t.Context(), offer(t, "afterwards", nil)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	taken["afterwards"] = true
	st := in.stores()
	missing := func() (n int) {
		for id := range taken {
			if !in.stored(st, "board", id) {
				n++
			}
		}
		return n
	}
	if !comesTrue(t, 90*time.Second, func() bool { return missing() == 0 }) {
		t.Errorf("%d of %d acknowledged postings are not stored\n%s", missing(), len(taken), c.log())
	}
	c.stop()
	wantNoStack(t, c.log())
}

// randomWords do not compress to nothing once numbered.
const randomWords = "Küche Herd Pfanne Topf Messer Brett Sieb Kelle Schneebesen Ofen Dunst Abzug Spüle Regal Kühlraum Lager"

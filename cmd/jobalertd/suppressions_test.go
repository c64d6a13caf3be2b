package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/inbound"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Whoever left, complained or cannot be reached stays away, whatever an operator
// imports; signing up brings back those who left.
func TestServe_AnImportBringsNobodyBack(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, "", "", "")
	in.must("migrate")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	gone := []string{"unsubscribed@example.org", "erased@example.org", "complained@example.org", "bounced@example.org", "asked@example.org"}
	var lines []json.RawMessage
	for _, email := range gone {
		lines = append(lines, cooksAlert(email))
	}
	in.importLines(lines)
	c := in.start(0)
	st := in.stores()
	h := comesBack{stores: st, wake: func() {}, did: func(string, int64) {}}
	of := func(email string) subscriptions.Subscriber {
		who, err := st.subscriptions.SubscriberByAddress(t.Context(), st.db.Reader, email)
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	err := st.db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		_, err := st.subscriptions.EndAll(t.Context(), tx, of(gone[0]).ID, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{Source: "one-click"}, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	in.must("subscriptions", "erase", gone[1])
	if err := h.hold(t.Context(), of(gone[2]), suppression.Complaint, ""); err != nil {
		t.Fatal(err)
	}
	in.must("suppressions", "add", gone[3], "--reason", "hard-bounce")
	in.must("suppressions", "add", gone[4])

	again := filepath.Join(in.dir, "again.jsonl")
	if err := os.WriteFile(again, bytes.Join(rawLines(append(lines, cooksAlert("new@example.org"))), []byte("\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	r := in.command("subscriptions", "import", again)
	if r.status != exitFailed || !strings.Contains(r.out, "1 stored, 0 stood already, 5 refused") {
		t.Errorf("status %d: %s%s", r.status, r.out, r.errOut)
	}
	for i, why := range []string{"has left here", "(unsubscribed)", "(complaint)", "(hard-bounce)", "(manual)"} {
		if line := "line " + string(rune('1'+i)) + ": email: "; !strings.Contains(r.out, line) || !strings.Contains(r.out, why) {
			t.Errorf("line %d is not refused because %s:\n%s", i+1, why, r.out)
		}
	}

	if _, err := board.publish(t.Context(), cook("one", time.Now())); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the new subscriber has her mail", func() bool { return len(in.relay.all(t)) > 0 && outboxDone(t, st) })
	for _, m := range in.relay.all(t) {
		if m.to != "new@example.org" {
			t.Errorf("%s was written to\n%s", m.to, c.log())
		}
	}

	// Her own wish counts.
	if out := in.must("suppressions", "list", "--email", gone[1], "--json"); !strings.Contains(out, `"reason":"unsubscribed"`) {
		t.Errorf("that she was erased is listed as %s", out)
	}
	if err := h.Subscribe(t.Context(), inbound.SubscribeRequest{From: gone[1], Subject: "Koch Essen"}); err != nil {
		t.Fatal(err)
	}
	if out := in.must("suppressions", "list", "--email", gone[1]); !strings.Contains(out, "not suppressed") {
		t.Errorf("after a new sign-up: %s", out)
	}
	if err := h.Subscribe(t.Context(), inbound.SubscribeRequest{From: gone[2], Subject: "Koch Essen"}); err != nil {
		t.Fatal(err)
	}
	if out := in.must("suppressions", "list", "--email", gone[2]); !strings.Contains(out, "complaint") {
		t.Errorf("after a new sign-up of one who complained: %s", out)
	}
}

func TestSuppressionsAreListedWithTheirReasons(t *testing.T) {
	t.Parallel()
	settings := settingsFile(t, "data_dir = "+strconv.Quote(t.TempDir()))
	do := func(status int, args ...string) string {
		t.Helper()
		r := runCommand(t, "", append(args, "--config", settings)...)
		if r.status != status {
			t.Errorf("%s: status %d, want %d: %s%s", strings.Join(args, " "), r.status, status, r.out, r.errOut)
		}
		return r.out + r.errOut
	}
	do(exitDone, "migrate")
	do(exitDone, "suppressions", "add", "a@example.org", "--reason", "complaint", "--detail", "by phone")
	do(exitDone, "suppressions", "add", "b@example.org")
	if out := do(exitDone, "suppressions", "add", "a@example.org", "--reason", "unsubscribed"); !strings.Contains(out, "complaint") {
		t.Errorf("that the graver reason stays is not told: %s", out)
	}
	if out := do(exitDone, "suppressions", "list", "--reason", "complaint"); strings.Count(out, "\n") != 1 || !strings.Contains(out, "by phone") {
		t.Errorf("complaints: %s", out)
	}
	if out := do(exitDone, "suppressions", "list", "--limit", "1", "--json"); strings.Count(out, "\n") != 1 {
		t.Errorf("one at most: %s", out)
	}
	if out := do(exitDone, "suppressions", "list", "--email", "A@EXAMPLE.org", "--json"); !strings.Contains(out, `"reason":"complaint"`) {
		t.Errorf("one address: %s", out)
	}
	if out := do(exitDone, "suppressions", "remove", "a@example.org"); !strings.Contains(out, "complaint") {
		t.Errorf("what was lifted is not told: %s", out)
	}
	do(exitFailed, "suppressions", "remove", "a@example.org")
	do(exitUsage, "suppressions", "add", "no address")
	do(exitUsage, "suppressions", "list", "--reason", "dislike")
}

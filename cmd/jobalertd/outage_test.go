package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// Services around a running daemon go away for a while and come back. Nothing is
// lost, nobody restarts anything.

// cook is an offer that cooksAlert matches, another one for each identifier.
func cook(id string, now time.Time) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"@type":"JobPosting","identifier":%q,"title":"Koch (m/w/d) Team %d","description":"<p>Küche %s.</p>",
		"hiringOrganization":"Haus am Park GmbH","datePosted":%q,"jobLocation":{"address":{"addressLocality":"Essen","addressCountry":"DE"}}}`,
		id, crc32.ChecksumIEEE([]byte(id))%10000, id, now.Format(time.DateOnly)))
}

// cooksAlert is an instant alert.
func cooksAlert(email string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"email":%q,"query":"Koch","frequency":"instant","confirmed_at":"2026-03-01T09:00:00Z","consent":{"text":"v1","source":"import"}}`, email))
}

func (in *installation) stored(st *stores, source, id string) bool {
	_, err := st.postings.PostingByKey(in.t.Context(), st.db.Reader, alerts.Key{Source: source, Identifier: id})
	return err == nil
}

// gotOnce waits until everybody named has exactly these postings, each once.
func (in *installation) gotOnce(c *child, st *stores, emails []string, ids ...string) {
	in.t.Helper()
	want := expectation{by: map[string][]string{}}
	for _, email := range emails {
		want.by[email] = ids
	}
	if !comesTrue(in.t, time.Minute, func() bool { return want.complete(in.deliveries(st)) && outboxDone(in.t, st) }) {
		in.t.Errorf("not everything has arrived\n%s", c.log())
	}
	want.compare(in.t, in.deliveries(st))
}

func TestServe_TakesUpWorkWhenTheDatabaseIsBack(t *testing.T) {
	t.Parallel()
	db := databasetest.NewOutage(t)
	in := newInstallation(t, db.URL(), "", "")
	in.must("migrate")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	in.importLines([]json.RawMessage{cooksAlert("a@example.org")})
	c := in.start(0)
	if _, err := board.publish(t.Context(), cook("before", time.Now())); err != nil {
		t.Fatal(err)
	}
	st := in.stores()
	eventually(t, time.Minute, "the first posting is stored", func() bool { return in.stored(st, "board", "before") })

	db.Stop()
	// NATS is there: recruiters notice nothing.
	if _, err := board.publish(t.Context(), cook("meanwhile", time.Now())); err != nil {
		t.Fatal(err)
	}
	<-c.saw("the database is away; postings wait in the stream")
	if got := in.get("/readyz"); got != 503 {
		t.Errorf("without its database the daemon answers /readyz with %d, want 503", got)
	}
	if got := in.get("/healthz"); got != 200 {
		t.Errorf("without its database the daemon answers /healthz with %d, want 200: restarting it would not help", got)
	}
	r := in.command("postings", "list")
	wantTold(t, r, exitFailed, "open the database")
	db.Start()
	eventually(t, time.Minute, "what was published meanwhile is stored", func() bool { return in.stored(st, "board", "meanwhile") })
	in.gotOnce(c, st, []string{"a@example.org"}, "before", "meanwhile")
	c.stop()
}

func TestServe_TakesUpWorkWhenNATSIsBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		nats := newRemoteNATS(t)
		in := newInstallation(t, url, nats.setting(), "")
		in.must("migrate")
		in.importLines([]json.RawMessage{cooksAlert("a@example.org")})
		board := dialRecruiter(t, nats.url(), "board")
		c := in.start(0)
		st := in.stores()
		if _, err := board.publish(t.Context(), cook("before", time.Now())); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, "the first posting is stored", func() bool { return in.stored(st, "board", "before") })
		nats.stop()
		eventually(t, 20*time.Second, "the daemon says that it is not ready", func() bool { return in.get("/readyz") == 503 })
		nats.start()
		if _, err := board.publish(t.Context(), cook("after", time.Now())); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, "what is published afterwards is stored", func() bool { return in.stored(st, "board", "after") })
		in.gotOnce(c, st, []string{"a@example.org"}, "after", "before")
		if got := in.get("/readyz"); got != 200 {
			t.Errorf("/readyz is %d again, want 200", got)
		}
		c.stop()
	})
}

// Another replica that starts may make the consumer anew; somebody may delete it.
func TestServe_GoesOnWhenItsConsumerIsReplaced(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	c := in.start(0)
	st := in.stores()
	js := in.operator().JetStream()
	for i := range 3 {
		id := fmt.Sprintf("p%d", i)
		if _, err := board.publish(t.Context(), cook(id, time.Now())); err != nil {
			t.Fatal(err)
		}
		if !comesTrue(t, 30*time.Second, func() bool { return in.stored(st, "board", id) }) {
			t.Fatalf("posting %d was not stored after the consumer had been deleted %d times\n%s", i, i, c.log())
		}
		if err := js.DeleteConsumer(t.Context(), broker.Postings, broker.IntakeConsumer); err != nil {
			t.Fatal(err)
		}
	}
	c.stop()
}

func TestServe_DefersWhileTheRelayRefusesAndSendsAfterwards(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		in := newInstallation(t, url, "", "")
		in.must("migrate")
		board := in.dialRecruiter("board", in.addRecruiter("board"))
		in.importLines([]json.RawMessage{cooksAlert("a@example.org"), cooksAlert("b@example.org")})
		in.relay.RefuseAll(&smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "try again later"})
		c := in.start(0)
		st := in.stores()
		if _, err := board.publish(t.Context(), cook("p", time.Now())); err != nil {
			t.Fatal(err)
		}
		deferred := func() (n int) {
			list, err := st.outbox.List(t.Context(), outbox.Filter{Outcome: mailer.Deferred, Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		if !comesTrue(t, time.Minute, func() bool { return deferred() == 2 }) {
			t.Fatalf("%d envelopes are deferred, want 2\n%s", deferred(), c.log())
		}
		if got := len(in.relay.all(t)); got != 0 {
			t.Fatalf("%d mails were taken by a relay that refuses", got)
		}
		in.relay.RefuseAll(nil)
		c.stop()
		c = in.start(time.Hour) // when the next try is due
		in.gotOnce(c, st, []string{"a@example.org", "b@example.org"}, "p")
		c.stop()
		for _, who := range []string{"a@example.org", "b@example.org"} {
			if n := in.relay.Tries(who); n < 2 {
				t.Errorf("%s was tried %d times, want a refusal and an acceptance", who, n)
			}
		}
	})
}

func TestServe_WaitsForARelayThatIsDown(t *testing.T) {
	t.Parallel()
	in := newInstallation(t, databasetest.SQLiteURL(t), "", "")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	in.importLines([]json.RawMessage{cooksAlert("a@example.org")})
	address := in.relay.Address()
	in.relay.Close()
	c := in.start(0)
	st := in.stores()
	if _, err := board.publish(t.Context(), cook("p", time.Now())); err != nil {
		t.Fatal(err)
	}
	<-c.saw("the mail server cannot be reached; envelopes wait")
	in.relay = newInbox(t, address)
	in.gotOnce(c, st, []string{"a@example.org"}, "p")
	list, err := st.outbox.List(t.Context(), outbox.Filter{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Outcome != mailer.Accepted || e.Attempts != 1 {
			t.Errorf("envelope %d: %s after %d attempts; a relay that is down is not the envelope's fault", e.ID, e.Outcome, e.Attempts)
		}
	}
	c.stop()
}

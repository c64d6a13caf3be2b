package outbox_test

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

func TestRelay_RecordsWhatTheServerSaid(t *testing.T) {
	cases := []struct {
		name       string
		action     smtptest.Action
		state      mailer.State
		outcome    mailer.Outcome
		wait       time.Duration // until the next try, from now; 0: none
		reply      string        // a part of it
		suppressed string
	}{
		{"taken", smtptest.Action{At: "rcpt"}, mailer.Done, mailer.Accepted, 0, "250", ""},
		{"not now", smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "try later"}, mailer.Waiting, mailer.Deferred, time.Minute, "451", ""},
		{"not now after the dot", smtptest.Action{At: "dot", Code: 452, Enhanced: "4.3.1", Text: "queue full"}, mailer.Waiting, mailer.Deferred, time.Minute, "452", ""},
		{"no such address", smtptest.Action{At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "no such user"}, mailer.Done, mailer.Refused, 0, "550", "hard-bounce"},
		{"mailbox full", smtptest.Action{At: "rcpt", Code: 552, Enhanced: "5.2.2", Text: "mailbox full"}, mailer.Done, mailer.Refused, 0, "552", ""},
		{"too large", smtptest.Action{At: "dot", Code: 552, Enhanced: "5.3.4", Text: "too big"}, mailer.Done, mailer.Refused, 0, "552", ""},
		{"no answer after the dot", smtptest.Action{At: "dot", Drop: true}, mailer.Waiting, mailer.Unknown, mailer.UnknownAfter, "", ""},
		{"hung up before the dot", smtptest.Action{At: "rcpt", Drop: true}, mailer.Waiting, mailer.Deferred, 2 * time.Second, "", ""},
		{"about us", smtptest.Action{At: "dot", Code: 550, Enhanced: "5.7.26", Text: "unauthenticated"}, mailer.Waiting, mailer.Deferred, time.Minute, "550", ""},
		{"slow down", smtptest.Action{At: "rcpt", Code: 421, Enhanced: "4.7.0", Text: "too many"}, mailer.Waiting, mailer.Deferred, time.Minute, "421", ""},
		{"words that no column takes", smtptest.Action{At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "unbekannt: M\xfcller \x01 s11@EXAMPLE.org"}, mailer.Done, mailer.Refused, 0, "ller", "hard-bounce"},
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for i, c := range cases {
			t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				r := newRig(t, db, func(o *outbox.Options) { o.Connections = 1 })
				who := int64(i + 1)
				action := c.action
				action.Times = 1
				r.server.On(address(who), action)
				r.enqueue(t, mailer.Digest, who, who)
				stop := r.start(t)
				e := r.until(t, "the envelope is settled", func(by map[int64]mailer.Envelope) bool {
					e := by[who]
					return e.State != mailer.Claimed && e.Attempts > 0
				})[who]
				stop()
				if e.State != c.state || e.Outcome != c.outcome || e.Attempts != 1 {
					t.Errorf("got %s/%s after %d attempts, want %s/%s after one", e.State, e.Outcome, e.Attempts, c.state, c.outcome)
				}
				if !strings.Contains(e.Reply, c.reply) || strings.Contains(strings.ToLower(e.Reply), "@example.org") {
					t.Errorf("reply %q, want one with %q and without the address", e.Reply, c.reply)
				}
				if wait := e.DueAt.Sub(r.clock.now()); c.wait > 0 && (wait > c.wait || wait < c.wait-15*time.Second) {
					t.Errorf("next try in %v, want %v", wait, c.wait)
				}
				if c.outcome == mailer.Accepted && e.DoneAt.IsZero() {
					t.Error("accepted without a time")
				}
				reason, err := r.suppressions.Reason(t.Context(), db.Reader, address(who))
				if err != nil || reason != c.suppressed {
					t.Errorf("suppressed for %q, %v; want %q", reason, err, c.suppressed)
				}
				// Nothing of it is left for the next case.
				if _, err := db.ExecContext(t.Context(), "DELETE FROM outbox"); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}

func TestRelay_DecidesBeforeSending(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		broken := int64(4)
		r := newRig(t, db, func(o *outbox.Options) {
			o.Composer = each(func(e mailer.Envelope) (mailer.Message, error) {
				switch e.Subscriber {
				case 1:
					return mailer.Message{}, outbox.ErrEmpty
				case 2:
					return mailer.Message{}, fmt.Errorf("who: %w", outbox.ErrGone)
				case 3:
					return mailer.Message{}, errTest
				case broken:
					panic("a template broke")
				}
				return letter(e)
			})
		})
		complained := address(5)
		if err := r.suppressions.Bounced(t.Context(), db.DB, complained, "complaint", ""); err != nil {
			t.Fatal(err)
		}
		r.enqueue(t, mailer.Digest, 1, 6)
		r.clock.advance(-49 * time.Hour)
		r.enqueue(t, mailer.Digest, 7, 7)
		r.enqueue(t, mailer.Confirmation, 8, 8)
		r.clock.advance(49 * time.Hour)
		r.start(t)
		by := r.until(t, "all are settled", r.settled)
		want := map[int64]mailer.Outcome{1: mailer.Empty, 2: mailer.Suppressed, 3: mailer.Deferred, 4: mailer.Deferred, 5: mailer.Suppressed,
			6: mailer.Accepted, 7: mailer.Expired, 8: mailer.Accepted}
		for who, o := range want {
			if by[who].Outcome != o {
				t.Errorf("envelope of %d: %s, want %s", who, by[who].Outcome, o)
			}
		}
		if wait := by[broken].DueAt.Sub(r.clock.now()); wait < 30*time.Second {
			t.Errorf("what does not compose is tried again in %v", wait)
		}
		if got := received(t, r.server.Mails()); len(got) != 2 || got[address(6)] != 1 || got[address(8)] != 1 {
			t.Errorf("received %v", got)
		}
	})
}

func TestRelay_SendsConfirmationsToThoseWhoHadLeft(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLite(t)
	r := newRig(t, db, nil)
	for who, reason := range map[int64]string{1: "unsubscribed", 2: "hard-bounce", 3: "unsubscribed"} {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO suppressions (address_hash, reason, at_ms) VALUES (?, ?, 0)",
			r.suppressions.Hash(address(who)), reason); err != nil {
			t.Fatal(err)
		}
	}
	r.enqueue(t, mailer.Confirmation, 1, 2)
	r.enqueue(t, mailer.Digest, 3, 3)
	r.start(t)
	by := r.until(t, "all are done", done)
	if by[1].Outcome != mailer.Accepted || by[2].Outcome != mailer.Suppressed || by[3].Outcome != mailer.Suppressed {
		t.Errorf("outcomes %s, %s, %s; want accepted, suppressed, suppressed", by[1].Outcome, by[2].Outcome, by[3].Outcome)
	}
	if by[2].Reply != "hard-bounce" {
		t.Errorf("reply %q, want the reason", by[2].Reply)
	}
}

func TestRelay_ReachesEveryGoodAddressThroughTroubles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		n := sized("OUTBOX_TEST_MAILS", 1000)
		r := newRig(t, db, nil)
		wire := newProxy(t, "tcp", "127.0.0.1:0", r.server.Address())
		r.transport.options.Port = wire.listener.Addr().(*net.TCPAddr).Port
		bad := map[int64]bool{}
		for who := int64(1); who <= int64(n); who++ {
			switch {
			case who%50 == 7: // 2 %
				bad[who] = true
				r.server.On(address(who), smtptest.Action{At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "no such user"})
			case who%20 == 3: // 5 %
				r.server.On(address(who), smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "later", Times: 1})
			case who%100 == 11: // 1 %
				r.server.On(address(who), smtptest.Action{At: "dot", Drop: true, Times: 1})
			}
		}
		r.enqueue(t, mailer.Digest, 1, int64(n))
		r.start(t)
		for _, enough := range []int{n / 4, n / 2} { // all connections break, and for a while there are none
			r.until(t, "some are accepted", func(by map[int64]mailer.Envelope) bool { return summary(by)["done/accepted"] >= enough })
			wire.cut()
			for before := wire.refusals(); wire.refusals() == before; {
				<-time.After(time.Millisecond)
			}
			wire.mend()
		}
		for round := 0; ; round++ {
			by := r.until(t, "nothing is due", r.settled)
			if done(by) {
				break
			}
			if round > 20 {
				t.Fatalf("not done after 20 rounds: %v", summary(by))
			}
			r.clock.advance(time.Hour)
			r.relay.Wake()
		}
		got := received(t, r.server.Mails())
		doubled := 0
		for who, e := range r.all(t) {
			to := address(who)
			switch {
			case bad[who]:
				if e.Outcome != mailer.Refused || got[to] != 0 {
					t.Errorf("bad address %d: %s", who, e.Outcome)
				}
				// A refusal can be lost on a broken wire; once heard it is final.
				if tries := r.server.Tries(to); tries > e.Attempts || tries > 2 {
					t.Errorf("bad address %d was tried %d times", who, tries)
				}
			case e.Outcome != mailer.Accepted || got[to] == 0:
				t.Errorf("good address %d: %s, %d mails", who, e.Outcome, got[to])
			case got[to] > 1:
				doubled++
			}
		}
		// Doubled are only those that the server took without being heard: 1 %, and
		// one a connection and break.
		if most := n/100 + 2*r.options.Connections; doubled > most {
			t.Errorf("%d doubled, want %d at most", doubled, most)
		}
		t.Logf("%d envelopes: %v, %d doubled, %d connections", n, summary(r.all(t)), doubled, r.transport.dials.Load())
	})
}

func TestRelay_UrgentMailOvertakes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		n, confirmations := int64(sized("OUTBOX_TEST_MAILS", 20_000)), int64(20)
		r := newRig(t, db, nil)
		r.enqueue(t, mailer.Digest, 1, n)
		r.start(t)
		var slowest time.Duration
		for i := int64(1); i <= confirmations; i++ {
			before := len(r.server.Mails())
			r.enqueue(t, mailer.Confirmation, n+i, n+i)
			r.relay.Wake()
			asked := time.Now()
			tries := 0
			for r.server.Tries(address(n+i)) == 0 {
				<-time.After(time.Millisecond)
				if tries++; tries > 60_000 {
					t.Fatal("the confirmation has not left after a minute")
				}
			}
			slowest = max(slowest, time.Since(asked))
			// Each time thousands of digests still wait; it must not wait for them.
			if passed := len(r.server.Mails()) - before; passed > 5000 {
				t.Fatalf("%d digests left before the confirmation", passed)
			}
			if by := len(r.server.Mails()); by >= int(n) {
				t.Fatalf("digests ran out after %d confirmations", i)
			}
		}
		t.Logf("slowest confirmation %v", slowest)
		if slowest > time.Second {
			t.Errorf("a confirmation left after %v, want a second at most", slowest)
		}
	})
}

func TestRelay_HoldsFewHoweverManyWait(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const n = 5000
		var asked atomic.Int64
		r := newRig(t, db, func(o *outbox.Options) {
			o.Composer = each(func(e mailer.Envelope) (mailer.Message, error) {
				asked.Add(1)
				return letter(e)
			})
		})
		hold := make(chan struct{})
		r.server.RefuseAll(&smtptest.Action{At: "rcpt", Hold: hold})
		r.enqueue(t, mailer.Digest, 1, n)
		stop := r.start(t)
		r.until(t, "as many are claimed as it will hold", func(by map[int64]mailer.Envelope) bool { return summary(by)["claimed/"] > 0 })
		<-time.After(time.Second) // it looks twice meanwhile
		held, made := summary(r.all(t))["claimed/"], asked.Load()
		close(hold)
		r.server.RefuseAll(nil)
		stop()
		// 32 a connection wait here, and two are in each connection's hands.
		if most := r.options.Connections * (32 + 2); held > most {
			t.Errorf("%d of %d are claimed at once, want %d at most", held, n, most)
		}
		if most := int64(2 * r.options.Connections); made > most {
			t.Errorf("%d mails were made, want %d at most", made, most)
		}
	})
}

func TestRelay_FinishesTheWireAndGivesBackTheRest(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := newRig(t, db, func(o *outbox.Options) { o.Connections = 2 })
		release := make(chan struct{})
		for who := int64(1); who <= 200; who++ {
			r.server.On(address(who), smtptest.Action{At: "dot", Hold: release})
		}
		r.enqueue(t, mailer.Digest, 1, 200)
		stop := r.start(t)
		r.until(t, "both connections wait for an answer", func(map[int64]mailer.Envelope) bool { return len(r.server.Mails()) == 2 })
		stopped := make(chan struct{})
		go func() { stop(); close(stopped) }()
		close(release)
		<-stopped
		n := summary(r.all(t))
		if n["claimed/"] != 0 || n["done/accepted"] != len(r.server.Mails()) || n["done/accepted"] > 4 {
			t.Errorf("after stopping: %v, %d mails taken; want what was taken recorded, the rest waiting", n, len(r.server.Mails()))
		}
		for who, e := range r.all(t) {
			if e.State == mailer.Waiting && e.Attempts != 0 {
				t.Errorf("envelope %d was given back with %d attempts", who, e.Attempts)
			}
		}
	})
}

func TestRelay_PausesWhenTheServerRefusesUs(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), nil)
	r.server.RefuseAll(&smtptest.Action{Code: 550, Enhanced: "5.7.1", Text: "blocked by policy"})
	r.enqueue(t, mailer.Digest, 1, 300)
	r.start(t)
	r.until(t, "sending pauses", func(by map[int64]mailer.Envelope) bool {
		return summary(by)["claimed/"] == 0 && metric(t, r, "jobalert_sending_refused") == 1
	})
	tried := 0
	for who := int64(1); who <= 300; who++ {
		tried += r.server.Tries(address(who))
		if reason, err := r.suppressions.Reason(t.Context(), r.db.Reader, address(who)); err != nil || reason != "" {
			t.Fatalf("a refusal of us suppressed an address: %q, %v", reason, err)
		}
	}
	if tried > 20 {
		t.Errorf("%d addresses were tried while the server refused us", tried)
	}
	r.server.RefuseAll(nil)
	r.clock.advance(20 * time.Minute)
	r.until(t, "all are sent after the pause", done)
	if metric(t, r, "jobalert_sending_refused") != 0 {
		t.Error("the alarm did not end")
	}
}

func TestRelay_WaitsForAServerThatIsAway(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), nil)
	r.server.Close()
	r.enqueue(t, mailer.Digest, 1, 50)
	r.start(t)
	by := r.until(t, "the claims are given back", func(by map[int64]mailer.Envelope) bool {
		return summary(by)["waiting/deferred"] == 50
	})
	for who, e := range by {
		if e.Attempts != 0 {
			t.Errorf("envelope %d has %d attempts though no server was there", who, e.Attempts)
		}
	}
	for r.transport.dials.Load() < int64(3*r.options.Connections) {
		<-time.After(time.Millisecond)
	}
	back, err := smtptest.Start(smtptest.Options{Address: r.server.Address()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(back.Close)
	r.until(t, "all are sent", done)
	if got := received(t, back.Mails()); len(got) != 50 {
		t.Errorf("%d addresses were reached, want 50", len(got))
	}
	// The pauses double from half a second: a handful of rounds, not thousands.
	if n := r.transport.dials.Load(); n > 60 {
		t.Errorf("dialled %d times", n)
	}
}

func TestRelay_HoldsWhatMayHaveBeenDelivered(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := newRig(t, db, func(o *outbox.Options) { o.HoldUnknown = true })
		r.server.On(address(1), smtptest.Action{At: "dot", Drop: true, Times: 1})
		r.enqueue(t, mailer.Digest, 1, 1)
		r.start(t)
		e := r.until(t, "it is unknown", func(by map[int64]mailer.Envelope) bool {
			return by[1].State == mailer.Waiting && by[1].Outcome == mailer.Unknown
		})[1]
		if wait := e.DueAt.Sub(e.Created); wait < mailer.Digest.Lifetime() {
			t.Errorf("tried again after %v; want it held for its lifetime", wait)
		}
		if n, err := r.store.Retry(t.Context(), false); n != 1 || err != nil {
			t.Fatalf("retried %d, %v", n, err)
		}
		r.relay.Wake()
		r.until(t, "it is sent again", done)
		if got := received(t, r.server.Mails()); got[address(1)] != 2 {
			t.Errorf("received %v", got)
		}
	})
}

func TestRelay_KeepsADomainsPace(t *testing.T) {
	t.Parallel()
	limiter := smtp.NewLimiter(smtp.LimiterOptions{PerMinute: map[string]int{"example.org": 60}})
	r := newRig(t, databasetest.SQLite(t), func(o *outbox.Options) { o.Pacer = limiter })
	r.enqueue(t, mailer.Digest, 1, 200)
	r.start(t)
	by := r.until(t, "nothing is due", r.settled)
	accepted, last := 0, time.Time{}
	for _, e := range by {
		if e.Outcome == mailer.Accepted {
			accepted++
			continue
		}
		if e.Attempts != 0 || e.Outcome != mailer.Pending {
			t.Fatalf("what the pace holds back counts %d attempts, outcome %q", e.Attempts, e.Outcome)
		}
		if e.DueAt.After(last) {
			last = e.DueAt
		}
	}
	if accepted == 0 || accepted > 20 {
		t.Errorf("%d of 200 left at once at 60 a minute", accepted)
	}
	if ahead := last.Sub(r.clock.now()); ahead < 30*time.Second {
		t.Errorf("all 200 are asked again within %v: they must take turns", ahead)
	}
}

func TestRelay_GivesUpOnEnvelopesThatAreNeverAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), nil)
	r.server.On(address(1), smtptest.Action{At: "dot", Drop: true})
	r.enqueue(t, mailer.Digest, 1, 1)
	r.start(t)
	for range 40 {
		by := r.until(t, "nothing is due", r.settled)
		if done(by) {
			break
		}
		r.clock.advance(2 * time.Hour)
		r.relay.Wake()
	}
	e := r.all(t)[1]
	if e.State != mailer.Done || e.Outcome != mailer.Expired || len(r.server.Mails()) > 4 {
		t.Errorf("%s/%s after %d copies; want it to expire after four", e.State, e.Outcome, len(r.server.Mails()))
	}
}

// metric sums the values of a metric's series.
func metric(t *testing.T, r *rig, name string) (sum float64) {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return sum
}

func TestMetrics_CountOutcomesFromAClosedSet(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), nil)
	r.enqueue(t, mailer.Digest, 1, 5)
	r.start(t)()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "jobalert_envelopes_total" && len(f.GetMetric()) != 7 {
			t.Errorf("%d outcomes are counted, want 7", len(f.GetMetric()))
		}
	}
}

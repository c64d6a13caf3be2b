package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

// What the relay says of us stands in the outbox, and doctor reads it there.
func TestDoctorTellsWhatTheRelayHasAgainstUs(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		for _, c := range []struct {
			action smtptest.Action
			status health
			words  string
		}{
			{smtptest.Action{At: "dot", Code: 550, Enhanced: "5.7.26", Text: "Unauthenticated email is not accepted"}, failing, "it refuses us (550 5.7.26 Unauthenticated"},
			{smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.7.28", Text: "unusual rate of mail"}, doubtful, "it asks us to slow down (451 4.7.28"},
			{smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "mailbox busy"}, healthy, "nothing against us"},
		} {
			s := smtptest.Run(t, smtptest.Options{})
			s.On("a@example.org", c.action)
			tryOne(t, db, s)
			said := map[string]symptom{}
			d := &doctor{session: &session{}, tell: func(s symptom) error { said[s.What] = s; return nil }}
			d.lookAtOutbox(t.Context(), db)
			if got := said["outbox"]; got.Status != c.status || !strings.Contains(got.Found, c.words) {
				t.Errorf("after %d %s doctor says %+v, want %v with %q", c.action.Code, c.action.Enhanced, got, c.status, c.words)
			}
			if _, err := db.ExecContext(t.Context(), "DELETE FROM outbox"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// oneLetter is a mail to a@example.org for every envelope.
type oneLetter struct{}

func (oneLetter) Read(_ context.Context, envelopes []mailer.Envelope) ([]outbox.Draft, error) {
	drafts := make([]outbox.Draft, len(envelopes))
	for i := range drafts {
		drafts[i] = outbox.Draft{To: "a@example.org", Make: func() (mailer.Message, error) {
			return mailer.Message{From: "b@example.org", To: "a@example.org", Data: []byte("Subject: x\r\n\r\nx\r\n")}, nil
		}}
	}
	return drafts, nil
}

// tryOne enqueues one envelope and has it tried once.
func tryOne(t *testing.T, db *database.DB, s *smtptest.Server) {
	t.Helper()
	store, err := outbox.NewStore(db, func(p string) string { return p }, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	list, err := suppression.New(db, []byte("key"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Tx(t.Context(), func(tx *sqlx.Tx) error {
		return store.Enqueue(t.Context(), tx, []mailer.Envelope{{Kind: mailer.Digest, Purpose: "one", Subscriber: 1, Run: 1, MessageID: "m@x", DueAt: time.Now(), Created: time.Now()}})
	}); err != nil {
		t.Fatal(err)
	}
	relay := outbox.New(outbox.Options{Store: store, Composer: oneLetter{}, Transport: &relayTransport{options: smtp.Options{Host: s.Host, Port: s.Port, TLS: smtp.TLSNone}},
		Suppressions: list, Reader: db.Reader, Connections: 1, Name: "one", Metrics: outbox.NewMetrics(prometheus.NewRegistry(), store),
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: func() float64 { return 0 }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	eventually(t, time.Minute, "the envelope is put off", func() bool {
		list, err := store.List(t.Context(), outbox.Filter{State: mailer.Waiting, Outcome: mailer.Deferred, Limit: 1})
		return err == nil && len(list) == 1
	})
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSentSaysWhatBecameOfARun(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 3, 2, 7, 14, 0, 0, time.Local).UnixMilli()
	got := sent(12, []outbox.Count{{State: mailer.Done, Outcome: mailer.Accepted, N: 9466}, {State: mailer.Waiting, Outcome: mailer.Deferred, N: 500, NextMS: next},
		{State: mailer.Claimed, Outcome: mailer.Deferred, N: 12, NextMS: next + 60_000}, {State: mailer.Done, Outcome: mailer.Refused, N: 22},
		{State: mailer.Waiting, N: 3, NextMS: next}})
	want := "9,466 accepted, 3 not tried yet, 512 deferred, next try 07:14, 22 refused: jobalertd outbox list --run 12 --outcome refused"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

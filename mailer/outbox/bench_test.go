package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/compose"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

// digests composes a digest of ten postings for everybody.
type digests struct{ c *compose.Composer }

func (d digests) make(e mailer.Envelope) (mailer.Message, error) {
	const url = "https://jobs.example/postings/4711"
	content := mailer.DigestContent{Kind: mailer.Digest, MoreURL: url, ManageURL: url,
		Headers: mailer.Headers{To: address(e.Subscriber), Locale: "de", MessageID: e.MessageID, Date: e.Created, OneClick: url},
		Alerts:  []mailer.DigestAlert{{Name: "Medizininformatiker · 25\u00a0km um Gelsenkirchen", Frequency: "täglich um 7\u00a0Uhr", UnsubscribeURL: url}}}
	for i := range uint32(10) {
		content.Postings = append(content.Postings, mailer.DigestPosting{URL: url, Why: []string{"„Medizininformatiker“ im Titel", "7\u00a0km von Gelsenkirchen"},
			Posting: &alerts.Posting{Number: i + 1, Title: "Medizininformatikerin (m/w/d)", Employer: "Klinikum Buersche Heide gGmbH", Language: "de",
				Locations: []alerts.Location{{Name: "Gelsenkirchen"}}, EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}}})
	}
	data, err := d.c.Digest(content)
	return mailer.Message{From: "b@bounce.example", To: content.To, Data: data}, err
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRelay sends digests of ten postings with durable rows to a sink that only
// finds the final dot; its CPU is in the figure. PostgreSQL is the tests' own, which
// does not sync.
func BenchmarkRelay(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": databasetest.SQLite, "postgres": databasetest.Postgres} {
		for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
			b.Run(fmt.Sprintf("%s/connections=8/delay=%v", name, delay), func(b *testing.B) { relayBench(b, open(b), delay) })
		}
	}
}

func relayBench(b *testing.B, db *database.DB, delay time.Duration) {
	sink, err := smtptest.StartRawSink(smtptest.SinkOptions{Delay: delay})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(sink.Close)
	store, err := outbox.NewStore(db, messageID, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	list, err := suppression.New(db, []byte("key"), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	composer, err := compose.New(compose.Identity{From: "a@jobs.example", Brand: "Stellenmelder", Imprint: "Musterstraße 1"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	relay := outbox.New(outbox.Options{Store: store, Composer: each(digests{composer}.make), Suppressions: list, Reader: db.Reader, Connections: 8, Name: "bench",
		Transport: &relayServer{options: smtpOptions(sink.Host, sink.Port)}, Metrics: outbox.NewMetrics(prometheus.NewRegistry(), store),
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: rand.Float64})
	var envelopes []mailer.Envelope
	for i := range int64(b.N) {
		purpose := mailer.DigestPurpose(1, i)
		envelopes = append(envelopes, mailer.Envelope{Kind: mailer.Digest, Purpose: purpose, Subscriber: i, Run: 1, MessageID: messageID(purpose),
			DueAt: time.Now(), Created: time.Now()})
	}
	if err := db.Tx(b.Context(), func(tx *sqlx.Tx) error { return store.Enqueue(b.Context(), tx, envelopes) }); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	before := cpu()
	b.ResetTimer()
	go func() { done <- relay.Run(ctx) }()
	for sink.Mails() < int64(b.N) {
		<-time.After(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric((cpu()-before).Seconds()*1000/float64(b.N), "cpu-s/1000")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

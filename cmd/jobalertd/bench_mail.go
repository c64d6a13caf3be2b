package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

type benchMailCmd struct {
	To          string `help:"The SMTP server; it gets the mails, so let it be one that throws them away, such as smtp-sink." required:"" placeholder:"HOST:PORT"`
	Count       int    `help:"Mails, each a digest of ten postings." default:"10000"`
	Connections int    `help:"At once." default:"8"`
	Raw         bool   `help:"One ready mail over and over without composing and without a database: what the sender alone can do."`
	Database    string `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	JSON        bool   `help:"On one line at a terminal too." name:"json"`
}

func (benchMailCmd) Help() string {
	return "Example:\n  smtp-sink 127.0.0.1:2525 1000 &\n  jobalertd bench mail --to 127.0.0.1:2525 --count 10000 --connections 8"
}

// mailFigures are the answer of bench mail.
type mailFigures struct {
	machine
	Database           string  `json:"database,omitempty"`
	Raw                bool    `json:"raw,omitempty"`
	Count              int     `json:"count"`
	Connections        int     `json:"connections"`
	Accepted           int     `json:"accepted"`
	BytesPerMail       int     `json:"bytes_per_mail"`
	EnvelopesPerSecond float64 `json:"envelopes_per_second"`
	spent
	CPUPerThousand float64 `json:"cpu_seconds_per_1000"`
}

// Run sends, and fails unless the server took every mail.
func (c benchMailCmd) Run(ctx context.Context, s *session) error {
	host, portText, err := net.SplitHostPort(c.To)
	if err != nil {
		return usagef("--to %q is not HOST:PORT", c.To)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || c.Count < 1 || c.Connections < 1 {
		return usagef("--to needs a numeric port, --count and --connections at least 1")
	}
	to := smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone, HelloName: "bench.example.org", MaxPerConnection: envelopesAConnection}
	if err := probe(ctx, to); err != nil {
		return err
	}
	f := mailFigures{machine: thisMachine(), Raw: c.Raw, Count: c.Count, Connections: c.Connections}
	if c.Raw {
		err = c.sendRaw(ctx, s, to, &f)
	} else {
		err = c.sendDigests(ctx, s, to, &f)
	}
	if err != nil {
		return err
	}
	f.EnvelopesPerSecond = float64(f.Accepted) / f.Seconds
	f.CPUPerThousand = f.CPUSeconds / float64(f.Accepted) * 1000
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if f.Accepted != c.Count {
		return fmt.Errorf("the server took %d of %d mails", f.Accepted, c.Count)
	}
	return nil
}

// probe asks whether the server is there, before minutes go into preparing.
func probe(ctx context.Context, to smtp.Options) error {
	conn, err := smtp.Dial(ctx, to)
	if err != nil {
		return fmt.Errorf("%s:%d: %w; start a server there, such as smtp-sink", to.Host, to.Port, err)
	}
	return conn.Close(ctx)
}

// sendDigests makes digests with durable envelopes and lets the relay send them.
func (c benchMailCmd) sendDigests(ctx context.Context, s *session, to smtp.Options, f *mailFigures) error {
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	f.Database = room.kind()
	clock := &benchClock{}
	b, run, err := c.prepare(ctx, s, room, clock)
	if err != nil {
		return err
	}
	defer b.close()
	composer := &countingComposer{Composer: mails{b.stores}}
	relay := outbox.New(outbox.Options{Store: b.outbox, Composer: composer, Transport: &relayTransport{options: to},
		Suppressions: b.suppressions, Reader: b.db.Reader, Connections: c.Connections, Name: "bench",
		Metrics: outbox.NewMetrics(b.registry, b.outbox), Log: b.log, Now: clock.now, Jitter: rand.Float64})
	s.say("sending")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meter := startMeter()
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	err = b.sent(ctx, run, f)
	f.spent = meter.stop()
	cancel()
	if n := composer.mails.Load(); n > 0 {
		f.BytesPerMail = int(composer.bytes.Load() / n)
	}
	return errors.Join(err, <-done)
}

// prepare has a digest of ten postings due for everybody.
func (c benchMailCmd) prepare(ctx context.Context, s *session, room *benchRoom, clock *benchClock) (*benchDaemon, int64, error) {
	room.config.Digest.MaxPostings = postingsAMail
	b, err := newBenchDaemon(ctx, s, room, clock.now)
	if err != nil {
		return nil, 0, err
	}
	_, _, err = b.importAll(ctx, s, load{lines: mailLines(c.Count)})
	if err == nil {
		err = b.takeIn(ctx, s, load{docs: mailPostings()})
	}
	if err != nil {
		b.close()
		return nil, 0, err
	}
	clock.advance(dayAhead)
	s.say("building digests")
	sum, err := b.digests.Run(ctx, clock.now())
	if err == nil && sum.Envelopes != c.Count {
		err = fmt.Errorf("%d digests were built for %d subscribers", sum.Envelopes, c.Count)
	}
	if err != nil {
		b.close()
	}
	return b, sum.Run, err
}

// postingsAMail is how many postings each mail of the bench has.
const postingsAMail = 10

// mailTopics are the queries that subscribers of the bench mail share.
var mailTopics = jobWords()[:20]

func mailLines(n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range n {
			raw, err := json.Marshal(map[string]any{"email": "s" + strconv.Itoa(i+1) + "@example.org", "query": "title:" + mailTopics[i%len(mailTopics)],
				"confirmed_at": time.Now().AddDate(0, -1, 0).UTC(), "consent": map[string]string{"text": "v1", "source": "import"}})
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

func mailPostings() iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		g := newGenerator(1, "mail")
		for i := range len(mailTopics) * postingsAMail {
			p := g.posting(i + 1)
			p["title"] = mailTopics[i%len(mailTopics)] + " (m/w/d)"
			raw, err := json.Marshal(p)
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

// sent waits until every envelope of the run is done.
func (b *benchDaemon) sent(ctx context.Context, run int64, f *mailFigures) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		counts, err := b.outbox.Tally(ctx, run)
		if err != nil {
			return err
		}
		f.Accepted = 0
		open := 0
		for _, n := range counts {
			if n.Outcome == mailer.Accepted {
				f.Accepted += n.N
			}
			if n.State != mailer.Done {
				open += n.N
			}
			if n.Outcome == mailer.Deferred || n.Outcome == mailer.Unknown {
				return fmt.Errorf("%d mails were %s: the server does not take everything", n.N, n.Outcome)
			}
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// countingComposer weighs what it hands on.
type countingComposer struct {
	outbox.Composer
	mails, bytes atomic.Int64
}

// Compose implements outbox's Composer.
func (c *countingComposer) Compose(ctx context.Context, e mailer.Envelope) (mailer.Message, error) {
	m, err := c.Composer.Compose(ctx, e)
	c.mails.Add(1)
	c.bytes.Add(int64(len(m.Data)))
	return m, err
}

// sendRaw sends one ready mail of a digest's size again and again.
func (c benchMailCmd) sendRaw(ctx context.Context, s *session, to smtp.Options, f *mailFigures) error {
	data := rawMail()
	f.BytesPerMail = len(data)
	var left, taken atomic.Int64
	left.Store(int64(c.Count))
	s.say("sending")
	meter := startMeter()
	var wg sync.WaitGroup
	errs := make([]error, c.Connections)
	for i := range c.Connections {
		wg.Go(func() { errs[i] = rawWorker(ctx, to, data, &left, &taken) })
	}
	wg.Wait()
	f.spent = meter.stop()
	f.Accepted = int(taken.Load())
	return errors.Join(errs...)
}

func rawWorker(ctx context.Context, to smtp.Options, data []byte, left, taken *atomic.Int64) error {
	for left.Load() > 0 {
		conn, err := smtp.Dial(ctx, to)
		if err != nil {
			return err
		}
		next := func() (mailer.Message, bool) {
			n := left.Add(-1)
			return mailer.Message{Envelope: n, From: "bounces@example.org", To: "s" + strconv.FormatInt(n, 10) + "@example.org", Data: data}, n >= 0
		}
		refused := 0
		err = conn.Stream(ctx, next, func(a mailer.Attempt) error {
			if a.Verdict != mailer.Taken {
				refused++
				return fmt.Errorf("the server answered %d %s", a.Code, a.Text)
			}
			taken.Add(1)
			return nil
		})
		if err = errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// rawMail is 35 KB, as a digest of ten postings is.
func rawMail() []byte {
	b := []byte("From: Bench <bench@example.org>\r\nTo: s@example.org\r\nSubject: bench\r\nMessage-ID: <bench@example.org>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n")
	for i := 0; len(b) < 35_000; i++ {
		b = append(b, "Posting "+strconv.Itoa(i)+": a line of an ordinary length, of which a digest has a few hundred.\r\n"...)
	}
	return b
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// mailLoad is a store with a digest of ten postings for everybody, and what sends
// from it.
type mailLoad struct {
	*stores
	clock       *benchClock
	run         int64
	subscribers []int64
	attempts    attemptCounts
	mails, size atomic.Int64 // composed, and their bytes
}

// prepare takes subscriptions and postings in and builds the digests, as a daemon
// does, and leaves the stores alone: no index and no broker in the memory that is
// measured.
func (c benchMailCmd) prepare(ctx context.Context, s *session, room *benchRoom) (*mailLoad, error) {
	people := min(c.Subscribers, c.Count)
	room.config.Digest.MaxPostings = postingsAMail
	room.config.HTTP.PublicURL = "https://jobs.example.org"
	l := &mailLoad{clock: &benchClock{}}
	b, err := newBenchDaemon(ctx, s, room, l.clock.now)
	if err != nil {
		return nil, err
	}
	_, _, err = b.importAll(ctx, s, load{lines: mailLines(people)})
	if err == nil {
		err = b.takeIn(ctx, s, load{docs: mailPostings()})
	}
	if err == nil {
		l.clock.advance(dayAhead)
		s.say("building digests")
		sum, runErr := b.digests.Run(ctx, l.clock.now())
		l.run, err = sum.Run, runErr
		if err == nil && sum.Envelopes != people {
			err = fmt.Errorf("%d digests were built for %d subscribers", sum.Envelopes, people)
		}
	}
	b.close()
	if err != nil {
		return nil, err
	}
	m, err := s.meaning(room.config)
	if err != nil {
		return nil, err
	}
	if l.stores, err = openStores(ctx, room.config, m, s.quiet(), l.clock.now); err != nil {
		return nil, err
	}
	for i := range people {
		l.subscribers = append(l.subscribers, int64(i+1))
	}
	return l, nil
}

// enqueue puts n more envelopes of the digests into the outbox, due for a time.
func (l *mailLoad) enqueue(ctx context.Context, round string, n int, due time.Duration) error {
	const aTransaction = 5000
	now := l.clock.now()
	for from := 0; from < n; from += aTransaction {
		var envelopes []mailer.Envelope
		for i := from; i < min(n, from+aTransaction); i++ {
			purpose := "bench " + round + " " + strconv.Itoa(i)
			envelopes = append(envelopes, mailer.Envelope{Kind: mailer.Digest, Purpose: purpose, Subscriber: l.subscribers[i%len(l.subscribers)],
				Run: l.run, MessageID: l.messageID(purpose), DueAt: now.Add(-due), Created: now})
		}
		if err := l.db.Tx(ctx, func(tx *sqlx.Tx) error { return l.outbox.Enqueue(ctx, tx, envelopes) }); err != nil {
			return err
		}
	}
	return nil
}

// warmUp sends the digests that the run itself put into the outbox, which fills the
// caches as the first seconds of a large run do.
func (l *mailLoad) warmUp(ctx context.Context, to smtp.Options, connections int) error {
	_, err := l.send(ctx, to, connections, len(l.subscribers))
	return err
}

// send runs the relay until it has recorded n attempts, and those on the wire then.
func (l *mailLoad) send(ctx context.Context, to smtp.Options, connections, n int) (cost spent, err error) {
	l.attempts.expect(n)
	relay := outbox.New(outbox.Options{Store: l.outbox, Composer: weighing{mails{l.stores}, l}, Transport: countingTransport{&relayTransport{options: to}, &l.attempts},
		Suppressions: l.suppressions, Reader: l.db.Reader, Connections: connections, Name: "bench", Metrics: l.metrics(), Log: l.log,
		Now: l.clock.now, Jitter: rand.Float64})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meter := startMeter()
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	select {
	case <-l.attempts.enough:
		cost = meter.stop()
		cancel()
		err = <-done
	case err = <-done:
		if err == nil {
			err = ctx.Err()
		}
	}
	if refused := l.attempts.other.Load(); err == nil && refused > 0 {
		err = fmt.Errorf("%d mails were not taken: the server does not take everything", refused)
	}
	return cost, err
}

// metrics are the outbox's, registered once.
func (l *mailLoad) metrics() *outbox.Metrics {
	return outbox.NewMetrics(prometheus.NewRegistry(), l.outbox)
}

// check compares what was counted with what is recorded, every envelope that was
// sent being done and accepted, and returns how many those are.
func (l *mailLoad) check(ctx context.Context) (int, error) {
	taken := int(l.attempts.taken.Load())
	counts, err := l.outbox.Tally(ctx, l.run)
	if err != nil {
		return 0, err
	}
	for _, n := range counts {
		if n.State == mailer.Done && n.Outcome == mailer.Accepted && n.N == taken {
			return taken, nil
		}
	}
	return 0, fmt.Errorf("%d mails were taken, and recorded is %+v", taken, counts)
}

func (l *mailLoad) bytesPerMail() int {
	if l.mails.Load() == 0 {
		return 0
	}
	return int(l.size.Load() / l.mails.Load())
}

// weighing is a Composer that weighs what it makes.
type weighing struct {
	mails
	load *mailLoad
}

func (w weighing) Read(ctx context.Context, envelopes []mailer.Envelope) ([]outbox.Draft, error) {
	drafts, err := w.mails.Read(ctx, envelopes)
	for i := range drafts {
		d := drafts[i].Make
		drafts[i].Make = func() (mailer.Message, error) {
			m, err := d()
			w.load.mails.Add(1)
			w.load.size.Add(int64(len(m.Data)))
			return m, err
		}
	}
	return drafts, err
}

// attemptCounts count what came of attempts; enough is closed when as many as
// expected were made and recorded.
type attemptCounts struct {
	taken, other, left atomic.Int64
	enough             chan struct{}
}

func (a *attemptCounts) expect(n int) {
	a.left.Store(int64(n))
	a.enough = make(chan struct{})
}

func (a *attemptCounts) count(v mailer.Verdict) {
	if v == mailer.Taken {
		a.taken.Add(1)
	} else {
		a.other.Add(1)
	}
	if a.left.Add(-1) == 0 {
		close(a.enough)
	}
}

// countingTransport counts attempts once they are recorded.
type countingTransport struct {
	outbox.Transport
	attempts *attemptCounts
}

func (t countingTransport) Dial(ctx context.Context) (outbox.Session, error) {
	s, err := t.Transport.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return countingSession{s, t.attempts}, nil
}

type countingSession struct {
	outbox.Session
	attempts *attemptCounts
}

func (s countingSession) Stream(ctx context.Context, next func() (mailer.Message, bool), done func(mailer.Attempt) error) error {
	return s.Session.Stream(ctx, next, func(a mailer.Attempt) error {
		err := done(a)
		s.attempts.count(a.Verdict)
		return err
	})
}

// postingsAMail is how many postings each mail of the bench has.
const postingsAMail = 10

// mailTopics are the occupations that subscribers of the bench ask for.
var mailTopics = jobWords()[:20]

// mailTowns lie within 120 km of each other.
var mailTowns = []string{"Köln", "Düsseldorf", "Dortmund", "Essen", "Duisburg", "Bochum", "Gelsenkirchen", "Münster"}

// mailLines are subscriptions each with criteria of its own: an occupation, a town,
// a radius and a wage, all of which ten postings meet.
func mailLines(n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range n {
			raw, err := json.Marshal(map[string]any{"email": "s" + strconv.Itoa(i+1) + "@example.org", "query": "title:" + mailTopics[i%len(mailTopics)],
				"places": []any{map[string]any{"name": mailTowns[i/len(mailTopics)%len(mailTowns)], "radius_km": 150 + i%50}},
				"salary": map[string]any{"min": 2000 + i%500, "currency": "EUR", "unit": "MONTH"}, "confirmed_at": time.Now().AddDate(0, -1, 0).UTC(),
				"consent": map[string]string{"text": "v1", "source": "import"}})
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
			p["jobLocation"] = map[string]any{"@type": "Place", "address": map[string]any{"@type": "PostalAddress",
				"addressLocality": mailTowns[i/len(mailTopics)%len(mailTowns)], "addressCountry": "DE"}}
			p["baseSalary"] = map[string]any{"@type": "MonetaryAmount", "currency": "EUR", "value": map[string]any{
				"@type": "QuantitativeValue", "minValue": 3000, "maxValue": 3600 + i, "unitText": "MONTH"}}
			delete(p, "jobLocationType")
			raw, err := json.Marshal(p)
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

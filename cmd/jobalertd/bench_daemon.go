package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// benchSource is the source that benches publish as.
const benchSource = "bench"

// benchDaemon is a daemon without pages and mail.
type benchDaemon struct{ *daemon }

func newBenchDaemon(ctx context.Context, s *session, room *benchRoom, now func() time.Time) (*benchDaemon, error) {
	m, err := s.meaning(room.config)
	if err != nil {
		return nil, err
	}
	st, err := openStores(ctx, room.config, m, s.quiet(), now)
	if err != nil {
		return nil, err
	}
	b := &benchDaemon{&daemon{stores: st}}
	if err = st.adoptAnalysis(ctx, true); err == nil {
		if err = b.startBroker(ctx); err == nil {
			err = b.buildIntake(ctx)
		}
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// importInto imports subscriptions into the room's database and closes it.
func importInto(ctx context.Context, s *session, room *benchRoom, l load) (seconds float64, err error) {
	m, err := s.meaning(room.config)
	if err != nil {
		return 0, err
	}
	st, err := openStores(ctx, room.config, m, s.quiet(), time.Now)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if err := st.adoptAnalysis(ctx, true); err != nil {
		return 0, err
	}
	_, seconds, err = (&benchDaemon{&daemon{stores: st}}).importAll(ctx, s, l)
	return seconds, err
}

func (b *benchDaemon) importAll(ctx context.Context, s *session, l load) (n int, seconds float64, err error) {
	s.say("importing subscriptions")
	bar := s.progress("importing")
	began := time.Now()
	counts, err := b.importLines(ctx, l.importStream(), func(refusedLine) error { return nil }, func(n int) { _ = bar.Add(n) })
	_ = bar.Finish()
	return counts.Stored, time.Since(began).Seconds(), err
}

// unacknowledged is how many postings fill has under way.
const unacknowledged = 1000

// fill publishes all postings and returns once the server has them on disk. Each
// acknowledgement makes room for the next posting.
func (b *benchDaemon) fill(ctx context.Context, l load) (n int, err error) {
	js := b.broker.JetStream()
	pending := make(chan jetstream.PubAckFuture, unacknowledged)
	settle := func() error {
		p := <-pending
		select {
		case <-p.Ok():
			return nil
		case err := <-p.Err():
			return fmt.Errorf("publish: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for raw, err := range l.postingDocuments() {
		if err != nil {
			return n, err
		}
		if len(pending) == cap(pending) {
			if err := settle(); err != nil {
				return n, err
			}
		}
		p, err := js.PublishAsync("postings.published."+benchSource, raw)
		if err != nil {
			return n, fmt.Errorf("publish: %w", err)
		}
		pending <- p
		n++
	}
	for len(pending) > 0 {
		if err := settle(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// runIntake starts intake, and what keeps its index in order; the function it returns
// stops both and gives their error.
func (b *benchDaemon) runIntake(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.intake.Run(ctx) })
	g.Go(func() error { return b.mergeIndex(ctx) })
	g.Go(func() error { return b.governGarbage(ctx) })
	return func() error { cancel(); return g.Wait() }
}

// drained waits until a consumer of postings has acknowledged everything up to last.
func (b *benchDaemon) drained(ctx context.Context, name string, last uint64) error {
	consumer, err := b.broker.JetStream().Consumer(ctx, broker.Postings, name)
	if err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := consumer.Info(ctx)
		if err != nil {
			return err
		}
		if info.AckFloor.Stream >= last {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// trickle publishes at a steady rate and times each posting until its receipt.
func (b *benchDaemon) trickle(ctx context.Context, docs []json.RawMessage, rate int) (latencies, error) {
	p, err := newPublisher(b.broker, benchSource)
	if err != nil {
		return nil, err
	}
	defer p.close()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		taken latencies
		fault error
	)
	for _, raw := range docs {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		wg.Go(func() {
			began := time.Now()
			a := p.send(ctx, raw, 30*time.Second)
			mu.Lock()
			defer mu.Unlock()
			taken = append(taken, time.Since(began))
			if a.Status != alerts.StatusStored && fault == nil {
				fault = fmt.Errorf("a posting published at the steady rate was %s: %v", a.Status, a.Errors)
			}
		})
	}
	wg.Wait()
	return taken, fault
}

// checkedDocuments are compared with Criteria.Matches of every subscription.
const checkedDocuments = 20

// sample is about n of the stored postings, as far apart as they can be, oldest last.
func (b *benchDaemon) sample(ctx context.Context, n int) ([]alerts.Stored, error) {
	var sample []alerts.Stored
	highest, err := b.postings.HighestNumber(ctx, b.db.Reader)
	if err != nil {
		return nil, err
	}
	step := max(1, int(highest)/n)
	for before := int64(0); ; {
		page, err := b.postings.Newest(ctx, b.db.Reader, benchSource, before, step)
		if err != nil || len(page) == 0 {
			return sample, err
		}
		sample = append(sample, page[0])
		before = page[len(page)-1].Position
	}
}

// check compares the match log with the definition for some postings of each part, and
// counts what is stored.
func (b *benchDaemon) check(ctx context.Context, f *intakeFigures) error {
	logged := map[uint32][]uint32{}
	pairs := 0
	sample, err := b.sample(ctx, checkedDocuments)
	if err != nil {
		return err
	}
	for i := range sample {
		logged[sample[i].Number] = nil
	}
	if err := b.postings.MatchesBetween(ctx, b.db.Reader, 0, 1<<62, func(l alerts.Logged) error {
		pairs += int(l.Subscriptions.GetCardinality())
		if _, checked := logged[l.Posting]; checked {
			logged[l.Posting] = l.Subscriptions.ToArray()
		}
		return nil
	}); err != nil {
		return err
	}
	want := map[uint32][]uint32{}
	documents := make([]*alerts.Document, len(sample))
	for i := range sample {
		documents[i] = b.meaning.Document(&sample[i].Posting)
	}
	if err := b.subscriptions.StandingCriteria(ctx, b.db.Reader, func(c alerts.CriteriaChange) error {
		for i, d := range documents {
			// Who confirmed behind the posting is not to get it.
			if c.Position < sample[i].Position && c.Criteria.Matches(d) {
				want[sample[i].Number] = append(want[sample[i].Number], c.Subscription)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	f.Checked, f.Agrees = len(sample), true
	for i := range sample {
		n := sample[i].Number
		slices.Sort(want[n])
		f.Agrees = f.Agrees && slices.Equal(logged[n], want[n])
	}
	stored, err := b.postings.HighestNumber(ctx, b.db.Reader)
	if err != nil {
		return err
	}
	if rejections, err := b.broker.JetStream().Stream(ctx, broker.Rejections); err == nil {
		f.Rejected = int(rejections.CachedInfo().State.Msgs)
	}
	f.Agrees = f.Agrees && int(stored)+f.Rejected >= f.Postings+f.later
	f.MatchesPerDoc = float64(pairs) / float64(max(1, int(stored)))
	return nil
}

// signUp has people sign up and confirm at a steady rate; the function it returns
// stops that and gives how long each transaction took.
func (b *benchDaemon) signUp(ctx context.Context, rate int) (stop func() (latencies, error)) {
	if rate <= 0 {
		return func() (latencies, error) { return nil, nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	var taken latencies
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-tick.C:
			}
			// Whoever has begun is served: the run may end meanwhile.
			each, err := b.signUpOnce(context.WithoutCancel(ctx), n)
			if err != nil {
				done <- fmt.Errorf("sign up: %w", err)
				return
			}
			taken = append(taken, each...)
		}
	}()
	return func() (latencies, error) {
		cancel()
		err := <-done
		return taken, err
	}
}

func (b *benchDaemon) signUpOnce(ctx context.Context, n int) (taken latencies, err error) {
	wish := subscriptions.Wish{Criteria: alerts.Criteria{Query: jobWords()[n%len(jobWords())]},
		Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: b.config.Digest.Timezone}}
	if err := b.meaning.Prepare(&wish.Criteria); err != nil {
		return nil, err
	}
	up := subscriptions.SignUp{Address: "late" + strconv.Itoa(n) + "@example.org", Locale: "de", Wish: wish,
		How: subscriptions.Circumstances{TextVersion: "v1", Wording: "bench", Source: "bench"}}
	began := time.Now()
	var id uint32
	if err := b.db.Tx(ctx, func(tx *sqlx.Tx) error {
		made, err := b.subscriptions.SignUp(ctx, tx, up, b.now())
		id = made.Subscription
		return err
	}); err != nil {
		return nil, err
	}
	taken = append(taken, time.Since(began))
	began = time.Now()
	err = b.db.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := b.subscriptions.Confirm(ctx, tx, id, up.How, b.now())
		return err
	})
	taken = append(taken, time.Since(began))
	_ = b.broker.Conn().Publish("subscriptions.changed", nil) // as the pages do
	return taken, err
}

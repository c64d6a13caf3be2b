package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
)

type benchIntakeCmd struct {
	Subscriptions string        `help:"How many to make, or a file of import lines." default:"1000" placeholder:"N|FILE"`
	Postings      string        `help:"How many to make, or a file of JobPostings." default:"10000" placeholder:"N|FILE"`
	Seed          uint64        `help:"Of what is made." default:"1"`
	Rate          int           `help:"Postings a second of the second part, which measures latency." default:"50"`
	For           time.Duration `help:"How long that part lasts." default:"5s"`
	Database      string        `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	CPUProfile    string        `help:"Where to write a CPU profile of the first part." placeholder:"FILE" name:"cpu-profile"`
	JSON          bool          `help:"On one line at a terminal too." name:"json"`
}

func (benchIntakeCmd) Help() string {
	return "Example:\n  jobalertd bench intake --subscriptions 100000 --database postgres\n\n" +
		"First the postings wait in the stream and intake works them off; then, at --rate a second, each is timed from\npublish to its receipt, which is published after the commit."
}

// intakeFigures are the answer of bench intake.
type intakeFigures struct {
	machine
	Database          string  `json:"database"`
	Subscriptions     int     `json:"subscriptions"`
	Postings          int     `json:"postings"`
	Rejected          int     `json:"rejected"`
	PostingsPerSecond float64 `json:"postings_per_second"` // a backlog, to acknowledged commit
	spent
	PublishPerSecond float64 `json:"publish_per_second"` // the server alone, filling the stream
	ImportSeconds    float64 `json:"import_seconds"`
	LoadSeconds      float64 `json:"load_seconds"` // the index, from the database, merged
	Rate             int     `json:"rate"`
	P50              float64 `json:"p50_ms"` // publish to receipt at that rate
	P99              float64 `json:"p99_ms"`
	MatchesPerDoc    float64 `json:"matches_per_posting"`
	Checked          int     `json:"checked_postings"`
	Agrees           bool    `json:"agrees"`

	trickled int // postings of the second part
}

// Run measures on parts of its own: nothing of an installation is touched.
func (c benchIntakeCmd) Run(ctx context.Context, s *session) error {
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	l := load{seed: c.Seed, subscriptions: c.Subscriptions, postings: c.Postings}
	f := intakeFigures{machine: thisMachine(), Database: room.kind(), Rate: c.Rate}
	b, err := newBenchDaemon(ctx, s, room, time.Now)
	if err != nil {
		return err
	}
	defer b.close()
	if f.Subscriptions, f.ImportSeconds, err = b.importAll(ctx, s, l); err != nil {
		return err
	}
	s.say("filling the stream")
	began := time.Now()
	if f.Postings, err = b.fill(ctx, l); err != nil {
		return err
	}
	f.PublishPerSecond = float64(f.Postings) / time.Since(began).Seconds()
	began = time.Now()
	if err := b.loadIndex(ctx); err != nil {
		return err
	}
	f.LoadSeconds = time.Since(began).Seconds()

	s.say("working %d postings off", f.Postings)
	profiled, err := profileTo(c.CPUProfile)
	if err != nil {
		return err
	}
	m := startMeter()
	stop := b.runIntake(ctx)
	err = errors.Join(b.drained(ctx, uint64(f.Postings)), profiled())
	f.spent = m.stop()
	f.PostingsPerSecond = float64(f.Postings) / f.Seconds
	if err == nil && c.Rate > 0 {
		s.say("publishing %d a second", c.Rate)
		var taken latencies
		if taken, err = b.trickle(ctx, c.Seed+1, c.Rate, c.For); err == nil {
			f.trickled = len(taken)
			f.P50, f.P99 = millis(taken.quantile(0.50)), millis(taken.quantile(0.99))
		}
	}
	if err = errors.Join(err, stop()); err != nil {
		return err
	}
	if err := b.check(ctx, &f); err != nil {
		return err
	}
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("the match log and Criteria.Matches disagree, or postings are missing: the figures mean nothing")
	}
	return nil
}

// profileTo begins a CPU profile; the function it returns ends it. Neither does
// anything without a file.
func profileTo(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	out, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("--cpu-profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return func() error { pprof.StopCPUProfile(); return out.Close() }, nil
}

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

func (b *benchDaemon) importAll(ctx context.Context, s *session, l load) (n int, seconds float64, err error) {
	s.say("importing subscriptions")
	bar := s.progress("importing")
	began := time.Now()
	counts, err := b.importLines(ctx, l.importStream(), func(refusedLine) error { return nil }, func(n int) { _ = bar.Add(n) })
	_ = bar.Finish()
	return counts.Stored, time.Since(began).Seconds(), err
}

// loadIndex fills the index and merges it, as serve does at start.
func (b *benchDaemon) loadIndex(ctx context.Context) error {
	if err := b.intake.Load(ctx); err != nil {
		return err
	}
	return b.index.Merge(ctx)
}

// fill publishes all postings and returns once the server has them on disk.
func (b *benchDaemon) fill(ctx context.Context, l load) (n int, err error) {
	js := b.broker.JetStream()
	const window = 1000
	pending := make([]jetstream.PubAckFuture, 0, window)
	settle := func() error {
		for _, p := range pending {
			select {
			case <-p.Ok():
			case err := <-p.Err():
				return fmt.Errorf("publish: %w", err)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		pending = pending[:0]
		return nil
	}
	for raw, err := range l.postingDocuments() {
		if err != nil {
			return n, err
		}
		p, err := js.PublishAsync("postings.published."+benchSource, raw)
		if err != nil {
			return n, fmt.Errorf("publish: %w", err)
		}
		n++
		if pending = append(pending, p); len(pending) == window {
			if err := settle(); err != nil {
				return n, err
			}
		}
	}
	return n, settle()
}

// runIntake starts intake; the function it returns stops it and gives its error.
func (b *benchDaemon) runIntake(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- b.intake.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

// drained waits until the stream's consumer has acknowledged everything up to
// last.
func (b *benchDaemon) drained(ctx context.Context, last uint64) error {
	consumer, err := b.broker.JetStream().Consumer(ctx, broker.Postings, broker.IntakeConsumer)
	if err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
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
func (b *benchDaemon) trickle(ctx context.Context, seed uint64, rate int, span time.Duration) (latencies, error) {
	p, err := newPublisher(b.broker, benchSource)
	if err != nil {
		return nil, err
	}
	defer p.close()
	g := newGenerator(seed, "trickle")
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		taken latencies
		fault error
	)
	for i := range int(span.Seconds() * float64(rate)) {
		doc := g.posting(i + 1)
		doc["identifier"] = "trickle-" + strconv.Itoa(i)
		raw, err := json.Marshal(doc)
		if err != nil {
			return nil, err
		}
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

// check compares the match log with the definition for some postings, and counts
// what is stored.
func (b *benchDaemon) check(ctx context.Context, f *intakeFigures) error {
	position := int64(0)
	logged := map[uint32][]uint32{}
	var rows, pairs int
	recent, err := b.postings.Newest(ctx, b.db.Reader, benchSource, 0, checkedDocuments)
	if err != nil {
		return err
	}
	if len(recent) > 0 {
		position = recent[len(recent)-1].Position
	}
	if err := b.postings.MatchesBetween(ctx, b.db.Reader, 0, 1<<62, func(l alerts.Logged) error {
		rows++
		pairs += int(l.Subscriptions.GetCardinality())
		if l.Position >= position {
			logged[l.Posting] = l.Subscriptions.ToArray()
		}
		return nil
	}); err != nil {
		return err
	}
	want := map[uint32][]uint32{}
	documents := make([]*alerts.Document, len(recent))
	for i := range recent {
		documents[i] = b.meaning.Document(&recent[i].Posting)
	}
	if err := b.subscriptions.StandingCriteria(ctx, b.db.Reader, func(c alerts.CriteriaChange) error {
		for i, d := range documents {
			if c.Criteria.Matches(d) {
				want[recent[i].Number] = append(want[recent[i].Number], c.Subscription)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	f.Checked, f.Agrees = len(recent), true
	for i := range recent {
		n := recent[i].Number
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
	f.Agrees = f.Agrees && int(stored)+f.Rejected >= f.Postings+f.trickled
	f.MatchesPerDoc = float64(pairs) / float64(max(1, int(stored)))
	return nil
}

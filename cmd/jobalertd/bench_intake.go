package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchIntakeCmd struct {
	Subscriptions string        `help:"How many to make, or a file of import lines." default:"1000" placeholder:"N|FILE"`
	Postings      string        `help:"How many to make, or a file of JobPostings." default:"10000" placeholder:"N|FILE"`
	Seed          uint64        `help:"Of what is made." default:"1"`
	Live          int           `help:"Postings of the part that publishes as fast as the server acknowledges." default:"2000"`
	Rate          []int         `help:"Postings a second of the parts that measure latency; 0 for none." default:"10,100,1000"`
	For           time.Duration `help:"How long each of those lasts." default:"5s"`
	SignUps       int           `help:"Sign-ups a second while the backlog is worked off." default:"20" name:"sign-ups"`
	Database      string        `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	CPUProfile    string        `help:"Where to write a CPU profile of the first part." placeholder:"FILE" name:"cpu-profile"`
	JSON          bool          `help:"On one line at a terminal too." name:"json"`
}

func (benchIntakeCmd) Help() string {
	return "Example:\n  jobalertd bench intake --subscriptions 100000 --database postgres\n\n" +
		"First the postings wait in the stream and intake works them off, while people sign up and confirm, whose transactions\n" +
		"are timed. Then postings are published as fast as the server acknowledges them, to be compared with how fast it was\n" +
		"alone; and at each --rate, where each is timed from publish to its receipt, which is published after the commit."
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
	CPUPerPosting    float64         `json:"cpu_us_per_posting"`   // the database's own included
	DatabaseCPU      float64         `json:"database_cpu_seconds"` // of a private server; SQLite's is this process's
	SignUps          int             `json:"sign_ups"`             // and as many confirmations, meanwhile
	SignUpP99        float64         `json:"signup_p99_ms"`        // of one transaction of either
	PublishPerSecond float64         `json:"publish_per_second"`   // synced and acknowledged by the server alone
	LivePerSecond    float64         `json:"live_per_second"`      // the same with intake at work, to acknowledged commit
	LiveRatio        float64         `json:"live_ratio"`
	ImportSeconds    float64         `json:"import_seconds"`
	LoadSeconds      float64         `json:"load_seconds"` // the index, from the database, merged
	P50              float64         `json:"p50_ms"`       // publish to receipt, at the first rate
	P99              float64         `json:"p99_ms"`
	Latency          []latencyFigure `json:"latency"`
	MatchesPerDoc    float64         `json:"matches_per_posting"`
	Checked          int             `json:"checked_postings"`
	Agrees           bool            `json:"agrees"`

	later int // postings of the other parts
}

// latencyFigure is publish to receipt at a steady rate.
type latencyFigure struct {
	Rate     int     `json:"rate"`
	Postings int     `json:"postings"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

// Run measures on parts of its own: nothing of an installation is touched.
func (c benchIntakeCmd) Run(ctx context.Context, s *session) error {
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	l := load{seed: c.Seed, subscriptions: c.Subscriptions, postings: c.Postings}
	f := intakeFigures{machine: thisMachine(), Database: room.kind()}
	b, err := newBenchDaemon(ctx, s, room, time.Now)
	if err != nil {
		return err
	}
	defer b.close()
	if f.Subscriptions, f.ImportSeconds, err = b.importAll(ctx, s, l); err != nil {
		return err
	}
	if err := c.fill(ctx, s, b, l, &f); err != nil {
		return err
	}
	began := time.Now()
	if err := b.loadIndex(ctx); err != nil {
		return err
	}
	f.LoadSeconds = time.Since(began).Seconds()
	stop := b.runIntake(ctx)
	err = c.backlog(ctx, s, room, b, &f)
	if err == nil {
		err = c.live(ctx, s, b, &f)
	}
	if err == nil {
		err = c.latency(ctx, s, b, &f)
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

// fill fills the stream, and times how fast the server alone takes postings that
// are made before.
func (c benchIntakeCmd) fill(ctx context.Context, s *session, b *benchDaemon, l load, f *intakeFigures) error {
	s.say("filling the stream")
	alone, err := made(c.Seed+2, "alone", c.Live)
	if err != nil {
		return err
	}
	began := time.Now()
	n, err := b.fill(ctx, load{docs: listed(alone)})
	if err != nil {
		return err
	}
	if n > 0 {
		f.PublishPerSecond = float64(n) / time.Since(began).Seconds()
	}
	f.Postings, err = b.fill(ctx, l)
	f.Postings += n
	return err
}

// backlog works off what waits in the stream.
func (c benchIntakeCmd) backlog(ctx context.Context, s *session, room *benchRoom, b *benchDaemon, f *intakeFigures) error {
	s.say("working %d postings off", f.Postings)
	profiled, err := profileTo(c.CPUProfile)
	if err != nil {
		return err
	}
	signUps := b.signUp(ctx, c.SignUps)
	m, database := startMeter(), room.databaseCPU()
	err = errors.Join(b.drained(ctx, uint64(f.Postings)), profiled())
	f.spent, f.DatabaseCPU = m.stop(), (room.databaseCPU() - database).Seconds()
	f.PostingsPerSecond = float64(f.Postings) / f.Seconds
	f.CPUPerPosting = (f.CPUSeconds + f.DatabaseCPU) * 1e6 / float64(max(1, f.Postings))
	taken, signUpErr := signUps()
	f.SignUps, f.SignUpP99 = len(taken)/2, millis(taken.quantile(0.99))
	return errors.Join(err, signUpErr)
}

// live publishes as fast as the server acknowledges, with intake at work.
func (c benchIntakeCmd) live(ctx context.Context, s *session, b *benchDaemon, f *intakeFigures) error {
	if c.Live == 0 {
		return nil
	}
	s.say("publishing %d as fast as they are acknowledged", c.Live)
	docs, err := made(c.Seed+3, "live", c.Live)
	if err != nil {
		return err
	}
	began := time.Now()
	n, err := b.fill(ctx, load{docs: listed(docs)})
	if err == nil {
		err = b.drained(ctx, uint64(f.Postings+n))
	}
	f.later += n
	f.LivePerSecond = float64(n) / time.Since(began).Seconds()
	f.LiveRatio = f.LivePerSecond / f.PublishPerSecond
	return err
}

// latency publishes at each rate.
func (c benchIntakeCmd) latency(ctx context.Context, s *session, b *benchDaemon, f *intakeFigures) error {
	for i, rate := range c.Rate {
		if rate <= 0 {
			continue
		}
		s.say("publishing %d a second", rate)
		docs, err := made(c.Seed+4, fmt.Sprintf("rate-%d-%d", i, rate), int(c.For.Seconds()*float64(rate)))
		if err != nil {
			return err
		}
		taken, err := b.trickle(ctx, docs, rate)
		if err != nil {
			return err
		}
		f.later += len(taken)
		f.Latency = append(f.Latency, latencyFigure{rate, len(taken), millis(taken.quantile(0.50)), millis(taken.quantile(0.99))})
	}
	if len(f.Latency) > 0 {
		f.P50, f.P99 = f.Latency[0].P50, f.Latency[0].P99
	}
	return nil
}

// made are n generated postings with identifiers of their own.
func made(seed uint64, name string, n int) ([]json.RawMessage, error) {
	g := newGenerator(seed, name)
	docs := make([]json.RawMessage, n)
	for i := range docs {
		doc := g.posting(i + 1)
		doc["identifier"] = name + "-" + strconv.Itoa(i)
		var err error
		if docs[i], err = json.Marshal(doc); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

func listed(docs []json.RawMessage) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
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
	return append(taken, time.Since(began)), err
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
			// Who confirmed behind the posting is not to get it.
			if c.Position < recent[i].Position && c.Criteria.Matches(d) {
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
	f.Agrees = f.Agrees && int(stored)+f.Rejected >= f.Postings+f.later
	f.MatchesPerDoc = float64(pairs) / float64(max(1, int(stored)))
	return nil
}

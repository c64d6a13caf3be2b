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
	"time"

	"github.com/jobalertd/jobalertd/config/broker"
)

type benchIntakeCmd struct {
	Subscriptions string          `help:"How many to make, or a file of import lines." default:"1000" placeholder:"N|FILE"`
	Postings      string          `help:"How many to make, or a file of JobPostings." default:"10000" placeholder:"N|FILE"`
	Seed          uint64          `help:"Of what is made." default:"1"`
	Live          int             `help:"Postings to publish as fast as the server acknowledges, and as many without intake." default:"8000"`
	StandIn       []time.Duration `help:"Turns of live in which a consumer that stores nothing, and spends this much of a core on each posting, takes intake's place." placeholder:"DURATION,..." name:"stand-in"`
	Rate          []int           `help:"Postings a second of the parts that measure latency; 0 for none." default:"10,100,1000"`
	For           time.Duration   `help:"How long each of those lasts." default:"5s"`
	SignUps       int             `help:"Sign-ups a second while the backlog is worked off." default:"20" name:"sign-ups"`
	Database      string          `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	Prepared      string          `help:"Keep the database with its subscriptions in this file, and begin with it if it is there; SQLite alone." placeholder:"FILE" type:"path"`
	CPUProfile    string          `help:"Where to write a CPU profile of the first part." placeholder:"FILE" name:"cpu-profile"`
	JSON          bool            `help:"On one line at a terminal too." name:"json"`
}

func (benchIntakeCmd) Help() string {
	return "Examples:\n  jobalertd bench intake --subscriptions 100000 --database postgres\n" +
		"  jobalertd bench intake --live 16000 --stand-in 0,100us,200us,400us\n\n" +
		"First the postings wait in the stream and intake works them off, while people sign up and confirm, whose transactions\n" +
		"are timed. Then postings are published as fast as the server acknowledges them, in turns without intake and with it at\n" +
		"work; and at each --rate, where each is timed from publish to its receipt, which is published after the commit. A private\n" +
		"server has cleaned up after the import before."
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
	StandIns         []standInFigure `json:"stand_ins,omitempty"`
	ImportSeconds    float64         `json:"import_seconds"`
	LoadSeconds      float64         `json:"load_seconds"` // the index, from the database, as serve does
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
	if err := checkPrepared(c.Prepared, c.Database); err != nil {
		return err
	}
	if len(c.StandIn) > 0 && c.Live < liveRounds {
		return usagef("--stand-in takes intake's place in the turns of live: give --live %d or more", liveRounds)
	}
	if slices.ContainsFunc(c.StandIn, func(d time.Duration) bool { return d < 0 }) {
		return usagef("--stand-in takes durations of 0 or more")
	}
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	l := load{seed: c.Seed, subscriptions: c.Subscriptions, postings: c.Postings}
	f := intakeFigures{machine: thisMachine(), Database: room.kind()}
	if err := room.fill(c.Prepared, func() (err error) { f.ImportSeconds, err = importInto(ctx, s, room, l); return err }); err != nil {
		return err
	}
	if err := room.settle(ctx); err != nil {
		return err
	}
	b, err := newBenchDaemon(ctx, s, room, time.Now)
	if err != nil {
		return err
	}
	defer b.close()
	if err := c.fill(ctx, s, b, l, &f); err != nil {
		return err
	}
	began := time.Now()
	if err := loadIndex(ctx, b.intake); err != nil {
		return err
	}
	f.LoadSeconds, f.Subscriptions = time.Since(began).Seconds(), b.index.Len()
	stop := b.runIntake(ctx)
	if err = errors.Join(c.backlog(ctx, s, room, b, &f), stop()); err != nil {
		return err
	}
	if err := c.live(ctx, s, b, &f); err != nil {
		return err
	}
	stop = b.runIntake(ctx)
	if err = errors.Join(c.latency(ctx, s, b, &f), stop()); err != nil {
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

// fill fills the stream.
func (c benchIntakeCmd) fill(ctx context.Context, s *session, b *benchDaemon, l load, f *intakeFigures) (err error) {
	s.say("filling the stream")
	f.Postings, err = b.fill(ctx, l)
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
	err = errors.Join(b.drained(ctx, broker.IntakeConsumer, uint64(f.Postings)), profiled())
	f.spent, f.DatabaseCPU = m.stop(), (room.databaseCPU() - database).Seconds()
	f.PostingsPerSecond = float64(f.Postings) / f.Seconds
	f.CPUPerPosting = (f.CPUSeconds + f.DatabaseCPU) * 1e6 / float64(max(1, f.Postings))
	taken, signUpErr := signUps()
	f.SignUps, f.SignUpP99 = len(taken)/2, millis(taken.quantile(0.99))
	return errors.Join(err, signUpErr)
}

// liveRounds is how often the server alone and the server with intake at work take
// turns: what else the machine does meanwhile then meets both.
const liveRounds = 4

// live publishes as fast as the server acknowledges, in turn without intake, with each
// stand-in and with intake at work, the same number each.
func (c benchIntakeCmd) live(ctx context.Context, s *session, b *benchDaemon, f *intakeFigures) error {
	each := c.Live / liveRounds
	if each == 0 {
		return nil
	}
	var alone, live time.Duration
	standIns := make([]time.Duration, len(c.StandIn))
	for round := range liveRounds {
		s.say("publishing %d without intake and with it", each)
		t, err := c.publish(ctx, b, f, fmt.Sprintf("alone-%d", round), each, "")
		if err != nil {
			return err
		}
		alone += t
		for i, cost := range c.StandIn {
			t, err := c.standIn(ctx, b, f, fmt.Sprintf("stand-in-%d-%d", i, round), each, cost)
			if err != nil {
				return err
			}
			standIns[i] += t
		}
		stop := b.runIntake(ctx)
		if err = b.drained(ctx, broker.IntakeConsumer, uint64(f.Postings+f.later)); err == nil {
			t, err = c.publish(ctx, b, f, fmt.Sprintf("live-%d", round), each, broker.IntakeConsumer)
			live += t
		}
		if err = errors.Join(err, stop()); err != nil {
			return err
		}
	}
	f.PublishPerSecond = float64(each*liveRounds) / alone.Seconds()
	f.LivePerSecond = float64(each*liveRounds) / live.Seconds()
	f.LiveRatio = f.LivePerSecond / f.PublishPerSecond
	for i, cost := range c.StandIn {
		rate := float64(each*liveRounds) / standIns[i].Seconds()
		f.StandIns = append(f.StandIns, standInFigure{micros(cost), rate, rate / f.PublishPerSecond})
	}
	return nil
}

// standIn is publish with a stand-in at work.
func (c benchIntakeCmd) standIn(ctx context.Context, b *benchDaemon, f *intakeFigures, name string, n int, cost time.Duration) (time.Duration, error) {
	s, err := b.runStandIn(ctx, cost)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	return c.publish(ctx, b, f, name, n, s.consumer)
}

// publish publishes n postings and times it until the server has acknowledged them and,
// if one is named, a consumer too.
func (c benchIntakeCmd) publish(ctx context.Context, b *benchDaemon, f *intakeFigures, name string, n int, consumer string) (time.Duration, error) {
	docs, err := made(c.Seed+2, name, n)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	n, err = b.fill(ctx, load{docs: listed(docs)})
	f.later += n
	if err == nil && consumer != "" {
		err = b.drained(ctx, consumer, uint64(f.Postings+f.later))
	}
	return time.Since(began), err
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

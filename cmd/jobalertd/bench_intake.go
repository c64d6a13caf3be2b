package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime/pprof"
	"strconv"
	"time"
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
	Prepared      string        `help:"Keep the database with its subscriptions in this file, and begin with it if it is there; SQLite alone." placeholder:"FILE" type:"path"`
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
	if err := checkPrepared(c.Prepared, c.Database); err != nil {
		return err
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
	b, err := newBenchDaemon(ctx, s, room, time.Now)
	if err != nil {
		return err
	}
	defer b.close()
	if err := c.fill(ctx, s, b, l, &f); err != nil {
		return err
	}
	began := time.Now()
	if err := b.loadIndex(ctx); err != nil {
		return err
	}
	f.LoadSeconds, f.Subscriptions = time.Since(began).Seconds(), b.index.Len()
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

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchDigestCmd struct {
	Subscribers   int     `help:"How many to make, each with one alert." default:"10000"`
	Subscriptions string  `help:"A file of import lines instead." placeholder:"FILE" type:"path"`
	Postings      string  `help:"How many to make, or a file of JobPostings: those of the window." default:"2000" placeholder:"N|FILE"`
	Instant       float64 `help:"Share of the alerts that are instant." default:"0.05"`
	Seed          uint64  `help:"Of what is made." default:"1"`
	Database      string  `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	Prepared      string  `help:"Keep the database as it is before the run in this file, and begin with it if it is there; SQLite alone." placeholder:"FILE" type:"path"`
	CPUProfile    string  `help:"Where to write a CPU profile of the run." placeholder:"FILE" name:"cpu-profile" type:"path"`
	JSON          bool    `help:"On one line at a terminal too." name:"json"`
}

func (benchDigestCmd) Help() string {
	return "Example:\n  jobalertd bench digest --subscribers 1000000 --postings 100000 --database postgres\n\n" +
		"Subscriptions are imported; postings go through the reader and the index straight into the store and the match log,\n" +
		"not through NATS. What is measured is the run alone: leasing, building, recording. Meanwhile somebody signs up ten\n" +
		"times a second, and how long that takes is reported. A private server has cleaned up after the import before."
}

// digestFigures are the answer of bench digest.
type digestFigures struct {
	machine
	Database             string  `json:"database"`
	Subscribers          int     `json:"subscribers"` // served by the run
	Postings             int     `json:"postings"`    // of the window
	MatchesPerPosting    float64 `json:"matches_per_posting"`
	Envelopes            int     `json:"envelopes"`
	Delivered            int     `json:"postings_delivered"`
	EnvelopesPerSecond   float64 `json:"envelopes_per_second"`
	SubscribersPerSecond float64 `json:"subscribers_per_second"`
	spent
	CPUPerSubscriber float64 `json:"cpu_us_per_subscriber"`
	SignUps          int     `json:"sign_ups_meanwhile"`
	SignUpP50        float64 `json:"sign_up_p50_ms"`
	SignUpP99        float64 `json:"sign_up_p99_ms"`
	SignUpMax        float64 `json:"sign_up_max_ms"`
	PrepareSeconds   float64 `json:"prepare_seconds"`
	Checked          int     `json:"checked_subscribers"`
	Agrees           bool    `json:"agrees"`
}

// Run measures one digest run over everybody.
func (c benchDigestCmd) Run(ctx context.Context, s *session) error {
	if c.Instant < 0 || c.Instant > 1 {
		return usagef("--instant must lie between 0 and 1")
	}
	if err := checkPrepared(c.Prepared, c.Database); err != nil {
		return err
	}
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	f := digestFigures{machine: thisMachine(), Database: room.kind()}
	clock := &benchClock{}
	began := time.Now()
	if err := room.fill(c.Prepared, func() error { return c.prepare(ctx, s, room, clock) }); err != nil {
		return err
	}
	if err := room.settle(ctx); err != nil {
		return err
	}
	f.PrepareSeconds = time.Since(began).Seconds()
	m, err := s.meaning(room.config)
	if err != nil {
		return err
	}
	// The stores alone: no index in the memory that is measured.
	st, err := openStores(ctx, room.config, m, s.quiet(), clock.now)
	if err != nil {
		return err
	}
	defer st.close()
	if f.Postings, f.MatchesPerPosting, err = st.logged(ctx); err != nil {
		return err
	}
	clock.advance(dayAhead)
	s.say("building digests")
	debug.FreeOSMemory()
	profiled, err := profileTo(c.CPUProfile)
	if err != nil {
		return err
	}
	meter, stop := startMeter(), st.signUpMeanwhile(ctx)
	sum, err := st.digests.Run(ctx, clock.now())
	f.spent = meter.stop()
	taken, serr := stop()
	if err := errors.Join(err, serr, profiled()); err != nil {
		return err
	}
	f.SignUps, f.SignUpP50, f.SignUpP99, f.SignUpMax = len(taken), millis(taken.quantile(0.5)), millis(taken.quantile(0.99)), millis(taken.quantile(1))
	f.Subscribers, f.Envelopes, f.Delivered = sum.Subscribers, sum.Envelopes, sum.Postings
	f.EnvelopesPerSecond, f.SubscribersPerSecond = float64(f.Envelopes)/f.Seconds, float64(f.Subscribers)/f.Seconds
	f.CPUPerSubscriber = f.CPUSeconds * 1e6 / float64(max(1, f.Subscribers))
	if f.Checked, f.Agrees, err = st.checkDigests(ctx, sum, clock.now()); err != nil {
		return err
	}
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("digests do not hold what Criteria.Matches says: the figures mean nothing")
	}
	return nil
}

// dayAhead is beyond every daily alert's next hour, and short of the one after.
const dayAhead = 24 * time.Hour

// benchClock is a clock that can be put forward.
type benchClock struct{ ahead atomic.Int64 }

func (c *benchClock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *benchClock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// prepare imports the subscriptions, stores the postings with whom they met, and
// wakes the instant alerts among those.
func (c benchDigestCmd) prepare(ctx context.Context, s *session, room *benchRoom, clock *benchClock) error {
	m, err := s.meaning(room.config)
	if err != nil {
		return err
	}
	st, err := openStores(ctx, room.config, m, s.quiet(), clock.now)
	if err != nil {
		return err
	}
	defer st.close()
	if err := st.adoptAnalysis(ctx, true); err != nil {
		return err
	}
	b := &benchDaemon{&daemon{stores: st}}
	if _, _, err := b.importAll(ctx, s, load{lines: c.lines()}); err != nil {
		return err
	}
	follower := st.digests.NewFollower()
	if err := follower.Start(ctx); err != nil {
		return err
	}
	s.say("storing postings")
	if err := st.storeLoad(ctx, load{seed: c.Seed, postings: c.Postings}); err != nil {
		return err
	}
	return follower.Follow(ctx)
}

// lines gives the import lines, some of them instant.
func (c benchDigestCmd) lines() iter.Seq2[[]byte, error] {
	l := load{seed: c.Seed, subscriptions: cmp.Or(c.Subscriptions, strconv.Itoa(c.Subscribers))}
	return func(yield func([]byte, error) bool) {
		i := 0
		for line, err := range l.subscriptionLines() {
			if share := c.Instant; err == nil && int(float64(i+1)*share) > int(float64(i)*share) {
				line = bytes.Replace(line, []byte(`"frequency":"daily"`), []byte(`"frequency":"instant"`), 1)
			}
			if i++; !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// checkedSubscribers are compared with Criteria.Matches of every posting.
const checkedSubscribers = 50

// checkDigests compares some subscribers' digests of a run with the definition:
// nothing in them that does not match, and nothing left out below the cap. That
// everybody was served is counted.
func (s *stores) checkDigests(ctx context.Context, sum digest.Summary, now time.Time) (checked int, agrees bool, err error) {
	var documents []*alerts.Document
	if err := s.postings.OpenBetween(ctx, s.db.Reader, 0, 1<<62, now, func(p alerts.Stored) error {
		documents = append(documents, s.meaning.Document(&p.Posting))
		return nil
	}); err != nil {
		return 0, false, err
	}
	agrees = true
	total, step := 0, uint32(max(1, sum.Subscribers/checkedSubscribers))
	for after := uint32(0); ; {
		page, err := s.subscriptions.Page(ctx, s.db.Reader, after, 1000)
		if err != nil || len(page) == 0 {
			served := sum.Subscribers >= total
			return checked, agrees && served, err
		}
		for i := range page {
			sub := &page[i]
			after = sub.ID
			if sub.State != subscriptions.Confirmed || sub.DueAt.After(now.Add(dayAhead)) {
				continue // signed up meanwhile, or due on another day
			}
			if sub.Schedule.Frequency != subscriptions.Instant {
				total++ // instant ones are due only if something met them
			}
			if sub.ID%step != 0 {
				continue
			}
			same, err := s.sameAsDefinition(ctx, sub, documents)
			if err != nil {
				return checked, false, err
			}
			checked++
			agrees = agrees && same
		}
	}
}

func (s *stores) sameAsDefinition(ctx context.Context, sub *subscriptions.Subscription, documents []*alerts.Document) (bool, error) {
	var want, got []uint32
	for _, d := range documents {
		if sub.Criteria.Matches(d) {
			want = append(want, d.Number)
		}
	}
	list, err := s.digests.Deliveries(ctx, sub.Subscriber, 10)
	if err != nil {
		return false, fmt.Errorf("read digests: %w", err)
	}
	over := 0
	for _, d := range list {
		got = append(append(got, d.Delivered...), d.Deferred...)
		over += d.Counted
	}
	slices.Sort(got)
	slices.Sort(want)
	if over == 0 {
		return slices.Equal(got, want), nil
	}
	return !slices.ContainsFunc(got, func(n uint32) bool { return !slices.Contains(want, n) }) && len(want) > len(got), nil
}

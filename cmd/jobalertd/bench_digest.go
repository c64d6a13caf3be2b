package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchDigestCmd struct {
	Subscribers int     `help:"Each with one alert." default:"10000"`
	Postings    int     `help:"Of the window." default:"2000"`
	Instant     float64 `help:"Share of the alerts that are instant." default:"0.05"`
	Seed        uint64  `help:"Of what is made." default:"1"`
	Database    string  `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	JSON        bool    `help:"On one line at a terminal too." name:"json"`
}

func (benchDigestCmd) Help() string {
	return "Example:\n  jobalertd bench digest --subscribers 100000 --postings 10000 --database postgres"
}

// digestFigures are the answer of bench digest.
type digestFigures struct {
	machine
	Database             string  `json:"database"`
	Subscribers          int     `json:"subscribers"` // served by the run
	Postings             int     `json:"postings"`    // of the window
	Envelopes            int     `json:"envelopes"`
	Delivered            int     `json:"postings_delivered"`
	EnvelopesPerSecond   float64 `json:"envelopes_per_second"`
	SubscribersPerSecond float64 `json:"subscribers_per_second"`
	spent
	Checked int  `json:"checked_subscribers"`
	Agrees  bool `json:"agrees"`
}

// Run measures one digest run over everybody.
func (c benchDigestCmd) Run(ctx context.Context, s *session) error {
	if c.Instant < 0 || c.Instant > 1 {
		return usagef("--instant must lie between 0 and 1")
	}
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	f := digestFigures{machine: thisMachine(), Database: room.kind(), Postings: c.Postings}
	clock := &benchClock{}
	if err := c.prepare(ctx, s, room, clock); err != nil {
		return err
	}
	// The stores alone: no index and no broker in the memory that is measured.
	m, err := s.meaning(room.config)
	if err != nil {
		return err
	}
	st, err := openStores(ctx, room.config, m, s.quiet(), clock.now)
	if err != nil {
		return err
	}
	defer st.close()
	clock.advance(dayAhead)
	s.say("building digests")
	meter := startMeter()
	sum, err := st.digests.Run(ctx, clock.now())
	f.spent = meter.stop()
	if err != nil {
		return err
	}
	f.Subscribers, f.Envelopes, f.Delivered = sum.Subscribers, sum.Envelopes, sum.Postings
	f.EnvelopesPerSecond, f.SubscribersPerSecond = float64(f.Envelopes)/f.Seconds, float64(f.Subscribers)/f.Seconds
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

// prepare imports the subscriptions and sends the postings through intake.
func (c benchDigestCmd) prepare(ctx context.Context, s *session, room *benchRoom, clock *benchClock) error {
	b, err := newBenchDaemon(ctx, s, room, clock.now)
	if err != nil {
		return err
	}
	defer b.close()
	lines := c.lines()
	if _, _, err := b.importAll(ctx, s, load{lines: lines}); err != nil {
		return err
	}
	follower := b.digests.NewFollower()
	if err := follower.Start(ctx); err != nil {
		return err
	}
	if err := b.takeIn(ctx, s, load{seed: c.Seed, postings: strconv.Itoa(c.Postings)}); err != nil {
		return err
	}
	return follower.Follow(ctx)
}

// lines makes the import lines, some of them instant.
func (c benchDigestCmd) lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		g := newGenerator(c.Seed, "subscriptions")
		for i := range c.Subscribers {
			line := g.subscription(i + 1)
			if share := c.Instant; int(float64(i+1)*share) > int(float64(i)*share) {
				line["frequency"] = "instant"
			}
			raw, err := json.Marshal(line)
			if !yield(raw, err) || err != nil {
				return
			}
		}
	}
}

// takeIn publishes postings and waits until intake has stored them all.
func (b *benchDaemon) takeIn(ctx context.Context, s *session, l load) error {
	s.say("taking postings in")
	n, err := b.fill(ctx, l)
	if err != nil {
		return err
	}
	if err := b.loadIndex(ctx); err != nil {
		return err
	}
	stop := b.runIntake(ctx)
	return errors.Join(b.drained(ctx, uint64(n)), stop())
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

// Package intake takes postings from the stream into the database: it decodes,
// judges and percolates what recruiters published, stores a batch in one
// transaction under the clock, and acknowledges only after the commit. It never
// loses a message: what cannot be read is rejected with a reason and its original
// bytes, what cannot be stored is retried without limit. cmd runs it, any
// number of replicas on one durable consumer.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/config/database"
)

// ErrOtherAnalysis ends Run: the database's match log is made with another
// vocabulary than this process has, and going on would mix the two.
var ErrOtherAnalysis = errors.New("the vocabulary in force is another than this program's; run `jobalertd migrate` with the program and vocabulary file that shall count, then restart the others with them")

// Store keeps postings and the match log (implemented by alerts/store).
type Store interface {
	// What is asked of a trip is answered once that has run.
	AskRecords(t *database.Trip, keys []alerts.Key) func() map[alerts.Key]*alerts.Record
	AskHighestNumber(t *database.Trip) func() uint32
	AskAnalysis(t *database.Trip) func() alerts.Analysis
	// Finish writes, at the end of the transaction: its commit may go along.
	Finish(ctx context.Context, tx *sqlx.Tx, records []*alerts.Record, matches []alerts.Match) error
	Rejected(ctx context.Context, tx sqlx.ExtContext, created time.Time, sequence uint64) error
	Analysis(ctx context.Context, q sqlx.ExtContext) (alerts.Analysis, error)
	OpenBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, now time.Time, f func(alerts.Stored) error) error
	Newest(ctx context.Context, q sqlx.ExtContext, source string, before int64, limit int) ([]alerts.Stored, error)
	Relog(ctx context.Context, tx sqlx.ExtContext, matches []alerts.Match) error
	CoverAnalysis(ctx context.Context, tx sqlx.ExtContext, a alerts.Analysis) error
	Recruiters(ctx context.Context, q sqlx.ExtContext) ([]alerts.Recruiter, error)
}

// Subscriptions knows the criteria that stand (implemented by subscriptions/store).
type Subscriptions interface {
	// AboutStanding is about how many subscriptions are in the index.
	AboutStanding(ctx context.Context, q sqlx.ExtContext) (int, error)
	// StandingCriteria calls f for every subscription in the index, in any order.
	StandingCriteria(ctx context.Context, q sqlx.ExtContext, f func(alerts.CriteriaChange) error) error
	// CriteriaChanges lists what changed after a position, ascending by
	// position. limit is where a page ends; all changes of its last position
	// belong to it.
	CriteriaChanges(ctx context.Context, q sqlx.ExtContext, after int64, limit int) ([]alerts.CriteriaChange, error)
	// AskCriteriaChanges is the same of a trip.
	AskCriteriaChanges(t *database.Trip, after int64, limit int) func() []alerts.CriteriaChange
}

// Options are the parts intake works with.
type Options struct {
	DB            *database.DB
	Store         Store
	Subscriptions Subscriptions
	Meaning       *alerts.Meaning
	Reader        *jobposting.Reader
	Index         *percolate.Index
	JetStream     jetstream.JetStream
	Consumer      jetstream.Consumer
	// StreamCreated is when POSTINGS was made: with the sequence it orders messages.
	StreamCreated time.Time
	// Rebind finds or makes the consumer again when it is gone, and says when the
	// stream was made.
	Rebind  func(ctx context.Context) (c jetstream.Consumer, streamCreated time.Time, err error)
	Conn    *nats.Conn
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Intake is one replica's intake.
type Intake struct {
	Options
	follower *follower
	agencies agencies
	// size is how many messages the next transaction takes.
	size   atomic.Int64
	stored atomic.Uint64
	rooms  sync.Pool // of *[]uint32, to percolate into
}

// New makes an intake; Load must be called before Run.
func New(o Options) *Intake {
	in := &Intake{
		Options:  o,
		follower: &follower{db: o.DB, subscriptions: o.Subscriptions, index: o.Index},
	}
	in.size.Store(minSize)
	return in
}

// Load fills the index from the database. It may be called once.
func (in *Intake) Load(ctx context.Context) error {
	if err := in.checkAnalysis(ctx, in.DB.Reader); err != nil {
		return err
	}
	if err := in.agencies.refresh(ctx, in.DB.Reader, in.Store); err != nil {
		return err
	}
	if err := in.follower.load(ctx, in.learn); err != nil {
		return err
	}
	in.Metrics.indexed.Set(float64(in.Index.Len()))
	return nil
}

// learnFrom is how many of the newest postings tell which words are rare.
const learnFrom = 1000

// learn lets the index know how frequent words are, so that subscriptions are
// filed under the rarest from the start.
func (in *Intake) learn(ctx context.Context) error {
	newest, err := in.Store.Newest(ctx, in.DB.Reader, "", 0, learnFrom)
	if err != nil {
		return fmt.Errorf("read the newest postings: %w", err)
	}
	for i := range newest {
		in.Index.Frequencies().Learn(in.Meaning.Document(&newest[i].Posting))
	}
	return nil
}

// Position is up to where the index has followed the database.
func (in *Intake) Position() int64 { return in.follower.position.Load() }

// Stored is how many messages have been stored since the start.
func (in *Intake) Stored() uint64 { return in.stored.Load() }

func (in *Intake) checkAnalysis(ctx context.Context, q sqlx.ExtContext) error {
	a, err := in.Store.Analysis(ctx, q)
	if err != nil {
		return err
	}
	return in.checkHash(a)
}

func (in *Intake) checkHash(a alerts.Analysis) error {
	if a.Hash != in.Meaning.Text.Hash() {
		return ErrOtherAnalysis
	}
	return nil
}

// Run takes postings until ctx ends, then finishes and acknowledges those in
// hand. It returns nil then, and an error only for what no retry can mend.
func (in *Intake) Run(ctx context.Context) error {
	wake, err := in.subscribeWake()
	if err != nil {
		return err
	}
	defer wake.stop()
	service, err := in.serveChecks()
	if err != nil {
		return err
	}
	defer func() { _ = service.Stop() }()

	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return in.followChanges(gctx, wake.c) })
	g.Go(func() error { return in.reanalyseUntilDone(gctx) })
	g.Go(func() error { return in.take(ctx, gctx) })
	return g.Wait()
}

// followEvery is how often the follower looks without being woken.
const followEvery = 2 * time.Second

// followChanges keeps the index up with the database between batches, so that a
// transaction finds few changes outstanding.
func (in *Intake) followChanges(ctx context.Context, wake <-chan struct{}) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
		err := in.follower.follow(ctx)
		if err == nil {
			err = in.agencies.refresh(ctx, in.DB.Reader, in.Store)
		}
		if err != nil && ctx.Err() == nil {
			in.Log.WarnContext(ctx, "follow subscription changes", "err", err)
		}
		in.Metrics.indexed.Set(float64(in.Index.Len()))
	}
}

type waker struct {
	c    chan struct{}
	stop func()
}

// subscribeWake listens on subscriptions.changed, which only wakes the follower
// early; losing a message loses nothing.
func (in *Intake) subscribeWake() (waker, error) {
	w := waker{c: make(chan struct{}, 1)}
	sub, err := in.Conn.Subscribe("subscriptions.changed", func(*nats.Msg) {
		select {
		case w.c <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return waker{}, fmt.Errorf("listen for subscription changes: %w", err)
	}
	w.stop = func() { _ = sub.Unsubscribe() }
	return w, nil
}

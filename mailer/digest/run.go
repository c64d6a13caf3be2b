package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/config/database"
)

// Summary is what one digest run built.
type Summary struct {
	Run           int64 `json:"run" db:"id"`
	Subscribers   int   `json:"subscribers" db:"subscribers"`     // due, leased and served
	Subscriptions int   `json:"subscriptions" db:"subscriptions"` // whose windows moved
	Envelopes     int   `json:"envelopes" db:"envelopes"`
	Empty         int   `json:"empty" db:"empty"` // subscribers for whom there was nothing
	Postings      int   `json:"postings" db:"postings"`
	Folded        int   `json:"folded" db:"folded"`     // shown with a twin
	Counted       int   `json:"counted" db:"counted"`   // above a cap, told by number
	Deferred      int   `json:"deferred" db:"deferred"` // kept for the next digest
	// After is where the windows begin at the earliest; they end at the cutoff.
	After int64 `json:"after" db:"after_position"`
}

// add counts another page in.
func (s *Summary) add(o Summary) {
	if o.Subscribers > 0 && (s.Subscribers == 0 || o.After < s.After) {
		s.After = o.After
	}
	s.Subscribers += o.Subscribers
	s.Subscriptions += o.Subscriptions
	s.Envelopes += o.Envelopes
	s.Empty += o.Empty
	s.Postings += o.Postings
	s.Folded += o.Folded
	s.Counted += o.Counted
	s.Deferred += o.Deferred
}

// run is what the passes of one digest run share.
type run struct {
	id         int64
	cutoff     int64
	dueBy      time.Time
	leaseUntil time.Time // of the subscribers in hand
	pad        *pad
}

// errLate ends a pass whose leases are about to run out.
var errLate = errors.New("the leases are about to run out")

// Run builds for everybody due by a time, and returns what it built; a zero
// Summary.Run means nobody was due and nothing was recorded. The cutoff is the
// present position whatever dueBy says. Each subscriber is served once. A run that
// ends early leaves windows unmoved for whoever was not reached: the next one
// serves them.
func (b *Builder) Run(ctx context.Context, dueBy time.Time) (Summary, error) {
	started := b.Now()
	cutoff, err := database.Position(ctx, b.DB.Reader)
	if err != nil {
		return Summary{}, err
	}
	w := &work{b: b, run: run{cutoff: cutoff, dueBy: dueBy, pad: new(pad)}, size: b.PassSubscribers, taken: roaring64.New(), served: roaring64.New(), tries: map[int64]int{}}
	err = w.all(ctx, started)
	w.giveBack(ctx)
	w.library.close()
	if w.run.id == 0 {
		return Summary{}, err
	}
	stopped := ""
	if err != nil {
		stopped = "error"
		if ctx.Err() != nil {
			stopped = "shutdown"
		}
	}
	if ferr := b.finishRun(context.WithoutCancel(ctx), w.run.id, stopped); err == nil {
		err = ferr
	}
	sum := w.sum
	b.Metrics.runs.Observe(b.Now().Sub(started).Seconds())
	b.Log.InfoContext(ctx, "digest run finished", "run_id", sum.Run, "subscribers", sum.Subscribers, "envelopes", sum.Envelopes,
		"empty", sum.Empty, "postings", sum.Postings, "folded", sum.Folded, "counted", sum.Counted, "deferred", sum.Deferred,
		"stopped_by", stopped, "took", b.Now().Sub(started))
	return sum, err
}

// work is a run under way. While one range of subscribers is recorded, the next is
// turned round, and the one after is leased.
type work struct {
	b       *Builder
	run     run
	sum     Summary
	library *library // of a large run
	listed  []int64  // who was due, and is not leased yet

	mu     sync.Mutex
	size   int               // subscribers of the next pass
	taken  *roaring64.Bitmap // subscribers leased so far
	served *roaring64.Bitmap // of those
	tries  map[int64]int     // how often they were leased again: they changed under our hands
	again  []int64           // leased though served: due once more, by the next run
}

// maxTries is how often a run builds for a subscriber who is changed under its hands.
const maxTries = 3

// smallestPass is what passes that come too late shrink to.
const smallestPass = 256

// all goes through everybody due. A round ends when nobody is left to lease; those
// who were changed meanwhile, or whose pass came too late, are leased by the next.
func (w *work) all(ctx context.Context, started time.Time) error {
	for {
		leased, err := w.round(ctx, started)
		if err != nil || leased == 0 {
			return err
		}
	}
}

// leased is a range of subscribers who are leased, and not served yet.
type leased struct {
	run         run
	library     *library
	subscribers []int64
}

// round leases, turns round and records until nobody is left to lease, and returns
// how many were leased.
func (w *work) round(ctx context.Context, started time.Time) (total int, err error) {
	next, ready := make(chan leased), make(chan turned) // each closed by who sends
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		defer close(next)
		total, err = w.leaseAll(gctx, started, next)
		return err
	})
	g.Go(func() error {
		defer close(ready)
		return w.turnAll(gctx, next, ready)
	})
	g.Go(func() error {
		docs := w.b.newDocuments(nil)
		for t := range ready {
			docs.library = t.library
			part, err := w.b.recordAll(gctx, t, docs, w.done)
			w.sum.add(part)
			if errors.Is(err, errLate) {
				w.shrink()
				err = nil
			}
			if rerr := w.b.release(ctx, w.unserved(subscribersOf(t.pages))); rerr != nil {
				w.b.Log.WarnContext(ctx, "end leases; they run out by themselves", "run_id", t.run.id, "err", rerr)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return total, g.Wait()
}

// leaseAll leases a range at a time until nobody is left.
func (w *work) leaseAll(ctx context.Context, started time.Time, next chan<- leased) (total int, err error) {
	if err := w.list(ctx); err != nil {
		return 0, err
	}
	if w.library == nil { // opening it takes longer than a lease should
		if w.library, err = w.b.libraryFor(ctx, w.run, w.listed); err != nil {
			return 0, err
		}
	}
	for {
		until := w.b.Now().Add(Lease)
		taken, err := w.lease(ctx)
		if err != nil || len(taken) == 0 {
			return total, err
		}
		total += len(taken)
		if w.run.id == 0 {
			err = w.start(ctx, started)
		}
		if err == nil {
			l := leased{w.run, w.library, w.fresh(taken)}
			l.run.leaseUntil = until
			select {
			case next <- l:
				continue
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		return total, errors.Join(err, w.b.release(ctx, taken))
	}
}

// turnAll turns ranges round.
func (w *work) turnAll(ctx context.Context, next <-chan leased, ready chan<- turned) error {
	docs := w.b.newDocuments(nil)
	for l := range next {
		docs.library = l.library
		pages, err := w.b.due(ctx, l.run, l.subscribers)
		if err != nil {
			return errors.Join(err, w.b.release(ctx, l.subscribers))
		}
		left, err := w.b.turn(ctx, l.run, pages, docs, func(t turned) error {
			select {
			case ready <- t:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil {
			return errors.Join(err, w.b.release(ctx, subscribersOf(left)))
		}
	}
	return nil
}

func (w *work) passSize() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

func (w *work) shrink() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size = max(w.size/4, smallestPass)
}

func (w *work) start(ctx context.Context, started time.Time) (err error) {
	if w.run.id, err = w.b.startRun(ctx, w.run.cutoff, w.run.dueBy, started); err != nil {
		return err
	}
	w.sum.Run = w.run.id
	w.b.Log.InfoContext(ctx, "digest run started", "run_id", w.run.id, "cutoff", w.run.cutoff)
	return nil
}

// fresh takes out of the leased who was served already: an alert that is due
// again by the run's time, which may lie in the future, waits for the next run.
func (w *work) fresh(leased []int64) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]int64, 0, len(leased))
	for _, s := range leased {
		if w.served.Contains(uint64(s)) || w.tries[s] >= maxTries-1 {
			w.again = append(w.again, s)
			continue
		}
		if !w.taken.CheckedAdd(uint64(s)) {
			w.tries[s]++
		}
		out = append(out, s)
	}
	return out
}

func (w *work) unserved(leased []int64) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []int64
	for _, s := range leased {
		if !w.served.Contains(uint64(s)) {
			out = append(out, s)
		}
	}
	return out
}

// done notes whose page was committed.
func (w *work) done(subscribers []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range subscribers {
		w.served.Add(uint64(s))
		delete(w.tries, s)
	}
}

// giveBack ends the leases of those left to the next run.
func (w *work) giveBack(ctx context.Context) {
	if err := w.b.release(ctx, w.again); err != nil {
		w.b.Log.WarnContext(ctx, "end leases; they run out by themselves", "run_id", w.run.id, "err", err)
	}
}

// listAtOnce is how many who are due are listed in one go, in eight megabytes.
const listAtOnce = 1 << 20

// list lists who is due, unless some are listed.
func (w *work) list(ctx context.Context) (err error) {
	if len(w.listed) == 0 {
		w.listed, err = w.b.Subscriptions.Due(ctx, w.b.DB.Reader, w.run.dueBy, w.b.Now(), listAtOnce)
	}
	return err
}

// lease takes up to a pass of those who are due, those due longest, a page a
// transaction; nobody, when nobody is left.
func (w *work) lease(ctx context.Context) (all []int64, err error) {
	const pageSize = 4000
	limit := w.passSize()
	for len(all) == 0 { // others may take all that are listed
		if err := w.list(ctx); err != nil || len(w.listed) == 0 {
			return nil, err
		}
		some := w.listed[:min(limit, len(w.listed))]
		w.listed = w.listed[len(some):]
		slices.Sort(some)
		for page := range slices.Chunk(slices.Compact(some), pageSize) {
			leased, err := w.b.leasePage(ctx, w.run.dueBy, page)
			if err != nil {
				return nil, errors.Join(err, w.b.release(ctx, all))
			}
			all = append(all, leased...)
		}
	}
	return all, nil
}

func (b *Builder) leasePage(ctx context.Context, dueBy time.Time, page []int64) (leased []int64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := b.Now()
	// Once begun it is finished: of a page given up in its commit nobody would know
	// whether it was leased.
	err = database.Retry(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return b.DB.Tx(ctx, func(tx *sqlx.Tx) (err error) {
			leased, err = b.Subscriptions.Lease(ctx, tx, b.name, page, dueBy, now, now.Add(Lease))
			return err
		})
	})
	return leased, err
}

// Reclaim gives the builder the name under which it leases from now on, and ends what
// was leased under it before: the caller knows that nobody else has that name, so
// whoever leased died. Call it before the first run.
func (b *Builder) Reclaim(ctx context.Context, name string) error {
	b.name = name
	// A daemon that ended in order leases nobody, and nobody waits to write while that is found out.
	if some, err := b.Subscriptions.Leases(ctx, b.DB.Reader, name, b.Now()); err != nil || !some {
		return err
	}
	return b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		n, err := b.Subscriptions.Reclaim(ctx, tx, name, b.Now())
		if err == nil && n > 0 {
			b.Log.InfoContext(ctx, "took back subscribers that were leased when the daemon ended", "subscribers", n)
		}
		return err
	})
}

// releaseGrace is how long leases may still be ended once a run was stopped.
const releaseGrace = 5 * time.Second

// release ends leases even when ctx has ended, for a few seconds more: it is a
// courtesy to the next run.
func (b *Builder) release(ctx context.Context, subscribers []int64) error {
	ended := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ended, func() { time.AfterFunc(releaseGrace, cancel) })()
	const pageSize = 4000
	for len(subscribers) > 0 {
		n := min(len(subscribers), pageSize)
		if err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error { return b.Subscriptions.Release(ctx, tx, subscribers[:n]) }); err != nil {
			return fmt.Errorf("end leases: %w", err)
		}
		subscribers = subscribers[n:]
	}
	return nil
}

// abandoned is how long a run may record nothing before it counts as ended by a
// crash: longer than any pass.
const abandoned = 10 * time.Minute

func (b *Builder) startRun(ctx context.Context, cutoff int64, dueBy, started time.Time) (id int64, err error) {
	err = b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := b.queries.Exec(ctx, tx, "close-crashed-runs", map[string]any{"before_ms": started.Add(-abandoned).UnixMilli()}); err != nil {
			return err
		}
		return b.queries.One(ctx, tx, &id, "start-run",
			map[string]any{"cutoff": cutoff, "due_by_ms": dueBy.UnixMilli(), "started_ms": started.UnixMilli()})
	})
	if err != nil {
		return 0, fmt.Errorf("start digest run: %w", err)
	}
	return id, nil
}

// countRun adds what a page built to the run's row.
func (b *Builder) countRun(ctx context.Context, tx sqlx.ExtContext, id int64, sum *Summary) error {
	arg := map[string]any{"id": id, "subscribers": sum.Subscribers, "subscriptions": sum.Subscriptions, "envelopes": sum.Envelopes,
		"empty": sum.Empty, "postings": sum.Postings, "folded": sum.Folded, "counted": sum.Counted, "deferred": sum.Deferred,
		"after_position": sum.After, "active_ms": b.Now().UnixMilli()}
	if _, err := b.queries.Exec(ctx, tx, "count-run", arg); err != nil {
		return fmt.Errorf("count digest run %d: %w", id, err)
	}
	return nil
}

func (b *Builder) finishRun(ctx context.Context, id int64, stoppedBy string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := b.queries.Exec(ctx, tx, "finish-run", map[string]any{"id": id, "finished_ms": b.Now().UnixMilli(), "stopped_by": stoppedBy})
		return err
	})
	if err != nil {
		return fmt.Errorf("finish digest run %d: %w", id, err)
	}
	return nil
}

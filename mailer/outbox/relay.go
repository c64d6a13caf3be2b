package outbox

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// A stopping relay still finishes the envelopes on its wires for finishWithin, and
// records what came of them for recordWithin, both since its context ended.
const (
	finishWithin = 12 * time.Second
	recordWithin = 16 * time.Second
)

// Run sends due envelopes until ctx ends, finishes those on the wire, gives back
// the rest and returns nil. It starts no goroutine that outlives it.
func (r *Relay) Run(ctx context.Context) error {
	wire, cancelWire := stopLater(ctx, finishWithin)
	defer cancelWire()
	books, cancelBooks := stopLater(ctx, recordWithin)
	defer cancelBooks()

	recorded, renewed := make(chan struct{}), make(chan struct{})
	renewing, stopRenewing := context.WithCancel(books)
	defer stopRenewing()
	go func() {
		defer close(recorded)
		r.record(books)
	}()
	go func() {
		defer close(renewed)
		r.renew(renewing)
	}()

	var g errgroup.Group
	g.Go(func() error { r.dispatch(ctx, books); return nil })
	for range r.Connections {
		g.Go(func() error { r.work(ctx, wire, books); return nil })
	}
	_ = g.Wait()
	close(r.results)
	<-recorded
	stopRenewing()
	<-renewed
	r.giveBack(books, r.queue.drain(), false)
	return nil
}

// stopLater is a context that outlives ctx by a grace period.
func stopLater(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(grace, cancel)
		context.AfterFunc(later, func() { t.Stop() })
	})
	return later, func() { stop(); cancel() }
}

package intake

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
)

// A transaction should hold the clock for about heldTarget: a sign-up waits for
// it. The number of messages in one is adapted to that, between these bounds.
const (
	heldTarget = 20 * time.Millisecond
	startSize  = 32
	minSize    = 4
	maxSize    = 512
)

// How long a batch waits before it is tried again while the database is away.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 15 * time.Second
)

// gatherFor is how long a batch that has begun waits for more: long enough to
// fill it under load, too short for a recruiter to notice.
const gatherFor = 2 * time.Millisecond

// finishWithin bounds the batch in hand when intake is told to stop.
const finishWithin = 10 * time.Second

// askWithin bounds the question whether the consumer is still there.
const askWithin = 2 * time.Second

// take works off messages until stopCtx or ctx ends. Should the consumer be
// deleted under its hands, as by a replica that makes it anew, it goes on with
// the one that takes its place.
func (in *Intake) take(ctx, stopCtx context.Context) error {
	for {
		if err := in.takeFrom(ctx, stopCtx); err != nil || stopCtx.Err() != nil {
			return err
		}
		if err := in.rebind(stopCtx); err != nil || stopCtx.Err() != nil {
			return err
		}
	}
}

// rebind finds or makes the consumer again, with growing pauses until it can.
func (in *Intake) rebind(ctx context.Context) error {
	in.Log.WarnContext(ctx, "the consumer of postings is gone; looking for the one in its place")
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		consumer, created, err := in.Rebind(ctx)
		switch {
		case err == nil:
			in.Consumer, in.StreamCreated = consumer, created
			return nil
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, broker.ErrStreamBehind), errors.Is(err, broker.ErrForeignStream):
			return err
		}
		in.Log.WarnContext(ctx, "find the consumer of postings", "err", err)
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// takeFrom pulls messages and works them off in batches until stopCtx or ctx
// ends, or the consumer is gone. The batch in hand is finished under a deadline
// of its own.
func (in *Intake) takeFrom(ctx, stopCtx context.Context) error {
	messages, err := in.Consumer.Messages(
		jetstream.PullMaxMessages(maxSize),
		// The defaults stall for 30 s after the consumer's leader steps down.
		jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return fmt.Errorf("pull postings: %w", err)
	}
	arrived := make(chan jetstream.Msg)
	go func() {
		defer close(arrived)
		in.pull(ctx, stopCtx, messages, arrived)
	}()
	// Drain hands over what was pulled already: left alone it would come again
	// only after the acknowledgement wait.
	stop := context.AfterFunc(stopCtx, messages.Drain)
	defer stop()

	for {
		batch := in.gather(arrived)
		if len(batch) == 0 {
			return nil
		}
		work, cancel := stopCtx, context.CancelFunc(func() {})
		if stopCtx.Err() != nil {
			work, cancel = context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
		}
		err := in.work(work, batch)
		cancel()
		if err != nil {
			messages.Stop()
			for m := range arrived { // let the puller end; the stream delivers again
				_ = m.Nak()
			}
			return err
		}
	}
}

// pull hands on messages until the iterator ends: it was told to, or the
// consumer is gone.
func (in *Intake) pull(ctx, stopCtx context.Context, messages jetstream.MessagesContext, arrived chan<- jetstream.Msg) {
	for {
		m, err := messages.Next()
		switch {
		case err == nil:
			arrived <- m
			continue
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return
		case stopCtx.Err() != nil:
			continue // what was pulled is still being handed over
		}
		in.Log.WarnContext(ctx, "pull postings", "err", err)
		// A pull from a consumer that is not there is not answered, only missed.
		ask, cancel := context.WithTimeout(stopCtx, askWithin)
		if _, err := in.Consumer.Info(ask); errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			messages.Stop()
		}
		cancel()
	}
}

// gather waits for one message and takes what else is there. It returns nothing
// once the puller has ended.
func (in *Intake) gather(arrived <-chan jetstream.Msg) []jetstream.Msg {
	first, ok := <-arrived
	if !ok {
		return nil
	}
	batch := append(make([]jetstream.Msg, 0, in.size), first)
	full := time.NewTimer(gatherFor)
	defer full.Stop()
	for len(batch) < in.size {
		select {
		case m, ok := <-arrived:
			if !ok {
				return batch
			}
			batch = append(batch, m)
		case <-full.C:
			return batch
		}
	}
	return batch
}

// work judges a batch, rejects what cannot be stored, stores the rest and
// acknowledges. It returns an error only when intake must stop altogether.
func (in *Intake) work(ctx context.Context, msgs []jetstream.Msg) error {
	batch := in.judge(ctx, msgs)
	batch = in.reject(ctx, batch)
	if len(batch) == 0 {
		return nil
	}
	err := in.storeUntilDone(ctx, batch)
	switch {
	case err == nil:
		in.acknowledge(ctx, batch)
		return nil
	case errors.Is(err, ErrOtherAnalysis):
		return err
	case ctx.Err() != nil:
		// Told to stop while the database was away: the stream delivers again.
		for _, m := range batch {
			_ = m.msg.Nak()
		}
		return nil
	case len(batch) > 1:
		// Something in the batch cannot be stored. Find it by halves, so that the
		// others go through.
		for _, half := range [][]*message{batch[:len(batch)/2], batch[len(batch)/2:]} {
			if err := in.workHalf(ctx, half); err != nil {
				return err
			}
		}
		return nil
	}
	m := batch[0]
	in.Log.ErrorContext(ctx, "store posting", "source", m.source, "sequence", m.sequence, "err", err)
	in.Metrics.received.WithLabelValues("retried").Inc()
	if err := m.msg.NakWithDelay(time.Minute); err != nil {
		in.Log.WarnContext(ctx, "delay posting", "sequence", m.sequence, "err", err)
	}
	return nil
}

func (in *Intake) workHalf(ctx context.Context, half []*message) error {
	msgs := make([]jetstream.Msg, len(half))
	for i, m := range half {
		msgs[i] = m.msg
	}
	return in.work(ctx, msgs)
}

// storeUntilDone stores the batch, trying again for as long as the database is
// busy or away; meanwhile it tells the stream that the messages are in hand.
func (in *Intake) storeUntilDone(ctx context.Context, batch []*message) error {
	pause := firstPause
	away := false
	for {
		stamp := in.percolate(batch)
		started := time.Now()
		err := in.store(ctx, batch, stamp)
		switch {
		case err == nil:
			in.adapt(time.Since(started), len(batch))
			if away {
				in.Log.InfoContext(ctx, "the database is back")
			}
			return nil
		case errors.Is(err, errOutstanding):
			if err := in.follower.follow(ctx); err != nil && !database.IsAway(err) && !database.IsBusy(err) {
				return err
			}
			continue
		case !database.IsAway(err) && !database.IsBusy(err):
			return err
		}
		if !away {
			in.Log.WarnContext(ctx, "the database is away; postings wait in the stream", "err", err)
			away = true
		}
		for _, m := range batch {
			_ = m.msg.InProgress() // if this fails, the message comes again and changes nothing
		}
		if !sleep(ctx, pause+time.Duration(rand.Int64N(int64(pause)))) {
			return ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

// adapt moves the size of a batch towards the time the clock should be held.
func (in *Intake) adapt(held time.Duration, n int) {
	switch {
	case held > heldTarget:
		in.size = max(minSize, min(in.size, n)*3/4)
	case n == in.size && held < heldTarget/2:
		in.size = min(maxSize, in.size+in.size/4+1)
	}
}

// sleep waits, and reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

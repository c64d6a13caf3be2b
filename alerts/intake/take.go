package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/config/broker"
)

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

// takeFrom pulls messages and works them off until stopCtx or ctx ends, or the
// consumer is gone: while one batch is stored, the next messages are judged, and the
// batch before is acknowledged. What is in hand at the end is finished under a deadline
// of its own.
func (in *Intake) takeFrom(ctx, stopCtx context.Context) error {
	messages, err := in.Consumer.Messages(
		// As many as may be in flight: room for all that can come. When the server
		// says nothing for two seconds the client asks again, and what both requests
		// brought beyond its room it would drop, to come again after a minute.
		jetstream.PullMaxMessages(broker.InFlight),
		// The defaults stall for 30 s after the consumer's leader steps down.
		jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return fmt.Errorf("pull postings: %w", err)
	}
	// inHand bounds what is judged ahead. That work is a queue too spares a hand-over for
	// each message, between goroutines that would take turns on a core.
	inHand, work := make(chan *message, ahead), make(chan *message, ahead)
	go func() {
		defer close(inHand)
		defer close(work)
		in.pull(ctx, stopCtx, messages, inHand, work)
	}()
	in.judgers(ctx, work)
	// Drain hands over what was pulled already: left alone it would come again
	// only after the acknowledgement wait.
	stop := context.AfterFunc(stopCtx, messages.Drain)
	defer stop()
	judged := make(chan *batch) // unbuffered: a batch can grow until it is taken
	go func() {
		defer close(judged)
		in.batchAll(inHand, judged)
	}()
	stored, acknowledged := make(chan *batch, 1), make(chan struct{})
	go func() {
		defer close(acknowledged)
		for b := range stored {
			in.acknowledge(ctx, b)
		}
	}()
	defer func() { close(stored); <-acknowledged }()

	for b := range judged {
		if err := in.finish(ctx, stopCtx, b, stored); err != nil {
			messages.Stop()
			for b := range judged { // let the others end; the stream delivers again
				b.giveBack()
			}
			return err
		}
	}
	return nil
}

// pull hands on messages, in order and to be judged, until the iterator ends: it
// was told to, or the consumer is gone.
func (in *Intake) pull(ctx, stopCtx context.Context, messages jetstream.MessagesContext, inHand, work chan<- *message) {
	for {
		msg, err := messages.Next()
		switch {
		case err == nil:
			m := &message{msg: msg, judged: make(chan struct{})}
			inHand <- m
			work <- m
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

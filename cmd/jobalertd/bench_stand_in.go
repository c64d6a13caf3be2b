package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/config/broker"
)

// standInFigure is a turn of live in which a stand-in took intake's place.
type standInFigure struct {
	CPU       float64 `json:"cpu_us"` // of one core for each posting
	PerSecond float64 `json:"per_second"`
	Ratio     float64 `json:"ratio"` // to the server alone
}

// standIn reads the stream as intake does, on all cores, and stores nothing: it spends
// the same on each posting and acknowledges it. What it leaves of the server's rate
// is what an intake that costs as much can reach.
type standIn struct {
	messages jetstream.MessagesContext
	consumer string
	working  sync.WaitGroup
}

// runStandIn starts one with the postings that come from now on, which takes about
// cost of a core for each.
func (b *benchDaemon) runStandIn(ctx context.Context, cost time.Duration) (*standIn, error) {
	c, err := b.broker.JetStream().CreateConsumer(ctx, broker.Postings, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: broker.InFlight,
	})
	if err != nil {
		return nil, fmt.Errorf("make a consumer for the stand-in: %w", err)
	}
	messages, err := c.Messages(jetstream.PullMaxMessages(broker.InFlight))
	if err != nil {
		return nil, fmt.Errorf("pull postings for the stand-in: %w", err)
	}
	s := &standIn{messages: messages, consumer: c.CachedInfo().Name}
	loops := loopsOf(cost)
	work := make(chan jetstream.Msg, 128)
	s.working.Go(func() {
		defer close(work)
		for {
			msg, err := messages.Next()
			switch {
			case err == nil:
				work <- msg
			case errors.Is(err, jetstream.ErrMsgIteratorClosed):
				return
			}
		}
	})
	for range runtime.GOMAXPROCS(0) {
		s.working.Go(func() {
			for msg := range work {
				spend(loops)
				_ = msg.Ack() // if this fails, the server delivers it again
			}
		})
	}
	return s, nil
}

func (s *standIn) stop() {
	s.messages.Stop()
	s.working.Wait()
}

// spend keeps one core busy, near its caches.
func spend(loops int) {
	var sum [sha256.Size]byte
	for range loops {
		sum = sha256.Sum256(sum[:])
	}
	runtime.KeepAlive(sum)
}

// loopsOf is how often spend has to go round to take that long on a core that does
// nothing else: by the quickest of some tries.
func loopsOf(cost time.Duration) int {
	const tries, loops = 20, 1000
	quickest := time.Duration(math.MaxInt64)
	for range tries {
		began := time.Now()
		spend(loops)
		quickest = min(quickest, time.Since(began))
	}
	return int(loops * cost / max(1, quickest))
}

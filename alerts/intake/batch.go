package intake

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A transaction should hold the clock for about heldTarget: a sign-up waits for
// it. The number of messages in one is adapted to that, between these bounds. Where
// the way to the database and its sync take longer than that alone, smaller batches
// would hold the clock no shorter, and all the more often.
const (
	heldTarget = 20 * time.Millisecond
	minSize    = 32
	maxSize    = 512
)

// batch is what one transaction takes, judged.
type batch struct {
	messages []*message
	// stamp is the position at which the index stood: read before anything was
	// percolated, so that a change applied meanwhile is only tested once more.
	stamp     int64
	committed time.Time
}

// giveBack lets the stream deliver the batch's messages again.
func (b *batch) giveBack() {
	for _, m := range b.messages {
		_ = m.msg.Nak() // if this fails, they come again after the acknowledgement wait
	}
}

// judgeAll makes batches of what arrives, in order. A batch is offered at once,
// and grows for as long as the one before is being stored: under light load a
// posting waits for nobody, under heavy load batches fill.
func (in *Intake) judgeAll(ctx context.Context, arrived <-chan jetstream.Msg, judged chan<- *batch) {
	b := &batch{}
	var chunk []jetstream.Msg
	for arrived != nil || len(b.messages) > 0 {
		more, offered := arrived, judged
		if len(b.messages) >= int(in.size.Load()) {
			more = nil
		}
		if len(b.messages) == 0 {
			offered = nil
		}
		select {
		case offered <- b:
			b = &batch{}
		case m, ok := <-more:
			if !ok {
				arrived = nil
				continue
			}
			chunk = in.gather(append(chunk[:0], m), arrived, int(in.size.Load())-len(b.messages))
			in.judge(ctx, b, chunk)
		}
	}
}

// gather takes what else is there, up to most messages.
func (in *Intake) gather(chunk []jetstream.Msg, arrived <-chan jetstream.Msg, most int) []jetstream.Msg {
	for len(chunk) < most {
		select {
		case m, ok := <-arrived:
			if !ok {
				return chunk // who takes the next one sees it too
			}
			chunk = append(chunk, m)
		default:
			return chunk
		}
	}
	return chunk
}

// judge reads, analyses and percolates messages on all cores and adds them to b,
// in their order.
func (in *Intake) judge(ctx context.Context, b *batch, msgs []jetstream.Msg) {
	if len(b.messages) == 0 {
		b.stamp = in.follower.position.Load()
	}
	now := in.Now()
	from := len(b.messages)
	b.messages = append(b.messages, make([]*message, len(msgs))...)
	onAllCores(len(msgs), func(i int) {
		m := in.read(ctx, msgs[i], now)
		in.percolate(m)
		b.messages[from+i] = m
	})
}

// percolateAgain tests a batch against the index as it stands now.
func (in *Intake) percolateAgain(b *batch) {
	b.stamp = in.follower.position.Load()
	onAllCores(len(b.messages), func(i int) { in.percolate(b.messages[i]) })
}

// onAllCores calls f for each number below n, and returns when all calls have.
func onAllCores(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// adapt moves the size of a batch towards the time the clock should be held.
func (in *Intake) adapt(held time.Duration, n int) {
	size := int(in.size.Load())
	switch {
	case held > heldTarget:
		size = max(minSize, min(size, n)*3/4)
	case n == size && held < heldTarget/2:
		size = min(maxSize, size+size/4+1)
	}
	in.size.Store(int64(size))
}

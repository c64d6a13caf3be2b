package intake

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
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
	// stamp is the position at which the index stood, or lower: read before anything
	// was percolated, so that a change applied meanwhile is only tested once more.
	stamp     int64
	committed time.Time
}

// giveBack lets the stream deliver the batch's messages again.
func (b *batch) giveBack() {
	for _, m := range b.messages {
		_ = m.msg.Nak() // if this fails, they come again after the acknowledgement wait
	}
}

// Where more is at hand, a batch of enough is worth a transaction of its own. ahead
// is how many messages may be judged, or waiting to be, behind it.
const (
	enough = 128
	ahead  = 128
)

// batchAll makes batches of what is in hand, in order. Where nothing else is, a batch
// is offered at once: under light load a posting waits for nobody. Under heavy load
// it is filled first, and grows for as long as the one before is being stored.
func (in *Intake) batchAll(inHand <-chan *message, judged chan<- *batch) {
	b := &batch{}
	var next *message // the one in hand that comes first
	for inHand != nil || next != nil || len(b.messages) > 0 {
		more, offered, ready := inHand, judged, (<-chan struct{})(nil)
		size := int(in.size.Load())
		if next != nil {
			more, ready = nil, next.judged
		}
		if len(b.messages) >= size {
			more, ready = nil, nil
		}
		if idle := next == nil && len(inHand) == 0; len(b.messages) == 0 || !idle && len(b.messages) < min(size, enough) {
			offered = nil
		}
		select {
		case offered <- b:
			b = &batch{}
		case m, ok := <-more:
			if next = m; !ok {
				inHand = nil
			}
		case <-ready:
			b.add(next)
			next = nil
		}
	}
}

// add takes in a judged message.
func (b *batch) add(m *message) {
	if len(b.messages) == 0 || m.stamp < b.stamp {
		b.stamp = m.stamp
	}
	b.messages = append(b.messages, m)
}

// together is how many messages a judge reads, at most, before it percolates them:
// the processor's caches then hold the index for several, and the analyser for several.
const together = 32

// judgers read, analyse and percolate messages on all cores; they end with work.
func (in *Intake) judgers(ctx context.Context, work <-chan *message) {
	judges := runtime.GOMAXPROCS(0)
	for range judges {
		go func() {
			taken := make([]*message, 0, together)
			for m := range work {
				// No more than a share of what waits: the others have work too.
				taken = takeWaiting(append(taken[:0], m), work, min(together-1, len(work)/judges))
				in.judge(ctx, taken)
				clear(taken)
			}
		}()
	}
}

// takeWaiting appends up to n of the messages that wait; it waits for none.
func takeWaiting(taken []*message, work <-chan *message, n int) []*message {
	for range n {
		select {
		case m, ok := <-work:
			if !ok {
				return taken
			}
			taken = append(taken, m)
		default:
			return taken
		}
	}
	return taken
}

func (in *Intake) judge(ctx context.Context, taken []*message) {
	for _, m := range taken {
		in.read(ctx, m, in.Now())
	}
	for _, m := range taken {
		m.stamp = in.follower.position.Load()
		in.percolate(m)
		close(m.judged)
	}
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

package intake

import (
	"testing"
	"testing/synctest"
)

// judgedMessage is one that a judger has done with.
func judgedMessage(sequence uint64, stamp int64) *message {
	m := &message{sequence: sequence, stamp: stamp, judged: make(chan struct{})}
	close(m.judged)
	return m
}

func newBatching(size int64) (in *Intake, inHand chan *message, judged chan *batch) {
	in = &Intake{}
	in.size.Store(size)
	inHand, judged = make(chan *message, ahead), make(chan *batch)
	go func() { defer close(judged); in.batchAll(inHand, judged) }()
	return in, inHand, judged
}

func TestBatchAll_LetsASinglePostingWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, inHand, judged := newBatching(maxSize)
		for n := range uint64(3) {
			inHand <- judgedMessage(n, 1)
			if b := <-judged; len(b.messages) != 1 || b.messages[0].sequence != n {
				t.Errorf("message %d: got a batch of %d", n, len(b.messages))
			}
		}
		close(inHand)
	})
}

func TestBatchAll_GrowsWhileTheOneBeforeIsStoredButNotBeyondSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 40
		_, inHand, judged := newBatching(size)
		for n := range uint64(size + 10) {
			inHand <- judgedMessage(n, 100-int64(n))
		}
		synctest.Wait()
		b := <-judged
		if len(b.messages) != size || b.stamp != 100-size+1 {
			t.Errorf("got a batch of %d with stamp %d, want %d with %d", len(b.messages), b.stamp, size, 100-size+1)
		}
		close(inHand)
		if b = <-judged; len(b.messages) != 10 || b.messages[9].sequence != size+9 {
			t.Errorf("got a last batch of %d, want 10", len(b.messages))
		}
		if _, more := <-judged; more {
			t.Error("there was another batch")
		}
	})
}

func TestBatchAll_FillsABatchWhereMoreIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, inHand, judged := newBatching(maxSize)
		slow := &message{sequence: 1, judged: make(chan struct{})}
		inHand <- judgedMessage(0, 1)
		inHand <- slow
		synctest.Wait()
		select {
		case b := <-judged:
			t.Errorf("a batch of %d did not wait for what is being judged", len(b.messages))
		default:
		}
		close(slow.judged)
		if b := <-judged; len(b.messages) != 2 || b.messages[1] != slow {
			t.Errorf("got a batch of %d, want both in order", len(b.messages))
		}
		close(inHand)
	})
}

func TestTakeWaiting(t *testing.T) {
	work := make(chan *message, 4)
	first := judgedMessage(0, 1)
	for n := range uint64(4) {
		work <- judgedMessage(n+1, 1)
	}
	taken := takeWaiting([]*message{first}, work, 2)
	if len(taken) != 3 || taken[0] != first || taken[2].sequence != 2 {
		t.Errorf("took %d messages, want the first and two more in order", len(taken))
	}
	if taken = takeWaiting(taken[:0], work, 10); len(taken) != 2 {
		t.Errorf("took %d of the two that waited", len(taken))
	}
	close(work)
	if taken = takeWaiting(taken[:0], work, 10); len(taken) != 0 {
		t.Errorf("took %d messages after the end", len(taken))
	}
}

package intake

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
)

// How long a batch waits before it is tried again while the database is away.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 15 * time.Second
)

// finishWithin bounds each batch in hand when intake is told to stop.
const finishWithin = 10 * time.Second

// finish rejects and stores a batch, under a deadline once intake is told to stop.
func (in *Intake) finish(ctx, stopCtx context.Context, b *batch, stored chan<- *batch) error {
	work, cancel := stopCtx, context.CancelFunc(func() {})
	if stopCtx.Err() != nil {
		work, cancel = context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	}
	defer cancel()
	b.messages = in.reject(work, b.messages)
	return in.work(work, b, stored)
}

// work stores a batch and hands it on to be acknowledged. It returns an error only
// when intake must stop altogether.
func (in *Intake) work(ctx context.Context, b *batch, stored chan<- *batch) error {
	if len(b.messages) == 0 {
		return nil
	}
	err := in.storeUntilDone(ctx, b)
	switch {
	case err == nil:
		b.committed = in.Now()
		in.stored.Add(uint64(len(b.messages)))
		stored <- b
		return nil
	case errors.Is(err, ErrOtherAnalysis):
		return err
	case ctx.Err() != nil:
		// Told to stop while the database was away: the stream delivers again.
		b.giveBack()
		return nil
	case len(b.messages) > 1:
		// Something in the batch cannot be stored. Find it by halves, so that the
		// others go through.
		middle := len(b.messages) / 2
		for _, half := range [][]*message{b.messages[:middle], b.messages[middle:]} {
			if err := in.work(ctx, &batch{messages: half, stamp: b.stamp}, stored); err != nil {
				return err
			}
		}
		return nil
	}
	m := b.messages[0]
	in.Log.ErrorContext(ctx, "store posting", "source", m.source, "sequence", m.sequence, "err", err)
	in.Metrics.received.WithLabelValues("retried").Inc()
	if err := m.msg.NakWithDelay(time.Minute); err != nil {
		in.Log.WarnContext(ctx, "delay posting", "sequence", m.sequence, "err", err)
	}
	return nil
}

// storeUntilDone stores the batch, trying again for as long as the database is
// busy or away; meanwhile it tells the stream that the messages are in hand.
func (in *Intake) storeUntilDone(ctx context.Context, b *batch) error {
	pause := firstPause
	away := false
	for {
		held, err := in.store(ctx, b)
		switch {
		case err == nil:
			in.adapt(held, len(b.messages))
			if away {
				in.Log.InfoContext(ctx, "the database is back")
			}
			return nil
		case errors.Is(err, errOutstanding):
			if err := in.follower.follow(ctx); err != nil && !database.IsAway(err) && !database.IsBusy(err) {
				return err
			}
			in.percolateAgain(b)
			continue
		case !database.IsAway(err) && !database.IsBusy(err):
			return err
		}
		if !away {
			in.Log.WarnContext(ctx, "the database is away; postings wait in the stream", "err", err)
			away = true
		}
		for _, m := range b.messages {
			_ = m.msg.InProgress() // if this fails, the message comes again and changes nothing
		}
		if !sleep(ctx, pause+time.Duration(rand.Int64N(int64(pause)))) {
			return ctx.Err()
		}
		pause = min(2*pause, lastPause)
	}
}

package outbox_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
)

// brokenOff is a composer whose first reading ends before it is through, as one is
// when the daemon stops under it.
type brokenOff struct {
	each
	read atomic.Int32
}

func (b *brokenOff) Read(ctx context.Context, envelopes []mailer.Envelope) ([]outbox.Draft, error) {
	if b.read.Add(1) == 1 {
		return nil, nil
	}
	return b.each.Read(ctx, envelopes)
}

func TestRelay_ReadsAgainWhatAReadingLeftOut(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		composer := &brokenOff{each: letters}
		r := newRig(t, db, func(o *outbox.Options) { o.Composer = composer })
		r.enqueue(t, mailer.Confirmation, 1, 6)
		r.start(t)
		r.until(t, "all are sent", r.settled)
		if got := len(r.server.Mails()); got != 6 {
			t.Errorf("%d mails arrived, want 6", got)
		}
		if composer.read.Load() < 2 {
			t.Error("nothing was read again")
		}
	})
}

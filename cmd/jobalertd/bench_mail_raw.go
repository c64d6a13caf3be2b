package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
)

// sendRaw sends one ready mail of a digest's size again and again.
func (c benchMailCmd) sendRaw(ctx context.Context, s *session, to smtp.Options, f *mailFigures) (int, spent, error) {
	data := rawMail()
	f.BytesPerMail = len(data)
	var left, taken atomic.Int64
	left.Store(int64(c.Count))
	s.say("sending")
	meter := startMeter()
	var wg sync.WaitGroup
	errs := make([]error, c.Connections)
	for i := range c.Connections {
		wg.Go(func() { errs[i] = rawWorker(ctx, to, data, &left, &taken) })
	}
	wg.Wait()
	return int(taken.Load()), meter.stop(), errors.Join(errs...)
}

func rawWorker(ctx context.Context, to smtp.Options, data []byte, left, taken *atomic.Int64) error {
	for left.Load() > 0 {
		conn, err := smtp.Dial(ctx, to)
		if err != nil {
			return err
		}
		next := func() (mailer.Message, bool) {
			n := left.Add(-1)
			return mailer.Message{Envelope: n, From: "bounces@example.org", To: "s" + strconv.FormatInt(n, 10) + "@example.org", Data: data}, n >= 0
		}
		refused := 0
		err = conn.Stream(ctx, next, func(a mailer.Attempt) error {
			if a.Verdict != mailer.Taken {
				refused++
				return fmt.Errorf("the server answered %d %s", a.Code, a.Text)
			}
			taken.Add(1)
			return nil
		})
		if err = errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// rawMail is 35 KB, as a digest of ten postings is.
func rawMail() []byte {
	b := []byte("From: Bench <bench@example.org>\r\nTo: s@example.org\r\nSubject: bench\r\nMessage-ID: <bench@example.org>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\n")
	for i := 0; len(b) < 35_000; i++ {
		b = append(b, "Posting "+strconv.Itoa(i)+": a line of an ordinary length, of which a digest has a few hundred.\r\n"...)
	}
	return b
}

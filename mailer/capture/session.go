package capture

import (
	"context"

	"github.com/jobalertd/jobalertd/mailer"
)

// Session takes messages as a connection to a relay does.
type Session struct{ store *Store }

// Session returns a session that keeps what it is given in s. It needs no
// closing and serves one goroutine.
func (s *Store) Session() *Session { return &Session{s} }

// Single keeps one message.
func (s *Session) Single(ctx context.Context, m mailer.Message) mailer.Attempt {
	id, err := s.store.Send(ctx, m)
	if err != nil {
		return mailer.Attempt{Envelope: m.Envelope, Verdict: mailer.NotTried}
	}
	return mailer.Attempt{Envelope: m.Envelope, Verdict: mailer.Taken, Code: 250, Enhanced: "2.0.0", Text: "Ok: captured", QueueID: id}
}

// Stream keeps what next gives until next says that nothing is at hand, and
// gives done each message's attempt before it takes the next. It returns an
// error of done, or of the folder; the message that met the latter counts as
// not tried.
func (s *Session) Stream(ctx context.Context, next func() (mailer.Message, bool), done func(mailer.Attempt) error) error {
	for {
		m, ok := next()
		if !ok {
			return nil
		}
		id, err := s.store.Send(ctx, m)
		a := mailer.Attempt{Envelope: m.Envelope, Verdict: mailer.Taken, Code: 250, Enhanced: "2.0.0", Text: "Ok: captured", QueueID: id}
		if err != nil {
			a = mailer.Attempt{Envelope: m.Envelope, Verdict: mailer.NotTried}
		}
		if err := done(a); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
}

// Usable is always true.
func (s *Session) Usable() bool { return true }

// Close does nothing.
func (s *Session) Close(context.Context) error { return nil }

package smtp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// Stream sends what next gives until next says that nothing is at hand, the
// connection has carried as many envelopes as it may, or it breaks. done is
// given the attempt of each message, in the order in which they were taken.
//
// Where the relay pipelines, an envelope costs one round trip: the commands
// that open the next envelope follow the final dot of the one before in the
// same write. For crash safety the rule is: the *content* of an envelope is
// sent only after done has returned for the one before. So when done commits
// the outcome, then at any moment at most one envelope of this connection can
// have been taken by the relay without our knowing. What may go out early is
// the next envelope's MAIL, RCPT and DATA, from which a relay delivers
// nothing. next is therefore called one message ahead and must give messages
// that are already claimed; two are in hand at a time, and the Data of both
// is in use until done is called for them. next should not wait: say that
// nothing is at hand and call Stream again later, or the message in hand is
// kept waiting with it.
//
// An error of done breaks the connection and is returned. A message that was
// taken ahead then gets no attempt; nothing of it was delivered.
//
// Stream returns nil when nothing was at hand or the connection is spent (see
// Usable), and otherwise why it broke: the error of the message whose turn it
// was. When ctx ends the socket is given up at once; to stop in an orderly
// way let next say that there is nothing more.
func (c *Conn) Stream(ctx context.Context, next func() (mailer.Message, bool), done func(mailer.Attempt) error) error {
	return c.stream(ctx, next, func(r result) error { return done(r.attempt()) })
}

func (c *Conn) stream(ctx context.Context, next func() (mailer.Message, bool), done func(result) error) error {
	if !c.Usable() {
		return ErrNotUsable
	}
	defer c.tie(ctx)()
	s := &stream{Conn: c, next: next, done: done}
	err := s.run(ctx)
	c.used = time.Now()
	if c.broken {
		_ = c.abort()
	}
	return err
}

// stream is one call of Stream.
type stream struct {
	*Conn
	next func() (mailer.Message, bool)
	done func(result) error

	rejected []result // of messages that cannot be sent, held until their turn
}

// run carries one message after the other through; the opening of the next
// travels with the content of the one before if the relay pipelines.
func (s *stream) run(ctx context.Context) error {
	cur, opened := s.take(), false
	for cur != nil {
		if err := s.giveRejected(); err != nil {
			return err
		}
		if !opened {
			if err := s.await(ctx, cur); err != nil {
				return s.give(result{id: cur.Envelope, err: &Interrupted{StageMail, err}}, err)
			}
		}
		var err error
		if cur, opened, err = s.one(ctx, cur, opened); err != nil {
			return err
		}
	}
	return s.giveRejected()
}

// one carries cur through, and says whether nxt, if any, was opened with it.
func (s *stream) one(ctx context.Context, cur *prepared, opened bool) (nxt *prepared, nxtOpened bool, err error) {
	goAhead, refused, err := s.open(ctx, cur, opened)
	if err == nil && s.broken { // 421, or hung up after a refusal
		err = &Interrupted{StageMail, errHungUp}
		if refused != nil {
			err = refused
		}
	}
	if err == nil && opened {
		if err = s.await(ctx, cur); err != nil {
			s.broken = true
			err = &Interrupted{StageData, err}
		}
	}
	if err != nil {
		return nil, false, s.give(result{id: cur.Envelope, err: err}, err)
	}
	nxt = s.take()
	if !goAhead {
		return nxt, false, s.give(result{id: cur.Envelope, err: refused}, nil)
	}

	s.out = s.out[:0]
	if refused == nil {
		s.out = appendStuffed(s.out, cur.Data)
	} else {
		// DATA was granted though the recipient was refused: an empty
		// mail must be ended (RFC 2920 section 3.1).
		s.out = append(s.out, ".\r\n"...)
	}
	dotEnd := len(s.out)
	if nxt != nil && s.ext.pipelining && s.mayOpenEarly(ctx, nxt) {
		s.out = appendEnvelope(s.out, nxt, s.ext)
		nxtOpened = true
	}
	end := result{id: cur.Envelope}
	end.reply, end.err = s.finish(ctx, dotEnd)
	if refused != nil {
		end = result{id: cur.Envelope, err: refused}
	}
	if err = s.give(end, nil); err != nil {
		return nil, false, err
	}
	if s.broken {
		return nil, false, s.hangUp(nxt, end.err)
	}
	return nxt, nxtOpened, nil
}

// hangUp reports the message taken ahead on a connection that broke.
func (s *stream) hangUp(nxt *prepared, why error) error {
	if why == nil {
		why = errHungUp
	}
	if err := s.giveRejected(); err != nil {
		return err
	}
	if nxt == nil {
		return why
	}
	return s.give(result{id: nxt.Envelope, err: &Interrupted{StageMail, errHungUp}}, why)
}

var errHungUp = errors.New("the connection was given up")

// open brings cur's envelope up to the answer of DATA. goAhead says that the
// relay waits for content; refused, that it must be empty.
func (s *stream) open(ctx context.Context, cur *prepared, opened bool) (goAhead bool, refused *Refused, err error) {
	if !s.ext.pipelining {
		return s.openPlain(ctx, cur)
	}
	s.arm(ctx, s.options.Timeout)
	if !opened {
		cur.dirty = s.dirty
		if err := s.write(appendEnvelope(s.out[:0], cur, s.ext)); err != nil {
			return false, nil, &Interrupted{StageMail, err}
		}
	}
	if cur.dirty {
		if _, err := s.read(); err != nil {
			return false, nil, &Interrupted{StageMail, err}
		}
		s.dirty = false
	}
	for stage := StageMail; stage <= StageData; stage++ {
		r, err := s.read()
		if err != nil {
			if refused != nil { // hung up after saying why
				return false, refused, nil
			}
			return false, nil, &Interrupted{stage, err}
		}
		if stage == StageMail && saidGoodbye(r) {
			return false, nil, &Interrupted{stage, errHungUp}
		}
		goAhead = stage == StageData && r.Code == 354
		s.dirty = s.dirty || stage == StageMail && r.Code/100 == 2
		if refused == nil && !goAhead && (r.Code/100 != 2 || stage == StageData) {
			if refused, err = s.refusal(r, stage); err != nil {
				return false, nil, err
			}
		}
		if s.broken {
			return false, refused, nil
		}
	}
	return goAhead, refused, nil
}

// openPlain does the same one command at a time.
func (s *stream) openPlain(ctx context.Context, cur *prepared) (goAhead bool, refused *Refused, err error) {
	if s.dirty {
		s.arm(ctx, s.options.Timeout)
		if _, err := s.command("RSET\r\n"); err != nil {
			return false, nil, &Interrupted{StageMail, err}
		}
		s.dirty = false
	}
	for stage := StageMail; stage <= StageData; stage++ {
		switch stage {
		case StageMail:
			s.out = appendMail(s.out[:0], cur, s.ext)
		case StageRcpt:
			s.out = appendRcpt(s.out[:0], cur)
		default:
			s.out = append(s.out[:0], "DATA\r\n"...)
		}
		s.arm(ctx, s.options.Timeout)
		if err := s.write(s.out); err != nil {
			return false, nil, &Interrupted{stage, err}
		}
		r, err := s.read()
		if err != nil {
			return false, nil, &Interrupted{stage, err}
		}
		if stage == StageMail && saidGoodbye(r) {
			return false, nil, &Interrupted{stage, errHungUp}
		}
		if stage == StageData && r.Code == 354 {
			return true, nil, nil
		}
		if r.Code/100 != 2 || stage == StageData {
			refused, err = s.refusal(r, stage)
			return false, refused, err
		}
		s.dirty = true
	}
	return false, nil, nil
}

// saidGoodbye says that a reply was no answer to us: the relay took leave of an
// idle session just before (421 with 4.4.2, a time-out).
func saidGoodbye(r Reply) bool { return r.Code == 421 && r.Enhanced == "4.4.2" }

// refusal is the *Refused for r, or, where r makes no sense at that stage, an
// error that ends the connection.
func (s *stream) refusal(r Reply, stage Stage) (*Refused, error) {
	if r.Code < 400 {
		s.broken = true
		return nil, &Interrupted{stage, fmt.Errorf("%w: %d", errReplyUnexpected, r.Code)}
	}
	e := newRefused(r, stage)
	s.broken = s.broken || e.ourMistake()
	return e, nil
}

var errReplyUnexpected = errors.New("reply makes no sense here")

// finish writes s.out, whose first dotEnd bytes are content with final dot,
// and reads the relay's answer to it.
func (s *stream) finish(ctx context.Context, dotEnd int) (Reply, error) {
	s.arm(ctx, s.options.FinalTimeout)
	if n, err := s.writeCounting(s.out); err != nil {
		if n < dotEnd {
			return Reply{}, &Interrupted{StageBody, err}
		}
		return Reply{}, &Unknown{err}
	}
	r, err := s.read()
	switch {
	case err != nil:
		return Reply{}, &Unknown{err}
	case r.Code/100 == 2:
		s.dirty = false
		return r, nil
	case r.Code >= 400:
		s.dirty = false
		e := newRefused(r, StageBody)
		s.broken = s.broken || e.ourMistake()
		return Reply{}, e
	}
	s.broken = true
	return Reply{}, &Unknown{fmt.Errorf("%w: %d", errReplyUnexpected, r.Code)}
}

// take gets the next message that can be sent, or nil.
func (s *stream) take() *prepared {
	for !s.spent() {
		m, ok := s.next()
		if !ok {
			break
		}
		p, err := prepare(m, s.ext)
		if err == nil {
			s.taken++
			return &p
		}
		s.rejected = append(s.rejected, result{id: m.Envelope, err: err})
	}
	return nil
}

// give reports r, after which the results held back are in turn. It returns
// done's error if there is one, else why.
func (s *stream) give(r result, why error) error {
	if err := s.done(r); err != nil {
		s.broken = true
		return fmt.Errorf("record the outcome of an envelope: %w", err)
	}
	return why
}

func (s *stream) giveRejected() error {
	for len(s.rejected) > 0 {
		r := s.rejected[0]
		s.rejected = s.rejected[1:]
		if err := s.give(r, nil); err != nil {
			return err
		}
	}
	return nil
}

// earlyTime is how long before its time an envelope may be opened, its
// content still waiting for the time itself.
const earlyTime = time.Second

// mayOpenEarly gives p its place in the pace.
func (s *stream) mayOpenEarly(ctx context.Context, p *prepared) bool {
	if s.options.Pace == nil {
		return true
	}
	slot, err := s.options.Pace.Next(ctx)
	if err != nil {
		return false // asked again when it is p's turn
	}
	p.slot, p.paced = slot, true
	return slot.IsZero() || time.Until(slot) <= earlyTime
}

// await waits until the pace lets p go.
func (s *stream) await(ctx context.Context, p *prepared) error {
	if s.options.Pace == nil {
		return ctx.Err()
	}
	if !p.paced {
		slot, err := s.options.Pace.Next(ctx)
		if err != nil {
			return fmt.Errorf("keep the pace: %w", err)
		}
		p.slot, p.paced = slot, true
	}
	return waitUntil(ctx, p.slot)
}

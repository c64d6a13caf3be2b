package smtp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// feed gives messages one by one and records what is given back.
type feed struct {
	messages []mailer.Message
	next     int
	attempts []mailer.Attempt
}

func (f *feed) take() (mailer.Message, bool) {
	if f.next == len(f.messages) {
		return mailer.Message{}, false
	}
	f.next++
	return f.messages[f.next-1], true
}

func (f *feed) done(r mailer.Attempt) error {
	f.attempts = append(f.attempts, r)
	return nil
}

func (f *feed) ids() []int64 {
	var ids []int64
	for _, r := range f.attempts {
		ids = append(ids, r.Envelope)
	}
	return ids
}

func (f *feed) verdicts() string {
	var words []string
	for _, r := range f.attempts {
		words = append(words, string(r.Verdict))
	}
	return strings.Join(words, " ")
}

func TestStream_GivesEachMessageItsOwnResultInOrder(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("unknown@example.org", smtptest.Action{At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "unknown user"})
		s.On("later@example.org", smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "later"})
		s.On("spam@example.org", smtptest.Action{At: "dot", Code: 550, Enhanced: "5.7.1", Text: "spam"})
		f := new(feed)
		for i, to := range []string{
			"a@example.org", "unknown@example.org", "unknown@example.org", "b@example.org", "broken", "spam@example.org",
			"later@example.org", "c@example.org", "a@@example.org",
		} {
			f.messages = append(f.messages, message(int64(i), to))
		}
		c := dial(t, options(s))
		if err := c.Stream(t.Context(), f.take, f.done); err != nil {
			t.Fatalf("stream: %v", err)
		}
		if got, want := f.ids(), []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(got, want) {
			t.Errorf("results of %v, want %v", got, want)
		}
		want := "taken no-such-recipient no-such-recipient taken message-refused sender-problem try-later taken message-refused"
		if got := f.verdicts(); got != want {
			t.Errorf("verdicts\n%s, want\n%s", got, want)
		}
		if n := len(s.Mails()); n != 3 || s.Conns() != 1 || !c.Usable() {
			t.Errorf("%d mails over %d connections, want 3 over 1; usable %v", n, s.Conns(), c.Usable())
		}
	})
}

// A relay that counts round trips: it answers only when nothing more is
// coming before it, and logs what it has seen.
func TestStream_OpensNextWithContentOfLast_ButHoldsContentBackUntilDone(t *testing.T) {
	log := make(chan string, 100)
	host, port := smtptest.Script(t, func(r *bufio.Reader, conn net.Conn) {
		write := func(s string) { _, _ = io.WriteString(conn, s) }
		write("220 script\r\n")
		data := false
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimRight(line, "\r\n")
			switch {
			case data && line == ".":
				data = false
				// What the same write brought is here already.
				rest := ""
				if r.Buffered() > 0 {
					b, _ := r.Peek(r.Buffered())
					rest = string(b)
				}
				log <- "dot, then " + strings.ReplaceAll(rest, "\r\n", "|")
				write("250 2.0.0 Ok: queued as 4ABC\r\n")
			case data:
				log <- "content " + line
			case strings.HasPrefix(line, "EHLO"):
				write("250-script\r\n250 PIPELINING\r\n")
			case line == "DATA":
				data = true
				write("354 go on\r\n")
			default:
				write("250 Ok\r\n")
			}
		}
	})
	c := dial(t, smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone})
	f := &feed{messages: []mailer.Message{
		{Envelope: 1, From: "b@x.example", To: "one@x.example", Data: []byte("eins\r\n")},
		{Envelope: 2, From: "b@x.example", To: "two@x.example", Data: []byte("zwei\r\n")},
	}}
	err := c.Stream(t.Context(), f.take, func(r mailer.Attempt) error {
		// Nothing of the next mail's content may be on its way before this
		// returns: the relay has logged the first mail and no more.
		if r.Envelope == 1 {
			for _, want := range []string{"content eins", "dot, then MAIL FROM:<b@x.example>|RCPT TO:<two@x.example>|DATA|"} {
				if got := <-log; got != want {
					t.Errorf("relay saw %q, want %q", got, want)
				}
			}
			if len(log) != 0 {
				t.Errorf("relay saw %q before the outcome was recorded", <-log)
			}
		}
		if r.QueueID != "4ABC" {
			t.Errorf("queue id %q", r.QueueID)
		}
		return f.done(r)
	})
	if err != nil || len(f.attempts) != 2 {
		t.Fatalf("stream: %v, %v", err, f.attempts)
	}
	if got := <-log; got != "content zwei" {
		t.Errorf("relay saw %q", got)
	}
}

func TestStream_StopsWhenOutcomeCannotBeRecorded(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		c := dial(t, options(s))
		f := &feed{messages: []mailer.Message{message(1, "a@example.org"), message(2, "b@example.org"), message(3, "c@example.org")}}
		broken := errors.New("database is away")
		err := c.Stream(t.Context(), f.take, func(mailer.Attempt) error { return broken })
		if !errors.Is(err, broken) || c.Usable() {
			t.Errorf("stream: %v, usable %v", err, c.Usable())
		}
		s.Close() // nothing is kept afterwards
		if n := len(s.Mails()); n != 1 {
			t.Errorf("%d mails arrived, want only the one whose outcome could not be recorded", n)
		}
	})
}

func TestStream_MessageTakenAheadIsInterruptedWhenConnectionBreaks(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("b@example.org", smtptest.Action{At: "dot", Drop: true, Times: 1})
		c := dial(t, options(s))
		f := &feed{messages: []mailer.Message{
			message(1, "a@example.org"), message(2, "b@example.org"), message(3, "c@example.org"), message(4, "d@example.org"),
		}}
		err := c.Stream(t.Context(), f.take, f.done)
		var unknown *smtp.Unknown
		if !errors.As(err, &unknown) {
			t.Errorf("stream: %v", err)
		}
		if got, want := f.verdicts(), "taken uncertain not-tried"; got != want || f.next != 3 {
			t.Errorf("verdicts %q, want %q; %d taken", got, want, f.next)
		}
	})
}

// Some relays grant DATA though they refused the only recipient; RFC 2920
// section 3.1 asks for an empty mail then.
func TestStream_EndsAnEmptyMailWhenDataIsGrantedToNobody(t *testing.T) {
	var contents bytes.Buffer
	host, port := smtptest.Script(t, func(r *bufio.Reader, conn net.Conn) {
		write := func(s string) { _, _ = io.WriteString(conn, s) }
		write("220 script\r\n")
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch {
			case strings.HasPrefix(line, "EHLO"):
				write("250-script\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n")
			case strings.HasPrefix(line, "RCPT TO:<nobody@"):
				write("550-5.1.1 The account\r\n550 5.1.1 does not exist\r\n")
			case line == "DATA\r\n":
				write("354 go on\r\n")
				for line != ".\r\n" {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
					contents.WriteString(line)
				}
				write("250 Ok\r\n")
			default:
				write("250 Ok\r\n")
			}
		}
	})
	c := dial(t, smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone})
	f := &feed{messages: []mailer.Message{
		{Envelope: 1, To: "nobody@x.example", Data: []byte("eins\r\n")},
		{Envelope: 2, To: "nobody@x.example", Data: []byte("zwei\r\n")},
		{Envelope: 3, To: "somebody@x.example", Data: []byte("drei\r\n")},
	}}
	if err := c.Stream(t.Context(), f.take, f.done); err != nil {
		t.Fatalf("stream: %v", err)
	}
	if got, want := f.verdicts(), "no-such-recipient no-such-recipient taken"; got != want {
		t.Errorf("verdicts %q, want %q", got, want)
	}
	if got, want := contents.String(), ".\r\n.\r\ndrei\r\n.\r\n"; got != want {
		t.Errorf("relay got contents %q, want %q", got, want)
	}
	if got := f.attempts[0].Text; got != "The account does not exist" {
		t.Errorf("text %q", got)
	}
}

// Whatever a relay answers and wherever it hangs up: each message taken has
// exactly one result, in order, and only mails that the relay took or may
// have taken are told as such.
func TestStream_ResultsAgreeWithServer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := smtptest.Options{}
		if rapid.Bool().Draw(rt, "plain") {
			o.Hide = []string{"PIPELINING"}
		}
		s, err := smtptest.Start(o)
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		f := new(feed)
		for i := range rapid.IntRange(1, 12).Draw(rt, "messages") {
			to := fmt.Sprintf("m%d@example.org", i)
			f.messages = append(f.messages, message(int64(i), to))
			if rapid.IntRange(0, 2).Draw(rt, "fate") == 0 {
				a := smtptest.Action{
					At:    rapid.SampledFrom([]string{"rcpt", "dot"}).Draw(rt, "at"),
					Times: 1,
				}
				switch rapid.IntRange(0, 4).Draw(rt, "what") {
				case 0:
					a.Code, a.Enhanced, a.Text = 451, "4.3.0", "later"
				case 1:
					a.Code, a.Enhanced, a.Text = 550, "5.1.1", "unknown"
				case 2:
					a.Code, a.Enhanced, a.Text, a.HangUp = 421, "4.3.2", "closing", true
				case 3:
					a.Drop = true
				case 4:
					a.CutReply = 4
				}
				s.On(to, a)
			}
		}
		var last error
		for f.next < len(f.messages) {
			c, err := smtp.Dial(context.Background(), options(s))
			if err != nil {
				rt.Fatal(err)
			}
			last = c.Stream(context.Background(), f.take, f.done)
			if (last == nil) != c.Usable() {
				rt.Errorf("stream returned %v and usable is %v", last, c.Usable())
			}
			_ = c.Close(context.Background())
		}
		got := make(map[string]int)
		for _, m := range s.Mails() {
			got[m.To]++
		}
		if len(f.attempts) != len(f.messages) {
			rt.Fatalf("%d results of %d messages", len(f.attempts), len(f.messages))
		}
		for i, r := range f.attempts {
			if r.Envelope != int64(i) {
				rt.Errorf("result %d is of message %d", i, r.Envelope)
			}
			n := got[f.messages[i].To]
			v := r.Verdict
			if n > 1 || v == mailer.Taken && n != 1 || v != mailer.Taken && v != mailer.Uncertain && n != 0 {
				rt.Errorf("message %d: %v (%s), and the server has it %d times", i, v, r.Text, n)
			}
		}
	})
}

func TestStream_KeepsPaceOverAllConnections(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		opts := options(s)
		opts.Pace = smtp.NewLimiter(smtp.LimiterOptions{PerSecond: 20})
		begin := time.Now()
		var wg sync.WaitGroup
		for conn := range 2 {
			c := dial(t, opts)
			f := new(feed)
			for i := range 3 {
				f.messages = append(f.messages, message(int64(10*conn+i), "a@example.org"))
			}
			wg.Go(func() {
				if err := c.Stream(t.Context(), f.take, f.done); err != nil || f.verdicts() != "taken taken taken" {
					t.Errorf("stream: %v, %s", err, f.verdicts())
				}
			})
		}
		wg.Wait()
		// Six mails at twenty a second lie five twentieths apart; two may
		// go at once because blocks of a tenth of a second are taken.
		if d := time.Since(begin); d < 200*time.Millisecond {
			t.Errorf("six mails in %v", d)
		}
	})
}

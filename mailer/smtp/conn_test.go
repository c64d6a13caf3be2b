package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const body = "Subject: Stellen\r\n\r\n.Punkt am Anfang\r\n..zwei\r\n.\r\nEnde\r\n"

func message(id int64, to string) mailer.Message {
	return mailer.Message{Envelope: id, From: "b@bounce.example", To: to, Data: []byte(body)}
}

func options(s *smtptest.Server) smtp.Options {
	return smtp.Options{Host: s.Host, Port: s.Port, TLS: smtp.TLSNone, Timeout: 5 * time.Second, FinalTimeout: 5 * time.Second}
}

func dial(t *testing.T, o smtp.Options) *smtp.Conn {
	t.Helper()
	c, err := smtp.Dial(t.Context(), o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// kinds are the relays every behaviour is shown with.
var kinds = map[string]smtptest.Options{
	"pipelined": {},
	"plain":     {Hide: []string{"PIPELINING"}},
	"lower":     {Lower: true},
}

func eachKind(t *testing.T, f func(t *testing.T, o smtptest.Options)) {
	t.Helper()
	for name, o := range kinds {
		t.Run(name, func(t *testing.T) { f(t, o) })
	}
}

func TestSend_DeliversBytesUnchanged(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		c := dial(t, options(s))
		for i := range 3 {
			r, err := c.Send(t.Context(), message(int64(i), "a@example.org"))
			if err != nil || r.Code != 250 || r.Enhanced != "2.0.0" {
				t.Fatalf("send %d: %+v, %v", i, r, err)
			}
		}
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("quit: %v", err)
		}
		mails := s.Mails()
		if len(mails) != 3 {
			t.Fatalf("server has %d mails, want 3", len(mails))
		}
		for _, m := range mails {
			if m.From != "b@bounce.example" || m.To != "a@example.org" || string(m.Data) != body || m.EightBit || m.UTF8 {
				t.Errorf("server has %+v\n%q", m, m.Data)
			}
			if m.Size != int64(len(body)) {
				t.Errorf("SIZE=%d, want %d", m.Size, len(body))
			}
		}
		if s.Conns() != 1 {
			t.Errorf("%d connections, want 1", s.Conns())
		}
	})
}

func TestDial_FindsPipeliningHoweverItIsSpelled(t *testing.T) {
	for name, want := range map[string]bool{"pipelined": true, "plain": false, "lower": true} {
		s := smtptest.Run(t, kinds[name])
		if got := dial(t, options(s)).Pipelining(); got != want {
			t.Errorf("%s: pipelining %v, want %v", name, got, want)
		}
	}
}

func TestSend_SecuresAndLogsIn(t *testing.T) {
	for _, mode := range []string{smtp.TLSStartTLS, smtp.TLSImplicit} {
		t.Run(mode, func(t *testing.T) {
			s := smtptest.Run(t, smtptest.Options{TLS: mode, Username: "relay", Password: "geheim"})
			o := options(s)
			o.TLS, o.RootCAs, o.Username, o.Password = mode, s.RootCAs(), "relay", "geheim"
			c := dial(t, o)
			if _, err := c.Send(t.Context(), message(1, "a@example.org")); err != nil {
				t.Fatalf("send: %v", err)
			}
			m := s.Mails()
			if len(m) != 1 || !m[0].TLS || m[0].Login != "relay" || string(m[0].Data) != body {
				t.Errorf("server has %+v", m)
			}
		})
	}
}

func TestDial_RefusesWhatIsNotSafe(t *testing.T) {
	tls := smtptest.Run(t, smtptest.Options{TLS: "starttls", Username: "relay", Password: "geheim"})
	plain := smtptest.Run(t, smtptest.Options{})

	wrong := options(tls)
	wrong.TLS, wrong.RootCAs, wrong.Username, wrong.Password = smtp.TLSStartTLS, tls.RootCAs(), "relay", "falsch"
	_, err := smtp.Dial(t.Context(), wrong)
	var refused *smtp.Refused
	if !errors.As(err, &refused) || refused.Code != 535 || refused.Stage != smtp.StageLogin || !refused.AboutSender || refused.Permanent {
		t.Errorf("wrong password: %v (%+v)", err, refused)
	}
	if v := smtp.VerdictOf(err); v != mailer.SenderProblem {
		t.Errorf("wrong password: verdict %v", v)
	}

	unverified := options(tls)
	unverified.TLS = smtp.TLSStartTLS
	_, err = smtp.Dial(t.Context(), unverified)
	wantMisfit(t, "a certificate nobody vouches for", err)

	noTLS := options(plain)
	noTLS.TLS = smtp.TLSStartTLS
	_, err = smtp.Dial(t.Context(), noTLS)
	wantMisfit(t, "a relay without the STARTTLS asked for", err)

	noAuth := options(plain)
	noAuth.Username, noAuth.Password = "relay", "geheim"
	_, err = smtp.Dial(t.Context(), noAuth)
	wantMisfit(t, "a relay without AUTH", err)
	if !errors.Is(err, smtp.ErrNoLogin) {
		t.Errorf("relay without AUTH: %v, want ErrNoLogin", err)
	}

	mode := options(plain)
	mode.TLS = ""
	if _, err := smtp.Dial(t.Context(), mode); err == nil || !strings.Contains(err.Error(), "starttls") {
		t.Errorf("no TLS mode: %v", err)
	}
}

func wantMisfit(t *testing.T, what string, err error) {
	t.Helper()
	var misfit *smtp.Misfit
	if !errors.As(err, &misfit) || smtp.VerdictOf(err) != mailer.SenderProblem {
		t.Errorf("%s: %v, want *Misfit", what, err)
	}
}

func TestDial_RelayThatIsAwayIsNoMisfit(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	o := options(s)
	s.Close()
	_, err := smtp.Dial(t.Context(), o)
	var interrupted *smtp.Interrupted
	if !errors.As(err, &interrupted) || smtp.VerdictOf(err) != mailer.NotTried {
		t.Errorf("refused connection: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := smtp.Dial(ctx, o); !errors.As(err, &interrupted) {
		t.Errorf("context ended: %v", err)
	}
}

func TestSend_503DropsTheConnectionAndBlamesNobody(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("b@bounce.example", smtptest.Action{At: "mail", Code: 503, Enhanced: "5.5.1", Text: "nested MAIL command", Times: 1})
		c := dial(t, options(s))
		_, err := c.Send(t.Context(), message(1, "a@example.org"))
		var refused *smtp.Refused
		if !errors.As(err, &refused) || refused.Permanent || !refused.AboutSender || smtp.VerdictOf(err) != mailer.TryLater || c.Usable() {
			t.Errorf("got %+v, usable %v", err, c.Usable())
		}
	})
}

func TestReset_AsksWhetherTheRelayIsStillThere(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	c := dial(t, options(s))
	if err := c.Reset(t.Context()); err != nil || !c.Usable() {
		t.Errorf("reset: %v", err)
	}
	s.Close()
	if err := c.Reset(t.Context()); !errors.Is(err, smtp.ErrNotUsable) || c.Usable() {
		t.Errorf("reset of a dead connection: %v, usable %v", err, c.Usable())
	}
}

func TestSend_TellsRefusalsApart(t *testing.T) {
	cases := map[string]struct {
		action smtptest.Action
		want   smtp.Refused
	}{
		"unknown@example.org": {
			smtptest.Action{At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "no such user"},
			smtp.Refused{Code: 550, Enhanced: "5.1.1", Text: "no such user", Stage: smtp.StageRcpt, Permanent: true},
		},
		"later@example.org": {
			smtptest.Action{At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "try later", Times: 1},
			smtp.Refused{Code: 451, Enhanced: "4.3.0", Text: "try later", Stage: smtp.StageRcpt},
		},
		"policy@example.org": {
			smtptest.Action{At: "dot", Code: 550, Enhanced: "5.7.26", Text: "unauthenticated mail"},
			smtp.Refused{Code: 550, Enhanced: "5.7.26", Text: "unauthenticated mail", Stage: smtp.StageBody, AboutSender: true},
		},
	}
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		c := dial(t, options(s))
		for to, tc := range cases {
			s.On(to, tc.action)
			_, err := c.Send(t.Context(), message(1, to))
			var got *smtp.Refused
			if !errors.As(err, &got) || *got != tc.want {
				t.Errorf("%s: got %+v (%v), want %+v", to, got, err, tc.want)
			}
			if strings.Contains(err.Error(), "@") {
				t.Errorf("the error shows an address: %v", err)
			}
			if !c.Usable() {
				t.Fatalf("%s: a refusal made the connection unusable", to)
			}
			// The next mail on the connection must not suffer.
			if _, err := c.Send(t.Context(), message(2, "good@example.org")); err != nil {
				t.Errorf("after %s: %v", to, err)
			}
		}
		if _, err := c.Send(t.Context(), message(3, "later@example.org")); err != nil {
			t.Errorf("second try after a 451: %v", err)
		}
	})
}

func TestSend_RefusedSenderLeavesConnectionWhole(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("bad@bounce.example", smtptest.Action{At: "mail", Code: 550, Enhanced: "5.7.1", Text: "sender rejected"})
		c := dial(t, options(s))
		m := message(1, "a@example.org")
		m.From = "bad@bounce.example"
		_, err := c.Send(t.Context(), m)
		var got *smtp.Refused
		if !errors.As(err, &got) || got.Stage != smtp.StageMail || got.Verdict() != mailer.SenderProblem {
			t.Fatalf("got %v", err)
		}
		m.From = ""
		if _, err := c.Send(t.Context(), m); err != nil {
			t.Fatalf("null sender afterwards: %v", err)
		}
		if mails := s.Mails(); len(mails) != 1 || mails[0].From != "" {
			t.Errorf("server has %+v", mails)
		}
	})
}

func TestSend_NoAnswerAfterDotIsUnknown(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		for name, action := range map[string]smtptest.Action{
			"dropped":    {At: "dot", Drop: true},
			"half reply": {At: "dot", CutReply: 5},
		} {
			s := smtptest.Run(t, o)
			s.On("a@example.org", action)
			c := dial(t, options(s))
			_, err := c.Send(t.Context(), message(1, "a@example.org"))
			var unknown *smtp.Unknown
			if !errors.As(err, &unknown) || smtp.VerdictOf(err) != mailer.Uncertain {
				t.Errorf("%s: %v, want *Unknown", name, err)
			}
			if c.Usable() {
				t.Errorf("%s: the connection still counts as usable", name)
			}
			if _, err := c.Send(t.Context(), message(2, "a@example.org")); !errors.Is(err, smtp.ErrNotUsable) {
				t.Errorf("%s: send on a broken connection: %v", name, err)
			}
			if len(s.Mails()) != 1 {
				t.Errorf("%s: server has %d mails, want 1", name, len(s.Mails()))
			}
		}
	})
}

func TestSend_ConnectionLostBeforeDotIsTemporary(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("a@example.org", smtptest.Action{At: "rcpt", Drop: true, Times: 1})
		c := dial(t, options(s))
		_, err := c.Send(t.Context(), message(1, "a@example.org"))
		var interrupted *smtp.Interrupted
		if !errors.As(err, &interrupted) || smtp.VerdictOf(err) != mailer.NotTried || c.Usable() {
			t.Errorf("got %v, want *Interrupted and an unusable connection", err)
		}
		if len(s.Mails()) != 0 {
			t.Errorf("server has %d mails, want 0", len(s.Mails()))
		}
	})
}

func TestSend_421EndsConnection(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		s.On("a@example.org", smtptest.Action{At: "rcpt", Code: 421, Enhanced: "4.7.0", Text: "slow down", HangUp: true})
		c := dial(t, options(s))
		_, err := c.Send(t.Context(), message(1, "a@example.org"))
		var refused *smtp.Refused
		if !errors.As(err, &refused) || refused.Verdict() != mailer.SlowDown || refused.Permanent {
			t.Errorf("got %v, want a 421", err)
		}
		if c.Usable() {
			t.Error("the connection still counts as usable")
		}
	})
}

func TestSend_EndOfContextGivesUpTheSocket(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		held := make(chan struct{})
		s.On("before@example.org", smtptest.Action{At: "rcpt", Hold: held})
		s.On("after@example.org", smtptest.Action{At: "dot", Hold: held})
		for to, want := range map[string]mailer.Verdict{"before@example.org": mailer.NotTried, "after@example.org": mailer.Uncertain} {
			c := dial(t, options(s))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			_, err := c.Send(ctx, message(1, to))
			cancel()
			if got := smtp.VerdictOf(err); got != want || c.Usable() {
				t.Errorf("%s: %v (%v), want %v and an unusable connection", to, got, err, want)
			}
		}
		close(held)
	})
}

func TestDial_ClosesItsSocketWhenItFails(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	o := options(s)
	o.Username, o.Password = "relay", "geheim" // not offered
	for range 20 {
		if _, err := smtp.Dial(t.Context(), o); err == nil {
			t.Fatal("dial succeeded")
		}
	}
	// goleak at the end of the tests sees a server goroutine for each
	// connection left open; the server's Close would hang on none.
	if s.Conns() != 20 {
		t.Errorf("%d connections, want 20", s.Conns())
	}
}

func TestSend_RecyclesAfterSetNumber(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	o := options(s)
	o.MaxPerConnection = 2
	c := dial(t, o)
	for i := range 2 {
		if !c.Usable() {
			t.Fatalf("unusable after %d", i)
		}
		if _, err := c.Send(t.Context(), message(int64(i), "a@example.org")); err != nil {
			t.Fatal(err)
		}
	}
	if c.Usable() {
		t.Error("still usable after 2 of 2")
	}
	if _, err := c.Send(t.Context(), message(3, "a@example.org")); !errors.Is(err, smtp.ErrNotUsable) {
		t.Errorf("third: %v", err)
	}
}

func TestSend_AddressesGoOutAsTheRelayCanTakeThem(t *testing.T) {
	ascii := smtptest.Run(t, smtptest.Options{})
	utf8 := smtptest.Run(t, smtptest.Options{SMTPUTF8: true})

	c := dial(t, options(ascii))
	if _, err := c.Send(t.Context(), message(1, "info@münchen.example")); err != nil {
		t.Fatalf("IDN domain: %v", err)
	}
	if got := ascii.Mails()[0]; got.To != "info@xn--mnchen-3ya.example" || got.UTF8 {
		t.Errorf("IDN domain went out as %+v", got)
	}
	_, err := c.Send(t.Context(), message(2, "müller@example.org"))
	var unsendable *smtp.Unsendable
	if !errors.As(err, &unsendable) || !c.Usable() {
		t.Errorf("non-ASCII local part without SMTPUTF8: %v", err)
	}

	c = dial(t, options(utf8))
	for _, to := range []string{"müller@example.org", "mueller@example.org"} {
		if _, err := c.Send(t.Context(), message(3, to)); err != nil {
			t.Fatalf("%s: %v", to, err)
		}
	}
	if m := utf8.Mails(); !m[0].UTF8 || m[0].To != "müller@example.org" || m[1].UTF8 {
		t.Errorf("SMTPUTF8 asked for wrongly: %+v", m)
	}
}

func TestSend_RefusesWhatBreaksTheRules(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{Hide: []string{"8BITMIME"}, MaxBytes: 1000})
	c := dial(t, options(s))
	ok := message(0, "a@example.org")
	for name, change := range map[string]func(m *mailer.Message){
		"line break in recipient": func(m *mailer.Message) { m.To = "a@example.org>\r\nRCPT TO:<b@example.org" },
		"space in sender":         func(m *mailer.Message) { m.From = "a b@example.org" },
		"no domain":               func(m *mailer.Message) { m.To = "a" },
		"no local part":           func(m *mailer.Message) { m.To = "@example.org" },
		"bracket in domain":       func(m *mailer.Message) { m.To = "a@exa>mple.org" },
		"bare LF":                 func(m *mailer.Message) { m.Data = []byte("a\n.\nMAIL FROM:<x@y>\r\n") },
		"bare CR":                 func(m *mailer.Message) { m.Data = []byte("a\r.\r\n") },
		"empty":                   func(m *mailer.Message) { m.Data = nil },
		"8 bit not offered":       func(m *mailer.Message) { m.Data = []byte("Grüße\r\n") },
		"too large":               func(m *mailer.Message) { m.Data = []byte(strings.Repeat("a\r\n", 400)) },
	} {
		m := ok
		change(&m)
		_, err := c.Send(t.Context(), m)
		var unsendable *smtp.Unsendable
		if !errors.As(err, &unsendable) || !c.Usable() {
			t.Errorf("%s: %v, want *Unsendable", name, err)
		}
	}
	if n := len(s.Mails()); n != 0 {
		t.Errorf("server has %d mails, want 0", n)
	}
}

func ExampleVerdictOf() {
	err := &smtp.Refused{Code: 550, Enhanced: "5.1.1", Stage: smtp.StageRcpt}
	fmt.Println(smtp.VerdictOf(err))
	// Output: no-such-recipient
}

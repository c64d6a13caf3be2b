package smtp_test

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// confirmation is a mail as compose makes them.
const confirmation = "From: \"Stellenmelder\" <alerts@jobs.example>\r\nReply-To: <help@jobs.example>\r\nTo: b@c.example\r\n" +
	"Subject: =?utf-8?q?Bitte_best=C3=A4tigen_Sie_Ihren_Suchauftrag_Medizininformatiker_?=\r\n =?utf-8?q?in_Gelsenkirchen?=\r\n" +
	"Date: Mon, 02 Mar 2026 07:00:00 +0100\r\nMessage-ID: <0123456789abcdef0123456789abcdef@jobs.example>\r\n" +
	"Feedback-ID: account:de:jobs.example:jobalertd\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Language: de\r\n" +
	"Content-Type: multipart/alternative; boundary=\"=_0123456789abcdef\"\r\n" +
	"\r\n--=_0123456789abcdef\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"..Bitte best=C3=A4tigen Sie.\r\n\r\n--=_0123456789abcdef\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<p>.=20</p>\r\n\r\n--=_0123456789abcdef--\r\n"

func asked(to, data string) mailer.Message {
	return mailer.Message{Envelope: 7, From: "bounce+token@jobs.example", To: to, Data: []byte(data)}
}

func TestSingle_GoMailChangesNothingThatIsSaid(t *testing.T) {
	eachKind(t, func(t *testing.T, o smtptest.Options) {
		s := smtptest.Run(t, o)
		c := dial(t, options(s))
		for range 2 { // the connection serves another, and then a stream
			if a := c.Single(t.Context(), asked("b@c.example", confirmation)); a.Verdict != mailer.Taken || a.Code != 250 || a.Envelope != 7 {
				t.Fatalf("got %+v", a)
			}
		}
		if _, err := c.Send(t.Context(), message(1, "d@e.example")); err != nil {
			t.Errorf("the same connection then: %v", err)
		}
		got := s.Mails()
		if len(got) != 3 || got[0].From != "bounce+token@jobs.example" || got[0].To != "b@c.example" || got[0].UTF8 {
			t.Fatalf("got %+v", got)
		}
		want, have := read(t, confirmation), read(t, string(got[0].Data))
		for name, values := range want.Header {
			if name == "To" || name == "From" || name == "Content-Type" {
				continue // written anew: the same addresses, and a charset that means nothing
			}
			if !slices.Equal(have.Header[name], values) {
				t.Errorf("%s: %q, want %q", name, have.Header[name], values)
			}
		}
		for _, name := range []string{"From", "To"} {
			a, err := have.Header.AddressList(name)
			b, _ := want.Header.AddressList(name)
			if err != nil || len(have.Header[name]) != 1 || *a[0] != *b[0] {
				t.Errorf("%s: %q, %v", name, have.Header[name], err)
			}
		}
		if kind := have.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative; boundary=\"=_0123456789abcdef\"") {
			t.Errorf("Content-Type %q", kind)
		}
		for name := range have.Header {
			if _, ours := want.Header[name]; !ours && name != "Content-Transfer-Encoding" {
				t.Errorf("%s was added", name)
			}
		}
		_, body, _ := strings.Cut(confirmation, "\r\n\r\n")
		if _, sent, _ := bytes.Cut(got[0].Data, []byte("\r\n\r\n")); string(sent) != body {
			t.Errorf("the body became %q", sent)
		}
	})
}

func read(t *testing.T, data string) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSingle_ASignedMailGoesByteForByte(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	c := dial(t, options(s))
	signed := "DKIM-Signature: v=1; a=ed25519-sha256;\r\n b=abc\r\n" + confirmation
	if a := c.Single(t.Context(), asked("b@c.example", signed)); a.Verdict != mailer.Taken {
		t.Fatalf("got %+v", a)
	}
	if got := s.Mails(); len(got) != 1 || string(got[0].Data) != signed {
		t.Errorf("the server got %+v", got)
	}
}

func TestSingle_JudgesAsTheStreamDoes(t *testing.T) {
	for name, a := range map[string]smtptest.Action{
		"no such user":             {At: "rcpt", Code: 550, Enhanced: "5.1.1", Text: "no such user here"},
		"no status":                {At: "rcpt", Code: 550, Text: "mailbox unavailable"},
		"later":                    {At: "rcpt", Code: 451, Enhanced: "4.3.0", Text: "try later"},
		"greylisted":               {At: "rcpt", Code: 450, Enhanced: "4.7.1", Text: "greylisted, come back"},
		"our sequence":             {At: "rcpt", Code: 503, Enhanced: "5.5.1", Text: "bad sequence of commands"},
		"full":                     {At: "dot", Code: 552, Enhanced: "5.2.2", Text: "mailbox full"},
		"about us":                 {At: "dot", Code: 550, Enhanced: "5.7.26", Text: "unauthenticated mail"},
		"too fast":                 {At: "dot", Code: 451, Enhanced: "4.7.28", Text: "rate limit"},
		"goodbye":                  {At: "rcpt", Code: 421, Enhanced: "4.3.2", Text: "shutting down", HangUp: true},
		"no answer after the dot":  {At: "dot", Drop: true},
		"no answer to the address": {At: "rcpt", Drop: true},
		"half an answer":           {At: "dot", CutReply: 2},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			s := smtptest.Run(t, smtptest.Options{})
			a.Times = 2
			s.On("b@c.example", a)
			var attempts [2]mailer.Attempt
			stream, single := dial(t, options(s)), dial(t, options(s))
			err := stream.Stream(t.Context(), once(asked("b@c.example", confirmation)), func(a mailer.Attempt) error {
				attempts[0] = a
				return nil
			})
			_ = err // the attempt tells
			attempts[1] = single.Single(t.Context(), asked("b@c.example", confirmation))
			if attempts[0] != attempts[1] {
				t.Errorf("the stream judges %+v\nsingle judges %+v", attempts[0], attempts[1])
			}
			if (a.At != "rcpt" || a.Drop || a.HangUp || a.Code == 503) && single.Usable() {
				t.Error("the connection is kept after more than a refusal of RCPT")
			}
			if a.At == "rcpt" && a.Code == 550 {
				if again := single.Single(t.Context(), asked("d@e.example", confirmation)); again.Verdict != mailer.Taken {
					t.Errorf("the next mail on the connection: %+v", again)
				}
			}
		})
	}
}

func once(m mailer.Message) func() (mailer.Message, bool) {
	given := false
	return func() (mailer.Message, bool) {
		defer func() { given = true }()
		return m, !given
	}
}

func TestSingle_WaitsForThePace(t *testing.T) {
	s := smtptest.Run(t, smtptest.Options{})
	o := options(s)
	o.Pace = smtp.NewLimiter(smtp.LimiterOptions{PerSecond: 5})
	c := dial(t, o)
	began := time.Now()
	for range 3 {
		if a := c.Single(t.Context(), asked("b@c.example", confirmation)); a.Verdict != mailer.Taken {
			t.Fatalf("got %+v", a)
		}
	}
	if took := time.Since(began); took < 390*time.Millisecond {
		t.Errorf("three mails at five a second took %v", took)
	}
}

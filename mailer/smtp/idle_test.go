package smtp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// idleRelay takes mails, and takes leave when told to.
func idleRelay(t *testing.T, leave <-chan string) (o Options, left <-chan struct{}) {
	t.Helper()
	gone := make(chan struct{}, 1)
	host, port := smtptest.Script(t, func(r *bufio.Reader, conn net.Conn) {
		lines := make(chan string)
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(lines)
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				select {
				case lines <- line:
				case <-stop:
					return
				}
			}
		}()
		_, _ = io.WriteString(conn, "220 idle\r\n")
		for {
			select {
			case words := <-leave:
				_, _ = io.WriteString(conn, words)
				_ = conn.Close()
				gone <- struct{}{}
				return
			case line, ok := <-lines:
				switch {
				case !ok:
					return
				case strings.HasPrefix(line, "EHLO"):
					_, _ = io.WriteString(conn, "250-idle\r\n250 PIPELINING\r\n")
				case line == "DATA\r\n":
					_, _ = io.WriteString(conn, "354 go on\r\n")
				case line == ".\r\n", strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"):
					_, _ = io.WriteString(conn, "250 Ok\r\n")
				}
			}
		}
	})
	return Options{Host: host, Port: port, TLS: TLSNone, Timeout: 5 * time.Second}, gone
}

func TestUsable_SeesThatTheRelayHungUpMeanwhile(t *testing.T) {
	for name, words := range map[string]string{"with words": "421 4.4.2 idle timeout\r\n", "without": ""} {
		leave := make(chan string)
		o, left := idleRelay(t, leave)
		c, err := Dial(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Send(t.Context(), mailer.Message{To: "a@example.org", Data: []byte("a\r\n")}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.used = c.used.Add(-2 * glanceAfter)
		if !c.Usable() {
			t.Errorf("%s: unusable though the relay is there", name)
		}
		if _, err := c.Send(t.Context(), mailer.Message{To: "a@example.org", Data: []byte("a\r\n")}); err != nil {
			t.Errorf("%s: after a look at the socket: %v", name, err)
		}
		leave <- words
		<-left
		c.used = c.used.Add(-2 * glanceAfter)
		if c.Usable() {
			t.Errorf("%s: usable though the relay has left", name)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}

func TestSend_GoodbyeToAnIdleSessionIsNoRefusal(t *testing.T) {
	leave := make(chan string)
	o, left := idleRelay(t, leave)
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	leave <- "421 4.4.2 idle timeout\r\n"
	<-left
	_, err = c.Send(t.Context(), mailer.Message{To: "a@example.org", Data: []byte("a\r\n")})
	var interrupted *Interrupted
	if !errors.As(err, &interrupted) || VerdictOf(err) != mailer.NotTried || c.Usable() {
		t.Errorf("got %v, want *Interrupted", err)
	}
}

func TestUsable_NotAfterALongRest(t *testing.T) {
	o, _ := idleRelay(t, nil)
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c.used = c.used.Add(-2 * maxIdle)
	if c.Usable() {
		t.Error("usable")
	}
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestUsable_LookingLeavesTLSWhole(t *testing.T) {
	for _, mode := range []string{TLSStartTLS, TLSImplicit} {
		s := smtptest.Run(t, smtptest.Options{TLS: mode})
		c, err := Dial(t.Context(), Options{Host: s.Host, Port: s.Port, TLS: mode, RootCAs: s.RootCAs(), Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			c.used = c.used.Add(-2 * glanceAfter)
			if !c.Usable() {
				t.Fatalf("%s: unusable", mode)
			}
			if _, err := c.Send(t.Context(), mailer.Message{To: "a@example.org", Data: []byte("a\r\n")}); err != nil {
				t.Fatalf("%s: %v", mode, err)
			}
		}
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("%s: close: %v", mode, err)
		}
	}
}

package smtp

import (
	"context"
	"errors"
	"net"
	"net/textproto"
	"os"
	"time"

	mail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"github.com/jobalertd/jobalertd/mailer"
)

// Conn is one session with the relay, ready for envelopes. It belongs to one
// goroutine; another ends what it is doing through the context.
type Conn struct {
	options Options
	base    net.Conn        // the socket under TLS, for deadlines and closing
	session *gosmtp.Client  // go-mail's
	text    *textproto.Conn // its reader and writer over the secured session
	sender  *mail.Client    // by which single mails go over it
	ext     extensions
	out     []byte    // what is written next, kept between envelopes
	taken   int       // envelopes begun on this connection
	dirty   bool      // the relay holds an open transaction
	broken  bool      // closed, or not to be trusted any more
	used    time.Time // when the last envelope was done with
}

// maxIdle is how long a connection may lie idle and still be used. Relays hang
// up after anything from ten seconds to five minutes, and what lies between
// may forget the connection without a word.
const maxIdle = 30 * time.Second

// glanceAfter is the idle time from which Usable looks at the socket.
const glanceAfter = time.Second

// Usable says whether another envelope may be sent. Of a connection that has
// been idle it finds out, within a millisecond, whether the relay has hung up.
func (c *Conn) Usable() bool {
	if c.broken || c.spent() {
		return false
	}
	idle := time.Since(c.used)
	if idle > maxIdle || idle > glanceAfter && c.hungUp() {
		c.broken = true
	}
	return !c.broken
}

// hungUp says that the relay closed the connection or spoke unasked, which it
// does only to take leave (421, RFC 5321 section 3.8).
func (c *Conn) hungUp() bool {
	if err := c.base.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	_, err := c.text.R.Peek(1)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func (c *Conn) spent() bool {
	return c.options.MaxPerConnection > 0 && c.taken >= c.options.MaxPerConnection
}

// Pipelining says whether the relay takes commands in groups.
func (c *Conn) Pipelining() bool { return c.ext.pipelining }

// MaxSize is the largest mail in bytes that the relay says it takes; 0: it
// does not say.
func (c *Conn) MaxSize() int64 { return c.ext.maxSize }

// Send sends one envelope in two round trips, or in four where the relay does
// not pipeline. The error is *Refused, *Unknown, *Interrupted, *Unsendable or
// ErrNotUsable; VerdictOf says what it means. When ctx ends the socket is given
// up at once, which after the final dot makes an *Unknown.
func (c *Conn) Send(ctx context.Context, m mailer.Message) (Reply, error) {
	var last result
	given := false
	next := func() (mailer.Message, bool) {
		if given {
			return mailer.Message{}, false
		}
		given = true
		return m, true
	}
	err := c.stream(ctx, next, func(r result) error { last = r; return nil })
	if !given {
		return Reply{}, err
	}
	return last.reply, last.err
}

// Reset asks the relay whether it is still there and forgets an envelope that
// was begun. An error makes the connection unusable.
func (c *Conn) Reset(ctx context.Context) error {
	if c.broken {
		return ErrNotUsable
	}
	defer c.tie(ctx)()
	c.arm(ctx, c.options.Timeout)
	r, err := c.command("RSET\r\n")
	if err != nil || r.Code/100 != 2 {
		_ = c.abort()
		return ErrNotUsable
	}
	c.dirty = false
	return nil
}

// Close takes leave of the relay and closes the socket. It waits at most five
// seconds for the relay's good-bye, which nothing depends on.
func (c *Conn) Close(ctx context.Context) error {
	if c.broken {
		_ = c.base.Close() // it may be closed already
		return nil
	}
	defer c.tie(ctx)()
	c.arm(ctx, min(c.options.Timeout, 5*time.Second))
	_, _ = c.command("QUIT\r\n")
	return c.abort()
}

// abort gives up the socket without a word. An envelope that was begun and
// whose final dot has not gone out is thereby not delivered.
func (c *Conn) abort() error {
	c.broken = true
	return c.base.Close()
}

func (c *Conn) command(line string) (Reply, error) {
	if err := c.write([]byte(line)); err != nil {
		return Reply{}, err
	}
	return c.read()
}

// read reads one reply, and breaks the connection after a 421, by which the
// relay announces that it hangs up (RFC 5321 section 3.8).
func (c *Conn) read() (Reply, error) {
	r, err := readReply(c.text.R)
	if err != nil {
		c.broken = true
		return Reply{}, err
	}
	if r.Code == 421 {
		c.broken = true
	}
	return r, nil
}

// write hands all of b to the socket, in one call where b is large.
func (c *Conn) write(b []byte) error {
	_, err := c.writeCounting(b)
	return err
}

// writeCounting also says how many bytes of b the socket has surely taken.
func (c *Conn) writeCounting(b []byte) (int, error) {
	n, err := c.text.W.Write(b)
	if err == nil {
		err = c.text.W.Flush()
	}
	if err != nil {
		c.broken = true
		return max(0, n-c.text.W.Buffered()), err
	}
	return n, nil
}

// tie makes the end of ctx end whatever the socket is waiting for, until the
// returned function is called.
func (c *Conn) tie(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { _ = c.base.SetDeadline(time.Unix(1, 0)) })
}

// arm gives the socket until d from now, or until ctx's deadline if that is
// sooner. ctx is looked at after the deadline is set, so that an end of ctx
// (see tie) cannot be overwritten.
func (c *Conn) arm(ctx context.Context, d time.Duration) {
	deadline := time.Now().Add(d)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	_ = c.base.SetDeadline(deadline)
	if ctx.Err() != nil {
		_ = c.base.SetDeadline(time.Unix(1, 0))
	}
}

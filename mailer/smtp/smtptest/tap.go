package smtptest

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"sync"
)

// tapListener wraps what it accepts, so that the server can hide extensions
// and hang up in mid-reply.
type tapListener struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (l *tapListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.server.mu.Lock()
	l.server.conns++
	number := l.server.conns
	l.server.mu.Unlock()
	return &tapConn{Conn: conn, options: l.server.options, number: number, gone: make(chan struct{})}, nil
}

type tapConn struct {
	net.Conn
	options Options
	number  int
	gone    chan struct{} // closed when the connection is
	once    sync.Once
	reply   []byte // lines of a reply that is not complete

	mu    sync.Mutex
	limit int // bytes of the next write that go out before hanging up; 0: no limit
}

// cut hangs up after n more bytes of the next write.
func (c *tapConn) cut(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = n
}

// Write implements net.Conn.
func (c *tapConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	limit := c.limit
	c.mu.Unlock()
	if limit > 0 {
		_, _ = c.Conn.Write(b[:min(limit, len(b))])
		_ = c.Close()
		return len(b), nil
	}
	if len(c.options.Hide) == 0 && !c.options.Lower {
		return c.Conn.Write(b)
	}
	// go-smtp writes a reply line by line: wait for its last.
	c.reply = append(c.reply, b...)
	if bytes.HasPrefix(b, []byte("250-")) {
		return len(b), nil
	}
	_, err := c.Conn.Write(c.rewrite(c.reply))
	c.reply = c.reply[:0]
	return len(b), err
}

// Close implements net.Conn.
func (c *tapConn) Close() error {
	c.once.Do(func() { close(c.gone) })
	return c.Conn.Close()
}

// rewrite takes hidden extensions out of an EHLO reply.
func (c *tapConn) rewrite(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("250-")) {
		return b
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\r\n"), "\r\n")
	kept := lines[:1]
	for _, line := range lines[1:] {
		if len(line) < 4 {
			continue
		}
		name, _, _ := strings.Cut(line[4:], " ")
		if slices.Contains(c.options.Hide, strings.ToUpper(name)) {
			continue
		}
		if c.options.Lower {
			line = line[:4] + strings.ToLower(line[4:])
		}
		kept = append(kept, "250-"+line[4:])
	}
	kept[len(kept)-1] = "250 " + kept[len(kept)-1][4:]
	return []byte(strings.Join(kept, "\r\n") + "\r\n")
}

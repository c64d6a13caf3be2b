package smtptest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// RawSink is a server that takes everything and looks at nothing: of a mail
// it only finds the final dot. It bounds from above what any sender can
// reach on a machine.
type RawSink struct {
	Host string
	Port int

	mails    atomic.Int64
	bytes    atomic.Int64
	listener net.Listener
	delay    time.Duration
	done     chan struct{} // closed by Close
	wg       sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// StartRawSink runs a sink until Close. Every answer is held back by delay,
// which stands for the way there and back to a distant relay.
func StartRawSink(delay time.Duration) (*RawSink, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	s := &RawSink{listener: listener, delay: delay, done: make(chan struct{}), conns: make(map[net.Conn]struct{})}
	s.Host, s.Port = splitPort(listener.Addr().String())
	s.wg.Go(s.accept)
	return s, nil
}

// Mails is how many mails were taken.
func (s *RawSink) Mails() int64 { return s.mails.Load() }

// Bytes is how many bytes came in, commands included.
func (s *RawSink) Bytes() int64 { return s.bytes.Load() }

// Close hangs up on everyone and waits until the sink has stopped.
func (s *RawSink) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	_ = s.listener.Close()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *RawSink) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			_ = conn.Close()
		}
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.wg.Go(func() {
			s.serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// sinkConn is the state of one session.
type sinkConn struct {
	sink *RawSink
	in   []byte // what was read and not yet understood
	out  []byte // answers to what was
	data bool   // inside a mail
	quit bool
}

func (s *RawSink) serve(conn net.Conn) {
	c := &sinkConn{sink: s, out: []byte("220 sink ESMTP\r\n")}
	buffer := make([]byte, 64<<10)
	for {
		if len(c.out) > 0 {
			if !s.hold() {
				return
			}
			if _, err := conn.Write(c.out); err != nil || c.quit {
				return
			}
			c.out = c.out[:0]
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		s.bytes.Add(int64(n))
		c.in = append(c.in, buffer[:n]...)
		c.understand()
	}
}

// hold waits for the delay; false: the sink was closed meanwhile.
func (s *RawSink) hold() bool {
	if s.delay == 0 {
		return true
	}
	timer := time.NewTimer(s.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}

// understand answers as much of the input as is complete.
func (c *sinkConn) understand() {
	in := c.in
	for !c.quit {
		if c.data {
			if bytes.HasPrefix(in, []byte(".\r\n")) && len(in) >= 3 {
				in = in[3:] // an empty mail
			} else if end := bytes.Index(in, []byte("\r\n.\r\n")); end >= 0 {
				in = in[end+5:]
			} else {
				break
			}
			c.data = false
			c.sink.mails.Add(1)
			c.out = append(c.out, "250 2.0.0 Ok: queued as SINK\r\n"...)
			continue
		}
		end := bytes.IndexByte(in, '\n')
		if end < 0 {
			break
		}
		c.command(bytes.TrimRight(in[:end], "\r"))
		in = in[end+1:]
	}
	c.in = append(c.in[:0], in...)
}

func (c *sinkConn) command(line []byte) {
	switch verb := string(bytes.ToUpper(line[:min(4, len(line))])); verb {
	case "EHLO":
		c.out = append(c.out, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"...)
	case "DATA":
		c.data = true
		c.out = append(c.out, "354 End data with <CR><LF>.<CR><LF>\r\n"...)
	case "QUIT":
		c.quit = true
		c.out = append(c.out, "221 2.0.0 Bye\r\n"...)
	default:
		c.out = append(c.out, "250 2.0.0 Ok\r\n"...)
	}
}

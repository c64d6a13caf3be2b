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

// SinkOptions shape a RawSink. The zero value answers at once, at a free port.
type SinkOptions struct {
	// Delay holds every answer back; it stands for the way there and back to a
	// distant relay.
	Delay   time.Duration
	Address string // to listen on; empty: 127.0.0.1 at a free port
	Count   bool   // remember Message-IDs, for Distinct
}

// RawSink is a server that takes everything and looks at nothing: of a mail
// it only finds the final dot, and its Message-ID if asked to. It bounds from
// above what any sender can reach on a machine.
type RawSink struct {
	Host string
	Port int

	mails    atomic.Int64
	bytes    atomic.Int64
	listener net.Listener
	delay    time.Duration
	count    bool
	done     chan struct{} // closed by Close
	wg       sync.WaitGroup

	mu     sync.Mutex
	ids    map[string]struct{}
	conns  map[net.Conn]struct{}
	closed bool
}

// StartRawSink runs a sink until Close.
func StartRawSink(o SinkOptions) (*RawSink, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	s := &RawSink{listener: listener, delay: o.Delay, count: o.Count, done: make(chan struct{}),
		conns: make(map[net.Conn]struct{}), ids: make(map[string]struct{})}
	s.Host, s.Port = splitPort(listener.Addr().String())
	s.wg.Go(s.accept)
	return s, nil
}

// Mails is how many mails were taken.
func (s *RawSink) Mails() int64 { return s.mails.Load() }

// Distinct is how many different Message-IDs the mails had.
func (s *RawSink) Distinct() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.ids))
}

// remember notes the Message-ID in the header of a mail.
func (s *RawSink) remember(mail []byte) {
	_, rest, found := bytes.Cut(mail[:min(len(mail), maxHeader)], []byte("\nMessage-ID: <"))
	if id, _, ended := bytes.Cut(rest, []byte(">")); found && ended {
		s.mu.Lock()
		s.ids[string(id)] = struct{}{}
		s.mu.Unlock()
	}
}

// maxHeader is where a Message-ID must stand to be found.
const maxHeader = 4096

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
				if c.sink.count {
					c.sink.remember(in[:end])
				}
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

package smtptest

import (
	"bufio"
	"context"
	"net"
	"sync"
)

// TB is what Script and Run need of testing.TB; spelled out so that programs
// which run a sink do not link package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// Script listens for one connection after the other and gives each to play,
// which reads and writes the bytes itself; the connection is closed when play
// returns. It stops with the test.
func Script(t TB, play func(r *bufio.Reader, conn net.Conn)) (host string, port int) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		conns []net.Conn
	)
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				play(bufio.NewReader(conn), conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return splitPort(listener.Addr().String())
}

// Run starts a server that stops with the test.
func Run(t TB, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatalf("start an SMTP server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

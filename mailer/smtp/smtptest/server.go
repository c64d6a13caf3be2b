package smtptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Options shape a Server. The zero value is an open server that offers
// PIPELINING, 8BITMIME and ENHANCEDSTATUSCODES.
type Options struct {
	// TLS is "", "starttls" or "implicit", under a certificate for
	// 127.0.0.1 and localhost that Server.RootCAs verifies.
	TLS string

	// Username and Password, if set, must be given before MAIL.
	Username, Password string

	MaxBytes int64 // SIZE; 0: no bound
	SMTPUTF8 bool

	// Hide are extensions taken out of the EHLO reply, and Lower spells
	// those left in small letters. Not together with TLS "starttls".
	Hide  []string
	Lower bool

	// Keep, if not nil, is given each mail, one at a time, instead of storing it.
	Keep func(Mail)

	// Address to listen on; empty: 127.0.0.1 at a free port. With it a
	// server can be started again where another was.
	Address string
}

// Server is a running server.
type Server struct {
	Host string
	Port int

	options  Options
	server   *smtp.Server
	listener net.Listener
	roots    *x509.CertPool
	served   chan struct{}

	mu      sync.Mutex
	mails   []Mail
	actions map[string][]Action
	refuse  *Action
	conns   int
	closed  bool
	tries   map[string]int
}

// Start runs a server until Close.
func Start(o Options) (*Server, error) {
	s := &Server{options: o, served: make(chan struct{}), actions: make(map[string][]Action), tries: make(map[string]int)}
	if o.TLS == "starttls" && (len(o.Hide) > 0 || o.Lower) {
		return nil, fmt.Errorf("extensions cannot be hidden inside STARTTLS")
	}
	certificate, roots, err := newCertificate()
	if err != nil {
		return nil, err
	}
	s.roots = roots

	s.server = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.server.Domain = "relay.test"
	s.server.AllowInsecureAuth = o.TLS != "starttls"
	s.server.MaxMessageBytes = o.MaxBytes
	s.server.EnableSMTPUTF8 = o.SMTPUTF8
	s.server.ReadTimeout, s.server.WriteTimeout = time.Minute, time.Minute
	s.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if o.TLS == "starttls" {
		s.server.TLSConfig = secure
	}
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	s.listener = &tapListener{Listener: listener, server: s}
	if o.TLS == "implicit" {
		s.listener = &tapListener{Listener: tls.NewListener(listener, secure), server: s}
	}
	s.Host, s.Port = splitPort(listener.Addr().String())
	go func() {
		defer close(s.served)
		_ = s.server.Serve(s.listener)
	}()
	return s, nil
}

// Close hangs up on everyone and returns when the listener has stopped. What
// is still under way then is not kept.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.server.Close()
	_ = s.listener.Close() // go-smtp does not know it before Serve has begun
	<-s.served
}

// Address is host and port.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, fmt.Sprint(s.Port)) }

// RootCAs verifies the server's certificate.
func (s *Server) RootCAs() *x509.CertPool { return s.roots }

// On tells the server what to do at an address: a recipient, or for actions
// at "mail" an envelope sender. Several actions for one address are taken one
// after the other, each its number of times.
func (s *Server) On(address string, actions ...Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[address] = append(s.actions[address], actions...)
}

// RefuseAll answers every RCPT as a says until it is called with nil.
func (s *Server) RefuseAll(a *Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = a
}

// Mails returns what was taken so far, in order of arrival.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Tries is how often RCPT named the address.
func (s *Server) Tries(address string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries[address]
}

// Conns is the number of connections made so far.
func (s *Server) Conns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

func (s *Server) keep(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
	case s.options.Keep != nil:
		s.options.Keep(m)
	default:
		s.mails = append(s.mails, m)
	}
}

// action takes the action due at step for address, if any.
func (s *Server) action(step, address string) (Action, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if step == "rcpt" {
		s.tries[address]++
		if s.refuse != nil {
			return *s.refuse, true
		}
	}
	queue := s.actions[address]
	for i := range queue {
		a := &queue[i]
		if a.At != step || a.Times < 0 {
			continue
		}
		taken := *a
		if a.Times == 1 {
			a.Times = -1 // used up
		} else if a.Times > 1 {
			a.Times--
		}
		return taken, true
	}
	return Action{}, false
}

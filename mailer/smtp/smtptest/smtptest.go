// Package smtptest is the relay's side for tests and benchmarks: Server, a
// real SMTP server (go-smtp) that keeps what it gets and can be told to
// refuse, stall and hang up; RawSink, which only finds the final dot and
// bounds what any sender can reach; and Script, a socket whose every byte the
// test writes itself. All listen on 127.0.0.1 at a port of the system's
// choice, and stop when closed. The daemon never runs them.
package smtptest

import (
	"net"
	"strconv"
)

// Mail is one mail as the server took it.
type Mail struct {
	From, To string
	Data     []byte // CRLF line ends, dots unstuffed
	Conn     int    // number of the connection it came over, from 1
	TLS      bool   // it came over TLS
	Login    string // user name of the session; empty without login
	UTF8     bool   // MAIL asked for SMTPUTF8
	EightBit bool   // MAIL said BODY=8BITMIME
	Size     int64  // MAIL's SIZE; 0: not given
}

// Action is what the server does with one recipient instead of taking it.
type Action struct {
	// At is the step that is answered: "mail", "rcpt" or "dot". "mail" is
	// looked up by the envelope sender.
	At string

	// Code, Enhanced and Text are the reply; Code 0 is acceptance.
	Code     int
	Enhanced string // as "5.1.1"; empty: x.0.0
	Text     string

	// Times the action is taken before the recipient is served normally; 0:
	// always.
	Times int

	// Drop hangs up instead of replying; at "dot" the mail is kept all the
	// same, as by a server that took it and could not say so.
	Drop bool

	// HangUp hangs up after the reply has gone out, as after a 421.
	HangUp bool

	// CutReply sends only that many bytes of the reply and hangs up.
	CutReply int

	// Hold, if not nil, is waited for before the reply: until it is closed
	// or the connection is gone.
	Hold <-chan struct{}
}

func splitPort(address string) (string, int) {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return host, n
}

package smtp

import (
	"errors"
	"net"
	"slices"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// ErrNoLogin means that the relay offers no way of logging in that we may
// use: none at all, or without TLS only such as would show the password.
var ErrNoLogin = errors.New("relay offers no acceptable login")

// login chooses a mechanism from those the relay offers and hands over to
// go-mail's implementation of it. (go-mail's own choice does not see that a
// connection is encrypted when the socket was opened by us.)
type login struct {
	options Options
	begun   func()
	chosen  gosmtp.Auth
}

// Start implements go-mail's Auth.
func (l *login) Start(relay *gosmtp.ServerInfo) (string, []byte, error) {
	l.begun()
	o := l.options
	offers := func(mechanism string) bool { return slices.Contains(relay.Auth, mechanism) }
	open := relay.TLS || isLoopback(o.Host)
	switch {
	case offers("SCRAM-SHA-256"):
		l.chosen = gosmtp.ScramSHA256Auth(o.Username, o.Password)
	case offers("SCRAM-SHA-1"):
		l.chosen = gosmtp.ScramSHA1Auth(o.Username, o.Password)
	case offers("PLAIN") && open:
		l.chosen = gosmtp.PlainAuth("", o.Username, o.Password, o.Host, true)
	case offers("LOGIN") && open:
		l.chosen = gosmtp.LoginAuth(o.Username, o.Password, o.Host, true)
	case offers("CRAM-MD5"):
		l.chosen = gosmtp.CRAMMD5Auth(o.Username, o.Password)
	default:
		return "", nil, ErrNoLogin
	}
	return l.chosen.Start(relay)
}

// Next implements go-mail's Auth.
func (l *login) Next(challenge []byte, more bool) ([]byte, error) {
	return l.chosen.Next(challenge, more)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

package smtptest

import (
	"crypto/tls"
	"fmt"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one client's session; it implements go-smtp's AuthSession.
type session struct {
	server *Server
	conn   *tapConn
	tls    bool
	number int
	login  string
	mail   Mail
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	tap, secure := tapOf(c)
	return &session{server: s, conn: tap, tls: secure, number: tap.number}, nil
}

// tapOf finds our connection under what go-smtp holds.
func tapOf(c *smtp.Conn) (tap *tapConn, secure bool) {
	raw := c.Conn()
	if t, ok := raw.(*tls.Conn); ok {
		raw, secure = t.NetConn(), true
	}
	tap = raw.(*tapConn)
	if _, ok := tap.Conn.(*tls.Conn); ok {
		secure = true
	}
	return tap, secure
}

// AuthMechanisms implements go-smtp's AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements go-smtp's AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	o := s.server.options
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != o.Username || password != o.Password {
			return smtp.ErrAuthFailed
		}
		s.login = username
		return nil
	}), nil
}

// Mail implements go-smtp's Session.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if s.server.options.Username != "" && s.login == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.mail = Mail{
		From: from, Conn: s.number, TLS: s.tls, Login: s.login,
		UTF8: o.UTF8, EightBit: o.Body == smtp.Body8BitMIME, Size: o.Size,
	}
	return s.act("mail", from)
}

// Rcpt implements go-smtp's Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.act("rcpt", to); err != nil {
		return err
	}
	s.mail.To = to
	return nil
}

// Data implements go-smtp's Session.
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := s.mail
	m.Data = data
	action, due := s.server.action("dot", m.To)
	if !due || action.Code == 0 {
		s.server.keep(m)
	}
	if !due {
		return nil
	}
	return s.take(action)
}

// Reset implements go-smtp's Session.
func (s *session) Reset() { s.mail = Mail{} }

// Logout implements go-smtp's Session.
func (s *session) Logout() error { return nil }

func (s *session) act(step, address string) error {
	action, due := s.server.action(step, address)
	if !due {
		return nil
	}
	return s.take(action)
}

func (s *session) take(a Action) error {
	if a.Hold != nil {
		select {
		case <-a.Hold:
		case <-s.conn.gone:
		}
	}
	switch {
	case a.Drop:
		_ = s.conn.Close()
	case a.CutReply > 0:
		s.conn.cut(a.CutReply)
	case a.HangUp:
		s.conn.cut(1 << 20)
	}
	if a.Code == 0 {
		return nil
	}
	reply := &smtp.SMTPError{Code: a.Code, Message: a.Text}
	if _, err := fmt.Sscanf(a.Enhanced, "%d.%d.%d",
		&reply.EnhancedCode[0], &reply.EnhancedCode[1], &reply.EnhancedCode[2]); err != nil {
		reply.EnhancedCode = smtp.EnhancedCodeNotSet
	}
	return reply
}

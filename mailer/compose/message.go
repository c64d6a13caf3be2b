package compose

import (
	"strings"

	"github.com/jobalertd/jobalertd/mailer"
)

// scratch is where a mail is put together before its size is known.
type scratch struct {
	mail       []byte
	text, html quoter
	values     []value
	names      []string
}

func (s *scratch) reset() {
	s.mail, s.names = s.mail[:0], s.names[:0]
	s.text = quoter{buf: s.text.buf[:0]}
	s.html = quoter{buf: s.html.buf[:0]}
}

// traffic is the kind of mail that Feedback-ID tells apart.
type traffic string

const (
	account traffic = "account"
	checkup traffic = "checkup"
)

// message puts headers and both parts together (multipart/alternative, RFC 2046
// section 5.1.4: the plainest first) and signs the whole if there is a signer. The
// result is the caller's.
func (c *Composer) message(s *scratch, h *mailer.Headers, subject, locale string, t traffic) ([]byte, error) {
	boundary, _, _ := strings.Cut(h.MessageID, "@")
	if err := c.headers(s, h, subject, locale, t, boundary); err != nil {
		return nil, err
	}
	b := s.mail
	for _, part := range []struct {
		kind string
		q    *quoter
	}{{"text/plain", &s.text}, {"text/html", &s.html}} {
		b = append(b, "\r\n--=_"...)
		b = append(b, boundary...)
		b = append(b, "\r\nContent-Type: "...)
		b = append(b, part.kind...)
		b = append(b, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"...)
		b = append(b, part.q.buf...)
	}
	b = append(b, "\r\n--=_"...)
	b = append(b, boundary...)
	b = append(b, "--\r\n"...)
	s.mail = b
	if c.id.Signer != nil {
		return c.id.Signer.sign(b)
	}
	return clone(b), nil
}

package compose

import (
	"bytes"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/jobalertd/jobalertd/mailer"
)

// traffic is the kind of mail that Feedback-ID tells apart.
type traffic string

const transactional traffic = "account"

func bulk(k mailer.Kind) traffic { return traffic(k) }

// message builds the mail: one recipient, both parts, the headers of bulk mail.
// go-mail encodes header values and refuses line breaks in addresses; nothing
// that people typed goes into a header unencoded.
func (c *Composer) message(h mailer.Headers, subject string, html, text []byte, t traffic) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithBoundary(boundary(h.MessageID)))
	if err := m.FromFormat(c.from.Name, c.from.Address); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := m.To(h.To); err != nil {
		// The address was checked when it was stored; the error names it, so it is
		// not passed on.
		return nil, fmt.Errorf("recipient of %s is not an address", h.MessageID)
	}
	if c.id.ReplyTo != "" {
		if err := m.ReplyTo(c.id.ReplyTo); err != nil {
			return nil, fmt.Errorf("reply-to: %w", err)
		}
	}
	m.Subject(subject)
	m.SetMessageIDWithValue(h.MessageID)
	m.SetDateWithValue(h.Date)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	if t != transactional {
		m.SetGenHeader("Precedence", "bulk")
		m.SetGenHeader("List-Id", "<job-alerts."+c.id.ListDomain+">") // RFC 2919
	}
	m.SetGenHeader("Feedback-ID", string(t)+":jobalertd")
	if h.OneClick != "" {
		if err := oneClick(m, h); err != nil {
			return nil, err
		}
	}
	if c.id.Complaints != "" {
		m.SetGenHeader("CFBL-Address", c.id.Complaints+"; report=arf")
	}
	m.SetBodyString(gomail.TypeTextPlain, string(text))
	m.AddAlternativeString(gomail.TypeTextHTML, string(html))
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	return b.Bytes(), nil
}

// oneClick sets both unsubscribe headers of RFC 8058; the mailto address stands
// beside the https one for readers that only know RFC 2369.
func oneClick(m *gomail.Msg, h mailer.Headers) error {
	uris := []string{h.OneClick}
	if h.UnsubscribeMail != "" {
		uris = append(uris, h.UnsubscribeMail)
	}
	for _, u := range uris {
		if strings.ContainsAny(u, "\r\n<> ") {
			return fmt.Errorf("unsubscribe address of %s has characters it must not have", h.MessageID)
		}
	}
	m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+strings.Join(uris, ">,\r\n <")+">")
	m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	return nil
}

// boundary is derived from the Message-ID, so that a mail is the same bytes each
// time.
func boundary(messageID string) string {
	local, _, _ := strings.Cut(messageID, "@")
	return "jobalertd-" + local
}

package compose

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/jobalertd/jobalertd/mailer"
)

// errHeader is a value that must not stand in a header.
var errHeader = errors.New("has characters that a header must not have")

// heads are the header lines that are the same in every mail.
type heads struct {
	from string // From and Reply-To
	mail string // of every mail
	bulk string // of digests
}

// senderID is the last field of Feedback-ID: 5 to 15 characters, always the same.
const senderID = "jobalertd"

func newHeads(id *Identity, from *mail.Address) (h heads, err error) {
	for name, v := range map[string]string{"from": id.From, "reply_to": id.ReplyTo, "list domain": id.ListDomain, "complaints": id.Complaints} {
		if !headerSafe(v) {
			return h, fmt.Errorf("%s %w", name, errHeader)
		}
	}
	if strings.ContainsAny(id.ListDomain, " <>:;,\"") {
		return h, fmt.Errorf("list domain %q is no domain", id.ListDomain)
	}
	h.from = "From: " + from.String() + "\r\n"
	if id.ReplyTo != "" {
		to, err := mail.ParseAddress(id.ReplyTo)
		if err != nil {
			return h, fmt.Errorf("reply_to %q: %w", id.ReplyTo, err)
		}
		h.from += "Reply-To: " + to.String() + "\r\n"
	}
	if id.Complaints != "" {
		to, err := mail.ParseAddress(id.Complaints)
		if err != nil {
			return h, fmt.Errorf("complaints address %q: %w", id.Complaints, err)
		}
		h.mail = "CFBL-Address: " + to.Address + "; report=arf\r\n" // RFC 9477
	}
	// RFC 3834 section 5.1; the second keeps Exchange's answering machines quiet.
	h.mail += "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
	h.bulk = "Precedence: bulk\r\nList-Id: <job-alerts." + id.ListDomain + ">\r\n" // RFC 2919
	return h, nil
}

// headerSafe: no control characters, which includes line breaks.
func headerSafe(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// maxMessageID bounds a Message-ID: it stands on one line.
const maxMessageID = 250

// headers begins s.mail with all headers and the empty line.
func (c *Composer) headers(s *scratch, h *mailer.Headers, subject, locale string, t traffic, boundary string) error {
	to, err := address(h.To)
	if err != nil {
		// The error does not name the address: it ends up in a log.
		return fmt.Errorf("recipient of %s: %w", h.MessageID, err)
	}
	if strings.ContainsAny(h.MessageID, "<> ") || !headerSafe(h.MessageID) || len(h.MessageID) > maxMessageID || boundary == "" || len(boundary) > 60 {
		return fmt.Errorf("message id: %w", errHeader)
	}
	b := append(s.mail, c.heads.from...)
	b = append(append(append(b, "To: "...), to...), "\r\n"...)
	b = appendUnstructured(b, "Subject", subject)
	b = append(b, "Date: "...)
	b = h.Date.AppendFormat(b, "Mon, 02 Jan 2006 15:04:05 -0700")
	b = append(append(append(b, "\r\nMessage-ID: <"...), h.MessageID...), ">\r\n"...)
	if t != account {
		b = append(b, c.heads.bulk...)
	}
	if h.OneClick != "" {
		if b, err = appendUnsubscribe(b, h); err != nil {
			return err
		}
	}
	// Gmail's: three fields to count by, then the sender.
	b = append(append(append(append(b, "Feedback-ID: "...), t...), ':'), locale...)
	b = append(append(append(b, ':'), c.id.ListDomain...), ":"+senderID+"\r\n"...)
	b = append(b, c.heads.mail...)
	b = append(append(append(b, "Content-Language: "...), locale...), "\r\nContent-Type: multipart/alternative; boundary=\"=_"...)
	b = append(append(b, boundary...), "\"\r\n"...)
	s.mail = b
	return nil
}

// address checks a recipient, and gives its domain in ASCII, as headers need it.
func address(a string) (string, error) {
	i := strings.LastIndexByte(a, '@')
	if i < 1 || i == len(a)-1 || len(a) > 254 || strings.ContainsAny(a, " \t<>,;:\\\"()[]") || strings.Count(a, "@") != 1 || !headerSafe(a) {
		return "", errors.New("is not an address")
	}
	for j := i; j < len(a); j++ {
		if a[j] >= utf8.RuneSelf {
			domain, err := idna.Lookup.ToASCII(a[i+1:])
			if err != nil {
				return "", errors.New("is not an address")
			}
			return a[:i+1] + domain, nil
		}
	}
	return a, nil
}

// maxURI bounds an unsubscribe address: a header line may have 998 bytes.
const maxURI = 900

// appendUnsubscribe writes both headers of RFC 8058; the mailto address stands
// beside the https one for readers that only know RFC 2369.
func appendUnsubscribe(b []byte, h *mailer.Headers) ([]byte, error) {
	b = append(b, "List-Unsubscribe: <"...)
	for i, u := range [...]string{h.OneClick, h.UnsubscribeMail} {
		if u == "" {
			continue
		}
		if strings.ContainsAny(u, "<> ,") || !headerSafe(u) || len(u) > maxURI {
			return nil, fmt.Errorf("unsubscribe address of %s %w", h.MessageID, errHeader)
		}
		if i > 0 {
			b = append(b, ">,\r\n <"...)
		}
		b = append(b, u...)
	}
	return append(b, ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...), nil
}

// appendUnstructured writes a header whose value people may have typed: as it is
// where that is short printable ASCII, else in encoded words (RFC 2047) of whole
// characters, folded. Control characters become spaces.
func appendUnstructured(b []byte, name, v string) []byte {
	b = append(append(b, name...), ": "...)
	col := len(name) + 2
	if plainASCII(v) && col+len(v) <= 76 {
		return append(append(b, v...), "\r\n"...)
	}
	const open, end = "=?utf-8?q?", "?="
	b = append(b, open...)
	col += len(open)
	for _, r := range v {
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		var enc [12]byte
		e := enc[:0]
		switch {
		case r == ' ':
			e = append(e, '_')
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			e = append(e, byte(r))
		default:
			var raw [utf8.UTFMax]byte
			for _, c := range raw[:utf8.EncodeRune(raw[:], r)] {
				e = append(e, '=', hexDigits[c>>4], hexDigits[c&15])
			}
		}
		if col+len(e)+len(end) > 75 {
			b = append(append(b, end+"\r\n "...), open...)
			col = 1 + len(open)
		}
		b = append(b, e...)
		col += len(e)
	}
	return append(b, end+"\r\n"...)
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.Contains(s, "=?") && strings.TrimSpace(s) == s && s != ""
}

package inbound

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// header holds the fields of one part. Reading is kinder than RFC 5322: lines
// that are no fields are passed over.
type header map[string][]string // names in lower case, values unfolded

func (h header) get(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// part is one leaf of a mail's MIME tree.
type part struct {
	kind   string // media type in lower case
	header header
	text   string // decoded, line ends LF
}

// inMail is a mail taken apart.
type inMail struct {
	header header
	parts  []part // leaves in order; a message/rfc822 part is one, undecoded
}

// parseMail never fails: what is not understood is plain text.
func parseMail(raw []byte) *inMail {
	text := strings.NewReplacer("\r\r\n", "\n", "\r\n", "\n", "\r", "\n").Replace(string(raw))
	text = strings.ReplaceAll(text, "\x00", "")
	if strings.HasPrefix(text, "From ") { // an mbox file's mark
		_, text, _ = strings.Cut(text, "\n")
	}
	h, body := splitHeader(text)
	m := &inMail{header: h}
	m.walk(h, body, 0)
	return m
}

func (m *inMail) walk(h header, body string, depth int) {
	if len(m.parts) >= maxParts {
		return
	}
	kind, params := mediaType(h.get("content-type"))
	if boundary := params["boundary"]; strings.HasPrefix(kind, "multipart/") && boundary != "" && depth < maxDepth {
		for _, section := range splitParts(body, boundary) {
			sub, text := splitHeader(section)
			m.walk(sub, text, depth+1)
		}
		return
	}
	if kind != "message/rfc822" && kind != "text/rfc822-headers" {
		body = decode(body, h.get("content-transfer-encoding"))
	}
	if len(body) > maxText {
		body = body[:maxText]
	}
	m.parts = append(m.parts, part{kind, h, body})
}

// mediaType reads a Content-Type; one that mime refuses is read by hand.
func mediaType(value string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(value)
	if err == nil {
		return kind, params
	}
	kind, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	params = map[string]string{}
	for _, p := range strings.Split(rest, ";") {
		if name, v, ok := strings.Cut(p, "="); ok {
			params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	if kind == "" {
		kind = "text/plain"
	}
	return kind, params
}

// splitHeader cuts text at its first empty line. Text that does not begin
// with a field has no header.
func splitHeader(text string) (header, string) {
	h := header{}
	last := ""
	for first := true; text != ""; first = false {
		line, rest, _ := strings.Cut(text, "\n")
		if strings.TrimSpace(line) == "" {
			return h, rest
		}
		switch name, value, ok := strings.Cut(line, ":"); {
		case (line[0] == ' ' || line[0] == '\t') && last != "":
			values := h[last]
			values[len(values)-1] += " " + strings.TrimSpace(line)
		case ok && fieldName(name):
			last = strings.ToLower(strings.TrimSpace(name))
			h[last] = append(h[last], strings.TrimSpace(value))
		case first:
			return h, text
		default:
			last = ""
		}
		text = rest
	}
	return h, ""
}

func fieldName(name string) bool {
	name = strings.TrimRight(name, " \t")
	if name == "" {
		return false
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7F {
			return false
		}
	}
	return true
}

// splitParts cuts a multipart body (RFC 2046 section 5.1.1). A body in which
// the boundary never stands is one part.
func splitParts(body, boundary string) []string {
	var sections []string
	var current *strings.Builder
	for line := range strings.Lines(body) {
		mark := strings.TrimSpace(line)
		switch {
		case mark == "--"+boundary:
			if current != nil {
				sections = append(sections, current.String())
			}
			current = new(strings.Builder)
		case mark == "--"+boundary+"--":
			if current != nil {
				sections = append(sections, current.String())
			}
			current = nil
		case current != nil:
			current.WriteString(line)
		}
		if len(sections) >= maxParts {
			return sections
		}
	}
	if current != nil {
		sections = append(sections, current.String())
	}
	if sections == nil {
		return []string{"\n" + body}
	}
	return sections
}

// decode undoes a transfer encoding as far as it can.
func decode(body, encoding string) string {
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		r = quotedprintable.NewReader(strings.NewReader(body))
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.Join(strings.Fields(body), "")))
	default:
		return body
	}
	decoded, err := io.ReadAll(r)
	if err != nil && len(decoded) == 0 {
		return body
	}
	return string(bytes.ReplaceAll(decoded, []byte("\r\n"), []byte("\n")))
}

// words is everything a person was meant to read, without the mail that is
// reported on.
func (m *inMail) words() string {
	var b strings.Builder
	for _, p := range m.parts {
		switch {
		case p.kind == "text/html":
			if b.Len() == 0 {
				b.WriteString(stripTags(p.text))
			}
		case strings.HasPrefix(p.kind, "text/") && p.kind != "text/rfc822-headers":
			b.WriteString(p.text)
			b.WriteByte('\n')
		}
	}
	text := cutOriginal(b.String())
	return text[:min(len(text), maxWords)]
}

// stripTags makes plain lines of HTML.
func stripTags(html string) string {
	var b strings.Builder
	for html != "" {
		text, rest, tag := strings.Cut(html, "<")
		b.WriteString(text)
		if !tag {
			break
		}
		// An address in angle brackets is no tag.
		if inside, after, ok := strings.Cut(rest, ">"); ok {
			if strings.Contains(inside, "@") && !strings.ContainsAny(inside, " =\"") {
				b.WriteString("<" + inside + ">")
			} else {
				b.WriteByte('\n')
			}
			html = after
			continue
		}
		break
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", " ", "&#64;", "@", "&quot;", `"`, "&#39;", "'").Replace(b.String())
}

// original is the header of the mail reported on, from a part or from the
// words themselves.
func (m *inMail) original() header {
	for _, p := range m.parts {
		switch p.kind {
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
			h, _ := splitHeader(strings.TrimLeft(p.text, "\n"))
			if len(h) > 0 {
				return h
			}
		}
	}
	for _, p := range m.parts {
		if at := originalAt(p.text); at < len(p.text) {
			rest := p.text[at:]
			for range 4 { // past the line that announces it
				if h, _ := splitHeader(strings.TrimLeft(rest, "\n")); len(h) > 1 {
					return h
				}
				_, rest, _ = strings.Cut(strings.TrimLeft(rest, "\n"), "\n")
			}
		}
	}
	return header{}
}

func (m *inMail) originalID() string {
	return strings.Trim(oneLine(m.original().get("message-id"), 250), " <>")
}

package alerts

import (
	"html"
	"strings"
)

// blockTags end a line of text; everything else is inline. The list covers what
// intake's sanitiser lets through.
var blockTags = map[string]bool{
	"p": true, "br": true, "div": true, "li": true, "ul": true, "ol": true, "h1": true, "h2": true, "h3": true, "h4": true,
	"h5": true, "h6": true, "tr": true, "table": true, "dt": true, "dd": true, "blockquote": true, "hr": true,
}

// PlainText gives the text of sanitised HTML: every block on a line of its own,
// tags off, entities resolved. It is meant for intake's output, which is
// well-formed; it is not a sanitiser.
func PlainText(sanitised string) string {
	if !strings.ContainsAny(sanitised, "<&") {
		return sanitised
	}
	var b strings.Builder
	b.Grow(len(sanitised))
	rest := sanitised
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			unescape(&b, rest)
			return b.String()
		}
		unescape(&b, rest[:i])
		rest = rest[i+1:]
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return b.String()
		}
		if blockTags[tagName(rest[:end])] {
			b.WriteByte('\n')
		}
		rest = rest[end+1:]
	}
}

// escapes are what intake's sanitiser writes; a text may hold others too.
var escapes = [...]struct{ entity, text string }{{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&#34;", `"`}, {"&#39;", "'"}}

// unescape writes s with its entities resolved.
func unescape(b *strings.Builder, s string) {
next:
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:i])
		s = s[i:]
		for _, e := range escapes {
			if rest, ok := strings.CutPrefix(s, e.entity); ok {
				b.WriteString(e.text)
				s = rest
				continue next
			}
		}
		b.WriteString(html.UnescapeString(s))
		return
	}
}

// tagName is the lower-case name in the inside of a tag: "/p", "a href=…".
func tagName(inside string) string {
	inside = strings.TrimPrefix(inside, "/")
	if i := strings.IndexAny(inside, " \t\n/"); i >= 0 {
		inside = inside[:i]
	}
	return strings.ToLower(inside)
}

package jobposting

import (
	"html"
	"strings"
	"unicode"
)

// plainLine makes one line of plain text of what may hold tags, entities and
// line breaks: titles and names.
func plainLine(s string) string {
	if strings.ContainsAny(s, "<&") {
		s = stripTags(decodeEscaped(s))
		for range 2 { // "R&amp;amp;D" occurs: escaped once too often
			if !strings.Contains(s, "&") {
				break
			}
			s = html.UnescapeString(s)
		}
	}
	return oneLine(s)
}

// oneLine folds white space and control characters to single spaces and drops
// what cannot be seen: soft hyphens, zero-width and direction marks, bytes that
// are no UTF-8.
func oneLine(s string) string {
	if !needsFolding(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case invisible(r):
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = true
		default:
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// needsFolding is false for the usual line, which oneLine leaves as it is.
func needsFolding(s string) bool {
	space := true // at the start, a space would have to go
	for _, r := range s {
		switch {
		case r > ' ' && r < 0x7f || r >= 'À' && r <= 'ɏ': // Latin letters are the rule
			space = false
		case r == ' ':
			if space {
				return true
			}
			space = true
		case invisible(r) || unicode.IsSpace(r) || unicode.IsControl(r):
			return true
		default:
			space = false
		}
	}
	return space && s != ""
}

// invisible reports whether r takes no place in a line and means nothing for
// its words: soft hyphens, joiners, direction marks, byte order marks, U+FFFD.
func invisible(r rune) bool {
	if r < 0xad {
		return false
	}
	return r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)
}

// stripTags takes HTML tags off, a space in the place of each, and leaves a "<"
// that begins no tag.
func stripTags(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '>')
		if end < 0 || !tagBegins(s[i+1:]) {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		b.WriteString(s[:i])
		name := elementName(s[i+1:])
		if !inline[name] {
			b.WriteByte(' ')
		}
		s = s[i+end+1:]
		if close := strings.Index(s, "</"+name); unread[name] && close >= 0 {
			s = s[close:]
		}
	}
	b.WriteString(s)
	return b.String()
}

func tagBegins(s string) bool {
	s = strings.TrimPrefix(s, "/")
	return s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z' || s[0] == '!')
}

// elementName is the lower-case name at the start of a tag's inside.
func elementName(s string) string {
	s = strings.TrimPrefix(s, "/")
	end := 0
	for end < len(s) && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z' || s[end] >= '0' && s[end] <= '9') {
		end++
	}
	return strings.ToLower(s[:end])
}

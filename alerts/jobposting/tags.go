package jobposting

import (
	"strings"
)

// clean reports that the policy certainly changes nothing about s, because s
// consists of text, escaped as it escapes text, and of bare tags of plainElements.
// It spares most descriptions the policy, which costs as much as all else that is
// read; anything else, such as a link, is for the policy to judge. A fuzz test
// holds it to that.
func clean(s string) bool {
	for i := 0; i < len(s); {
		n := 1
		switch c := s[i]; c {
		case '<':
			n = cleanTag(s[i:])
		case '&':
			n = cleanEntity(s[i:])
		case '>', '"', '\'':
			return false
		default:
			if c < ' ' && c != '\n' || c == 0x7f {
				return false
			}
		}
		if n == 0 {
			return false
		}
		i += n
	}
	return true
}

// longestTag is </strong>.
const longestTag = 9

// cleanTag is the length of the bare tag at the start of s, 0 if there is none.
func cleanTag(s string) int {
	end := strings.IndexByte(s[:min(len(s), longestTag)], '>')
	if end < 0 {
		return 0
	}
	name, closing := strings.CutPrefix(s[1:end], "/")
	if !plainElements[name] || closing && name == "br" {
		return 0
	}
	return end + 1
}

func cleanEntity(s string) int {
	for _, e := range [...]string{"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"} {
		if strings.HasPrefix(s, e) {
			return len(e)
		}
	}
	return 0
}

// known are the elements whose tags tell HTML from text.
var known = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`p br b i u a em strong span font div section article header footer main ul ol li dl dt dd h1 h2 h3 h4 h5 h6
		table tbody tr td th pre hr img center script style html body blockquote small big sup sub iframe svg form input button label nav aside
		figure object embed link meta title head`) {
		m[name] = true
	}
	return m
}()

// hasTag reports whether s holds an HTML tag, as opposed to a bare "<".
func hasTag(s string) bool {
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return false
		}
		if rest = rest[i+1:]; strings.HasPrefix(rest, "!--") || isKnownTag(rest) {
			return true
		}
	}
}

// isKnownTag reports whether s, behind a "<", is a whole tag of a known element.
func isKnownTag(s string) bool {
	s = strings.TrimPrefix(s, "/")
	if strings.HasPrefix(s, "/") {
		return false
	}
	name := elementName(s)
	return known[name] && tagEnds(s[len(name):])
}

func tagEnds(s string) bool {
	switch {
	case strings.HasPrefix(s, ">"), strings.HasPrefix(s, "/>"):
		return true
	case s == "" || !isSpace(s[0]):
		return false
	}
	i := strings.IndexAny(s, "<>")
	return i >= 0 && s[i] == '>'
}

// hasEscapedTag reports whether s holds the entities of a tag, escaped once or
// more often: "&lt;p&gt;", "&amp;lt;br /&amp;gt;".
func hasEscapedTag(s string) bool {
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		rest, ok := behindEntity(s, "lt;")
		rest = strings.TrimPrefix(rest, "/")
		name := elementName(rest)
		if !ok || name == "" || name[0] <= '9' || strings.HasPrefix(rest, "/") {
			continue
		}
		rest = rest[len(name):]
		if rest != "" && isSpace(rest[0]) {
			return true
		}
		if rest, ok = strings.CutPrefix(strings.TrimPrefix(rest, "/"), "&"); ok {
			if _, ok := behindEntity(rest, "gt;"); ok {
				return true
			}
		}
	}
}

// behindEntity is what follows an entity of that name, given without its "&", which
// may be escaped itself.
func behindEntity(s, name string) (rest string, ok bool) {
	for hasPrefixFold(s, "amp;") {
		s = s[len("amp;"):]
	}
	if !hasPrefixFold(s, name) {
		return "", false
	}
	return s[len(name):], true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r' }

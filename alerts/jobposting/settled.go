package jobposting

import "strings"

// settled reports that rewrite and the policy certainly change nothing about s:
// that it consists of paragraphs, headings and flat lists, nothing between them,
// whose text is folded and escaped as it would be, with no more in it than single
// line breaks. Many boards send nothing else, and telling costs a fifth of rewriting.
// A fuzz test holds it to that.
func settled(s string) bool {
	for s != "" {
		ok := false
		if s, ok = settledBlock(s); !ok {
			return false
		}
	}
	return true
}

// settledBlock takes a block off the start of s.
func settledBlock(s string) (rest string, ok bool) {
	for _, tag := range [...]string{"p", "h2", "h3", "h4"} {
		if rest, ok := afterTag(s, tag); ok {
			return settledText(rest, "</"+tag+">")
		}
	}
	for _, tag := range [...]string{"ul", "ol"} {
		rest, ok := afterTag(s, tag)
		if !ok {
			continue
		}
		for first := true; ; first = false {
			item, ok := afterTag(rest, "li")
			if !ok {
				rest, ok = strings.CutPrefix(rest, "</"+tag+">")
				return rest, ok && !first
			}
			if rest, ok = settledText(item, "</li>"); !ok {
				return "", false
			}
		}
	}
	return "", false
}

// afterTag takes a bare tag off the start of s.
func afterTag(s, tag string) (rest string, ok bool) {
	if n := len(tag) + 2; len(s) >= n && s[0] == '<' && s[n-1] == '>' && s[1:n-1] == tag {
		return s[n:], true
	}
	return "", false
}

// settledText takes lines of text, at least one, and the tag that ends them off
// the start of s.
func settledText(s, end string) (rest string, ok bool) {
	for {
		i := strings.IndexByte(s, '<')
		if i <= 0 || !settledLine(s[:i]) {
			return "", false
		}
		if rest, ok := strings.CutPrefix(s[i:], end); ok {
			return rest, true
		}
		if s, ok = strings.CutPrefix(s[i:], "<br>"); !ok {
			return "", false
		}
	}
}

// settledLine is what clean and needsFolding say of a line, in one go where it is of
// Latin letters.
func settledLine(s string) bool {
	space := true // at the start, a space would have to go
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
			continue
		case c == '&':
			n := cleanEntity(s[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		case c < ' ', c == '>', c == '"', c == '\'', c == 0x7f:
			return false
		case c == 0xc3 && i+1 < len(s) && s[i+1]&0xc0 == 0x80: // U+00C0 to U+00FF
			i++
		case c >= 0x80:
			return clean(s) && !needsFolding(s)
		}
		space = false
	}
	return !space
}

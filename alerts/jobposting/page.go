package jobposting

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"

	xhtml "golang.org/x/net/html"
)

// splitPage yields the JobPostings of a page's JSON-LD scripts. Scripts of other
// types (breadcrumbs, the organisation) are passed over.
func splitPage(r io.Reader, yield yieldFunc) {
	limited := &limiter{r: r}
	z := xhtml.NewTokenizer(limited)
	z.SetMaxBuf(maxUnit)
	found, script := 0, 0
	for inside := false; ; {
		limited.since = limited.read // tokens are bounded by SetMaxBuf
		switch z.Next() {
		case xhtml.ErrorToken:
			switch {
			case errors.Is(z.Err(), xhtml.ErrBufferExceeded):
				yield(nil, fmt.Errorf("the page: %w", ErrTooLarge))
			case !errors.Is(z.Err(), io.EOF):
				yield(nil, fmt.Errorf("read the page: %w", z.Err()))
			case found == 0:
				yield(nil, errors.New(`the page holds no JobPosting; one needs <script type="application/ld+json">`))
			}
			return
		case xhtml.StartTagToken:
			inside = isLinkedData(z.Token())
		case xhtml.EndTagToken:
			inside = false
		case xhtml.TextToken:
			if !inside {
				continue
			}
			script++
			n, ok := yieldScript(z.Raw(), script, yield)
			if found += n; !ok {
				return
			}
		}
	}
}

func isLinkedData(t xhtml.Token) bool {
	if t.Data != "script" {
		return false
	}
	for _, a := range t.Attr {
		if a.Key == "type" {
			kind, _, _ := strings.Cut(a.Val, ";")
			return strings.EqualFold(strings.TrimSpace(kind), "application/ld+json")
		}
	}
	return false
}

// yieldScript yields the JobPostings of one script and says how many answers it
// gave; a script that cannot be read is one answer, an error.
func yieldScript(raw []byte, script int, yield yieldFunc) (answers int, ok bool) {
	at := fmt.Sprintf("script %d of the page", script)
	text := mend(string(raw))
	if text == "" {
		return 0, true
	}
	doc, err := parseLarge([]byte(text))
	if err != nil {
		return 1, yield(nil, fmt.Errorf("%s: %w", at, err))
	}
	refs := gather(doc)
	for _, p := range postings(doc) {
		answers++
		if !yield(withReferences(p, refs), nil) {
			return answers, false
		}
	}
	return answers, true
}

// mend undoes what pages do to JSON-LD: comment and CDATA marks around it,
// entities for its quotation marks, raw line breaks in its strings, a semicolon
// at its end.
func mend(s string) string {
	s = stripCDATA(strings.TrimSpace(s))
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "<!--"), "-->")
	s = strings.TrimRight(strings.TrimSpace(s), "; \t\r\n")
	if !strings.Contains(s, `"`) && strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	return escapeControls(s)
}

// escapeControls writes control characters inside strings as JSON wants them.
func escapeControls(s string) string {
	var b bytes.Buffer
	inString, escaped, changed := false, false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case !inString:
			inString = c == '"'
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			inString = false
		}
		if inString && c < 0x20 {
			changed = true
			fmt.Fprintf(&b, `\u%04x`, c)
			continue
		}
		b.WriteByte(c)
	}
	if !changed {
		return s
	}
	return b.String()
}

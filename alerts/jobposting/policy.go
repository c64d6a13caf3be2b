package jobposting

import (
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
)

// plainElements are those that a description may hold without attributes.
var plainElements = map[string]bool{
	"p": true, "br": true, "ul": true, "ol": true, "li": true, "h2": true, "h3": true, "h4": true, "strong": true, "em": true, "b": true, "i": true,
}

// policy is the closed list of what a description may hold. Descriptions are
// rewritten to it before (rewrite.go), so it normally changes nothing; it is
// the guard that decides.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(slices.Collect(maps.Keys(plainElements))...)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^nofollow noopener$`)).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	return p
}

// sanitise makes a description of what a source sent: HTML, HTML escaped once
// or twice, a CDATA section, or plain text. The result is well-formed and holds
// nothing but the policy's elements; sanitise leaves its own results as they are.
func sanitise(policy *bluemonday.Policy, s string) string {
	s = decodeEscaped(stripCDATA(s))
	if !hasTag(s) {
		if strings.Contains(s, "&") {
			s = html.UnescapeString(s)
		}
		return paragraphs(s)
	}
	if settled(s) {
		return s
	}
	s = rewrite(s)
	if clean(s) {
		return s
	}
	return policy.Sanitize(s)
}

// stripCDATA takes the wrapper of a CDATA section off, with the comment marks
// that scripts put around it.
func stripCDATA(s string) string {
	if !strings.Contains(s, "[CDATA[") {
		return s
	}
	s = strings.TrimSpace(s)
	for _, open := range []string{"//<![CDATA[", "/*<![CDATA[*/", "<![CDATA["} {
		if rest, ok := strings.CutPrefix(s, open); ok {
			s = rest
			break
		}
	}
	s = strings.TrimSpace(s)
	for _, end := range []string{"//]]>", "/*]]>*/", "]]>"} {
		if rest, ok := strings.CutSuffix(s, end); ok {
			s = rest
			break
		}
	}
	return s
}

// decodeEscaped undoes escaping of whole documents: a text without tags that
// holds tags as entities was escaped, once or twice.
func decodeEscaped(s string) string {
	for range 2 {
		if !strings.Contains(s, "&") || hasTag(s) || !hasEscapedTag(s) {
			break
		}
		s = html.UnescapeString(s)
	}
	return s
}

// bullets begin a list item in plain text.
const bullets = "-–*•·▪●○►➢✓✔"

// paragraphs makes HTML of plain text: an empty line parts paragraphs, a line
// break stays one, and lines with bullets are a list.
func paragraphs(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8 + 16)
	open := "" // the element that is open: "", "p" or "ul"
	closeOpen := func() {
		if open != "" {
			b.WriteString("</" + open + ">")
		}
		open = ""
	}
	for line := range strings.SplitSeq(lineBreaks(s), "\n") {
		line = oneLine(line)
		item, isItem := bulleted(line)
		switch {
		case line == "":
			closeOpen()
		case isItem:
			if open != "ul" {
				closeOpen()
				b.WriteString("<ul>")
				open = "ul"
			}
			b.WriteString("<li>" + html.EscapeString(item) + "</li>")
		case open == "p":
			b.WriteString("<br>" + html.EscapeString(line))
		default:
			closeOpen()
			b.WriteString("<p>" + html.EscapeString(line))
			open = "p"
		}
	}
	closeOpen()
	return b.String()
}

// lineBreaks makes "\n" of the other ways to end a line.
func lineBreaks(s string) string {
	if !strings.ContainsAny(s, "\r\u2028\u2029\u0085") {
		return s
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(s)
}

func bulleted(line string) (item string, ok bool) {
	first, size := utf8.DecodeRuneInString(line)
	if line == "" || !strings.ContainsRune(bullets, first) {
		return "", false
	}
	item = strings.TrimLeft(line[size:], " ")
	return item, item != "" && item != line[size:]
}

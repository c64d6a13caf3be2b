package inbound

import (
	"regexp"
	"strings"
)

var (
	addressWord = regexp.MustCompile(`(?:"[^"\n]{1,64}"|[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]{1,64})@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,252}[\p{L}\p{N}])?`)

	// verp is our own envelope sender: something, a plus sign, the token.
	verp = regexp.MustCompile(`(?:^|[\s<,:;"])[\w.-]{1,64}\+([\w.=-]{1,128})@[\w.-]{1,253}`)
)

// addresses are those in text, in order, each once, without the marks that
// prose puts around them.
func addresses(text string) []string {
	var list []string
	for _, a := range addressWord.FindAllString(text, 2*maxReports) {
		if i := strings.LastIndexByte(a, '='); i >= 0 && !strings.HasPrefix(a, "\"") && strings.HasPrefix(strings.ToLower(a), "to=") {
			a = a[i+1:]
		}
		a = strings.Trim(a, "'.")
		if at := strings.LastIndexByte(a, '@'); at < 1 || containsFold(list, a) {
			continue
		}
		list = append(list, a)
	}
	return list
}

func containsFold(list []string, a string) bool {
	for _, b := range list {
		if strings.EqualFold(a, b) {
			return true
		}
	}
	return false
}

// token is our mark, in whatever names our envelope sender: first the fields
// that say whom the report was delivered to, then the mail it quotes.
func (m *inMail) token() string {
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"} {
		for _, v := range m.header[name] {
			if t := tokenOf(v); t != "" {
				return t
			}
		}
	}
	for _, p := range m.parts {
		if p.kind == "message/feedback-report" {
			for _, g := range groups(p.text) {
				if t := tokenOf(g.get("original-mail-from")); t != "" {
					return t
				}
			}
		}
	}
	original := m.original()
	for _, name := range []string{"return-path", "x-envelope-from", "sender"} {
		if t := tokenOf(original.get(name)); t != "" {
			return t
		}
	}
	return ""
}

// oneClick is the last part of an https address in List-Unsubscribe.
var oneClick = regexp.MustCompile(`<https?://[^<>\s]{1,500}/([\w-]{1,1000})>`)

func (m *inMail) leaveToken() string {
	if found := oneClick.FindStringSubmatch(m.original().get("list-unsubscribe")); found != nil {
		return found[1]
	}
	return ""
}

func tokenOf(value string) string {
	if found := verp.FindStringSubmatch(value); found != nil {
		return found[1]
	}
	return ""
}

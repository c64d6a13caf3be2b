package alerts_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

func TestPlainTextPutsBlocksOnLinesOfTheirOwn(t *testing.T) {
	for html, want := range map[string]string{
		"Text ohne Tags":                                 "Text ohne Tags",
		"<p>Eins</p><p>Zwei</p>":                         "Eins\nZwei",
		"<h3>Aufgaben</h3><ul><li>a</li><li>b</li></ul>": "Aufgaben\na\nb",
		"Medizin<b>informatik</b>":                       "Medizininformatik",
		"Eins<br>Zwei":                                   "Eins\nZwei",
		"K&ouml;ln &amp; D&uuml;ren &lt;x&gt;":           "Köln & Düren <x>",
		`<a href="https://example.org/?a&gt;b">Link</a>`: "Link",
		"":    "",
		"a <": "a ",
	} {
		var lines []string
		for line := range strings.SplitSeq(alerts.PlainText(html), "\n") {
			if line != "" {
				lines = append(lines, line)
			}
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("%q became %q, want %q", html, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "<", "<p", "a<b>c</b", "&amp;", "<br/>x", "</"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, html string) {
		got := alerts.PlainText(html)
		if utf8.ValidString(html) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", html, got)
		}
		if !strings.ContainsAny(html, "<&") && got != html {
			t.Errorf("%q became %q", html, got)
		}
	})
}

package alerts_test

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

func TestPlainTextPutsBlocksOnLinesOfTheirOwn(t *testing.T) {
	for markup, want := range map[string]string{
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
		for line := range strings.SplitSeq(alerts.PlainText(markup), "\n") {
			if line != "" {
				lines = append(lines, line)
			}
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("%q became %q, want %q", markup, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "<", "<p", "a<b>c</b", "&amp;", "<br/>x", "</", "&amp;lt;&#39;&ouml;&#34;&ampx&lt", "&amp&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := alerts.PlainText(text)
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", text, got)
		}
		if !strings.Contains(text, "<") && got != html.UnescapeString(text) {
			t.Errorf("%q became %q", text, got)
		}
		if !strings.ContainsAny(text, "<&") && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

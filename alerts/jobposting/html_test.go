package jobposting

import (
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
	"pgregory.net/rapid"
)

func TestDescriptionIsSanitised(t *testing.T) {
	p := policy()
	for written, want := range map[string]string{
		`<p>Wir suchen Sie.</p>`: `<p>Wir suchen Sie.</p>`,
		`<p onclick="x()" style="color:red" class="a">Text</p><script>alert(1)</script>`:        `<p>Text</p>`,
		`<h1>Aufgaben</h1><h5>Mehr</h5>`:                                                        `<h2>Aufgaben</h2><h4>Mehr</h4>`,
		`<div>Eins</div><div>Zwei</div>`:                                                        `<p>Eins</p><p>Zwei</p>`,
		`<ul><li>Eins<li>Zwei</ul>`:                                                             `<ul><li>Eins</li><li>Zwei</li></ul>`,
		`<ul><li>Eins<ol><li>Innen</li></ol></li></ul>`:                                         `<ul><li>Eins<ol><li>Innen</li></ol></li></ul>`,
		`<ul></ul><p></p><b></b><p>Text</p>`:                                                    `<p>Text</p>`,
		`Eins<br>Zwei<br><br><br><br>Drei<br>`:                                                  `<p>Eins<br>Zwei<br><br>Drei</p>`,
		`<p><b>Offen</p><p>danach</p>`:                                                          `<p><b>Offen</b></p><p>danach</p>`,
		`<p><b>eins <i>zwei</b> drei</i></p>`:                                                   `<p><b>eins <i>zwei</i></b> <i>drei</i></p>`,
		`<p>Medizin<span>informatik</span> und<span> mehr</span></p>`:                           `<p>Medizininformatik und mehr</p>`,
		`<a href="https://example.org/?a=1&amp;b=2" target="_blank">Link</a>`:                   `<p><a href="https://example.org/?a=1&amp;b=2" rel="nofollow noopener">Link</a></p>`,
		`<a href="javascript:alert(1)">Link</a>`:                                                `<p>Link</p>`,
		`<a href=" JaVaScRiPt:alert(1)">Link</a><a href="data:text/html,x">B</a>`:               `<p>LinkB</p>`,
		`<a href="/relativ">Link</a>`:                                                           `<p>Link</p>`,
		`<a href="mailto:jobs@example.org">Mail</a>`:                                            `<p><a href="mailto:jobs@example.org" rel="nofollow noopener">Mail</a></p>`,
		`<img src=x onerror=alert(1)><p>Text</p>`:                                               `<p>Text</p>`,
		`<p>Text</p></div></ul></p></b>`:                                                        `<p>Text</p>`,
		`&lt;p&gt;Einmal&lt;/p&gt;`:                                                             `<p>Einmal</p>`,
		`&amp;lt;p&amp;gt;Zweimal &amp;amp;amp; mehr&amp;lt;/p&amp;gt;`:                         `<p>Zweimal &amp; mehr</p>`,
		`&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;Text&lt;/p&gt;`:                          `<p>Text</p>`,
		`<![CDATA[<p>Text</p>]]>`:                                                               `<p>Text</p>`,
		"//<![CDATA[\n<p>Text</p>\n//]]>":                                                       `<p>Text</p>`,
		`<p>&lt;b&gt; bleibt Text</p>`:                                                          `<p>&lt;b&gt; bleibt Text</p>`,
		`Lohn < 10 & > 5`:                                                                       `<p>Lohn &lt; 10 &amp; &gt; 5</p>`,
		`R&amp;D`:                                                                               `<p>R&amp;D</p>`,
		"Eins\nZwei\r\n\r\nDrei":                                                                `<p>Eins<br>Zwei</p><p>Drei</p>`,
		"Aufgaben:\n- kochen\n- backen\n\nGruß":                                                 `<p>Aufgaben:</p><ul><li>kochen</li><li>backen</li></ul><p>Gruß</p>`,
		"• eins\n•\tzwei":                                                                       `<ul><li>eins</li><li>zwei</li></ul>`,
		"<b>Aufgaben</b>\nkochen\nbacken":                                                       `<p><b>Aufgaben</b><br>kochen<br>backen</p>`,
		"<p>viel   \n\t Raum\u00a0hier</p>":                                                     `<p>viel Raum hier</p>`,
		`<table><tr><td>Ort</td><td>Essen</td></tr><tr><td>Zeit</td><td>Voll</td></tr></table>`: `<p>Ort Essen</p><p>Zeit Voll</p>`,
		`<p>Medizin` + "\u00ad" + `informatik</p>`:                                              `<p>Medizininformatik</p>`,
		`<svg><title>x</title></svg><p>Text</p><style>p{}</style>`:                              `<p>Text</p>`,
		`<p>Text<!-- Kommentar --></p>`:                                                         `<p>Text</p>`,
		`<textarea><p>x</textarea><p>Text</p>`:                                                  `<p>Text</p>`,
		``:                                                                                      ``,
		` <p> </p> `:                                                                            ``,
	} {
		if got := sanitise(p, written); got != want {
			t.Errorf("%q became\n%q, want\n%q", written, got, want)
		}
	}
}

// piece draws bits of HTML, good, bad and hostile.
func piece() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"<p>", "</p>", "<br>", "<br/>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>", "<h1>", "</h1>", "<h3>", "</h3>", "<b>", "</b>", "<i>", "</i>",
			"<strong>", "</strong>", "<div>", "</div>", "<span>", "</span>", "<a href='https://example.org/ä?b=c&d=\"'>", "<a href=javascript:x>", "</a>",
			"<a href=\"mailto:a@example.org?subject=x&body=<y>\">", "<td>", "</td>", "<tr>", "<script>", "</script>", "<style>", "</style>", "<!--", "-->", "<![CDATA[", "]]>",
			"&lt;p&gt;", "&amp;lt;b&amp;gt;", "&nbsp;", "&", "<", ">", "\"", "'", "\n", "\r\n", "\u00ad", "\u0000", "<img src=x>", "<textarea>", "<svg>", "- ", "• ", "\n\n", "&#60;b>",
			"&amp;amp;lt;i&amp;amp;gt;", "<p", "<a href=", "</", "\u2028", "\u0085", "&shy;", "&Tab;", "&NewLine;",
		}),
		rapid.StringMatching(`[a-zäöü ]{1,8}`),
	)
}

func TestSanitisedHTMLIsCleanAndStaysAsItIs(t *testing.T) {
	p := policy()
	allowed := map[string]bool{"p": true, "br": true, "ul": true, "ol": true, "li": true, "h2": true, "h3": true, "h4": true, "strong": true, "em": true, "b": true, "i": true, "a": true}
	rapid.Check(t, func(t *rapid.T) {
		written := strings.Join(rapid.SliceOfN(piece(), 0, 25).Draw(t, "pieces"), "")
		got := sanitise(p, written)
		if again := sanitise(p, got); again != got {
			t.Fatalf("%q\nbecame %q\nand then %q", written, got, again)
		}
		z := xhtml.NewTokenizer(strings.NewReader(got))
		var open []string
		for z.Next() != xhtml.ErrorToken {
			tok := z.Token()
			switch tok.Type {
			case xhtml.StartTagToken:
				for _, a := range tok.Attr {
					if tok.Data != "a" || a.Key != "rel" && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "mailto:") {
						t.Fatalf("%q lets %s=%q through", written, a.Key, a.Val)
					}
				}
				if !allowed[tok.Data] {
					t.Fatalf("%q lets <%s> through", written, tok.Data)
				}
				if tok.Data != "br" {
					open = append(open, tok.Data)
				}
			case xhtml.EndTagToken:
				if len(open) == 0 || open[len(open)-1] != tok.Data {
					t.Fatalf("%q became %q: </%s> does not end %v", written, got, tok.Data, open)
				}
				open = open[:len(open)-1]
			case xhtml.CommentToken, xhtml.DoctypeToken, xhtml.SelfClosingTagToken:
				t.Fatalf("%q became %q with a %v", written, got, tok.Type)
			}
		}
		if len(open) > 0 {
			t.Fatalf("%q became %q: %v stay open", written, got, open)
		}
	})
}

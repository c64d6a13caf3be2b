package jobposting

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzClean: what is passed by the policy is what the policy would leave as it is,
// and rewriting makes nothing that is neither.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"<p>Text &amp; <b>mehr</b></p>", "<ul><li>eins</li></ul>", "a<br>b", "</strong>", "<p", "<p >", "<P>", "</br>", "&", "&amp", "&#34;",
		"'", "\"", "\r", "\x00", "\x7f", "\xff<p>", "<script>", "<a href=\"https://example.org\" rel=\"nofollow noopener\">x</a>", "<!-- -->", "<p/>", "&lt;script&gt;", ">"} {
		f.Add(s)
	}
	p := policy()
	f.Fuzz(func(t *testing.T, s string) {
		for _, s := range []string{s, rewrite(s)} {
			if got := p.Sanitize(s); clean(s) && got != s {
				t.Errorf("%q passes for clean; the policy makes %q of it", s, got)
			}
		}
	})
}

func TestClean_SparesDescriptionsWithoutLinksThePolicy(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		rewrite("<div><h1>Wir</h1>Caf\u00e9 &quot;Süd&quot; &amp; Co<ul><li>eins<li><strong>zwei</strong></ul></div>"): true,
		rewrite(`<p>Mehr <a href="https://example.org/?a=1&amp;b=2">hier</a></p>`):                                     false,
		"<p onclick=x>": false, "<script>": false, "a > b": false, "": true,
	} {
		if clean(s) != want {
			t.Errorf("%q: clean %v, want %v", s, !want, want)
		}
	}
}

// FuzzSettled: what is passed as settled is what rewriting would leave as it is.
func FuzzSettled(f *testing.F) {
	for _, s := range []string{"<p>Text &amp; mehr</p><p>zwei<br>drei</p>", "<h3>Aufgaben</h3><ul><li>eins</li><li>zwei</li></ul>", "<ol><li>a</li></ol><h2>b</h2>", "<p></p>", "<p> a</p>",
		"<p>a </p>", "<p>a  b</p>", "<ul></ul>", "<ul>a</ul>", "<li>a</li>", "<p>a<br><br>b</p>", "<p>&#34;</p>", "<p>\u00ada</p>", "<p>\xff</p>", "<p>a<p>b</p>", "<p>&amp;lt;</p>", "a"} {
		f.Add(s)
	}
	p := policy()
	f.Fuzz(func(t *testing.T, s string) {
		for _, s := range []string{s, rewrite(s)} {
			if !settled(s) {
				continue
			}
			if got := p.Sanitize(rewrite(s)); got != s {
				t.Errorf("%q passes for settled; it becomes %q", s, got)
			}
		}
	})
}

func TestSettled_KnowsWhatBoardsSend(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"<p>Für unser Caf\u00e9 &amp; Bistro.</p><h3>Aufgaben</h3><ul><li>eins</li><li>zwei<br>drei</li></ul><ol><li>vier</li></ol>": true,
		"": true, "<p>a": false, "<p>a</p>b": false, "<p>a</p>\n<p>b</p>": false, "<p>a <b>b</b></p>": false, "<ul></ul>": false,
	} {
		if settled(s) != want {
			t.Errorf("%q: settled %v, want %v", s, !want, want)
		}
	}
}

// The scanners say what these patterns say.
var (
	tagPattern     = regexp.MustCompile(`(?i)</?(?:p|br|b|i|u|a|em|strong|span|font|div|section|article|header|footer|main|ul|ol|li|dl|dt|dd|h[1-6]|table|tbody|tr|td|th|pre|hr|img|center|script|style|html|body|blockquote|small|big|sup|sub|iframe|svg|form|input|button|label|nav|aside|figure|object|embed|link|meta|title|head)(?:\s[^<>]*)?/?>`)
	escapedPattern = regexp.MustCompile(`(?i)&(?:amp;)*lt;/?[a-z][a-z0-9]*(?:\s|/?&(?:amp;)*gt;)`)
)

func FuzzTags(f *testing.F) {
	for _, s := range []string{"<p>", "<br/>", "</H3 class=x>", "<p<b>", "<//p>", "a < b", "<x>", "<!-- -->", "<p\tx", "<h7>", "&lt;p&gt;", "&amp;LT;/b&amp;amp;gt;",
		"&lt;1&gt;", "&lt;//p&gt;", "&lt;br /&gt;", "&lt;p/x", "&amp;amp;", "&lt;p"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "\u017f\u212a") {
			t.Skip("to patterns these letters are an s and a k")
		}
		if got, want := hasTag(s), tagPattern.MatchString(s) || strings.Contains(s, "<!--"); got != want {
			t.Errorf("%q has a tag: %v, want %v", s, got, want)
		}
		if got, want := hasEscapedTag(s), escapedPattern.MatchString(s); got != want {
			t.Errorf("%q has an escaped tag: %v, want %v", s, got, want)
		}
	})
}

package compose_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// rgb is a colour; look is what text is drawn with.
type rgb [3]float64

type look struct {
	text, ground rgb
	size         float64 // px
	bold         bool
}

var (
	ruleForm  = regexp.MustCompile(`\.([a-z]+)(?:, \.([a-z]+))? \{([^}]*)\}`)
	colorForm = regexp.MustCompile(`(?:^|;|\s)(color|background):\s*#([0-9a-f]{6})`)
	sizeForm  = regexp.MustCompile(`font-size:(\d+)px`)
)

// apply reads the declarations of a style into l.
func (l *look) apply(style string) {
	for _, m := range colorForm.FindAllStringSubmatch(style, -1) {
		n, _ := strconv.ParseUint(m[2], 16, 32)
		c := rgb{float64(n >> 16 & 255), float64(n >> 8 & 255), float64(n & 255)}
		if m[1] == "color" {
			l.text = c
		} else {
			l.ground = c
		}
	}
	if m := sizeForm.FindStringSubmatch(style); m != nil {
		l.size, _ = strconv.ParseFloat(m[1], 64)
	}
	l.bold = l.bold || strings.Contains(style, "font-weight:600")
}

// contrast is WCAG 2.2's contrast ratio.
func contrast(a, b rgb) float64 {
	light := func(c rgb) float64 {
		var y float64
		for i, w := range [3]float64{0.2126, 0.7152, 0.0722} {
			v := c[i] / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			y += w * v
		}
		return y
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// darkRules are the style sheet's declarations for dark mode, by class.
func darkRules(t *testing.T, page string) map[string]string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "@media (prefers-color-scheme: dark) {")
	if !ok {
		t.Fatal("no colours for dark mode")
	}
	rules := map[string]string{}
	block, _, _ := strings.Cut(rest, "\n}")
	for _, m := range ruleForm.FindAllStringSubmatch(block, -1) {
		for _, class := range m[1:3] {
			rules[class] += strings.ReplaceAll(m[3], " !important", "")
		}
	}
	return rules
}

// faults lists the texts below n that are too faint or too small.
func faults(n *html.Node, l look, dark map[string]string, found *[]string) {
	if n.Type == html.ElementNode {
		style, _ := attr(n, "style")
		if strings.Contains(style, "display:none") || n.Data == "style" || n.Data == "title" {
			return
		}
		if n.Data == "h1" || n.Data == "h2" {
			l.bold = true
		}
		l.apply(style)
		class, _ := attr(n, "class")
		for _, c := range strings.Fields(class) {
			l.apply(dark[c])
		}
	}
	if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
		if ratio := contrast(l.text, l.ground); ratio < 4.5 {
			*found = append(*found, fmt.Sprintf("contrast %.1f of %q", ratio, strings.TrimSpace(n.Data)))
		}
		if l.size < 14 {
			*found = append(*found, fmt.Sprintf("%v px of %q", l.size, strings.TrimSpace(n.Data)))
		}
	}
	for c := range n.ChildNodes() {
		faults(c, l, dark, found)
	}
}

func TestMails_CanBeReadInLightAndDark(t *testing.T) {
	for name, mail := range golden(t) {
		page := open(t, mail).html
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for mode, rules := range map[string]map[string]string{"light": nil, "dark": darkRules(t, page)} {
			var found []string
			faults(root, look{ground: rgb{255, 255, 255}, size: 16}, rules, &found)
			for _, f := range found {
				t.Errorf("%s, %s: %s", name, mode, f)
			}
		}
	}
}

func TestContrast_AgreesWithWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b rgb
		want float64
	}{{rgb{0, 0, 0}, rgb{255, 255, 255}, 21}, {rgb{119, 119, 119}, rgb{255, 255, 255}, 4.48}, {rgb{9, 9, 9}, rgb{9, 9, 9}, 1}} {
		if got := contrast(c.a, c.b); math.Abs(got-c.want) > 0.01 {
			t.Errorf("contrast of %v and %v is %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestMails_HaveStructureForScreenReaders(t *testing.T) {
	for name, mail := range golden(t) {
		o := open(t, mail)
		level, tables := 0, 0
		elements(t, o.html, func(n *html.Node) {
			switch n.Data {
			case "html":
				if lang, _ := attr(n, "lang"); lang != name[strings.LastIndexByte(name, '.')+1:] {
					t.Errorf("%s: lang is %q", name, lang)
				}
			case "title":
				if content(n) != o.subject {
					t.Errorf("%s: title %q, subject %q", name, content(n), o.subject)
				}
			case "table":
				tables++
				if role, _ := attr(n, "role"); role != "presentation" {
					t.Errorf("%s: a layout table has the role %q", name, role)
				}
			case "h1", "h2", "h3":
				next := int(n.Data[1] - '0')
				if next > level+1 || next == 1 && level > 0 {
					t.Errorf("%s: a heading of level %d follows one of %d", name, next, level)
				}
				level = next
			case "img", "script", "link", "iframe", "form":
				t.Errorf("%s: has <%s>", name, n.Data)
			case "a":
				href, _ := attr(n, "href")
				style, _ := attr(n, "style")
				if content(n) == "" || !strings.HasPrefix(href, "https://jobs.example/") || strings.Contains(style, "text-decoration:none") {
					t.Errorf("%s: a link to %q says %q, styled %q", name, href, content(n), style)
				}
			}
		})
		if level == 0 || tables == 0 {
			t.Errorf("%s: no headings or no tables were looked at", name)
		}
		if bulk(name) && !strings.HasPrefix(name, "checkup") && !strings.Contains(o.html, `display:none;max-height:0;overflow:hidden;mso-hide:all;">Medizininformatiker (m/w/d)`) {
			t.Errorf("%s: the preheader does not show the first titles", name)
		}
	}
}

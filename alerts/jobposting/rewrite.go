package jobposting

import (
	"html"
	"net/url"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"
)

// blocks maps elements that begin a block to the one they become: a heading of
// the policy's levels, or "p" for all that merely stands on its own.
var blocks = map[string]string{
	"p": "p", "div": "p", "section": "p", "article": "p", "header": "p", "footer": "p", "main": "p", "aside": "p",
	"address": "p", "figure": "p", "figcaption": "p", "blockquote": "p", "center": "p", "form": "p", "fieldset": "p",
	"table": "p", "thead": "p", "tbody": "p", "tfoot": "p", "tr": "p", "dl": "p", "dt": "p", "dd": "p", "pre": "p", "hr": "p",
	"body": "p", "html": "p", "nav": "p", "details": "p", "summary": "p",
	"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4",
}

// inline elements stand within a line: taking them off leaves no space.
var inline = map[string]bool{
	"a": true, "b": true, "strong": true, "i": true, "em": true, "u": true, "span": true, "font": true, "small": true, "big": true,
	"sub": true, "sup": true, "mark": true, "s": true, "abbr": true, "code": true, "wbr": true, "label": true, "ins": true, "del": true,
}

// unread are the elements whose content is no text for readers. The tokenizer
// gives it as one text token.
var unread = map[string]bool{
	"script": true, "style": true, "iframe": true, "noembed": true, "noframes": true, "noscript": true, "title": true, "textarea": true, "xmp": true,
}

// rewrite makes well-formed HTML of the policy's elements out of any HTML: other
// blocks become paragraphs, other inline elements go, what is empty goes, what
// is open is closed, and white space is folded. Text keeps its order.
func rewrite(s string) string {
	w := writer{breaksCount: !blockish(s)}
	w.b.Grow(len(s))
	z := xhtml.NewTokenizer(strings.NewReader(s))
	skip := ""
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			w.endAll()
			return w.b.String()
		case xhtml.TextToken:
			if skip == "" {
				w.text(string(z.Text()))
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			tag := string(name)
			if unread[tag] {
				skip = tag
				continue
			}
			skip = ""
			w.start(tag, func() string { return href(z, hasAttr) })
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			if tag := string(name); tag == skip {
				skip = ""
			} else {
				w.end(tag)
			}
		}
	}
}

// blockish reports whether s structures its text by elements; if it does not,
// its line breaks are meant.
func blockish(s string) bool {
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		name := elementName(rest)
		if name == "br" || name == "li" || blocks[name] != "" {
			return true
		}
	}
}

// href is the link of an <a> tag, empty when it has none that may be kept.
func href(z *xhtml.Tokenizer, more bool) string {
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		if string(key) == "href" {
			return keptLink(string(val))
		}
	}
	return ""
}

func keptLink(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
		return u.String()
	case "mailto":
		return u.String()
	}
	return ""
}

// maxLists bounds how deep lists nest; deeper ones join the innermost.
const maxLists = 4

// writer writes elements as late as it can: a block, a list or an emphasis
// appears only with its first text, so nothing empty is written.
type writer struct {
	b           strings.Builder
	breaksCount bool // line breaks in text are line breaks

	lists   []list
	deeper  int    // lists begun beyond maxLists
	block   string // the open block outside lists: "", "p", "h2" …
	next    string // the block that the next text opens; "" is "p"
	marks   []mark
	lines   int  // line breaks due before the next text, at most two
	space   bool // a space is due before the next text
	started bool // the open block or item has text
}

type list struct {
	tag        string // ul or ol
	open, item bool   // written; an item is open
}

// mark is an inline element.
type mark struct {
	tag, href string
	open      bool
}

func (w *writer) start(tag string, link func() string) {
	switch tag {
	case "br":
		w.lines = min(w.lines+1, 2)
	case "ul", "ol", "menu", "dir":
		if len(w.lists) == maxLists {
			w.deeper++
			w.lines = 1
			return
		}
		w.endBlock()
		w.endMarks()
		if tag != "ol" {
			tag = "ul"
		}
		w.lists = append(w.lists, list{tag: tag})
	case "li":
		if len(w.lists) == 0 {
			w.endBlock()
			w.endMarks()
			w.lists = append(w.lists, list{tag: "ul"})
		}
		w.endItem()
	case "b", "strong", "i", "em":
		w.marks = append(w.marks, mark{tag: tag})
	case "a":
		w.endMark("a")
		if to := link(); to != "" {
			w.marks = append(w.marks, mark{tag: tag, href: to})
		}
	case "td", "th", "img", "input", "button", "select", "option":
		w.space = true
	default:
		if to := blocks[tag]; to != "" {
			w.newBlock(to)
		}
	}
}

func (w *writer) end(tag string) {
	switch tag {
	case "ul", "ol", "menu", "dir":
		if w.deeper > 0 {
			w.deeper--
			w.lines = 1
			return
		}
		w.endList()
	case "li":
		if w.deeper > 0 {
			w.lines = 1
			return
		}
		w.endItem()
	case "b", "strong", "i", "em", "a":
		w.endMark(tag)
	case "td", "th":
		w.space = true
	default:
		if blocks[tag] != "" {
			w.newBlock("p")
		}
	}
}

// newBlock ends the open block; inside a list item blocks are lines.
func (w *writer) newBlock(tag string) {
	if len(w.lists) > 0 {
		w.lines = max(w.lines, 1)
		return
	}
	w.endBlock()
	w.next = tag
}

// text writes character data.
func (w *writer) text(s string) {
	if !w.breaksCount {
		w.line(s)
		return
	}
	for i, line := range strings.Split(lineBreaks(s), "\n") {
		if i > 0 {
			w.lines = min(w.lines+1, 2)
		}
		w.line(line)
	}
}

func (w *writer) line(s string) {
	words := oneLine(s)
	if words == "" {
		w.space = w.space || s != ""
		return
	}
	w.space = w.space || leadingSpace(s)
	w.openBlock()
	if w.started {
		for range w.lines {
			w.b.WriteString("<br>")
		}
		if w.space && w.lines == 0 {
			w.b.WriteByte(' ')
		}
	}
	for i := range w.marks {
		w.openMark(&w.marks[i])
	}
	w.b.WriteString(html.EscapeString(words))
	w.started, w.lines, w.space = true, 0, trailingSpace(s)
}

func leadingSpace(s string) bool  { return strings.TrimLeft(s, " \t\r\n\f\u00a0") != s }
func trailingSpace(s string) bool { return strings.TrimRight(s, " \t\r\n\f\u00a0") != s }

func (w *writer) openBlock() {
	if len(w.lists) == 0 {
		if w.block == "" {
			if w.next == "" {
				w.next = "p"
			}
			w.block, w.next = w.next, ""
			w.b.WriteString("<" + w.block + ">")
			w.started = false
		}
		return
	}
	for i := range w.lists {
		l := &w.lists[i]
		if !l.open {
			w.b.WriteString("<" + l.tag + ">")
			l.open = true
		}
		if !l.item {
			w.b.WriteString("<li>")
			l.item, w.started = true, false
		}
	}
}

func (w *writer) openMark(m *mark) {
	switch {
	case m.open:
	case m.tag == "a":
		w.b.WriteString(`<a href="` + html.EscapeString(m.href) + `" rel="nofollow noopener">`)
	default:
		w.b.WriteString("<" + m.tag + ">")
	}
	m.open = true
}

// endMark ends the innermost mark of that tag and reopens, with the next text,
// those that were begun within it.
func (w *writer) endMark(tag string) {
	for i := len(w.marks) - 1; i >= 0; i-- {
		if w.marks[i].tag == tag {
			w.closeMarks(i)
			w.marks = slices.Delete(w.marks, i, i+1)
			return
		}
	}
}

// closeMarks writes the ends of the marks from number i on, which stay to be
// opened again.
func (w *writer) closeMarks(i int) {
	for k := len(w.marks) - 1; k >= i; k-- {
		if w.marks[k].open {
			w.b.WriteString("</" + w.marks[k].tag + ">")
			w.marks[k].open = false
		}
	}
}

// endMarks ends all marks for good: emphasis does not reach past its block.
func (w *writer) endMarks() {
	w.closeMarks(0)
	w.marks = w.marks[:0]
}

func (w *writer) endBlock() {
	if len(w.lists) == 0 && w.block != "" {
		w.endMarks()
		w.b.WriteString("</" + w.block + ">")
		w.block = ""
	}
	w.lines, w.space, w.next = 0, false, ""
}

func (w *writer) endItem() {
	if len(w.lists) == 0 {
		return
	}
	if l := &w.lists[len(w.lists)-1]; l.item {
		w.endMarks()
		w.b.WriteString("</li>")
		l.item = false
	}
	w.lines, w.space = 0, false
}

func (w *writer) endList() {
	if len(w.lists) == 0 {
		return
	}
	w.endItem()
	l := w.lists[len(w.lists)-1]
	if l.open {
		w.b.WriteString("</" + l.tag + ">")
	}
	w.lists = w.lists[:len(w.lists)-1]
	// Text that follows in the outer item stands right behind the list.
	w.lines, w.space, w.started = 0, false, false
}

func (w *writer) endAll() {
	for len(w.lists) > 0 {
		w.endList()
	}
	w.endBlock()
	w.endMarks()
}

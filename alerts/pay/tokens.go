package pay

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is by its form.
type kind uint8

const (
	kWord kind = iota
	kNumber
	kCurrency // a sign such as €; currency words are kWord
	kDash     // hyphen and every longer dash
	kSlash
	kDot // inside a sentence or after an abbreviation
	kComma
	kColon
	kOpen
	kClose
	kPlus
	kTimes // ×
	kPercent
	kStop  // end of a sentence: . ! ? ; |
	kBreak // end of a line, a list item or a table cell
	kOther
)

// token is a piece of the text. The class of a word is looked up when first
// asked for: most words are never near an amount.
type token struct {
	kind       kind
	looked     bool
	glued      bool // no space between it and the token before
	whole      bool // number: written without decimals
	bare       bool // number: neither grouped nor with decimals
	odd        bool // number: leading zero, date or more digits than money has
	start, end int
	num        float64
	word       wordInfo
}

// parser holds one text while it is read. It is used by one goroutine and
// dropped afterwards.
type parser struct {
	text string
	tok  []token
	used int // tokens before this index belong to an amount already read

	// What the amount before was found to be, for lists of amounts.
	lastNeg, lastPay, lastTrainee bool
	lastUnit                      Unit
}

// newParser splits text into tokens.
func newParser(text string) *parser {
	p := &parser{text: text, tok: make([]token, 0, 16+len(text)/5)}
	spaced := true
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n' || c == '\r' || c == '\t' && i > 0 && text[i-1] == '\n':
			p.put(kBreak, i, i+1, false)
			i, spaced = i+1, true
		case c == ' ' || c == '\t':
			i, spaced = i+1, true
		case c >= '0' && c <= '9':
			t := scanNumber(text, i)
			t.glued = !spaced
			p.tok = append(p.tok, t)
			i, spaced = t.end, false
		case c == '<':
			if end, breaks := tag(text, i); end > i {
				if breaks {
					p.put(kBreak, i, end, false)
				}
				i, spaced = end, true
				continue
			}
			p.put(kOther, i, i+1, !spaced)
			i, spaced = i+1, false
		case c < utf8.RuneSelf && !letter(c):
			p.put(p.mark(i), i, i+1, !spaced)
			i, spaced = i+1, false
		default:
			i, spaced = p.wide(i, spaced)
		}
	}
	return p
}

func (p *parser) put(k kind, start, end int, glued bool) {
	p.tok = append(p.tok, token{kind: k, start: start, end: end, glued: glued})
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// mark returns the kind of the ASCII sign at i.
func (p *parser) mark(i int) kind {
	switch p.text[i] {
	case '$':
		return kCurrency
	case '-':
		return kDash
	case '/':
		return kSlash
	case '.':
		return p.dot(i)
	case ',':
		return kComma
	case ':', '=':
		return kColon
	case '(', '[':
		return kOpen
	case ')', ']':
		return kClose
	case '+':
		return kPlus
	case '%':
		return kPercent
	case '!', '?', ';', '|':
		return kStop
	}
	return kOther
}

// dot tells the end of a sentence from the dot of an abbreviation: what follows
// a sentence is a space and then no small letter, and what stands before is a
// word of more than four letters or not a word at all.
func (p *parser) dot(i int) kind {
	if i+1 < len(p.text) && p.text[i+1] != ' ' && p.text[i+1] != '\n' && p.text[i+1] != '<' && p.text[i+1] != '\r' {
		return kDot
	}
	rest := strings.TrimLeft(p.text[i+1:min(len(p.text), i+8)], " ")
	if rest != "" && rest[0] >= 'a' && rest[0] <= 'z' {
		return kDot
	}
	if len(p.tok) == 0 {
		return kStop
	}
	last := &p.tok[len(p.tok)-1]
	switch last.kind {
	case kWord:
		if abbreviation(p.text[last.start:last.end]) {
			return kDot
		}
	case kNumber:
		if rest != "" && last.bare && last.num < 32 {
			return kDot // "13. Monatsgehalt", "1. Ausbildungsjahr"
		}
	}
	return kStop
}

// wide reads the word, or the sign of several bytes, that begins at i.
func (p *parser) wide(i int, spaced bool) (next int, nowSpaced bool) {
	r, n := utf8.DecodeRuneInString(p.text[i:])
	if unicode.IsLetter(r) {
		end := i + n
		for end < len(p.text) {
			if letter(p.text[end]) {
				end++
				continue
			}
			r, n := utf8.DecodeRuneInString(p.text[end:])
			if n < 2 || !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
				break
			}
			end += n
		}
		p.put(kWord, i, end, !spaced)
		return end, false
	}
	k := kOther
	switch r {
	case '€', '£':
		k = kCurrency
	case '–', '—', '‐', '‑', '‒', '−', '―':
		k = kDash
	case '×':
		k = kTimes
	case '⁄':
		k = kSlash
	case '•', '·', '●', '▪', '■', '►', '✓', '✔', '➤', '★', '\u2028', '\u2029':
		k = kBreak
	case '\u200b', '\u200c', '\u200d', '\ufeff', '\u2060':
		return i + n, spaced
	case '²', '³':
		k = kOther
	default:
		if unicode.IsSpace(r) {
			return i + n, true
		}
	}
	p.put(k, i, i+n, !spaced)
	return i + n, false
}

// tag returns the end of the HTML tag that begins at i, or i if none does, and
// whether it ends a line.
func tag(text string, i int) (end int, breaks bool) {
	j := i + 1
	if j < len(text) && text[j] == '/' {
		j++
	}
	name := j
	for j < len(text) && (letter(text[j]) || text[j] >= '1' && text[j] <= '6' && j > name) {
		j++
	}
	if j == name {
		return i, false
	}
	stop := strings.IndexByte(text[j:min(len(text), j+300)], '>')
	if stop < 0 {
		return i, false
	}
	switch strings.ToLower(text[name:j]) {
	case "b", "strong", "em", "i", "u", "span", "a", "sup", "sub", "font", "small", "mark":
		return j + stop + 1, false
	}
	return j + stop + 1, true
}

// is reports whether token i is of kind k; indexes out of range are of none.
func (p *parser) is(i int, k kind) bool {
	return i >= 0 && i < len(p.tok) && p.tok[i].kind == k
}

// at returns the class of token i, the zero class for what is no word.
func (p *parser) at(i int) wordInfo {
	if i < 0 || i >= len(p.tok) {
		return wordInfo{}
	}
	t := &p.tok[i]
	if t.kind != kWord {
		return wordInfo{}
	}
	if !t.looked {
		t.looked, t.word = true, lookUp(p.text[t.start:t.end])
	}
	return t.word
}

// raw returns the text of token i.
func (p *parser) raw(i int) string {
	if i < 0 || i >= len(p.tok) {
		return ""
	}
	return p.text[p.tok[i].start:p.tok[i].end]
}

// phrase returns the text of tokens first to last on one line, without tags.
func (p *parser) phrase(first, last int) string {
	var b strings.Builder
	part := p.text[p.tok[first].start:p.tok[last].end]
	for {
		i := strings.IndexByte(part, '<')
		if i < 0 {
			break
		}
		b.WriteString(part[:i])
		end, _ := tag(part, i)
		if end == i {
			b.WriteByte('<')
			end++
		} else {
			b.WriteByte(' ')
		}
		part = part[end:]
	}
	b.WriteString(part)
	return strings.Join(strings.Fields(b.String()), " ")
}

// edge reports whether token i ends a sentence or a line, or lies outside.
func (p *parser) edge(i int) bool {
	return i < 0 || i >= len(p.tok) || p.tok[i].kind == kStop || p.tok[i].kind == kBreak
}

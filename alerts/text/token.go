package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a text with what belongs to it.
type token struct {
	start, end int    // bytes in the text: the word and its gender mark
	word       string // to analyse: no gender mark, no hyphen at either end
	marks      uint8
	info       *wordInfo // set by look
	seen       lookup    // while look is at it
}

const (
	openEnd    = 1 << 0 // "Gesundheits-": completed by a later word
	openStart  = 1 << 1 // "-helfer": completed by an earlier word
	afterSlash = 1 << 2 // follows the word before and a slash
	gendered   = 1 << 3 // had a gender mark
	endsClause = 1 << 4 // a sentence ends behind it
	classOf    = 1 << 5 // a letter that names a class (Klasse C)
)

// tokeniser finds the words of a text: Unicode's word boundaries (UAX 29),
// then what job postings add to them.
type tokeniser struct {
	lex      *lexicon
	segments segments
}

// tokens appends the words of s to dst. dropped, if not nil, is called with
// each gender tag that is taken off.
func (t *tokeniser) tokens(dst []token, s string, dropped func(string)) []token {
	t.segments.begin(s)
	first := len(dst)
	at := 0      // everything before is dealt with
	slash := -1  // where a slash ended, if nothing else followed it
	hyphen := -1 // where a hyphen after a gap ended
	for t.segments.next() {
		start := t.segments.start
		if start < at {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[start:])
		if n := t.tagAt(s, r); n > 0 {
			if dropped != nil {
				dropped(s[start : start+n])
			}
			at = start + n
			continue
		}
		if r == '.' && dotWord(s, start) {
			end := start + 1 + wordLength(s[start+1:])
			dst = append(dst, token{start: start, end: end, word: s[start:end]})
			at = end
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			switch {
			case r == '/':
				slash = start + 1
			case isHyphen(r) && (start == 0 || !unicode.IsLetter(runeBefore(s, start))):
				hyphen = start + size
			case len(dst) > first && t.endsSentence(s, start, r, dst[len(dst)-1]):
				dst[len(dst)-1].marks |= endsClause
			}
			continue
		}
		for end := t.segments.end; start < end; start = nextWord(s, at, end) {
			tok := t.wordAt(s, start, end)
			if slash == start && len(dst) > first && dst[len(dst)-1].end == start-1 {
				tok.marks |= afterSlash
			}
			if hyphen == start {
				tok.marks |= openStart
			}
			at = tok.end
			t.singleLetter(&tok, dst[first:])
			dst = append(dst, tok)
		}
	}
	return dst
}

// nextWord finds the next word in s[at:end], which Unicode's rules joined to
// the one before, or end. An English 's is none.
func nextWord(s string, at, end int) int {
	for i, r := range s[min(at, end):end] {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			if b := runeBefore(s, at+i); (b == '\'' || b == '’') && end-at-i <= 2 {
				return end
			}
			return at + i
		}
	}
	return end
}

// tagAt is how long a gender tag is that begins with the segment at hand and its first
// character, 0 if none does.
func (t *tokeniser) tagAt(s string, r rune) int {
	start, end := t.segments.start, t.segments.end
	if t.segments.letters && (end == len(s) || s[end] != '/' && s[end] != '|' && s[end] != '*') {
		return 0 // nearly always
	}
	switch r {
	case '(', '[', '{', 'm', 'w', 'f', 'd', 'M', 'W', 'F', 'D', 'x', 'X', 'h', 'H', 'g', 'G':
		if start > 0 && unicode.IsLetter(runeBefore(s, start)) {
			return 0
		}
		return t.lex.tagLength(s[start:])
	}
	return 0
}

// dotWord tells .NET from the end of a sentence.
func dotWord(s string, start int) bool {
	if start > 0 {
		if b := runeBefore(s, start); unicode.IsLetter(b) || unicode.IsDigit(b) || b == '.' {
			return false
		}
	}
	return strings.EqualFold(s[start+1:min(len(s), start+4)], "net")
}

func runeBefore(s string, i int) rune {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return r
}

func wordLength(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(s)
}

// wordAt makes a token of the word s[start:end] of the segment at hand, taking in what follows and
// belongs to it: symbols, hyphens with their words, a gender mark.
func (t *tokeniser) wordAt(s string, start, end int) token {
	if !t.segments.letters {
		end = start + withinWord(s[start:end])
	}
	if n := t.technical(s, start, end); n > 0 {
		return token{start: start, end: n, word: s[start:n]}
	}
	tok := token{start: start, end: end}
	for {
		if n := genderMark(s[end:]); n > 0 && !t.loanWithIn(s[start:end], s[end:end+n]) {
			tok.word, tok.end = s[start:end], end+n
			tok.marks |= gendered
			return tok
		}
		r, size := utf8.DecodeRuneInString(s[end:])
		if !isHyphen(r) {
			break
		}
		n := t.elementLength(s[end+size:])
		if n == 0 {
			tok.word, tok.end = s[start:end], end+size
			tok.marks |= openEnd
			return tok
		}
		end += size + n
	}
	tok.word, tok.end = binnenI(s[start:end]), end
	if len(tok.word) < end-start {
		tok.marks |= gendered
	}
	return tok
}

// loanWithIn tells Check-in and Log-in from a mark of gender.
func (t *tokeniser) loanWithIn(word, mark string) bool {
	return mark == "-in" && t.lex.inWord[canonical(word)+"in"]
}

// elementLength is the length of the element behind a hyphen, 0 if none.
func (t *tokeniser) elementLength(s string) int {
	n := wordLength(s)
	if n > 0 && (strings.HasPrefix(s[n:], "++") || strings.HasPrefix(s[n:], "#")) {
		return 0
	}
	return n
}

// withinWord cuts a segment where Unicode's rules keep words together that
// are two here (Profil:Sie, snake_case), and takes an English 's off.
func withinWord(w string) int {
	for i, r := range w {
		switch r {
		case ':', '_', '·':
			return i
		case '\'', '’':
			return i
		case '.':
			if i <= 1 || len(w)-i <= 2 { // z.B, p.a: no technical word
				continue
			}
		}
	}
	return len(w)
}

// technical finds C++, C#, S/4HANA, E 13 and the like at s[start:end] and
// returns where they end, or 0.
func (t *tokeniser) technical(s string, start, end int) int {
	if end-start > 4 || end >= len(s) || !t.lex.technicalNext[s[end]] {
		return 0
	}
	var low [maxCue]byte
	first := appendLowered(low[:0], s[start:end])
	for _, rest := range t.lex.technical[string(first)] {
		n := end + len(rest)
		if n > len(s) || !strings.EqualFold(s[end:n], rest) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[n:])
		if next != utf8.RuneError && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
			continue
		}
		return n
	}
	n := end + 1
	for s[end] == ' ' && n < len(s) && n < end+3 && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	if n == end+1 || !t.lex.grade[string(first)] || string(first) == s[start:end] {
		return 0
	}
	if n < len(s) && 'a' <= s[n]|0x20 && s[n]|0x20 <= 'c' {
		n++
	}
	next, _ := utf8.DecodeRuneInString(s[n:])
	if next != utf8.RuneError && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
		return 0
	}
	return n
}

// binnenI takes the capital I of LehrerInnen and LehrerIn off.
func binnenI(w string) string {
	if w == "" || w[len(w)-1] != 'n' {
		return w
	}
	for _, e := range []string{"Innen", "In"} {
		base, ok := strings.CutSuffix(w, e)
		if !ok || len(base) < 4 {
			continue
		}
		if r, _ := utf8.DecodeLastRuneInString(base); unicode.IsLower(r) && base != "Linked" {
			return base
		}
	}
	return w
}

// singleLetter drops a letter that stands for no language: B of Klasse B.
func (t *tokeniser) singleLetter(tok *token, before []token) {
	if len(tok.word) != 1 || len(before) == 0 {
		return
	}
	last := &before[len(before)-1]
	if t.lex.class[canonical(last.word)] || last.marks&classOf != 0 {
		tok.marks |= classOf
	}
}

func (t *tokeniser) endsSentence(s string, at int, r rune, last token) bool {
	switch r {
	case '!', '?', ';', '\n', '•', '\u2028':
		return true
	case '.', ':':
	default:
		return false
	}
	if r == ':' {
		return false
	}
	rest := strings.TrimLeft(s[at+1:], " \t\u00a0")
	if len(rest) == len(s[at+1:]) && rest != "" {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if rest != "" && !unicode.IsUpper(next) {
		return false
	}
	w := s[last.start:last.end]
	if last.end != at || utf8.RuneCountInString(w) == 1 || '0' <= w[0] && w[0] <= '9' {
		return last.end != at
	}
	var low [maxCue]byte
	return !t.lex.abbreviation[string(appendLowered(low[:0], w))]
}

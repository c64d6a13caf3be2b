package text

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// segments are what stands between a text's word boundaries (UAX 29), but for the
// blanks between words, which it passes over. Where one begins, those that follow do not
// depend on what was before, so a word of letters that a plain mark or a blank ends
// is told by that; the library decides the others, one by one.
type segments struct {
	s          string
	start, end int
	letters    bool // it is a word of letters, found to be one without the library
	iter       *words.Iterator[string]
}

func newSegments() segments { return segments{iter: words.FromString("")} }

func (g *segments) begin(s string) { g.s, g.start, g.end = s, 0, 0 }

// next goes on to the next segment, if there is one.
func (g *segments) next() bool {
	s, at := g.s, g.end
	for at < len(s) && s[at] == ' ' && (at+1 == len(s) || s[at+1] < utf8.RuneSelf || s[at+1] == latin1) {
		at++
	}
	if at == len(s) {
		return false
	}
	g.start = at
	if end := lettersEnd(s, at); end > at && endsWord(s, end) {
		g.end, g.letters = end, true
		return true
	}
	g.letters = false
	g.iter.SetText(s[at:])
	g.iter.Next()
	g.end = at + g.iter.End()
	return true
}

// latin1 begins a character from À to ÿ in UTF-8, all of which but × and ÷ are letters.
const latin1 = 0xc3

// lettersEnd is where the letters of German and its neighbours end that begin at i.
func lettersEnd(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			i++
		case c == latin1 && i+1 < len(s) && s[i+1] != 0x97 && s[i+1] != 0xb7:
			i += 2
		default:
			return i
		}
	}
	return i
}

// endsWord tells whether letters that end at i are a word for certain: no digit
// follows, nor a mark that may join letters.
func endsWord(s string, i int) bool {
	if i == len(s) {
		return true
	}
	switch c := s[i]; {
	case c == '.':
		return i+1 == len(s) || s[i+1] == ' ' || s[i+1] == '\n'
	case c == ':', c == '_', c == '\'', '0' <= c && c <= '9':
		return false
	default:
		return c < utf8.RuneSelf
	}
}

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in the form in which names of employers and places compare:
// lower case, umlauts and ß spelled out (ä = ae, ß = ss), other accents taken
// off, everything that is neither letter nor digit a single space, none at
// either end. Folding twice changes nothing.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 4)
	gap := false
	for _, r := range composed(s) {
		if r < utf8.RuneSelf { // nearly always
			c := asciiLower[r]
			if c-'a' > 'z'-'a' && c-'0' > '9'-'0' {
				gap = true
				continue
			}
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteByte(c)
			continue
		}
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		for _, f := range plainRune(r) {
			if !unicode.IsLetter(f) && !unicode.IsDigit(f) {
				gap = true
				continue
			}
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteString(spellOut(f))
		}
	}
	return b.String()
}

// composed returns s in Unicode's normal form C, and s itself when it is.
func composed(s string) string {
	if belowCombining(s) || norm.NFC.IsNormalString(s) {
		return s
	}
	return norm.NFC.String(s)
}

// belowCombining tells that all of s is below U+0300, where the first characters are
// that combine with others. Until then all is in normal form C.
func belowCombining(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xcc { // begins U+0300 and all beyond
			return false
		}
	}
	return true
}

// valid returns s with a blank for what is no UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) { // faster than to look for what is not
		return s
	}
	return strings.ToValidUTF8(s, " ")
}

// asciiLower has each ASCII character, lowered, at its own place.
var asciiLower = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(unicode.ToLower(rune(i)))
	}
	return string(b[:])
}()

// plainRune lowers r and takes its accents off, except the dots of ä, ö, ü.
func plainRune(r rune) string {
	if r < utf8.RuneSelf {
		return asciiLower[r : r+1]
	}
	switch r {
	case 'ä', 'Ä':
		return "ä"
	case 'ö', 'Ö':
		return "ö"
	case 'ü', 'Ü':
		return "ü"
	case 'ß', 'ẞ':
		return "ss"
	case 'æ', 'Æ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'ø', 'Ø':
		return "ö"
	case 'ł', 'Ł':
		return "l"
	case 'đ', 'Đ', 'ð', 'Ð':
		return "d"
	case 'ı', 'İ':
		return "i"
	}
	r = unicode.ToLower(r)
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		switch {
		case unicode.Is(unicode.Mn, d):
		case d == r:
			b.WriteRune(d)
		default:
			b.WriteString(plainRune(d))
		}
	}
	return b.String()
}

// appendLowered appends s in lower case; for what is looked up and thrown away.
func appendLowered(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(dst[:len(dst)-i], strings.ToLower(s)...)
		}
		dst = append(dst, asciiLower[c])
	}
	return dst
}

// spellOut writes an umlaut as two letters, the form in which names compare.
func spellOut(r rune) string {
	switch r {
	case 'ä':
		return "ae"
	case 'ö':
		return "oe"
	case 'ü':
		return "ue"
	}
	return string(r)
}

// canonical returns a word as the German rules read it: lower case, ss for ß,
// accents off, and ä, ö, ü also where they were typed as ae, oe, ue.
func canonical(word string) string {
	plain := 0
	for plain < len(word) && 'a' <= word[plain] && word[plain] <= 'z' {
		plain++
	}
	if plain == len(word) {
		return loans(umlauts(word))
	}
	var b strings.Builder
	b.Grow(len(word) + 2)
	for _, r := range word {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteString(plainRune(r))
		}
	}
	return loans(umlauts(b.String()))
}

// loans writes those Greek words in one way that German spells in two:
// Photograph is Fotograf.
func loans(w string) string {
	if !strings.Contains(w, "ph") {
		return w
	}
	return strings.ReplaceAll(strings.ReplaceAll(w, "photo", "foto"), "graph", "graf")
}

// umlauts reads ae, oe and ue as umlauts where German spelling allows it: not
// in Bauer, Steuer, aktuell, Michael, Duett, Statue, Influencer, Poet.
func umlauts(w string) string {
	if !strings.Contains(w, "ae") && !strings.Contains(w, "oe") && !strings.Contains(w, "ue") {
		return w
	}
	var b strings.Builder
	b.Grow(len(w))
	for i := 0; i < len(w); i++ {
		if i+1 < len(w) && w[i+1] == 'e' && umlautAt(w, i) {
			switch w[i] {
			case 'a':
				b.WriteString("ä")
			case 'o':
				b.WriteString("ö")
			case 'u':
				b.WriteString("ü")
			}
			i++
			continue
		}
		b.WriteByte(w[i])
	}
	return b.String()
}

// umlautAt tells whether the two letters at i may be an umlaut. A wrong yes
// does no harm, since query and posting are read alike and hardly any two
// words differ in nothing else; a wrong no loses the other spelling.
func umlautAt(w string, i int) bool {
	rest := w[i+2:]
	before := byte(' ')
	if i > 0 {
		before = w[i-1]
	}
	if strings.HasPrefix(rest, "i") { // Studioeinrichtung, Kameraeinsatz
		return false
	}
	switch w[i] {
	case 'a':
		return rest != "l" && rest != "ls" && before != 'i' && before != 'a' && !strings.HasPrefix(rest, "ro")
	case 'o':
		return rest != "" && rest != "t" && before != 'o' && before != 'c' &&
			!strings.HasPrefix(rest, "sie") && !(before == 'k' && strings.HasPrefix(rest, "ff"))
	}
	switch {
	case w[i] != 'u', strings.IndexByte("aeoqiu", before) >= 0, rest == "", rest == "st", rest == "sts": // Bauer, Steuer, value, guest
		return false
	case strings.HasPrefix(rest, "ll") && strings.IndexByte("tdsnxv", before) >= 0: // aktuell, individuell, Duell
		return false
	case strings.HasPrefix(rest, "tt") && strings.IndexByte("dn", before) >= 0: // Duett, Menuett
		return false
	case before == 'l' && (strings.HasPrefix(rest, "nc") || strings.HasPrefix(rest, "nt")): // Influencer, fluent
		return false
	}
	return true
}

package gazetteer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is one word of a name, folded to lower-case letters without accents.
type word struct {
	text  string    // umlauts written out: ä is ae, ß is ss
	loose string    // umlauts dropped: ä is a; equal to text in most words
	sep   separator // what stood before it
	dot   bool      // a full stop follows: perhaps an abbreviation
}

// separator is what stands between two words; of several the highest counts.
type separator byte

const (
	space separator = iota
	hyphen
	slash
	parenthesis
	comma // also a dash between spaces, a semicolon and the like
)

// split cuts s into words. Its cost is linear in the length of s.
func split(s string) []word { return splitInto(make([]word, 0, 6), s) }

// splitInto is split with the words appended to words.
func splitInto(words []word, s string) []word {
	if strings.ContainsAny(s, "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327\u0328") {
		s = norm.NFC.String(s) // an umlaut as letter and dots
	}
	text, loose := make([]byte, 0, 48), make([]byte, 0, 48)
	sep, previous := space, ' '
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			text, loose = foldRune(text, r, true), foldRune(loose, r, false)
		case r == '\'' || r == '’' || r == '`' || unicode.Is(unicode.Mn, r):
			// Within a word an apostrophe joins: M'gladbach, L'Aquila.
		default:
			if len(text) > 0 {
				words = append(words, newWord(text, loose, sep, r == '.'))
				text, loose, sep = text[:0], loose[:0], space
			}
			next, _ := utf8.DecodeRuneInString(s)
			sep = max(sep, separatorOf(r, unicode.IsSpace(previous) && unicode.IsSpace(next)))
		}
		previous = r
	}
	if len(text) > 0 {
		words = append(words, newWord(text, loose, sep, false))
	}
	if len(words) > 0 {
		words[0].sep = space
	}
	return words
}

func newWord(text, loose []byte, sep separator, dot bool) word {
	w := word{text: string(text), sep: sep, dot: dot}
	w.loose = w.text
	if string(loose) != w.text {
		w.loose = string(loose)
	}
	return w
}

func separatorOf(r rune, spaced bool) separator {
	switch r {
	case '-', '‐', '‑', '_':
		if spaced {
			return comma
		}
		return hyphen
	case '–', '—', ',', ';', '|', '•', '·', '\n', '+', '&', '>', ':':
		return comma
	case '(', ')', '[', ']':
		return parenthesis
	case '/', '\\':
		return slash
	}
	return space
}

// foldRune appends r in lower case without its accent. Umlauts are written
// out (ö is oe) or, for the loose form, dropped.
func foldRune(dst []byte, r rune, writeOut bool) []byte {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(dst, byte(r))
	}
	r = unicode.ToLower(r)
	base := byte(0)
	switch r {
	case 'ä':
		base = 'a'
	case 'ö', 'ø':
		base = 'o'
	case 'ü':
		base = 'u'
	}
	if base != 0 {
		if writeOut {
			return append(dst, base, 'e')
		}
		return append(dst, base)
	}
	switch r {
	case 'ß':
		return append(dst, "ss"...)
	case 'æ':
		return append(dst, "ae"...)
	case 'œ':
		return append(dst, "oe"...)
	case 'ł':
		return append(dst, 'l')
	case 'ı':
		return append(dst, 'i')
	case 'đ', 'ð':
		return append(dst, 'd')
	}
	if plain := norm.NFD.PropertiesString(string(r)).Decomposition(); len(plain) > 0 {
		if first, _ := utf8.DecodeRune(plain); unicode.IsLetter(first) {
			r = first
		}
	}
	return utf8.AppendRune(dst, r)
}

// Words that join a name to what tells it from its namesakes. Between other
// words they are left out of keys: "Halle an der Saale" is "Halle (Saale)".
var joining = wordSet("a am an auf b bei d dem den der des i im in o ob u unter ueber v vom von vor zu zum zur")

// Words that say what a place is and not which: they are taken off the ends
// of a name that is not known as it stands.
var describing = wordSet(`amt area arbeitsort bei bezirk bezirke bundesland bundesstadt canton city county dorf einsatzort flughafen freie freistaat
	gebiet gegend gemeinde greater grossraum hansestadt hauptbahnhof hauptstadt hbf im in innenstadt kanton kr kreis kreisfreie kreisstadt krs landeshauptstadt
	landkreis lk lkr lutherstadt markt marktgemeinde messe metropolitan metropolregion metropolraum mitte naehe nahe nord nordost nordwest ort ost ostalb
	raum region residenzstadt regierungsbezirk rund sitz staedteregion stadt stadtgebiet stadtkreis stadtmitte standort state stadtgemeinde sued suedost suedwest
	um umfeld umgebung umkreis umland universitaetsstadt verbandsgemeinde vg vorort west wissenschaftsstadt zentral zentrale zentrum altstadt
	north south east center centre downtown near remote hybrid homeoffice office onsite hq headquarters`)

// Titles stand before a name and are left out as often as not.
var titles = wordSet("ostseebad ostseeheilbad nordseebad nordseeheilbad seebad seeheilbad heilbad kurort luftkurort insel lutherstadt reuterstadt goethestadt barlachstadt bergstadt hansestadt")

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// canonical is the one spelling of a word in keys.
func canonical(text string) string {
	switch text {
	case "sankt", "saint", "sanct", "skt":
		return "st"
	case "sainte":
		return "ste"
	}
	return text
}

// appendKey appends the key of words: their canonical spellings with a space
// between, without joining words inside.
func appendKey(dst []byte, words []word, loose bool) []byte {
	for i, w := range words {
		if i > 0 {
			if i < len(words)-1 && joining[w.text] {
				continue
			}
			dst = append(dst, ' ')
		}
		if loose {
			dst = append(dst, canonical(w.loose)...)
			continue
		}
		dst = append(dst, canonical(w.text)...)
	}
	return dst
}

func key(words []word) string { return string(appendKey(nil, words, false)) }

// baseLength is how many words of a name stand before what tells it from its
// namesakes: 1 of "Halle (Saale)" and "Rothenburg ob der Tauber", 2 of "Bad
// Homburg vor der Höhe", all of "Gelsenkirchen".
func baseLength(words []word) int {
	for i := 1; i < len(words); i++ {
		if words[i].sep >= slash || (i < len(words)-1 && joining[words[i].text]) {
			return i
		}
	}
	return len(words)
}

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// genderMarks are the endings that name the other sex after a mark, longest
// first. They are looked for right behind a word and end at a word's end.
var genderMarks = []string{
	":innen", "*innen", "_innen", "/-innen", "/innen", "-innen", "(innen)", "·innen", "’innen", "'innen", "•innen",
	":in", "*in", "_in", "/-in", "/in", "-in", "(in)", "·in", "’in", "'in", "•in", " (in)", "/ -in", "/ in",
	"/-frau", "/frau", "/-mann", "/mann", "/-männer", "/-frauen", "(frau)", "(mann)", "/-leute",
	":r", "*r", "_r", "/-r", "/r", "(r)", "·r", ":n", "*n", "/-n", "/n", "(n)", ":e", "*e", "/-e", "/e", "(e)", "(-e)",
	"(er)", "/er", "/-er", "/es", "(s)", ":s",
}

// genderMark returns the length of the gender mark at the start of rest, which
// follows a word, or 0.
func genderMark(rest string) int {
	if rest == "" {
		return 0
	}
	switch c := rest[0]; c {
	case ' ': // nearly always
		if !strings.HasPrefix(rest, " (i") && !strings.HasPrefix(rest, " (I") {
			return 0
		}
	case ':', '*', '_', '/', '-', '(', '\'':
	default:
		if c < utf8.RuneSelf {
			return 0
		}
	}
	for _, m := range genderMarks {
		if rest[0] != m[0] || len(rest) < len(m) || !strings.EqualFold(rest[:len(m)], m) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(rest[len(m):])
		if next != utf8.RuneError && (unicode.IsLetter(next) || unicode.IsDigit(next)) {
			continue
		}
		if strings.HasPrefix(m, "-in") && next == '-' { // check-in-Schalter
			continue
		}
		return len(m)
	}
	return 0
}

// tagLength returns the length of a tag such as (m/w/d) or a bare m/w/d at
// the start of s, or 0. The list is closed: no other bracket is touched.
func (x *lexicon) tagLength(s string) int {
	var closing byte
	switch {
	case s == "":
		return 0
	case s[0] == '(':
		closing = ')'
	case s[0] == '[':
		closing = ']'
	case s[0] == '{':
		closing = '}'
	default:
		return bareTag(s)
	}
	end := strings.IndexByte(s[1:min(len(s), 40)], closing)
	if end < 0 {
		return 0
	}
	inner := strings.ToLower(strings.Trim(s[1:1+end], " *.\u00a0"))
	if x.genderTag[inner] || lettersOfGender(inner, 2) {
		return end + 2
	}
	return 0
}

// bareTag finds m/w/d, w|m|d and the like without brackets: three letters, or m/w.
func bareTag(s string) int {
	n, marked := 0, false
	for n < len(s) && n < 12 && (s[n] == '/' || s[n] == '|' || s[n] == '*' || 'a' <= s[n]|0x20 && s[n]|0x20 <= 'z') {
		marked = marked || s[n] == '/' || s[n] == '|'
		n++
	}
	if n < 3 || !marked {
		return 0
	}
	if next, _ := utf8.DecodeRuneInString(s[n:]); next != utf8.RuneError && unicode.IsLetter(next) {
		return 0
	}
	if !lettersOfGender(strings.ToLower(strings.TrimRight(s[:n], "*")), 2) {
		return 0
	}
	return n
}

// lettersOfGender tells whether s lists sexes only, a man's and a woman's
// among them, in any order and with any of the usual separators.
func lettersOfGender(s string, least int) bool {
	pieces := strings.FieldsFunc(s, func(r rune) bool {
		return strings.ContainsRune("/|,;:_-–+& .*\\\u00a0", r)
	})
	man, woman := false, false
	for _, p := range pieces {
		switch p {
		case "m", "mann", "männlich", "male", "maennlich", "männer", "man", "herr":
			man = true
		case "w", "f", "frau", "weiblich", "female", "frauen", "woman", "h":
			woman = true
		case "d", "x", "i", "o", "u", "gn", "a", "q", "t", "n", "nb", "div", "divers", "diverse", "inter", "non", "binary", "und", "oder":
		default:
			return false
		}
	}
	return man && woman && len(pieces) >= least
}

// feminineBases are the endings of a noun that takes -in.
var feminineBases = []string{
	"er", "or", "eur", "ar", "yst", "iv", "ital", "and", "eral", "ist", "ent", "ant", "at", "är", "ör", "log", "päd", "agog", "wirt", "ärzt", "wält", "köch", "rät", "bot", "chef",
	"ekt", "nom", "urg", "lot", "graf", "graph", "soph", "ut", "beamt", "kund", "freund", "schneid", "herr", "nist", "mist", "geh", "leg", "arzt", "ekt", "ost", "ät",
	"jurist", "hirt", "patient", "fürst", "bäuer", "graf", "iker", "ierer", "mat", "apt", "nym", "bürg", "lots", "expert", "zeug", "gatt", "sklav", "pilot", "ropäd",
}

// masculine brings a canonical word's gendered form to one: -innen and -in
// off, -frau, -leute and -männer to -mann, and the few pairs that no ending
// tells. marked says that a gender mark followed the word in the text.
func (x *lexicon) masculine(w string) string {
	for _, plural := range []string{"", "n", "en", "s"} {
		base, ok := strings.CutSuffix(w, plural)
		if !ok {
			continue
		}
		if m, ok := x.gender[base]; ok {
			return m
		}
	}
	for _, e := range []string{"innen", "in"} {
		base, ok := strings.CutSuffix(w, e)
		if ok && x.takesIn(w, base) {
			return x.withoutUmlaut(base)
		}
	}
	return person(w)
}

func (x *lexicon) takesIn(w, base string) bool {
	if len(w) < 6 || x.inWord[w] {
		return false
	}
	single := strings.TrimSuffix(w, "nen")
	for _, e := range x.inEnding {
		if strings.HasSuffix(single, e) {
			return false
		}
	}
	for _, e := range feminineBases {
		if strings.HasSuffix(base, e) && len(base) >= 4 {
			return true
		}
	}
	return false
}

// withoutUmlaut takes the umlaut of Ärztin, Anwältin, Köchin back.
func (x *lexicon) withoutUmlaut(base string) string {
	for _, e := range []string{"ärzt", "wält", "köch", "rät", "bäuer"} {
		if strings.HasSuffix(base, e) {
			return base[:len(base)-len(e)] + x.form[e]
		}
	}
	return base
}

// person brings Kauffrau, Kaufleute and Kauffrauen to Kaufmann, and a trade's
// Fachkraft to its Fachmann: one occupation under the names of three decades.
func person(w string) string {
	for _, e := range []string{"frauen", "frau", "leuten", "leute", "männern", "männer", "person", "personen"} {
		base, ok := strings.CutSuffix(w, e)
		if !ok || len(base) < 3 {
			continue
		}
		if strings.HasPrefix(e, "person") && !strings.HasSuffix(base, "fach") {
			continue
		}
		if base == "ehe" || base == "jung" || base == "haus" {
			return w
		}
		return base + "mann"
	}
	for _, e := range []string{"fachkraft", "fachkräfte", "fachkräften"} {
		if base, ok := strings.CutSuffix(w, e); ok && len(base) >= 3 {
			return base + "fachmann"
		}
	}
	return w
}

package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func splitHyphens(word string) []string { return strings.FieldsFunc(word, isHyphen) }

func lowerKeep(s string) string { return strings.Map(unicode.ToLower, s) }

// sourceOffset returns how much of lower, a word in lower case as written,
// gives the canonical prefix: ss may be ß there, and ä may be ae.
func sourceOffset(lower, prefix string) int {
	at := 0
	for at < len(lower) {
		_, n := utf8.DecodeRuneInString(lower[at:])
		at += n
		if got := canonical(lower[:at]); len(got) >= len(prefix) && strings.HasPrefix(got, prefix) && !splitsDigraph(lower, at, prefix) {
			return at
		}
	}
	return len(lower)
}

// splitsDigraph tells whether a cut at would fall between a and e of an ä.
func splitsDigraph(lower string, at int, prefix string) bool {
	if at >= len(lower) || lower[at] != 'e' || !strings.HasSuffix(prefix, string(lower[at-1])) {
		return false
	}
	return len(canonical(lower[:at+1])) > len(prefix) && !strings.HasPrefix(canonical(lower), prefix)
}

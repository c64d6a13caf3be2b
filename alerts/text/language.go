package text

import "strings"

// primaryLanguage reduces a tag such as de-AT to its language, lower case.
func primaryLanguage(tag string) string {
	tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	tag, _, _ = strings.Cut(tag, "_")
	switch tag {
	case "deutsch", "german", "ger", "deu":
		return "de"
	case "englisch", "english", "eng":
		return "en"
	}
	return tag
}

// detection counts what tells German from English.
type detection struct{ german, english int }

// line sees the words of a line.
func (d *detection) line(x *lexicon, s string) {
	from := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', c == '-': // on-site is no "on"
			continue
		case c == 0xc3 && i+1 < len(s): // German letters, and their neighbours
			i++
			continue
		}
		if i > from {
			d.see(x, s[from:i])
		}
		from = i + 1
	}
	if from < len(s) {
		d.see(x, s[from:])
	}
}

func (d *detection) see(x *lexicon, word string) {
	if hasGermanLetter(word) {
		d.german++
	}
	if len(word) > 8 {
		return
	}
	var low [8]byte
	for i := 0; i < len(word); i++ {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	w := low[:len(word)]
	if x.german[string(w)] {
		d.german += 2
	}
	if x.english[string(w)] {
		d.english += 2
	}
}

// hasGermanLetter tells a word with an umlaut or ß.
func hasGermanLetter(word string) bool {
	for i := 1; i < len(word); i++ {
		if word[i-1] != 0xc3 {
			continue
		}
		switch word[i] {
		case 0xa4, 0xb6, 0xbc, 0x9f, 0x84, 0x96, 0x9c: // ä ö ü ß Ä Ö Ü
			return true
		}
	}
	return false
}

// language is "de", "en", or "" where the words do not tell.
func (d *detection) language() string {
	switch {
	case d.german > d.english:
		return "de"
	case d.english > d.german:
		return "en"
	}
	return ""
}

// use returns which stems count for a text in that language: both where it
// is neither known nor told by its words.
func stemsFor(language string) uint8 {
	switch language {
	case "de":
		return useGerman
	case "en":
		return useEnglish
	}
	return useGerman | useEnglish
}

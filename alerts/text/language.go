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

func (d *detection) see(x *lexicon, word string) {
	if len(word) > 8 {
		if strings.ContainsAny(word, "äöüßÄÖÜ") {
			d.german++
		}
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
	if strings.ContainsAny(word, "äöüßÄÖÜ") {
		d.german++
	}
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

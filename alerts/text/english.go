package text

import "strings"

// stemEnglish takes the plural and the sex off a canonical word and nothing else, because
// Porter's stemmers join account with accountant, market with marketing and
// intern with internal. The stem of a stem is itself.
func (x *lexicon) stemEnglish(w string) string {
	if to, ok := x.englishForm[w]; ok {
		return to
	}
	for _, one := range []string{w, strings.TrimSuffix(w, "s"), strings.TrimSuffix(w, "es")} {
		if to, ok := x.gender[one]; ok {
			return to
		}
	}
	if len(w) <= 3 || x.noPlural[w] || !strings.HasSuffix(w, "s") {
		return w
	}
	switch {
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return w[:len(w)-3] + "y"
	case hasAnySuffix(w, "sses", "shes", "ches", "xes", "zes"):
		return w[:len(w)-2]
	}
	if s := w[:len(w)-1]; !strings.HasSuffix(s, "s") {
		return s
	}
	return w
}

func hasAnySuffix(w string, endings ...string) bool {
	for _, e := range endings {
		if strings.HasSuffix(w, e) {
			return true
		}
	}
	return false
}

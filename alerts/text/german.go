package text

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/german"
)

// stemGerman returns the inflectional stem of a canonical word, gender taken
// off already: plurals and cases joined, but not what word formation joins in
// Snowball (Leiter and Leitung, Lehrer and Lehre, Technik and technisch). The
// stem of a stem is itself.
func (x *lexicon) stemGerman(w string) string {
	for range 5 {
		next := x.stemOnce(w)
		if next == w {
			break
		}
		w = next
	}
	return w
}

func (x *lexicon) stemOnce(w string) string {
	if utf8.RuneCountInString(w) <= 3 {
		return w
	}
	if s := strings.TrimSuffix(w, "s"); strings.HasSuffix(s, "ee") { // Trainee is no plural
		return s
	}
	if s, ok := x.singular(w); ok {
		return s
	}
	if s, ok := x.agent(w); ok {
		return s
	}
	if s, ok := inflectionOff(w); ok {
		return s
	}
	return snowballCut(w)
}

// singular undoes the listed plurals at the end of a word.
func (x *lexicon) singular(w string) (string, bool) {
	for _, dative := range []string{"", "n"} {
		s, ok := strings.CutSuffix(w, dative)
		if !ok || len(s) < 4 || !x.formEnd[s[len(s)-3:]] {
			continue
		}
		for i := range s {
			if to, ok := x.form[s[i:]]; ok && i != 1 && len(s)-i >= 4 {
				return s[:i] + to, true
			}
		}
	}
	return "", false
}

// agent keeps the -er of who does something (Lehrer, Fahrers, Entwicklern)
// where Snowball would cut it as an ending of adjectives and plurals.
func (x *lexicon) agent(w string) (string, bool) {
	c := w
	if strings.HasSuffix(w, "ers") || strings.HasSuffix(w, "ern") {
		c = w[:len(w)-1]
	}
	base, ok := strings.CutSuffix(c, "er")
	if !ok || len(base) < 3 || x.adjective[base] {
		return "", false
	}
	if x.headWord[c] {
		return c, true
	}
	for _, e := range adjectiveEndings {
		if strings.HasSuffix(base, e) && len(base) > len(e)+1 {
			return "", false
		}
	}
	if strings.HasPrefix(base, "ge") && strings.HasSuffix(base, "t") && base != "gestalt" {
		return "", false
	}
	if strings.HasSuffix(base, "auftragt") || strings.HasSuffix(base, "angestellt") || strings.HasSuffix(base, "beamt") {
		return "", false
	}
	return c, true
}

var adjectiveEndings = []string{"isch", "lich", "ig", "bar", "sam", "haft", "los", "iv", "ell", "nal", "ial", "ral", "iert", "end", "en", "voll", "reich", "weis", "mässig", "gerecht"}

// formationEndings make a word of their own, which inflection leaves whole.
var formationEndings = []string{"ung", "heit", "keit", "schaft", "ion", "tät", "ik", "isch", "lich", "ig", "bar", "sam", "haft", "los", "iv", "ling", "tum", "ment"}

var inflections = []string{"", "en", "es", "em", "er", "e", "n", "s"}

func inflectionOff(w string) (string, bool) {
	for _, f := range inflections {
		base, ok := strings.CutSuffix(w, f)
		if !ok {
			continue
		}
		for _, e := range formationEndings {
			if stem, ok := strings.CutSuffix(base, e); ok && utf8.RuneCountInString(stem) >= 3 {
				return base, true
			}
		}
	}
	return "", false
}

// snowballCut cuts what Snowball's German stemmer cuts, but keeps the umlauts
// that it would remove: Küche is not Kuchen, Bäcker is not back.
func snowballCut(w string) string {
	env := snowballstem.NewEnv(w)
	german.Stem(env)
	keep := utf8.RuneCountInString(env.Current())
	if keep < 3 || keep < 4 && keep+1 == utf8.RuneCountInString(w) && strings.HasSuffix(w, "s") { // Kurs is no Kur
		return w
	}
	for i := range w {
		if keep == 0 {
			return w[:i]
		}
		keep--
	}
	return w
}

// root returns what an agent, the activity and the field have in common:
// Entwickler and Entwicklung, Informatiker, Informatik and informatisch,
// Pflege and Pfleger. It counts in titles alone, where both name the job.
// The sign ~ sets roots that are no word apart from words.
func (x *lexicon) root(stem string) string {
	if pair, ok := x.sameWork[stem]; ok {
		return "~" + pair[0]
	}
	if x.notSameWork[stem] || len(stem) < 6 {
		return stem
	}
	if base, ok := strings.CutSuffix(stem, "iker"); ok {
		return base
	}
	if base, ok := strings.CutSuffix(stem, "isch"); ok && len(base) >= 4 {
		return strings.TrimSuffix(base, "ist")
	}
	if base, ok := strings.CutSuffix(stem, "ik"); ok {
		return base
	}
	for _, e := range []string{"logi", "grafi", "graphi", "nomi", "pädi", "ädi"} {
		if strings.HasSuffix(stem, e) {
			return stem[:len(stem)-1]
		}
	}
	if strings.HasSuffix(stem, "eer") {
		return "~" + stem
	}
	for _, e := range []string{"er", "ung", "ing"} {
		if base, ok := strings.CutSuffix(stem, e); ok && len(base) >= 3 {
			return "~" + undouble(base)
		}
	}
	return stem
}

// sharesWork tells that root joins an activity with who does it.
func sharesWork(root string) bool { return strings.HasPrefix(root, "~") }

func undouble(w string) string {
	n := len(w)
	if n >= 4 && w[n-1] == w[n-2] && strings.IndexByte("bdgmnprt", w[n-1]) >= 0 {
		return w[:n-1]
	}
	return w
}

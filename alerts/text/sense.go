package text

import "strings"

// idiom is what words in a row mean together, and which of them does not mean
// there what it means alone: no driver is looked for by "device driver".
type idiom struct {
	words []string // canonical
	away  []bool
}

// readSenses takes in the lists of words that mean something else in company.
func (x *lexicon) readSenses(s map[string][]string) {
	x.idioms, x.otherSense, x.everyday, x.titleOnly = map[string][]idiom{}, map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, line := range s["idiom"] {
		words, away, _ := strings.Cut(line, ":")
		n := idiom{words: wordList([]string{words})}
		lost := wordSet([]string{away})
		for _, w := range n.words {
			n.away = append(n.away, lost[w])
		}
		x.idioms[n.words[0]] = append(x.idioms[n.words[0]], n)
	}
	for _, line := range s["other-sense"] {
		words, beside, _ := strings.Cut(line, ":")
		for _, word := range wordList([]string{words}) {
			set := x.otherSense[word]
			if set == nil {
				set = map[string]bool{}
				x.otherSense[word] = set
			}
			for w := range wordSet([]string{beside}) {
				set[x.stemGerman(w)] = true
			}
		}
	}
	for w := range wordSet(s["everyday"]) {
		x.everyday[x.stemEnglish(w)] = true
	}
	x.leads = wordSet(s["leads"])
	for w := range wordSet(s["title-only"]) {
		x.titleOnly[x.stemGerman(w)] = true
	}
}

// idiomBits says of the piece i of a word with hyphens whether it means there
// what it means alone: Go-Kart.
func (x *lexicon) idiomBits(ps []piece, i int) uint8 {
	for from := 0; from <= i && len(ps) > 1; from++ {
		for _, n := range x.idioms[ps[from].canonical] {
			if i-from >= len(n.words) || len(n.words) > len(ps)-from || !n.away[i-from] {
				continue
			}
			same := true
			for k, w := range n.words {
				same = same && (ps[from+k].canonical == w || x.stemEnglish(ps[from+k].canonical) == w)
			}
			if same {
				return elsewhere
			}
		}
	}
	return 0
}

// isIdiom tells words that mean together what one of them alone does not.
func (x *lexicon) isIdiom(ws []string) bool {
	for _, n := range x.idioms[canonical(ws[0])] {
		same := len(n.words) == len(ws)
		for k := 1; k < len(ws) && same; k++ {
			same = canonical(ws[k]) == n.words[k] || x.stemEnglish(canonical(ws[k])) == n.words[k]
		}
		if same {
			return true
		}
	}
	return false
}

// idiomAt marks the words at tokens[i:] that an idiom takes elsewhere, in away,
// a bit a token from i.
func (b *builder) idiomAt(w *wordInfo, tokens []token, i int) (away uint32) {
	for _, n := range w.more.opens {
		if len(n.words) > len(tokens)-i || len(b.a.pieces(tokens[i].word)) != 1 {
			continue
		}
		same := true
		for k := 1; k < len(n.words) && same; k++ {
			next := b.a.pieces(tokens[i+k].word)
			same = len(next) == 1 && (next[0].canonical == n.words[k] || b.a.lex.stemEnglish(next[0].canonical) == n.words[k])
		}
		for k := range n.words {
			if same && n.away[k] {
				away |= 1 << k
			}
		}
	}
	return away
}

// otherSense makes the end of a compound a part that nobody is found by where
// the part before it gives it another sense: Pflege in Stammdatenpflege.
func (a *Analyser) otherSense(w string, parts []part, i int) uint8 {
	last := len(parts) - 1
	if i != last {
		return 0
	}
	beside := a.lex.otherSense[parts[last].base]
	if beside == nil {
		beside = a.lex.otherSense[a.lastForm(w, parts[last])]
	}
	if beside[a.lex.stemGerman(parts[last-1].base)] {
		return asPart
	}
	return 0
}

// ofOthers tells whether the word at i, alone, has another sense by what
// stands behind it: "Pflege der Stammdaten".
func (b *builder) ofOthers(w *wordInfo, tokens []token, i int) bool {
	const far = 4 // "Pflege der vorhandenen internen Stammdaten"
	beside := b.a.lex.otherSense[w.more.sense]
	for k := i + 1; k < len(tokens) && k <= i+far; k++ {
		next := tokens[k].info
		if next.function && !genitive(tokens[k].word) {
			return false
		}
		ps := b.a.pieces(tokens[k].word)
		if next.function || len(ps) != 1 {
			continue
		}
		p := ps[0]
		if beside[b.a.lex.stemGerman(p.base)] {
			return k > i+1 // not "Pflege Garten"
		}
		for _, q := range p.parts {
			if beside[b.a.lex.stemGerman(q.base)] {
				return k > i+1
			}
		}
		if k == i+1 {
			return false
		}
	}
	return false
}

func genitive(word string) bool {
	switch word {
	case "der", "des", "von", "vom", "unserer", "unseres", "Ihrer", "dieser", "aller":
		return true
	}
	return false
}

// maxAside is how far behind "Zusammenarbeit mit" a department may stand.
const maxAside = 8

// asideAt tells whether a department at i is one that whoever reads the
// sentence works with, not in: "enge Zusammenarbeit mit dem Vertrieb".
func asideAt(tokens []token, i int) bool {
	for k := i - 1; k >= 0 && k >= i-maxAside; k-- {
		if tokens[k].info.cue&cueAside != 0 {
			return true
		}
	}
	return false
}

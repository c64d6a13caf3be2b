package text

import (
	_ "embed"
	"maps"
	"strings"
)

//go:embed data/german.txt
var germanData string

//go:embed data/english.txt
var englishData string

//go:embed data/marks.txt
var marksData string

//go:embed data/sections.txt
var sectionsData string

//go:embed data/senses.txt
var sensesData string

// lexicon is what the rules know about particular words: lists that change
// with the rules and not with an operator's wishes. Keys are canonical.
type lexicon struct {
	function          map[string]bool // German and English
	german, english   map[string]bool // words that tell the language
	adjective         map[string]bool
	form              map[string]string // plural to singular, as the end of a word
	formEnd           map[string]bool   // its last three bytes
	inEnding          []string
	inWord            map[string]bool
	sameWork          map[string][2]string // activity and agent
	notSameWork       map[string]bool
	general           map[string]bool // roots
	helping, clerical map[string]bool // words of titles, see data
	leading, over     map[string]bool
	generic, activity map[string]bool
	field, rank       map[string]bool
	left, head        []string
	whole, compound   []string
	headWord          map[string]bool // those of head
	verbPrefix        []string
	prefix            map[string]bool
	gender            map[string]string

	noPlural    map[string]bool
	englishForm map[string]string

	genderTag    map[string]bool
	technical    map[string][]string // first word to what follows it
	exact        map[string]bool     // as written
	exactLower   map[string]bool
	grade, class map[string]bool
	abbreviation map[string]bool

	// technicalNext are the bytes that may follow a technical first word, or a pay
	// group's letters.
	technicalNext [256]bool

	headings        sectionRules
	company, reader map[string]bool // lower case, as written
	aside           map[string]bool // likewise

	idioms     map[string][]idiom         // by first word
	otherSense map[string]map[string]bool // a word to the stems beside which it means something else
	everyday   map[string]bool            // stems
	staff      map[string]bool            // heads of whoever works in a field
	titleOnly  map[string]bool            // stems
	leads      map[string]bool
}

// sectionsOf splits a data file into its sections' lines, comments and blank
// lines taken out. A section may occur more than once.
func sectionsOf(data string) map[string][]string {
	out := map[string][]string{}
	name := ""
	for line := range strings.Lines(data) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# ") || line == "#":
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			name = line[1 : len(line)-1]
		default:
			out[name] = append(out[name], line)
		}
	}
	return out
}

func newLexicon() *lexicon {
	de, en := sectionsOf(germanData), sectionsOf(englishData)
	marks := sectionsOf(marksData)
	x := &lexicon{
		headWord:     wordSet(de["head"]),
		function:     wordSet(de["function"], en["function"]),
		german:       wordSet(de["detect"]),
		english:      wordSet(en["detect"]),
		adjective:    wordSet(de["adjective"]),
		form:         wordPairs(de["form"]),
		formEnd:      map[string]bool{},
		inEnding:     wordList(de["in-ending"]),
		inWord:       wordSet(de["in-word"]),
		sameWork:     map[string][2]string{},
		general:      map[string]bool{},
		notSameWork:  wordSet(de["not-same-work"]),
		helping:      wordSet(de["helping"]),
		clerical:     wordSet(de["clerical"]),
		leading:      wordSet(de["leading"]),
		over:         wordSet(de["over"]),
		generic:      wordSet(de["generic"]),
		activity:     wordSet(de["activity"]),
		field:        wordSet(de["field"]),
		rank:         wordSet(de["rank"]),
		left:         wordList(de["left"]),
		head:         wordList(de["head"]),
		whole:        wordList(de["whole"]),
		compound:     wordList(de["compound"]),
		verbPrefix:   wordList(de["verb-prefix"]),
		prefix:       wordSet(de["prefix"]),
		gender:       wordPairs(de["gender"]),
		noPlural:     wordSet(en["no-plural"]),
		englishForm:  wordPairs(en["form"]),
		genderTag:    map[string]bool{},
		technical:    map[string][]string{},
		exact:        map[string]bool{},
		exactLower:   map[string]bool{},
		grade:        wordSet(marks["grade"]),
		class:        wordSet(marks["class"]),
		abbreviation: wordSet(marks["abbreviation"]),
	}
	maps.Copy(x.gender, wordPairs(en["gender"]))
	for base := range wordSet(en["person"]) {
		for _, e := range []string{"woman", "person", "women", "people", "men"} {
			x.gender[base+e] = base + "man"
		}
	}
	for f := range x.form {
		x.formEnd[f[len(f)-3:]] = true
	}
	for _, line := range de["same-work"] {
		if a, b, ok := strings.Cut(line, " "); ok {
			pair := [2]string{x.stemGerman(canonical(a)), x.stemGerman(canonical(b))}
			x.sameWork[pair[0]], x.sameWork[pair[1]] = pair, pair
		}
	}
	for w := range wordSet(de["general"]) {
		x.general[x.root(x.stemGerman(w))] = true
	}
	for _, line := range marks["gender-tag"] {
		x.genderTag[line] = true
	}
	x.technicalNext[' '] = true
	for _, line := range marks["technical"] {
		if first, rest, ok := strings.Cut(line, " "); ok {
			x.technical[first] = append(x.technical[first], rest)
			x.technicalNext[rest[0]] = true // a sign or a digit: it has no case
		}
	}
	for _, w := range marks["exact"] {
		x.exact[w] = true
		x.exactLower[strings.ToLower(w)] = true
	}
	sections := sectionsOf(sectionsData)
	x.headings = newSectionRules(sections)
	x.company, x.reader = lineSet(sections["company"]), lineSet(sections["reader"])
	x.aside = lineSet(sections["aside"])
	x.staff = wordSet(de["staff"])
	x.readSenses(sectionsOf(sensesData))
	return x
}

func lineSet(lines []string) map[string]bool {
	out := map[string]bool{}
	for _, line := range lines {
		out[line] = true
	}
	return out
}

func wordList(lines []string) []string {
	var out []string
	for _, line := range lines {
		for _, w := range strings.Fields(line) {
			out = append(out, canonical(w))
		}
	}
	return out
}

func wordSet(groups ...[]string) map[string]bool {
	out := map[string]bool{}
	for _, lines := range groups {
		for _, w := range wordList(lines) {
			out[w] = true
		}
	}
	return out
}

func wordPairs(lines []string) map[string]string {
	out := map[string]string{}
	for _, line := range lines {
		if a, b, ok := strings.Cut(line, " "); ok {
			out[canonical(a)] = canonical(b)
		}
	}
	return out
}

package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxQueryRunes = 512
	maxQueryAtoms = 24
)

// Parse reads a query as people type it into a search box: words (all must
// occur), "phrases", OR, -without, title:word. It forgives: an unbalanced
// quote runs to the end, parentheses and stray signs are passed over. The
// empty query is the zero Query. A refusal is a *QueryError.
func (a *Analyser) Parse(query string) (Query, error) {
	query = composed(valid(query))
	if utf8.RuneCountInString(query) > maxQueryRunes {
		return Query{}, &QueryError{Code: TooLong}
	}
	if strings.TrimSpace(query) == "" {
		return Query{}, nil
	}
	if q, ok := a.parsePlain(query); ok {
		return q, nil
	}
	return a.parse(query)
}

// parse is Parse for whatever people type.
func (a *Analyser) parse(query string) (Query, error) {
	clauses := a.clauses(query)
	read := query
	for range 8 { // until printing and reading agree; nearly always at once
		printed := printClauses(clauses)
		if printed == read {
			break
		}
		again := a.clauses(printed)
		if slices.EqualFunc(clauses, again, equalClauses) {
			break
		}
		clauses, read = again, printed
	}
	if err := check(clauses, strings.TrimSpace(query)); err != nil {
		return Query{}, err
	}
	return Query{a.compile(clauses)}, nil
}

func equalClauses(x, y clause) bool {
	return x.excluded == y.excluded && slices.Equal(x.atoms, y.atoms)
}

func check(clauses []clause, query string) error {
	atoms, required := 0, 0
	out := map[string]bool{}
	for _, c := range clauses {
		atoms += len(c.atoms)
		if !c.excluded {
			required++
			continue
		}
		for _, x := range c.atoms {
			out[x.key()] = true
		}
	}
	switch {
	case atoms == 0:
		return &QueryError{Code: NoWords, Word: query}
	case atoms > maxQueryAtoms:
		return &QueryError{Code: TooLong}
	case required == 0:
		return &QueryError{Code: OnlyExcluded}
	case len(out) == 0:
		return nil
	}
	for _, c := range clauses {
		if c.excluded {
			continue
		}
		possible := false
		for _, x := range c.atoms {
			wide := x
			wide.title = false
			possible = possible || !out[x.key()] && !out[wide.key()]
		}
		if !possible {
			return &QueryError{Code: Contradictory, Word: c.atoms[0].text}
		}
	}
	return nil
}

// key is what two atoms have in common that mean the same.
func (a atom) key() string {
	k := Fold(a.text)
	if k == "" || strings.ContainsAny(a.text, "+#") {
		k = strings.ToLower(a.text)
	}
	if a.title {
		k = "title:" + k
	}
	return k
}

// lexeme is a piece of a query as typed, before its words are found.
type lexeme struct {
	text             string
	phrase, excluded bool
	title, or        bool // or: the operator itself
}

// lexemes takes a query apart at blanks, quotes and operators. Plain text
// between them stays together, for gender marks and hyphens.
func lexemes(query string) []lexeme {
	var out []lexeme
	plain := false // the last lexeme is plain text that may go on
	notNext := false
	for query != "" {
		r, n := utf8.DecodeRuneInString(query)
		if unicode.IsSpace(r) {
			query = query[n:]
			continue
		}
		l := lexeme{excluded: notNext}
		rest := query
		if r == '-' || r == '−' {
			if next, _ := utf8.DecodeRuneInString(query[n:]); next != utf8.RuneError && !unicode.IsSpace(next) && !(plain && joins(out[len(out)-1].text)) {
				l.excluded, rest = true, query[n:]
			}
		}
		rest, l.title = titlePrefix(rest)
		l.text, l.phrase, query = nextText(rest)
		switch word := l.text; {
		case l.phrase || l.title || l.excluded && !notNext:
		case word == "OR" || word == "ODER" || word == "|" || word == "or" || word == "oder" || word == "||":
			out, plain = append(out, lexeme{or: true}), false
			continue
		case word == "NOT" || word == "NICHT" || word == "OHNE":
			notNext, plain = true, false
			continue
		case word == "AND" || word == "UND" || word == "&&":
			plain = false
			continue
		}
		notNext = false
		if plain && !l.phrase && !l.title && !l.excluded {
			out[len(out)-1].text += " " + l.text
			continue
		}
		plain = !l.phrase && !l.title && !l.excluded
		out = append(out, l)
	}
	return out
}

// joins tells text that a word with a leading hyphen completes ("… und -helfer").
func joins(text string) bool {
	return strings.HasSuffix(text, " und") || strings.HasSuffix(text, " &") || strings.HasSuffix(text, ",") || strings.HasSuffix(text, " bzw.")
}

func titlePrefix(s string) (string, bool) {
	for _, p := range []string{"title:", "titel:"} {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			if next, _ := utf8.DecodeRuneInString(s[len(p):]); !unicode.IsSpace(next) {
				return s[len(p):], true
			}
		}
	}
	return s, false
}

// nextText cuts a phrase or a run of anything but blanks and quotes.
func nextText(s string) (text string, phrase bool, rest string) {
	r, n := utf8.DecodeRuneInString(s)
	if isQuote(r) {
		s = s[n:]
		end := strings.IndexFunc(s, isQuote)
		if end < 0 {
			return s, true, ""
		}
		_, n = utf8.DecodeRuneInString(s[end:])
		return s[:end], true, s[end+n:]
	}
	end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || isQuote(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], false, s[end:]
}

func isQuote(r rune) bool { return strings.ContainsRune("\"„“”«»", r) }

// clauses finds the words of a query and groups them.
func (a *Analyser) clauses(query string) []clause {
	var out []clause
	joinNext := false // an OR is open behind the last clause
	for _, l := range lexemes(query) {
		if l.or {
			joinNext = len(out) > 0
			continue
		}
		for _, x := range a.atoms(l) {
			join := (joinNext || x.slash) && len(out) > 0 && out[len(out)-1].excluded == l.excluded
			joinNext = false
			if join && !l.excluded {
				last := &out[len(out)-1]
				if !slices.ContainsFunc(last.atoms, func(y atom) bool { return y.key() == x.key() && y.phrase == x.phrase }) {
					last.atoms = append(last.atoms, x.atom)
				}
				continue
			}
			out = append(out, clause{l.excluded, []atom{x.atom}})
		}
		joinNext = false
	}
	return distinctClauses(out)
}

func distinctClauses(in []clause) []clause {
	var out []clause
	for _, c := range in {
		if !slices.ContainsFunc(out, func(o clause) bool { return equalClauses(o, c) }) {
			out = append(out, c)
		}
	}
	return out
}

// slashed is an atom, and whether a slash ties it to the one before.
type slashed struct {
	atom
	slash bool
}

// atoms finds the words of a lexeme: one atom for a phrase, else one a word.
func (a *Analyser) atoms(l lexeme) []slashed {
	s := a.scratch.Get().(*scratch)
	defer a.scratch.Put(s)
	s.tokens.lex = a.lex
	tokens := s.tokens.tokens(s.list[:0], l.text, nil)
	s.list = tokens[:0]
	if l.phrase {
		return a.phraseAtom(l, tokens)
	}
	var out []slashed
	for i := range tokens {
		t := &tokens[i]
		if t.marks&classOf != 0 {
			continue
		}
		text, ok := a.askedWord(t.word)
		if !ok {
			continue
		}
		if t.marks&openEnd != 0 {
			if full := a.completedEnd(t.word, tokens[i+1:]); full != "" {
				text = capitalisedLike(t.word, full)
			}
		}
		if t.marks&openStart != 0 && i > 0 {
			if full := a.completedStart(tokens[:i], t.word); full != "" {
				text = full
			}
		}
		out = append(out, slashed{atom{text: strings.Clone(text), title: l.title}, t.marks&afterSlash != 0})
	}
	return out
}

// askedWord drops words that carry no meaning. "it" and "its" mean the
// abbreviations: nobody looks for a pronoun.
func (a *Analyser) askedWord(word string) (string, bool) {
	if word == "it" || word == "its" || word == "It" || word == "Its" {
		return strings.ToUpper(word), true
	}
	ps := a.pieces(word)
	if len(ps) == 0 {
		return "", false
	}
	if function(ps) && (!isCapitals(word) || operators[word]) {
		return "", false
	}
	return word, true
}

var operators = map[string]bool{"OR": true, "AND": true, "NOT": true, "UND": true, "ODER": true, "NICHT": true, "OHNE": true}

func (a *Analyser) phraseAtom(l lexeme, tokens []token) []slashed {
	var ws []string
	meaning := false
	for _, t := range tokens {
		ws = append(ws, t.word)
		meaning = meaning || !a.word(t.word).function || isCapitals(t.word)
	}
	if !meaning {
		return nil
	}
	return []slashed{{atom{text: strings.Join(ws, " "), phrase: true, title: l.title}, false}}
}

func capitalisedLike(word, full string) string {
	r, _ := utf8.DecodeRuneInString(word)
	f, n := utf8.DecodeRuneInString(full)
	if unicode.IsUpper(r) {
		return string(unicode.ToUpper(f)) + full[n:]
	}
	return full
}

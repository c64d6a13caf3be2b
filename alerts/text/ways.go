package text

import (
	"slices"
	"strings"
)

// plain is the word itself in any inflection, alone or ending a compound.
func (a *Analyser) plain(word string) []alternative { return plainWays(a.asked(word)) }

func plainWays(q asked) []alternative {
	var out []alternative
	for _, t := range q.wholes() {
		out = append(out, alternative{terms: []Term{t}, mode: single, rule: Inflection})
	}
	return out
}

// phrase is its words whole and in a row, inflected like German or like English.
func (a *Analyser) phrase(text string) []alternative {
	var german, english alternative
	place := 0
	for _, t := range a.tokensOf(text) {
		for _, e := range a.phraseElements(t) {
			german.terms = append(german.terms, termOf(e.kind(), e.german))
			english.terms = append(english.terms, termOf(e.kind(), e.english))
			german.gaps = append(german.gaps, place)
			place++
		}
	}
	german.mode, german.rule, english.mode, english.rule = inRow, Phrase, inRow, Phrase
	english.gaps = german.gaps
	if slices.Equal(german.terms, english.terms) {
		return []alternative{german}
	}
	return []alternative{german, english}
}

// phraseElements are a token's words: several where it has hyphens.
func (a *Analyser) phraseElements(word string) []asked {
	ps := a.pieces(word)
	if len(ps) < 2 {
		q := a.asked(word)
		if len(ps) == 1 && ps[0].function && !isCapitals(word) {
			q.exact = false
		}
		return []asked{q}
	}
	var out []asked
	for _, p := range ps {
		q := asked{german: p.canonical, english: p.canonical}
		if !p.raw && !p.function {
			q.german, q.english = a.lex.stemGerman(p.base), a.lex.stemEnglish(p.canonical)
		}
		out = append(out, q)
	}
	return out
}

func (a *Analyser) tokensOf(text string) []string {
	var out []string
	s := a.scratch.Get().(*scratch)
	defer a.scratch.Put(s)
	s.tokens.lex = a.lex
	for _, t := range s.tokens.tokens(s.list[:0], text, nil) {
		out = append(out, strings.Clone(t.word))
	}
	return out
}

// compoundStems are the stems of a compound's parts, the head last; nil for
// a word left whole. A hyphen parts words as well.
func (a *Analyser) compoundStems(word string) []string {
	ps := a.pieces(word)
	var out []string
	for _, p := range ps {
		if p.raw || len(p.parts) == 0 {
			form := p.canonical
			if !p.raw {
				form = a.lex.stemGerman(p.base)
			}
			out = append(out, form)
			continue
		}
		out = append(out, a.partStems(p.base, p.parts)...)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// compoundWays find a compound's parts apart: Medizininformatiker as
// medizinische Informatik, Informatiker für Medizin.
func (a *Analyser) compoundWays(word string) []alternative {
	stems := a.compoundStems(word)
	if stems == nil {
		return nil
	}
	exact := alternative{mode: together, rule: Parts, via: strings.Join(stems, "+")}
	roots := alternative{mode: inTitle, rule: Parts, via: exact.via}
	for _, s := range stems {
		exact.terms = append(exact.terms, termOf(stemTerm, s))
		roots.terms = append(roots.terms, termOf(rootTerm, a.lex.root(s)))
	}
	roots.unless = a.lex.unlessBeside(stems[len(stems)-1])
	return append([]alternative{exact, roots}, a.sameWork(stems)...)
}

// sameWork finds a compound's activity for its agent, and the reverse, in one
// word of a title: Kreditorenbuchhaltung for Kreditorenbuchhalter.
func (a *Analyser) sameWork(stems []string) []alternative {
	return []alternative{{
		terms: []Term{termOf(rootTerm, a.lex.rootOfCompound(stems))}, mode: inTitle,
		unless: a.lex.unlessBeside(stems[len(stems)-1]), rule: Activity,
	}}
}

// unlessBeside says in whose company a title's activity is not the job of
// whoever does it: "Leitung Einkauf" is no Einkäufer, "Assistenz der
// Geschäftsführung" no Geschäftsführer.
func (x *lexicon) unlessBeside(stem string) Beside {
	switch {
	case x.root(stem) == stem:
		return 0
	case x.leading[stem]:
		return besideHelper | besideClerk
	}
	return besideHelper | besideOver
}

// inTitleOnly are the ways that a title allows: the activity for the agent
// (Leitung for Leiter), and, of several words asked for, one that is a first
// part ("Software Entwickler" for Softwareentwickler).
func (a *Analyser) inTitleOnly(word string, several bool) []alternative {
	q := a.asked(word)
	if q.exact || len(q.pieces) != 1 || q.pieces[0].raw {
		if !several || len(q.pieces) == 0 || q.exact {
			return nil
		}
		return []alternative{{terms: []Term{termOf(stemTerm, q.german)}, mode: anyTitle, rule: Compound}}
	}
	p := q.pieces[0]
	var out []alternative
	stem := a.lex.stemGerman(p.base)
	if a.lex.field[p.base] {
		out = append(out, alternative{terms: []Term{termOf(rootTerm, fieldForm(stem))}, mode: inTitle, rule: Compound})
	}
	if !a.word(word).person {
		out = append(out, alternative{terms: []Term{termOf(rootTerm, staffForm(stem))}, mode: inTitle, rule: Compound})
	}
	if len(p.parts) > 0 {
		return out
	}
	root := a.lex.root(stem)
	rootOf := []Term{termOf(rootTerm, root)}
	switch person := a.word(word).person; {
	case a.lex.general[root]:
	case !person && (sharesWork(root) || strings.HasSuffix(stem, "ik")):
		out = append(out, alternative{terms: rootOf, mode: inTitle, unless: besideHelper, rule: Activity})
	case sharesWork(root):
		out = append(out, alternative{terms: rootOf, mode: inTitle, unless: a.lex.unlessBeside(stem) | besideOther, rule: Activity})
	}
	if several && len(stem) >= 2 {
		out = append(out, alternative{terms: rootOf, mode: anyTitle, unless: a.lex.unlessBeside(stem), rule: Compound})
		out = append(out, alternative{terms: []Term{termOf(stemTerm, stem)}, mode: anyTitle, rule: Compound})
	}
	return out
}

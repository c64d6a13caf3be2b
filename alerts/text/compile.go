package text

import (
	"slices"
	"strings"
)

// group is one condition of a query; one alternative must hold.
type group struct {
	asked        string
	alternatives []alternative
}

// alternative is one way in which a group may hold.
type alternative struct {
	terms   []Term // all necessary; the last is the head
	mode    mode
	title   bool  // in the title alone
	derived bool  // joins who does something with what is done: title only, and not beside an assistant
	gaps    []int // of a phrase: how many places each term stands behind the first
	asked   string
	rule    Rule
	via     string
}

type mode uint8

const (
	single   mode = iota // the term ends a word
	inTitle              // all in the title, the head ending a word
	anyTitle             // all in the title, in any part of a word
	together             // all in the title or one sentence; first parts only in the head's own word, or in the title
	near                 // all ending words, in the title or within a few words of a sentence
	inRow                // whole words in a row
)

// maxAlternatives bounds a group: synonyms of synonyms' parts add up.
const maxAlternatives = 96

func (g *group) add(alts ...alternative) {
	for _, n := range alts {
		if len(n.terms) == 0 || len(g.alternatives) >= maxAlternatives {
			continue
		}
		known := slices.ContainsFunc(g.alternatives, func(o alternative) bool {
			return o.mode == n.mode && o.title == n.title && slices.Equal(o.terms, n.terms) && slices.Equal(o.gaps, n.gaps)
		})
		if !known {
			g.alternatives = append(g.alternatives, n)
		}
	}
}

// compile turns clauses into what is looked up.
func (a *Analyser) compile(clauses []clause) *compiled {
	c := &compiled{clauses: clauses}
	bare := 0
	for _, cl := range clauses {
		if !cl.excluded {
			bare++
		}
	}
	at := make([]int, len(clauses)) // clause to group
	for i, cl := range clauses {
		g := group{asked: strings.TrimPrefix(printClauses([]clause{cl}), "-")}
		for _, x := range cl.atoms {
			a.addAtom(&g, x, cl.excluded, bare > 1)
		}
		if cl.excluded {
			c.excluded = append(c.excluded, g)
			continue
		}
		at[i] = len(c.required)
		c.required = append(c.required, g)
	}
	a.addRows(c, at)
	return c
}

func (a *Analyser) addAtom(g *group, x atom, excluded, several bool) {
	from := len(g.alternatives)
	switch {
	case x.phrase:
		g.add(a.phrase(x.text)...)
	case excluded:
		g.add(a.plain(x.text)...)
	default:
		g.add(a.plain(x.text)...)
		g.add(a.compoundWays(x.text)...)
		g.add(a.inTitleOnly(x.text, several)...)
		g.add(a.synonymWays([]string{x.text})...)
		g.add(a.headSynonyms(x.text)...)
	}
	for i := from; i < len(g.alternatives); i++ {
		g.alternatives[i].asked = x.text
		if x.title {
			g.alternatives[i].title = true
		}
	}
}

// plain is the word itself in any inflection, alone or ending a compound.
func (a *Analyser) plain(word string) []alternative {
	var out []alternative
	for _, t := range a.asked(word).wholes() {
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
		q := asked{german: spelled(p.canonical), english: spelled(p.canonical)}
		if !p.raw && !p.function {
			q.german, q.english = spelled(a.lex.stemGerman(p.base)), spelled(a.lex.stemEnglish(p.canonical))
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
	for i, p := range ps {
		if p.raw || len(p.parts) == 0 {
			form := p.canonical
			if !p.raw {
				form = a.lex.stemGerman(p.base)
			}
			out = append(out, form)
			continue
		}
		for j, q := range p.parts {
			if j == len(p.parts)-1 {
				out = append(out, a.lex.stemGerman(a.lastForm(p.base, q)))
				continue
			}
			out = append(out, a.lex.stemGerman(q.base))
		}
		_ = i
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
		exact.terms = append(exact.terms, termOf(stemTerm, spelled(s)))
		r := a.lex.root(s)
		roots.terms = append(roots.terms, termOf(rootTerm, spelled(r)))
		roots.derived = sharesWork(r)
	}
	return []alternative{exact, roots}
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
	if len(p.parts) > 0 {
		return nil
	}
	stem := a.lex.stemGerman(p.base)
	root := a.lex.root(stem)
	rootOf := []Term{termOf(rootTerm, spelled(root))}
	var out []alternative
	if sharesWork(root) {
		out = append(out, alternative{terms: rootOf, mode: inTitle, derived: true, rule: Activity})
	}
	if several && len(stem) >= 2 {
		out = append(out, alternative{terms: rootOf, mode: anyTitle, derived: sharesWork(root), rule: Compound})
		out = append(out, alternative{terms: []Term{termOf(stemTerm, spelled(stem))}, mode: anyTitle, rule: Compound})
	}
	return out
}

// synonymWays are what the vocabulary's groups name besides these words.
func (a *Analyser) synonymWays(ws []string) []alternative {
	var out []alternative
	for _, hit := range a.synonyms.lookup(a, ws) {
		for _, target := range hit.targets {
			for _, alt := range a.memberWays(target) {
				alt.rule, alt.via = Synonym, hit.line
				out = append(out, alt)
			}
		}
	}
	return out
}

// memberWays find one synonym: a word as such or by its parts, several words
// in the title or close together.
func (a *Analyser) memberWays(member string) []alternative {
	ws := a.memberWords(member)
	if len(ws) == 1 {
		return append(a.plain(ws[0]), a.compoundWays(ws[0])...)
	}
	var german, english alternative
	for _, w := range ws {
		q := a.asked(w)
		german.terms = append(german.terms, termOf(q.kind(), q.german))
		english.terms = append(english.terms, termOf(q.kind(), q.english))
	}
	german.mode, english.mode = near, near
	if slices.Equal(german.terms, english.terms) {
		return []alternative{german}
	}
	return []alternative{german, english}
}

// headSynonyms replace the end of a compound by its synonyms, in the title:
// Intensivpfleger as Pflegefachkraft, where intensiv stands beside it.
func (a *Analyser) headSynonyms(word string) []alternative {
	ps := a.pieces(word)
	if len(ps) != 1 || len(ps[0].parts) < 2 {
		return nil
	}
	var out []alternative
	p := ps[0]
	for i := 1; i < len(p.parts); i++ {
		head := p.base[p.parts[i].start:p.parts[len(p.parts)-1].start] + a.lastForm(p.base, p.parts[len(p.parts)-1])
		var front []Term
		for _, q := range p.parts[:i] {
			front = append(front, termOf(rootTerm, spelled(a.lex.root(a.lex.stemGerman(q.base)))))
		}
		for _, hit := range a.synonyms.lookup(a, []string{head}) {
			for _, target := range hit.targets {
				ws := a.memberWords(target)
				if len(ws) != 1 {
					continue
				}
				for _, t := range a.asked(ws[0]).wholes() {
					out = append(out, alternative{terms: append(slices.Clone(front), t), mode: inTitle, rule: Synonym, via: hit.line})
				}
			}
		}
	}
	return out
}

// addRows adds what neighbouring plain words mean together: their synonym
// ("software developer"), their spelling as one word ("back end"), and an
// adjective as the first part of its noun ("medizinische Informatik"). Each
// way is added to every group of the row, since (a or s) and (b or s) is
// (a and b) or s.
func (a *Analyser) addRows(c *compiled, at []int) {
	for from := range c.clauses {
		var ws []string
		for to := from; to < len(c.clauses) && to-from < a.synonyms.most; to++ {
			cl := c.clauses[to]
			if cl.excluded || len(cl.atoms) != 1 || cl.atoms[0].phrase || cl.atoms[0].title {
				break
			}
			ws = append(ws, cl.atoms[0].text)
			if len(ws) < 2 {
				continue
			}
			row := a.synonymWays(ws)
			if len(ws) == 2 {
				row = append(row, a.writtenAsOne(ws[0], ws[1])...)
			}
			for i := range row {
				row[i].asked = strings.Join(ws, " ")
			}
			for _, g := range at[from : to+1] {
				c.required[g].add(row...)
			}
		}
	}
}

func (a *Analyser) writtenAsOne(left, right string) []alternative {
	l, r := a.asked(left), a.asked(right)
	if len(l.pieces) != 1 || len(r.pieces) == 0 || l.exact || r.exact || l.pieces[0].raw || r.pieces[0].raw {
		return nil
	}
	out := a.plain(left + strings.ToLower(right))
	for i := range out {
		out[i].rule = Compound
	}
	if noun, ok := strings.CutSuffix(a.lex.stemGerman(l.pieces[0].base), "isch"); ok && len(noun) >= 4 {
		out = append(out, alternative{
			terms: []Term{termOf(stemTerm, spelled(noun)), termOf(stemTerm, r.german)}, mode: together, rule: Parts, via: noun + "+" + r.german,
		})
	}
	return out
}

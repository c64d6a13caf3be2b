package text

import (
	"iter"
	"strings"
)

// addRows adds what neighbouring plain words mean together: their synonym
// ("software developer"), their spelling as one word ("back end"), the words
// themselves where apart they mean something else, and an adjective as the first part of its noun ("medizinische Informatik"). Each
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
			var row *Unit
			if len(ws) == 2 {
				row = a.pair(c.required[at[from]].units[0], c.required[at[to]].units[0])
			} else if row = a.longRow(ws); len(row.ways) == 0 {
				continue
			}
			for _, g := range at[from : to+1] {
				c.required[g].units = append(c.required[g].units, row)
			}
		}
	}
}

// longRow is the row of three words or more, which seldom mean anything together.
func (a *Analyser) longRow(ws []string) *Unit {
	if !a.opens(ws[0]) {
		return noRow
	}
	return a.rowUnit(ws)
}

// noRow is the row of words that mean nothing together.
var noRow = new(Unit)

// opens tells whether a synonym of three words or more, or an idiom, may begin
// with the word.
func (a *Analyser) opens(word string) bool {
	q := a.asked(word)
	return a.synonyms.opens[q.german] || a.synonyms.opens[q.english] || a.lex.idioms[canonical(word)] != nil
}

// rowKey is what the ways of a row are remembered by.
func rowKey(asked string) string { return "=" + asked }

// rowUnit has the ways of a row of words, shared if asked before.
func (a *Analyser) rowUnit(ws []string) *Unit {
	key := rowKey(strings.Join(ws, " "))
	return a.rows.once(key, func() *Unit {
		ways := distinct(a.rowWays(ws))
		for i := range ways {
			ways[i].asked = key[len(rowKey("")):]
		}
		return &Unit{a: a, key: key, ways: ways}
	})
}

// rowWays are the ways of a row of words, some of them twice.
func (a *Analyser) rowWays(ws []string) []alternative {
	var out []alternative
	if len(ws) == 2 {
		out = a.pairWays(ws[0], ws[1])
	} else {
		out = a.synonymWays(ws)
	}
	if a.lex.isIdiom(ws) {
		out = append(out, a.phrase(strings.Join(ws, " "))...)
	}
	return out
}

// neighbours are two words beside each other: what each is asked for as, and both written as one word.
type neighbours struct {
	words []string
	l, r  *asked
	word  string // both as one …
	one   asked  // … and what that is asked for as
}

// neighboursOf takes what cutOf knows of both.
func (a *Analyser) neighboursOf(left, right string, l, r *cutWord) neighbours {
	word := left + strings.ToLower(right)
	return neighbours{[]string{left, right}, &l.asked, &r.asked, word, a.askedOnce(word)}
}

// asTwo are the synonyms of both.
func (p *neighbours) asTwo(a *Analyser) []alternative {
	if !a.synonyms.pairs[p.l.german] && !a.synonyms.pairs[p.l.english] {
		return nil
	}
	german := p.l.german + " " + p.r.german
	english := german
	if p.l.english != p.l.german || p.r.english != p.r.german {
		english = p.l.english + " " + p.r.english
	}
	return a.synonymsOf(german, english, p.words)
}

// asOne are those of both written as one word.
func (p *neighbours) asOne(a *Analyser) []alternative {
	return a.synonymsOf(p.one.german, p.one.english, []string{p.word})
}

// pairWays are those of two words.
func (a *Analyser) pairWays(left, right string) []alternative {
	p := a.neighboursOf(left, right, a.cutOf(left), a.cutOf(right))
	out := p.asTwo(a)
	if p.joins() {
		for _, w := range plainWays(p.one) {
			w.rule = Compound
			out = append(out, w)
		}
		if noun := p.noun(); noun != "" {
			out = append(out, alternative{terms: p.parts(noun), mode: together, rule: Parts, via: noun + "+" + p.r.german})
		}
	}
	return append(out, p.asOne(a)...)
}

// termsOf gives the terms of each way that has some.
func termsOf(ways []alternative) iter.Seq[[]Term] {
	return func(yield func([]Term) bool) {
		for i := range ways {
			if len(ways[i].terms) > 0 && !yield(ways[i].terms) {
				return
			}
		}
	}
}

// pairTerms gives the terms of each way of a row of two words. Only the ways of synonyms
// and idioms are made for it: an index is made of hundreds of thousands of pairs.
func (a *Analyser) pairTerms(left, right *Unit) iter.Seq[[]Term] {
	return func(yield func([]Term) bool) {
		p := a.neighboursOf(left.word, right.word, left.cut, right.cut)
		if a.lex.isIdiom(p.words) {
			termsOf(a.rowWays(p.words))(yield)
			return
		}
		if p.joins() {
			whole := p.one.wholes()
			for i := range whole {
				if !yield(whole[i : i+1]) {
					return
				}
			}
			if noun := p.noun(); noun != "" && !yield(p.parts(noun)) {
				return
			}
		}
		termsOf(append(p.asTwo(a), p.asOne(a)...))(yield)
	}
}

// joins tells whether the two may be written as one word.
func (p *neighbours) joins() bool {
	return len(p.l.pieces) == 1 && len(p.r.pieces) != 0 && !p.l.exact && !p.r.exact && !p.l.pieces[0].raw && !p.r.pieces[0].raw
}

// noun is what an adjective is of that may be the first part of its noun, "" for others.
func (p *neighbours) noun() string {
	if noun, ok := strings.CutSuffix(p.l.german, "isch"); ok && len(noun) >= 4 {
		return noun
	}
	return ""
}

func (p *neighbours) parts(noun string) []Term {
	return []Term{termOf(stemTerm, noun), termOf(stemTerm, p.r.german)}
}

// askedOnce is asked for a word that hardly any other query or posting has: it
// is neither remembered nor taken apart.
func (a *Analyser) askedOnce(word string) asked {
	if isTechnical(word) {
		return a.askedAs(word, a.cut(word))
	}
	ps := make([]piece, 0, 1)
	for e := range strings.FieldsFuncSeq(word, isHyphen) {
		if p := a.whole(e); p.canonical != "" {
			ps = append(ps, p)
		}
	}
	return a.askedAs(word, ps)
}

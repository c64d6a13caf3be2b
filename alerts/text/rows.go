package text

import "strings"

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
			row := a.pair(ws[0], ws[1])
			if len(ws) > 2 {
				if row = a.longRow(ws); len(row.ways) == 0 {
					continue
				}
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
		out = a.pairWays(ws)
	} else {
		out = a.synonymWays(ws)
	}
	if a.lex.isIdiom(ws) {
		out = append(out, a.phrase(strings.Join(ws, " "))...)
	}
	return out
}

// pairWays are those of two words. An index is made of hundreds of thousands of
// pairs, so each word is looked up once.
func (a *Analyser) pairWays(ws []string) []alternative {
	l, r := a.asked(ws[0]), a.asked(ws[1])
	german := l.german + " " + r.german
	english := german
	if l.english != l.german || r.english != r.german {
		english = l.english + " " + r.english
	}
	out := a.synonymsOf(german, english, ws)
	one := ws[0] + strings.ToLower(ws[1])
	q := a.askedOnce(one)
	out = append(out, writtenAsOne(l, r, q)...)
	return append(out, a.synonymsOf(q.german, q.english, []string{one})...)
}

// askedOnce is asked for a word that hardly any other query or posting has: it
// is neither remembered nor taken apart.
func (a *Analyser) askedOnce(word string) asked {
	if isTechnical(word) {
		return a.askedAs(word, a.cut(word))
	}
	var ps []piece
	for e := range strings.FieldsFuncSeq(word, isHyphen) {
		if p := a.whole(e); p.canonical != "" {
			ps = append(ps, p)
		}
	}
	return a.askedAs(word, ps)
}

// writtenAsOne finds two words as one, which was asked for as q.
func writtenAsOne(l, r, q asked) []alternative {
	if len(l.pieces) != 1 || len(r.pieces) == 0 || l.exact || r.exact || l.pieces[0].raw || r.pieces[0].raw {
		return nil
	}
	out := plainWays(q)
	for i := range out {
		out[i].rule = Compound
	}
	if noun, ok := strings.CutSuffix(l.german, "isch"); ok && len(noun) >= 4 {
		out = append(out, alternative{
			terms: []Term{termOf(stemTerm, noun), termOf(stemTerm, r.german)}, mode: together, rule: Parts, via: noun + "+" + r.german,
		})
	}
	return out
}

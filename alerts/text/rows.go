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
			row := a.rowWays(ws)
			if len(row) == 0 {
				continue
			}
			for _, g := range at[from : to+1] {
				c.required[g].ways = append(c.required[g].ways, row)
			}
		}
	}
}

// rowWays are the ways of a row of words, shared if asked before.
func (a *Analyser) rowWays(ws []string) []alternative {
	asked := strings.Join(ws, " ")
	return a.ways.get("="+asked, func() []alternative {
		out := a.synonymWays(ws)
		if len(ws) == 2 {
			out = append(out, a.writtenAsOne(ws[0], ws[1])...)
			out = append(out, a.synonymWays([]string{ws[0] + strings.ToLower(ws[1])})...)
		}
		if a.lex.isIdiom(ws) {
			out = append(out, a.phrase(asked)...)
		}
		for i := range out {
			out[i].asked = asked
		}
		return distinct(out)
	})
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
			terms: []Term{termOf(stemTerm, noun), termOf(stemTerm, r.german)}, mode: together, rule: Parts, via: noun + "+" + r.german,
		})
	}
	return out
}

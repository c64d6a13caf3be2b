package text

import "slices"

// Analysis is what becomes of words, for people to look at.
type Analysis struct {
	Word    string   `json:"word"`
	Terms   []string `json:"terms"`   // normal forms, ascending
	Parts   []string `json:"parts"`   // a compound's, in order, lower case as written
	Dropped []string `json:"dropped"` // gender tags and marks, words without meaning
}

// Analyse shows the analysis of one word, or of several as a title.
func (a *Analyser) Analyse(word string) Analysis {
	out := Analysis{Word: word, Terms: []string{}, Parts: []string{}, Dropped: []string{}}
	s := a.scratch.Get().(*scratch)
	defer a.scratch.Put(s)
	s.tokens.lex = a.lex
	text := composed(valid(word))
	tokens := s.tokens.tokens(nil, text, func(tag string) { out.Dropped = append(out.Dropped, tag) })
	for _, t := range tokens {
		if mark := text[t.start+min(len(t.word), t.end-t.start) : t.end]; t.marks&gendered != 0 && mark != "" {
			out.Dropped = append(out.Dropped, mark)
		}
		if a.word(t.word).function && !isCapitals(t.word) {
			out.Dropped = append(out.Dropped, t.word)
			continue
		}
		ps := a.pieces(t.word)
		for _, f := range a.forms(ps) {
			if f.kind == stemTerm {
				out.Terms = append(out.Terms, f.text)
			}
			if f.kind == exactTerm {
				out.Terms = append(out.Terms, "="+f.text)
			}
		}
		out.Parts = append(out.Parts, a.partsAsWritten(t.word)...)
	}
	slices.Sort(out.Terms)
	out.Terms = slices.Compact(out.Terms)
	return out
}

// partsAsWritten cuts the word itself where its analysis is cut.
func (a *Analyser) partsAsWritten(word string) []string {
	if isTechnical(word) {
		return nil
	}
	var out []string
	for _, e := range splitHyphens(word) {
		lower := lowerKeep(e)
		c := canonical(e)
		ps := a.split.split(c)
		if ps == nil {
			out = append(out, lower)
			continue
		}
		from := 0
		for i, p := range ps {
			to := len(lower)
			if i < len(ps)-1 {
				to = sourceOffset(lower, c[:p.end])
			}
			out = append(out, lower[from:to])
			from = to
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

package text

import "strings"

// synonyms finds, for words as asked, the groups that name them.
type synonyms struct {
	groups map[string][]synonymHit // by the members' stems, blanks between
	most   int                     // words in the longest member
}

// synonymHit is one line and what whoever asked for the key gets besides.
type synonymHit struct {
	line    string
	targets []string
}

func newSynonyms(a *Analyser, lines []synonymLine) *synonyms {
	s := &synonyms{groups: map[string][]synonymHit{}, most: 1}
	for i := range lines {
		l := &lines[i]
		for at, m := range l.left {
			hit := synonymHit{line: l.text, targets: l.right}
			if !l.directed {
				hit.targets = without(l.left, at)
			}
			s.add(a, m, hit)
		}
	}
	return s
}

func without(list []string, at int) []string {
	out := make([]string, 0, len(list)-1)
	out = append(out, list[:at]...)
	return append(out, list[at+1:]...)
}

func (s *synonyms) add(a *Analyser, member string, hit synonymHit) {
	ws := a.memberWords(member)
	if len(ws) == 0 {
		return
	}
	s.most = max(s.most, len(ws))
	german, english := a.keys(ws)
	s.groups[german] = append(s.groups[german], hit)
	if english != german {
		s.groups[english] = append(s.groups[english], hit)
	}
}

// lookup returns the groups of adjacent words of a query.
func (s *synonyms) lookup(a *Analyser, ws []string) []synonymHit {
	german, english := a.keys(ws)
	hits := s.groups[german]
	if english == german {
		return hits
	}
	out := hits[:len(hits):len(hits)]
	for _, h := range s.groups[english] {
		known := false
		for _, k := range hits {
			known = known || k.line == h.line
		}
		if !known {
			out = append(out, h)
		}
	}
	return out
}

// memberWords are the words of a synonym that carry meaning, elliptic ones completed.
func (a *Analyser) memberWords(member string) []string {
	var out []string
	for _, x := range a.atoms(lexeme{text: member}) {
		out = append(out, x.text)
	}
	return out
}

// keys are the stems of words in a row, German and English.
func (a *Analyser) keys(ws []string) (german, english string) {
	var g, e strings.Builder
	for i, w := range ws {
		if i > 0 {
			g.WriteByte(' ')
			e.WriteByte(' ')
		}
		k := a.asked(w)
		g.WriteString(k.german)
		e.WriteString(k.english)
	}
	return g.String(), e.String()
}

// asked is a word of a query with its normal forms as a whole.
type asked struct {
	word            string
	pieces          []piece
	german, english string // stems; equal where one form is meant
	exact           bool   // only as written: the forms are of kind exactTerm
}

func (a *Analyser) asked(word string) asked {
	q := asked{word: word, pieces: a.pieces(word)}
	if len(q.pieces) == 0 {
		return q
	}
	last := q.pieces[len(q.pieces)-1]
	if len(q.pieces) == 1 && (last.raw || last.function || a.meantExactly(word)) {
		q.exact = !last.raw && (last.function || a.meantExactly(word))
		q.german = spelled(last.canonical)
		q.english = q.german
		return q
	}
	var front strings.Builder
	for _, p := range q.pieces[:len(q.pieces)-1] {
		front.WriteString(p.canonical)
	}
	q.german = spelled(a.lex.stemGerman(front.String() + last.base))
	english := last.canonical
	if len(q.pieces) > 1 {
		english = last.base
	}
	q.english = spelled(a.lex.stemEnglish(front.String() + english))
	return q
}

// meantExactly tells single letters and Go, in whatever case they were typed.
func (a *Analyser) meantExactly(word string) bool {
	c := canonical(word)
	return a.lex.exactLower[c] || len(c) == 1
}

// kind is the kind of the whole word's terms.
func (q asked) kind() byte {
	if q.exact {
		return exactTerm
	}
	return stemTerm
}

// wholes are the terms of the word as a whole: the German stem, and the
// English one where it is another.
func (q asked) wholes() []Term {
	if q.german == "" {
		return nil
	}
	out := []Term{termOf(q.kind(), q.german)}
	if q.english != q.german {
		out = append(out, termOf(q.kind(), q.english))
	}
	return out
}

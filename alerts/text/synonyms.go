package text

import (
	"strings"
	"sync"
)

// synonyms finds, for words as asked, the groups that name them.
type synonyms struct {
	groups map[string][]synonymHit // by the members' stems, blanks between
	most   int                     // words in the longest member
	pairs  map[string]bool         // first words' stems of members of two
	opens  map[string]bool         // those of members of three and more
}

// synonymHit is one line and what whoever asked for the key gets besides.
type synonymHit struct {
	line    string
	targets []*synonymMember
}

// synonymMember is a member of a group, made ready once.
type synonymMember struct {
	words           []string
	german, english string               // keys
	ways            func() []alternative // without rule and line; made when first asked for
}

func newSynonyms(a *Analyser, lines []synonymLine) *synonyms {
	s := &synonyms{groups: map[string][]synonymHit{}, most: 1, pairs: map[string]bool{}, opens: map[string]bool{}}
	ready := map[string]*synonymMember{}
	members := func(texts []string) []*synonymMember {
		out := make([]*synonymMember, len(texts))
		for i, t := range texts {
			if ready[t] == nil {
				ws := a.memberWords(t)
				german, english := a.keys(ws)
				ready[t] = &synonymMember{ws, german, english, sync.OnceValue(func() []alternative { return a.memberWays(ws) })}
			}
			out[i] = ready[t]
		}
		return out
	}
	for i := range lines {
		l := &lines[i]
		left, right := members(l.left), members(l.right)
		for at, m := range left {
			hit := synonymHit{line: l.text, targets: right}
			if !l.directed {
				hit.targets = without(left, at)
			}
			s.add(a, m, hit)
		}
	}
	return s
}

func without(list []*synonymMember, at int) []*synonymMember {
	out := make([]*synonymMember, 0, len(list)-1)
	out = append(out, list[:at]...)
	return append(out, list[at+1:]...)
}

func (s *synonyms) add(a *Analyser, m *synonymMember, hit synonymHit) {
	if len(m.words) == 0 {
		return
	}
	s.most = max(s.most, len(m.words))
	switch first := a.asked(m.words[0]); {
	case len(m.words) == 2:
		s.pairs[first.german], s.pairs[first.english] = true, true
	case len(m.words) > 2:
		s.opens[first.german], s.opens[first.english] = true, true
	}
	s.groups[m.german] = append(s.groups[m.german], hit)
	if m.english != m.german {
		s.groups[m.english] = append(s.groups[m.english], hit)
	}
}

// lookup returns the groups of words in a row by their keys.
func (s *synonyms) lookup(german, english string) []synonymHit {
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
	pieces          []piece
	german, english string // stems; equal where one form is meant
	exact           bool   // only as written: the forms are of kind exactTerm
}

func (a *Analyser) askedAs(word string, ps []piece) asked {
	q := asked{pieces: ps}
	if len(q.pieces) == 0 {
		return q
	}
	last := q.pieces[len(q.pieces)-1]
	if len(q.pieces) == 1 {
		q.exact = !last.raw && (last.function || a.meantExactly(word, last.canonical))
		if last.raw || q.exact {
			q.german, q.english = last.canonical, last.canonical
			return q
		}
	}
	var front strings.Builder
	for _, p := range q.pieces[:len(q.pieces)-1] {
		front.WriteString(p.canonical)
	}
	q.german = a.lex.stemGerman(front.String() + last.base)
	english := last.canonical
	if len(q.pieces) > 1 {
		english = last.base
	}
	q.english = a.lex.stemEnglish(front.String() + english)
	return q
}

// meantExactly tells single letters and Go, in whatever case they were typed,
// and abbreviations of two capitals: HR is not Hr., QM not qm. c is canonical(word).
func (a *Analyser) meantExactly(word, c string) bool {
	return a.lex.exactLower[c] || len(c) == 1 || len(c) == 2 && isCapitals(word)
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

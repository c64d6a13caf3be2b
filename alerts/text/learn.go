package text

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// LearntPart is a proposal for the vocabulary: a word of its own in the
// postings that also makes compounds there, next to a part already known.
type LearntPart struct {
	Part     string   // lower case, for a line of [parts]
	Kind     string   // "" (anywhere) or "left"
	Count    int      // how often it stands alone
	Examples []string // compounds it makes, at most five, ascending
}

const (
	minLearntAlone     = 3
	minLearntCompounds = 2
	minLearntRunes     = 4
	maxLearntExamples  = 5
)

// Learn proposes parts of compounds that v lacks, most frequent first. It
// changes nothing: whoever runs the daemon reads the proposals and puts what
// is right into a file for Extend.
func Learn(v *Vocabulary, documents iter.Seq[string]) []LearntPart {
	a := New(v)
	alone := map[string]int{}
	for text := range documents {
		it := words.FromString(composed(text))
		for it.Next() {
			c := canonical(it.Value())
			if utf8.RuneCountInString(c) >= minLearntRunes && len(c) <= maxSplitBytes && germanLetters(c) && !a.lex.function[c] {
				alone[a.lex.masculine(c)]++
			}
		}
	}
	l := learner{a: a, alone: alone, examples: map[string]map[string]bool{}, last: map[string]bool{}}
	for _, w := range slices.Sorted(maps.Keys(alone)) {
		l.see(w)
	}
	return l.proposals()
}

type learner struct {
	a        *Analyser
	alone    map[string]int
	examples map[string]map[string]bool // of a proposed part
	last     map[string]bool            // it was seen ending a compound
}

// see proposes what is left of w beside a known first or last part.
func (l *learner) see(w string) {
	s := l.a.split
	if s.listed(w) || s.known(w, 0) != nil {
		return
	}
	for i := range w {
		if i < 3 || len(w)-i < 3 {
			continue
		}
		if base, ok := s.lastPart(w[i:]); ok && utf8.RuneCountInString(base) >= 4 {
			l.propose(l.unlinked(w[:i]), w, false)
		}
		if base, _, ok := s.leftPart(w[:i]); ok && utf8.RuneCountInString(base) >= 4 {
			l.propose(w[i:], w, true)
		}
	}
}

// unlinked is the first part as it stands alone in the postings.
func (l *learner) unlinked(left string) string {
	for _, link := range []string{"", "s", "n", "en", "es", "er", "e"} {
		if b, ok := strings.CutSuffix(left, link); ok && l.alone[b] >= minLearntAlone {
			return b
		}
	}
	if l.alone[left+"e"] >= minLearntAlone {
		return left + "e"
	}
	return left
}

func (l *learner) propose(part, compound string, last bool) {
	if utf8.RuneCountInString(part) < minLearntRunes || l.alone[part] < minLearntAlone || l.a.split.listed(part) || l.a.lex.prefix[part] {
		return
	}
	if l.examples[part] == nil {
		l.examples[part] = map[string]bool{}
	}
	l.examples[part][compound] = true
	l.last[part] = l.last[part] || last
}

func (l *learner) proposals() []LearntPart {
	out := []LearntPart{}
	for part, compounds := range l.examples {
		if len(compounds) < minLearntCompounds {
			continue
		}
		p := LearntPart{Part: part, Kind: "left", Count: l.alone[part], Examples: slices.Sorted(maps.Keys(compounds))}
		if l.last[part] {
			p.Kind = ""
		}
		p.Examples = p.Examples[:min(len(p.Examples), maxLearntExamples)]
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y LearntPart) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), strings.Compare(x.Part, y.Part))
	})
	return out
}

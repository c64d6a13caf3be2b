package text

import (
	"slices"
	"strings"
)

// helpedByName is helpedLeader for a person's name alone: whoever asks for
// Geschäftsführung may well want to assist there.
func (a *Analyser) helpedByName(ways []alternative, word string) []alternative {
	if c := canonical(word); strings.HasSuffix(c, "ung") {
		return ways
	}
	return a.helpedLeader(ways, word)
}

// apart is a word of two parts written as two, as a synonym may be listed.
func (a *Analyser) apart(word string) []string {
	ps := a.pieces(word)
	switch {
	case len(ps) == 2:
		return splitHyphens(word)
	case len(ps) == 1 && len(ps[0].parts) == 2:
		p := ps[0]
		return []string{p.parts[0].base, a.lastForm(p.base, p.parts[1])}
	}
	return nil
}

// synonymWays are what the vocabulary's groups name besides these words. A
// synonym that is the end of what was asked (Entwickler for
// Softwareentwickler) counts as a word of its own only, and a field for an
// occupation (Schiffbau for Bootsbauer) in a title only.
func (a *Analyser) synonymWays(ws []string) []alternative {
	if len(ws) == 0 {
		return nil
	}
	german, english := a.keys(ws)
	return a.synonymsOf(german, english, ws)
}

// synonymsOf is synonymWays of words with these keys.
func (a *Analyser) synonymsOf(german, english string, ws []string) []alternative {
	var out []alternative
	for _, hit := range a.synonyms.lookup(german, english) {
		for _, target := range hit.targets {
			broader := len(target.words) == 1 && (strings.HasSuffix(german, target.german) || strings.HasSuffix(english, target.english))
			titleOnly := a.person(ws) && !a.person(target.words)
			for _, alt := range target.ways() {
				alt.title = titleOnly
				if broader && alt.mode == single {
					alt.mode, alt.gaps = inRow, []int{0}
				}
				alt.rule, alt.via = Synonym, hit.line
				out = append(out, alt)
			}
		}
	}
	return out
}

// person tells whether one of the words names an occupation.
func (a *Analyser) person(ws []string) bool {
	for _, w := range ws {
		if a.word(w).person {
			return true
		}
	}
	return false
}

// memberWays find one synonym: a word as such or by its parts, several words
// in the title or close together.
func (a *Analyser) memberWays(ws []string) []alternative {
	switch len(ws) {
	case 0:
		return nil
	case 1:
		return a.memberWord(ws[0])
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

// memberWord is one word as a synonym: as such, and, if it is a compound, with
// what is done for who does it, in one word (Kodierassistenz, Kodierassistent).
func (a *Analyser) memberWord(word string) []alternative {
	out := a.plain(word)
	stems := a.compoundStems(word)
	if stems == nil {
		return a.helpedLeader(out, word)
	}
	return a.helpedLeader(append(out, a.sameWork(stems)...), word)
}

// helpedLeader makes ways of finding a leader hold in no title of an
// assistant: "Assistenz der Geschäftsführung".
func (a *Analyser) helpedLeader(ways []alternative, word string) []alternative {
	ps := a.pieces(word)
	if len(ps) == 0 || ps[len(ps)-1].raw {
		return ways
	}
	last := ps[len(ps)-1]
	end := last.base
	if n := len(last.parts); n > 0 {
		end = a.lastForm(last.base, last.parts[n-1])
	}
	if stem := a.lex.stemGerman(end); !a.lex.leading[stem] && !a.lex.leading[end] {
		return ways
	}
	for i := range ways {
		ways[i].unless |= besideHelper
		if strings.HasSuffix(end, "ung") {
			ways[i].unless |= besideClerk
		}
	}
	return ways
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
			front = append(front, termOf(rootTerm, a.lex.root(a.lex.stemGerman(q.base))))
		}
		for _, hit := range a.synonyms.lookup(a.keys([]string{head})) {
			for _, target := range hit.targets {
				if len(target.words) != 1 {
					continue
				}
				var ways []alternative
				for _, t := range a.asked(target.words[0]).wholes() {
					ways = append(ways, alternative{terms: append(slices.Clone(front), t), mode: inTitle, rule: Synonym, via: hit.line})
				}
				out = append(out, a.helpedLeader(ways, target.words[0])...)
			}
		}
	}
	return out
}

package text

import "sync"

// Analyser analyses postings and queries under one vocabulary. It is
// immutable apart from a bounded cache, and safe for concurrent use.
type Analyser struct {
	lex      *lexicon
	split    *splitter
	synonyms *synonyms
	hash     string
	words    slots[knownWord]
	cuts     cache[cutWord]
	units    cache[*Unit]      // of words and phrases, by key
	rows     cache[*Unit]      // of words in a row, by key
	pairs    cache[[][]Term]   // terms of rows of two, by key
	plains   cache[*plainWord] // words of queries
	scratch  sync.Pool         // of *scratch
	akin     func() []akinGroup
}

// New makes an Analyser of v as it now is; extending v later changes nothing.
func New(v *Vocabulary) *Analyser {
	a := &Analyser{lex: newLexicon(), hash: v.Hash(), words: newSlots[knownWord](wordSlots), cuts: newCache[cutWord](cutSlots),
		units: newCache[*Unit](unitSlots), rows: newCache[*Unit](pairSlots), pairs: newCache[[][]Term](pairSlots), plains: newCache[*plainWord](cutSlots)}
	a.split = newSplitter(a.lex, v)
	a.scratch.New = func() any { return newScratch() }
	a.synonyms = newSynonyms(a, v.synonyms)
	a.akin = sync.OnceValue(a.readAkin) // seldom asked for
	return a
}

// Hash returns the hash of the vocabulary and of the rules. Documents and
// queries of Analysers with one hash may be mixed, others never.
func (a *Analyser) Hash() string { return a.hash }

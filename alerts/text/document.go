package text

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// Document is a posting analysed: immutable, and safe for concurrent use. It
// keeps title and body, whose words Explain quotes.
type Document struct {
	title, body string
	language    string
	terms       []Term   // ascending
	starts      []uint32 // of a term's occurrences; one more than terms
	occurrences []uint32 // place<<occurrenceBits | as…; ascending within a term
	summary     []uint8  // how a term occurs at all
	filter      [filterWords]uint64
	places      []place
	titlePlaces uint32
	company     Beside // what the title's words say of activities beside them
}

// place is where a word stands: its bytes, in the title or in the body, and
// its sentence. The title is sentence 0.
type place struct{ start, end, sentence uint32 }

const (
	occurrenceBits = 2
	occurrenceMask = 1<<occurrenceBits - 1
	filterWords    = 64 // 4,096 bits: a hundredth of a lookup's cost in most cases

	// maxPlaces bounds what of a posting is analysed; a million words are no posting.
	maxPlaces = 1 << 18

	// maxTitleWords bounds a title: what follows is no title.
	maxTitleWords = 256

	// keptTable is the largest table that is kept for the next document.
	keptTable = 1 << 14
)

// giveBack keeps s for the next document unless a huge one has swollen it.
func (a *Analyser) giveBack(s *scratch) {
	if len(s.table) <= keptTable {
		a.scratch.Put(s)
	}
}

// How a term occurs, over all its occurrences.
const (
	endsInTitle  = 1 << 0 // as a word or the end of a compound
	endsInBody   = 1 << 1
	wholeInTitle = 1 << 2
	wholeInBody  = 1 << 3
	partInTitle  = 1 << 4 // as a first part
	partInBody   = 1 << 5

	anyhow = 1<<6 - 1
)

// scratch is what building a document needs and gives back.
type scratch struct {
	tokens   tokeniser
	list     []token
	sections sections
	entries  []entry
	table    []tableSlot
	distinct []Term
	fetched  uint8 // so that what is read ahead counts as read
}

type entry struct {
	term       Term
	occurrence uint32
}

type tableSlot struct {
	term  Term
	count uint32 // 0: empty
	index uint32
}

func newScratch() *scratch {
	return &scratch{tokens: tokeniser{segments: newSegments()}, table: make([]tableSlot, 2048)}
}

// Document analyses a posting. body is plain text in which blocks, list items
// and headings have lines of their own; language is a tag as in inLanguage
// ("de", "en-GB"), or empty to tell it from the words. Text below headings
// about the employer, benefits and applying is left out.
func (a *Analyser) Document(title, body, language string) *Document {
	s := a.scratch.Get().(*scratch)
	defer a.giveBack(s)
	d := &Document{title: composed(valid(title)), body: composed(valid(body))}
	s.entries = s.entries[:0]
	titleTokens := s.read(a.lex, d.title, d.body)
	a.look(s)
	d.language = primaryLanguage(language)
	if d.language == "" {
		d.language = s.detect(a.lex)
	}
	d.places = make([]place, 0, len(s.list)+8)
	b := builder{a: a, d: d, s: s, use: useGerman | useEnglish | useTitle, inTitle: true}
	b.clause(s.list[:titleTokens])
	b.adjacent(s.list[:titleTokens])
	d.titlePlaces = uint32(len(d.places))
	b.inTitle, b.use = false, stemsFor(d.language)
	b.body(s.list[titleTokens:])
	d.index(s)
	return d
}

// read makes tokens of a posting, and returns how many of them are the title's.
func (s *scratch) read(x *lexicon, title, body string) (titleTokens int) {
	s.tokens.lex = x
	s.list = s.tokens.tokens(s.list[:0], title, nil)
	s.list = s.list[:min(len(s.list), maxTitleWords)]
	titleTokens = len(s.list)
	s.readBody(x, body)
	return titleTokens
}

// readBody tokenises the lines that count, behind the title's tokens. The
// last token of each line ends a sentence.
func (s *scratch) readBody(x *lexicon, body string) {
	s.counting(x, body, func(at int, line string) bool {
		from := len(s.list)
		s.list = s.tokens.tokens(s.list, line, nil)
		for i := range s.list[from:] {
			s.list[from+i].start += at
			s.list[from+i].end += at
		}
		if len(s.list) > from {
			s.list[len(s.list)-1].marks |= endsClause
		}
		return len(s.list) < maxPlaces
	})
}

// counting calls f with what counts of each line that does, and where it begins,
// until f returns false.
func (s *scratch) counting(x *lexicon, body string, f func(at int, line string) bool) {
	s.sections.rules, s.sections.skips = &x.headings, false
	at := 0
	for line := range strings.Lines(body) {
		if s.sections.counts(line) {
			cut := s.sections.praise(line)
			if !f(at+cut, line[cut:]) {
				return
			}
		}
		at += len(line)
	}
}

// Language tells what a posting is written in when nobody states it: "de", "en", or
// "" where nothing tells. It looks at the lines that Document looks at, and takes
// for words what stands between blanks and marks: the few that tell are such.
func (a *Analyser) Language(title, body string) string {
	s := a.scratch.Get().(*scratch)
	defer a.giveBack(s)
	var d detection
	d.line(a.lex, title)
	s.counting(a.lex, body, func(_ int, line string) bool { d.line(a.lex, line); return true })
	return d.language()
}

func (s *scratch) detect(x *lexicon) string {
	var d detection
	for i := range s.list {
		d.see(x, s.list[i].word)
	}
	return d.language()
}

// Terms returns the distinct terms, ascending: every one that an Alternative
// of any query may name. The caller must not change it.
func (d *Document) Terms() []Term { return d.terms }

// Language returns the language given or told from the words: "de", "en",
// another tag that was given, or "" where nothing tells.
func (d *Document) Language() string { return d.language }

// index sorts what was found into terms with their occurrences.
func (d *Document) index(s *scratch) {
	s.count()
	n := len(s.distinct)
	d.terms = make([]Term, n)
	sortInto(d.terms, s.distinct)
	d.starts = make([]uint32, n+1)
	d.summary = make([]uint8, n)
	at := uint32(0)
	for i, t := range d.terms {
		slot := s.find(t)
		d.starts[i] = at
		at += slot.count
		slot.index, slot.count = uint32(i), d.starts[i]
		d.filter[t>>6%filterWords] |= 1 << (t % 64)
	}
	d.starts[n] = at
	d.occurrences = make([]uint32, at)
	for _, e := range s.entries {
		slot := s.find(e.term)
		d.occurrences[slot.count] = e.occurrence
		slot.count++
		d.summary[slot.index] |= d.summarise(e.occurrence)
	}
	clear(s.table)
	for i := range d.terms {
		if at := d.at(i); !slices.IsSorted(at) {
			slices.Sort(at)
		}
	}
}

// sortInto writes terms to dst in order, which has room for just these. Terms are
// hashes: by their first byte they are nearly in order.
func sortInto(dst, terms []Term) {
	const shift = 64 - 8
	var ends [1 << 8]int
	for _, t := range terms {
		ends[t>>shift]++
	}
	at := 0
	for b, n := range ends {
		ends[b] = at // where it begins, until it is filled
		at += n
	}
	for _, t := range terms {
		dst[ends[t>>shift]] = t
		ends[t>>shift]++
	}
	from := 0
	for _, to := range ends {
		if to-from > 1 {
			slices.Sort(dst[from:to])
		}
		from = to
	}
}

// count fills the table with each distinct term and how often it occurs.
func (s *scratch) count() {
	if need := 1 << bits.Len(uint(2*len(s.entries))); need > len(s.table) {
		s.table = make([]tableSlot, need)
	}
	s.distinct = s.distinct[:0]
	for _, e := range s.entries {
		slot := s.find(e.term)
		if slot.count == 0 {
			slot.term = e.term
			s.distinct = append(s.distinct, e.term)
		}
		slot.count++
	}
}

// find returns the slot of t, or the free one where it belongs. While terms
// are placed a slot's count may be 0 for the first, so term decides then.
func (s *scratch) find(t Term) *tableSlot {
	mask := uint64(len(s.table) - 1)
	for i := uint64(t) & mask; ; i = (i + 1) & mask {
		slot := &s.table[i]
		if slot.term == t || slot.term == 0 && slot.count == 0 {
			return slot
		}
	}
}

func (d *Document) summarise(occurrence uint32) uint8 {
	title := occurrence>>occurrenceBits < d.titlePlaces
	switch {
	case occurrence&occurrenceMask == elsewhere && title:
		return partInTitle | wholeInTitle
	case occurrence&occurrenceMask == elsewhere:
		return partInBody | wholeInBody
	case occurrence&asPart != 0 && title:
		return partInTitle
	case occurrence&asPart != 0:
		return partInBody
	case occurrence&asSuffix != 0 && title:
		return endsInTitle
	case occurrence&asSuffix != 0:
		return endsInBody
	case title:
		return endsInTitle | wholeInTitle
	}
	return endsInBody | wholeInBody
}

// bit is a term's place in the filter that a document begins with.
type bit uint16

// bitOf is the bit of a term; many terms share it.
func bitOf(t Term) bit { return bit(t % (filterWords * 64)) }

// may is false only if no term with that bit is among Terms.
func (d *Document) may(b bit) bool { return d.filter[b>>6%filterWords]&(1<<(b%64)) != 0 }

// lookup returns the index of t among the terms, or -1.
func (d *Document) lookup(t Term) int {
	if !d.may(bitOf(t)) {
		return -1
	}
	lo, hi := 0, len(d.terms)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); d.terms[mid] < t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(d.terms) && d.terms[lo] == t {
		return lo
	}
	return -1
}

// inSentence returns the occurrences of the term with index i in a sentence.
func (d *Document) inSentence(i int, sentence uint32) []uint32 {
	list := d.at(i)
	if len(list) > 8 {
		from, _ := slices.BinarySearchFunc(list, sentence, func(o, s uint32) int {
			return cmp.Compare(d.places[o>>occurrenceBits].sentence, s)
		})
		list = list[from:]
	}
	for len(list) > 0 && d.places[list[0]>>occurrenceBits].sentence < sentence {
		list = list[1:]
	}
	for n, o := range list {
		if d.places[o>>occurrenceBits].sentence > sentence {
			return list[:n]
		}
	}
	return list
}

// at returns the occurrences of the term with index i.
func (d *Document) at(i int) []uint32 { return d.occurrences[d.starts[i]:d.starts[i+1]] }

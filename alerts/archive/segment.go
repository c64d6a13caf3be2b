package archive

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// segment is an immutable part of the archive, in order of position. Its postings'
// texts are packed: a search unpacks of the candidates what its words need.
type segment struct {
	items []item
	cards []card // of items
	terms text.Dictionary
	lists lists
}

// item is one posting in memory.
type item struct {
	doc      *alerts.Document // without text, description and link
	text     string           // packed with the segment's dictionary
	position int64            // of its content
	first    int64            // of its first content
}

// fresh is a posting that was just analysed.
type fresh struct {
	doc             *alerts.Document
	position, first int64
}

// listsFrom is the size from which a segment has lists of its terms: in a
// smaller one asking every posting is as quick.
const listsFrom = 512

// newSegment makes a segment of analysed postings, whose texts it packs.
func newSegment(postings []fresh) *segment {
	slices.SortFunc(postings, func(a, b fresh) int { return cmp.Compare(a.position, b.position) })
	distinct := map[text.Term]struct{}{}
	for i := range postings {
		for _, t := range postings[i].doc.Text.Terms() {
			distinct[t] = struct{}{}
		}
	}
	terms := make([]text.Term, 0, len(distinct))
	for t := range distinct {
		terms = append(terms, t)
	}
	s := &segment{terms: text.NewDictionary(terms), items: make([]item, len(postings)), cards: make([]card, len(postings))}
	var texts chunks
	for i := range postings {
		x := &postings[i]
		texts.add(func(dst []byte) []byte { return x.doc.Text.Pack(dst, s.terms) })
		textless := *x.doc
		textless.Text = nil
		s.items[i] = item{doc: &textless, position: x.position, first: x.first}
		s.cards[i] = cardOf(&textless)
	}
	s.finish(texts.all())
	return s
}

// place is where a posting of several segments stands.
type place struct{ part, index int }

// joined makes one segment of the live postings of several.
func joined(parts []part) *segment {
	var live []place
	used := make([][]bool, len(parts))
	for n := range parts {
		p := &parts[n]
		used[n] = make([]bool, len(p.terms))
		for i := range p.items {
			if p.lives(i) {
				live = append(live, place{n, i})
				text.PackedTerms(p.items[i].text, func(t uint32, _ bool) { used[n][t] = true })
			}
		}
	}
	slices.SortFunc(live, func(a, b place) int {
		return cmp.Compare(parts[a.part].items[a.index].position, parts[b.part].items[b.index].position)
	})
	terms, renumbered := dictionaryOf(parts, used)
	s := &segment{terms: terms, items: make([]item, len(live)), cards: make([]card, len(live))}
	var texts chunks
	for i, from := range live {
		p := &parts[from.part]
		s.items[i], s.cards[i] = p.items[from.index], p.cards[from.index]
		texts.add(func(dst []byte) []byte { return text.Repack(dst, s.items[i].text, renumbered[from.part]) })
	}
	s.finish(texts.all())
	return s
}

// dictionaryOf makes a dictionary of those terms of parts that are used, and says
// which number each has in it.
func dictionaryOf(parts []part, used [][]bool) (d text.Dictionary, renumbered [][]uint32) {
	var terms []text.Term
	for n := range parts {
		for t, is := range used[n] {
			if is {
				terms = append(terms, parts[n].terms[t])
			}
		}
	}
	d = text.NewDictionary(terms)
	renumbered = make([][]uint32, len(parts))
	for n := range parts {
		renumbered[n] = make([]uint32, len(used[n]))
		for t, is := range used[n] {
			if is {
				renumbered[n][t], _ = d.Number(parts[n].terms[t])
			}
		}
	}
	return d, renumbered
}

// finish takes the packed texts of the items, and makes the lists of their terms.
func (s *segment) finish(texts []string) {
	for i := range s.items {
		s.items[i].text = texts[i]
	}
	if len(s.items) >= listsFrom {
		s.lists = newLists(s.items, len(s.terms))
	}
}

// chunkBytes is about how many bytes of packed texts lie in one piece of memory.
const chunkBytes = 1 << 18

// chunks gathers packed texts in pieces of memory that hold many of them, so that
// none has to be moved when it grows.
type chunks struct {
	buffer []byte
	ends   []int // in buffer
	texts  []string
}

func (c *chunks) add(pack func(dst []byte) []byte) {
	if len(c.buffer) >= chunkBytes {
		c.cut()
	}
	c.buffer = pack(c.buffer)
	c.ends = append(c.ends, len(c.buffer))
}

func (c *chunks) cut() {
	whole, from := string(c.buffer), 0
	for _, end := range c.ends {
		c.texts = append(c.texts, whole[from:end])
		from = end
	}
	c.buffer, c.ends = c.buffer[:0], c.ends[:0]
}

// all are the texts in the order in which they were added.
func (c *chunks) all() []string {
	c.cut()
	return c.texts
}

// find is the index of the posting whose content has a position, or -1.
func (s *segment) find(position int64) int {
	i, ok := slices.BinarySearchFunc(s.items, position, func(x item, p int64) int { return cmp.Compare(x.position, p) })
	if !ok {
		return -1
	}
	return i
}

// lists say which postings of a segment have a term: for each term the indexes,
// ascending, as variable-length differences with a bit that says whether the term
// ends a word there, one behind the other.
type lists struct {
	starts []uint32 // of a term's bytes, by number; one more than terms
	counts []uint32 // of its postings
	bytes  []byte
}

func newLists(items []item, terms int) lists {
	l := lists{starts: make([]uint32, terms+1), counts: make([]uint32, terms)}
	last := make([]uint32, terms) // the last index seen plus one
	for i := range items {
		at := uint32(i) + 1
		text.PackedTerms(items[i].text, func(n uint32, _ bool) {
			l.counts[n]++
			l.starts[n+1] += varintSize((at - last[n]) << 1)
			last[n] = at
		})
	}
	for n := range terms {
		l.starts[n+1] += l.starts[n]
	}
	l.bytes = make([]byte, l.starts[terms])
	next := slices.Clone(l.starts[:terms])
	clear(last)
	for i := range items {
		at := uint32(i) + 1
		text.PackedTerms(items[i].text, func(n uint32, ends bool) {
			x := uint64(at-last[n]) << 1
			if ends {
				x |= 1
			}
			next[n] += uint32(binary.PutUvarint(l.bytes[next[n]:l.starts[n+1]:l.starts[n+1]], x))
			last[n] = at
		})
	}
	return l
}

func varintSize(x uint32) uint32 {
	n := uint32(1)
	for x >= 0x80 {
		x >>= 7
		n++
	}
	return n
}

// count is how many postings have the term.
func (s *segment) count(t text.Term) int {
	n, ok := s.terms.Number(t)
	if !ok {
		return 0
	}
	return int(s.lists.counts[n])
}

// mark sets in may the bits of the postings that have the term, and in sure, if it
// is not nil, those of the postings in which it ends a word.
func (s *segment) mark(may, sure []uint64, t text.Term) {
	n, ok := s.terms.Number(t)
	if !ok {
		return
	}
	at := uint32(0)
	for b := s.lists.bytes[s.lists.starts[n]:s.lists.starts[n+1]]; len(b) > 0; {
		x, size := binary.Uvarint(b)
		b = b[size:]
		at += uint32(x >> 1)
		w, bit := (at-1)>>6, uint64(1)<<((at-1)&63)
		may[w] |= bit
		if sure != nil && x&1 != 0 {
			sure[w] |= bit
		}
	}
}

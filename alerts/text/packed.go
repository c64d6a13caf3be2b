package text

import (
	"encoding/binary"
	"slices"
)

// Dictionary numbers the terms of some documents: distinct, ascending. A term's
// number is its index.
type Dictionary []Term

// NewDictionary makes a dictionary of terms, which it sorts and keeps.
func NewDictionary(terms []Term) Dictionary {
	slices.Sort(terms)
	return Dictionary(slices.Clip(slices.Compact(terms)))
}

// Number is the number of t, if t is in the dictionary.
func (x Dictionary) Number(t Term) (uint32, bool) {
	i, ok := slices.BinarySearch(x, t)
	return uint32(i), ok
}

// Pack appends to dst what Matches and Weigh need of d, in a tenth of the space:
// all of d but the words of its body, which only Explain quotes. x must have all
// terms of d, and is needed to read what is packed.
//
// The form is: the title and where its words stand; the sentences of the body by
// the number of their places, and which places are further elements of the word
// before; the numbers of the terms, as differences, each with a bit that says
// whether it ends a word; and for each term in the same order its occurrences, as
// differences, each with a bit that says whether there are more. Numbers are varints.
func (d *Document) Pack(dst []byte, x Dictionary) []byte {
	dst = append(dst, byte(d.company))
	dst = appendNumber(dst, uint32(len(d.title)))
	dst = append(dst, d.title...)
	dst = appendNumber(dst, uint32(len(d.places)))
	dst = appendNumber(dst, d.titlePlaces)
	last := uint32(0)
	for _, p := range d.places[:d.titlePlaces] {
		dst = appendNumber(dst, p.start-last)
		dst = appendNumber(dst, p.end-p.start)
		last = p.start
	}
	dst = packBody(dst, d.places[d.titlePlaces:])
	dst = appendNumber(dst, uint32(len(d.terms)))
	next := uint32(0)
	for i, t := range d.terms {
		n, ok := x.Number(t)
		if !ok {
			panic("text: a packed document's dictionary lacks a term")
		}
		ends := uint32(0)
		if d.summary[i]&(endsInTitle|endsInBody) != 0 {
			ends = 1
		}
		dst = appendNumber(dst, (n-next)<<1|ends)
		next = n + 1
	}
	for i := range d.terms {
		list := d.at(i)
		last := uint32(0)
		for k, o := range list {
			more := uint32(1)
			if k == len(list)-1 {
				more = 0
			}
			dst = appendNumber(dst, (o-last)<<1|more)
			last = o
		}
	}
	return dst
}

// packBody appends how many places each sentence has, 0 behind the last, and
// which places belong to the word before, as differences plus one, 0 at the end.
func packBody(dst []byte, body []place) []byte {
	for from := 0; from < len(body); {
		to := from + 1
		for to < len(body) && body[to].sentence == body[from].sentence {
			to++
		}
		dst = appendNumber(dst, uint32(to-from))
		from = to
	}
	dst = append(dst, 0)
	last := 0
	for i := 1; i < len(body); i++ {
		if body[i].start == body[i-1].start {
			dst = appendNumber(dst, uint32(i-last))
			last = i
		}
	}
	return append(dst, 0)
}

func appendNumber(dst []byte, n uint32) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// packed reads what Pack wrote.
type packed string

func (p *packed) number() uint32 {
	b := *p
	n := uint32(b[0])
	if n < 0x80 { // nearly always
		*p = b[1:]
		return n
	}
	n &= 0x7f
	i := 1
	for shift := 7; ; shift += 7 {
		c := b[i]
		i++
		n |= uint32(c&0x7f) << shift
		if c < 0x80 {
			*p = b[i:]
			return n
		}
	}
}

// skip passes n numbers.
func (p *packed) skip(n uint32) {
	b := *p
	i := 0
	for ; n > 0; i++ {
		if b[i] < 0x80 {
			n--
		}
	}
	*p = b[i:]
}

// skipPlaces passes everything before the terms.
func (p *packed) skipPlaces() {
	*p = (*p)[1:]
	title := p.number()
	*p = (*p)[title:]
	p.number()
	p.skip(2 * p.number())
	for range 2 {
		for p.number() != 0 {
		}
	}
}

// PackedTerms calls f with the number of each term of a packed document, ascending,
// and whether the term is a word of it or the end of one.
func PackedTerms(doc string, f func(number uint32, ends bool)) {
	p := packed(doc)
	p.skipPlaces()
	next := uint32(0)
	for range p.number() {
		v := p.number()
		n := next + v>>1
		f(n, v&1 != 0)
		next = n + 1
	}
}

// Repack appends to dst a packed document for another dictionary, in which the
// term that had the number i has the number renumbered[i].
func Repack(dst []byte, doc string, renumbered []uint32) []byte {
	p := packed(doc)
	p.skipPlaces()
	dst = append(dst, doc[:len(doc)-len(p)]...)
	terms := p.number()
	dst = appendNumber(dst, terms)
	old, next := uint32(0), uint32(0)
	for range terms {
		v := p.number()
		n := old + v>>1
		old = n + 1
		dst = appendNumber(dst, (renumbered[n]-next)<<1|v&1)
		next = renumbered[n] + 1
	}
	return append(dst, p...)
}

// Wanted are the terms that a query looks for, as one dictionary numbers them.
type Wanted struct {
	numbers []uint32 // ascending, of those the dictionary has
	terms   []Term   // of numbers
}

// Wanted finds the query's terms in a dictionary.
func (q Query) Wanted(x Dictionary) Wanted {
	var w Wanted
	want := func(terms []Term) {
		for _, t := range terms {
			if n, ok := x.Number(t); ok {
				w.numbers = append(w.numbers, n)
			}
		}
	}
	plan := q.Plan()
	for _, conditions := range [][][]Way{plan.Required, plan.Excluded} {
		for _, ways := range conditions {
			for _, way := range ways {
				want(way.Terms)
			}
		}
	}
	for i := range plan.bonds {
		want(plan.bonds[i].modifiers)
		want(plan.bonds[i].occupation)
	}
	slices.Sort(w.numbers)
	w.numbers = slices.Compact(w.numbers)
	for _, n := range w.numbers {
		w.terms = append(w.terms, x[n])
	}
	return w
}

// Plan is what lists of the documents that have a term can tell of a query: it holds
// only where one way of each of Required holds, and, if there are no bonds, wherever
// that is so and no way of Excluded holds.
type Plan struct {
	Required, Excluded [][]Way
	bonds              []bond
}

// Bound tells that more than the ways decides.
func (p *Plan) Bound() bool { return len(p.bonds) > 0 }

// Way is one way in which a condition may hold: only where all Terms occur, and, if
// Sure, wherever they end a word.
type Way struct {
	Terms []Term
	Sure  bool
}

// Plan says what the query needs. The caller must not change the terms.
func (q Query) Plan() Plan {
	if q.c == nil {
		return Plan{}
	}
	return Plan{Required: waysOf(q.c.required), Excluded: waysOf(q.c.excluded), bonds: q.c.bonds}
}

func waysOf(groups []group) [][]Way {
	out := make([][]Way, len(groups))
	for i := range groups {
		for _, u := range groups[i].units {
			for _, alt := range u.all() {
				out[i] = append(out[i], Way{alt.terms, alt.mode == single && !alt.title && alt.unless == 0})
			}
		}
	}
	return out
}

// Unpacked is room for one document at a time.
type Unpacked struct{ d Document }

// Read makes a document of a packed one for the query that w was made of and for no
// other: terms that it does not look for are left out. What it returns is valid
// until the next Read, and must not be given to Explain.
func (u *Unpacked) Read(doc string, w *Wanted) *Document {
	d := &u.d
	for _, t := range d.terms { // of the document before
		d.filter[t>>6%filterWords] = 0
	}
	*d = Document{filter: d.filter, places: d.places[:0], terms: d.terms[:0], starts: d.starts[:0], occurrences: d.occurrences[:0], summary: d.summary[:0]}
	if len(w.numbers) == 0 {
		return d
	}
	p := packed(doc)
	u.readPlaces(&p)
	u.readTerms(p, w)
	return d
}

// ReadAll makes a document of a packed one for any query; x must be the dictionary
// that it was packed with. What it returns is as Read's.
func (u *Unpacked) ReadAll(doc string, x Dictionary) *Document {
	d := &u.d
	clear(d.filter[:])
	*d = Document{filter: d.filter, places: d.places[:0], terms: d.terms[:0], starts: d.starts[:0], occurrences: d.occurrences[:0], summary: d.summary[:0]}
	p := packed(doc)
	u.readPlaces(&p)
	occurrences, next := p, uint32(0)
	count := occurrences.number()
	p = occurrences
	occurrences.skip(count)
	for range count {
		n := next + p.number()>>1
		next = n + 1
		u.readTerm(&occurrences, x[n])
	}
	d.starts = append(d.starts, uint32(len(d.occurrences)))
	return d
}

func (u *Unpacked) readPlaces(p *packed) {
	d := &u.d
	d.company = Beside((*p)[0])
	*p = (*p)[1:]
	title := p.number()
	d.title = string((*p)[:title])
	*p = (*p)[title:]
	all := p.number()
	d.titlePlaces = p.number()
	start := uint32(0)
	for range d.titlePlaces {
		start += p.number()
		d.places = append(d.places, place{start, start + p.number(), 0})
	}
	d.places = slices.Grow(d.places, int(all-d.titlePlaces))
	body := d.places[d.titlePlaces:all]
	at := uint32(0)
	for sentence := uint32(1); ; sentence++ {
		n := p.number()
		if n == 0 {
			break
		}
		for range n {
			body[at] = place{at, at, sentence} // a word of its own
			at++
		}
	}
	for at := uint32(0); ; {
		n := p.number()
		if n == 0 {
			break
		}
		at += n
		body[at].start, body[at].end = body[at-1].start, body[at-1].end
	}
	d.places = d.places[:all]
}

// readTerms reads those of w that the document has, and then their occurrences.
func (u *Unpacked) readTerms(p packed, w *Wanted) {
	d := &u.d
	count := p.number()
	occurrences := p
	occurrences.skip(count)
	n, at, ordinal := uint32(0), uint32(0), uint32(0) // of the next term; of the next term whose occurrences are not passed
	for i := 0; i < len(w.numbers) && ordinal < count; {
		n += p.number() >> 1
		for i < len(w.numbers) && w.numbers[i] < n {
			i++
		}
		if i < len(w.numbers) && w.numbers[i] == n {
			occurrences.skipTerms(ordinal - at)
			at = ordinal + 1
			u.readTerm(&occurrences, w.terms[i])
			i++
		}
		n++
		ordinal++
	}
	d.starts = append(d.starts, uint32(len(d.occurrences)))
}

// skipTerms passes the occurrences of n terms.
func (p *packed) skipTerms(n uint32) {
	b := *p
	i := 0
	for ; n > 0; i++ {
		first := b[i]
		for b[i] >= 0x80 {
			i++
		}
		n -= uint32(^first & 1) // no more of this term
	}
	*p = b[i:]
}

func (u *Unpacked) readTerm(p *packed, t Term) {
	d := &u.d
	d.terms = append(d.terms, t)
	d.filter[t>>6%filterWords] |= 1 << (t % 64)
	d.starts = append(d.starts, uint32(len(d.occurrences)))
	o, summary := uint32(0), uint8(0)
	for {
		v := p.number()
		o += v >> 1
		d.occurrences = append(d.occurrences, o)
		summary |= d.summarise(o)
		if v&1 == 0 {
			break
		}
	}
	d.summary = append(d.summary, summary)
}

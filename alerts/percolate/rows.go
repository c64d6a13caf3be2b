package percolate

import (
	"math/bits"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// Neighbours in a query may also be met as a row: written as one word, by the
// synonym of both. Hardly any row is in any posting, and there are as many rows
// as pairs of words that people type, so a row is kept as the numbers of its
// units and the hashes of its terms, and made anew when one of these turns up.

// rowTable leads from a posting's terms to rows, and from a row to the records
// of which it may stand for some conditions.
type rowTable struct {
	filter  []uint64
	shift   uint8    // of a hash, to its bucket
	buckets []uint32 // where each begins in low and rows; one more
	low     []uint16 // the hash without the bucket
	rows    []uint32

	memberStarts, members []uint32 // by row: the units it stands for
	listStarts, lists     []uint32 // by row: records, ascending
}

// rowHash is what is kept of a term. Two terms with one cost a look.
func rowHash(t text.Term) uint32 { return uint32(t >> 32) }

type rowTerm struct{ hash, row uint32 }

type rowFiling struct{ row, draft uint32 }

// rowBuilder gathers rows.
type rowBuilder struct {
	pairs   map[uint64]uint32
	longer  map[string]uint32
	starts  []uint32
	members []uint32
	fresh   []uint32 // rows of which the terms have not been found yet
	terms   []rowTerm
	filings []rowFiling
}

func newRowBuilder() rowBuilder {
	return rowBuilder{pairs: map[uint64]uint32{}, longer: map[string]uint32{}}
}

// file notes that the row of these units may stand for them in a draft.
func (b *rowBuilder) file(units []uint32, draft uint32) {
	n, known := b.row(units)
	if !known {
		b.fresh = append(roomFor(b.fresh, 1), n)
	}
	b.filings = append(roomFor(b.filings, 1), rowFiling{n, draft})
}

// row is the number of the row of these units.
func (b *rowBuilder) row(units []uint32) (n uint32, known bool) {
	next := uint32(len(b.starts))
	if len(units) == 2 {
		k := uint64(units[0])<<32 | uint64(units[1])
		if n, known = b.pairs[k]; known {
			return n, true
		}
		b.pairs[k] = next
	} else {
		var k []byte
		for _, u := range units {
			k = appendUint64(k, uint64(u))
		}
		if n, known = b.longer[string(k)]; known {
			return n, true
		}
		b.longer[string(k)] = next
	}
	b.starts = append(b.starts, uint32(len(b.members)))
	b.members = append(b.members, units...)
	return next, false
}

// units are those that a row stands for.
func (b *rowBuilder) units(row int) []uint32 {
	if row+1 == len(b.starts) {
		return b.members[b.starts[row]:]
	}
	return b.members[b.starts[row]:b.starts[row+1]]
}

// termsOf appends the terms under which rows are looked up: the rarest of each way in
// which one may hold.
func (b *rowBuilder) termsOf(dst []rowTerm, rows []uint32, units []unit, df *Frequencies, p *pace) []rowTerm {
	var words []*text.Unit
	for _, row := range rows {
		p.spend(aRow)
		words = words[:0]
		for _, u := range b.units(int(row)) {
			words = append(words, units[u].text)
		}
		for terms := range text.RowTerms(words...) {
			dst = append(dst, rowTerm{rowHash(rarest(terms, df)), row})
		}
	}
	return dst
}

// table lays the rows out; at is where each draft's first record is.
func (b *rowBuilder) table(at []uint32, p *pace) rowTable {
	n := len(b.starts)
	t := rowTable{memberStarts: append(b.starts, uint32(len(b.members))), members: b.members}
	t.lists = make([]uint32, len(b.filings))
	starts := make([]uint32, n+2) // of a row one further than it ends up, until its list is filled
	for _, f := range b.filings {
		starts[f.row+2]++
	}
	for r := range n {
		starts[r+2] += starts[r+1]
	}
	for _, f := range b.filings {
		p.spend(aStep)
		t.lists[starts[f.row+1]] = at[f.draft]
		starts[f.row+1]++
	}
	t.listStarts = starts[:n+1]
	for r := range n {
		p.spend(aStep)
		slices.Sort(t.list(uint32(r)))
	}
	t.lookUp(b.terms, p)
	return t
}

// lookUp makes the way from hashes to rows.
func (t *rowTable) lookUp(terms []rowTerm, p *pace) {
	width := max(16, bits.Len(uint(len(terms)))-1) // so that low has room for the rest
	t.shift = uint8(32 - width)
	t.filter = newFilter(len(terms))
	t.low, t.rows = make([]uint16, len(terms)), make([]uint32, len(terms))
	buckets := make([]uint32, 1<<width+2) // as starts in table
	for _, e := range terms {
		buckets[e.hash>>t.shift+2]++
	}
	for i := range 1 << width {
		buckets[i+2] += buckets[i+1]
	}
	for _, e := range terms {
		p.spend(aStep)
		next := &buckets[e.hash>>t.shift+1]
		t.low[*next], t.rows[*next] = uint16(e.hash), e.row
		*next++
		setFilter(t.filter, uint64(e.hash))
	}
	t.buckets = buckets[:1<<width+1]
}

// terms gives back what lookUp was given.
func (t *rowTable) terms() []rowTerm {
	out := make([]rowTerm, 0, len(t.rows))
	for bucket := range len(t.buckets) - 1 {
		for i := t.buckets[bucket]; i < t.buckets[bucket+1]; i++ {
			high := uint32(bucket) << t.shift
			out = append(out, rowTerm{high | uint32(t.low[i])&(1<<t.shift-1), t.rows[i]})
		}
	}
	return out
}

func (t *rowTable) list(row uint32) []uint32 { return t.lists[t.listStarts[row]:t.listStarts[row+1]] }

func (t *rowTable) units(row uint32) []uint32 {
	return t.members[t.memberStarts[row]:t.memberStarts[row+1]]
}

// met appends the rows that hold for d.
func (x *base) met(dst []uint32, d *alerts.Document) []uint32 {
	t := &x.rows
	if len(t.rows) == 0 {
		return dst
	}
	var words []*text.Unit
	for _, term := range d.Text.Terms() {
		h := rowHash(term)
		if inFilter(t.filter, uint64(h)) == 0 {
			continue
		}
		bucket := h >> t.shift
		for i := t.buckets[bucket]; i < t.buckets[bucket+1]; i++ {
			row := t.rows[i]
			if t.low[i] != uint16(h) || slices.Contains(dst, row) {
				continue
			}
			words = words[:0]
			for _, u := range t.units(row) {
				words = append(words, x.units[u].text)
			}
			if text.RowOf(words...).Holds(d.Text) {
				dst = append(dst, row)
			}
		}
	}
	return dst
}

package percolate

import (
	"cmp"
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

// rowKey tells rows apart while a base is built: by two units, or, for a row of more,
// by longRow and its number.
type rowKey struct{ left, right uint32 }

const longRow = 1 << 31 // a row's units are words, whose numbers are below it

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(cmp.Compare(k.left, o.left), cmp.Compare(k.right, o.right))
}

func (k *rowKey) rename(to []uint32) {
	if k.left&longRow == 0 {
		k.left, k.right = to[k.left], to[k.right]
	}
}

// rowFiling is a draft for which a row may stand.
type rowFiling struct {
	rowKey
	draft uint32
}

// knownTerm is a term of a row that another base has looked for.
type knownTerm struct {
	rowKey
	hash uint32
}

// rowBuilder gathers rows.
type rowBuilder struct {
	longer  map[string]uint32 // numbers of long rows, by their units
	members [][]uint32        // by number: the units
	filings []rowFiling
	known   []knownTerm

	starts []uint32 // by row, once they are numbered: its first filing; one more
}

func newRowBuilder() rowBuilder { return rowBuilder{longer: map[string]uint32{}} }

// file notes that the row of these units may stand for them in a draft.
func (b *rowBuilder) file(units []uint32, draft uint32) {
	b.filings = append(roomFor(b.filings, 1), rowFiling{b.key(units), draft})
}

// key is the key of the row of these units.
func (b *rowBuilder) key(units []uint32) rowKey {
	if len(units) == 2 {
		return rowKey{units[0], units[1]}
	}
	var k []byte
	for _, u := range units {
		k = appendUint64(k, uint64(u))
	}
	n, ok := b.longer[string(k)]
	if !ok {
		n = uint32(len(b.members))
		b.longer[string(k)], b.members = n, append(b.members, slices.Clone(units))
	}
	return rowKey{left: longRow | n}
}

// size is how many units a row stands for.
func (b *rowBuilder) size(k rowKey) int {
	if k.left&longRow != 0 {
		return len(b.members[k.left&^longRow])
	}
	return 2
}

// appendUnits appends those that a row stands for.
func (b *rowBuilder) appendUnits(dst []uint32, k rowKey) []uint32 {
	if k.left&longRow != 0 {
		return append(dst, b.members[k.left&^longRow]...)
	}
	return append(dst, k.left, k.right)
}

// numberRows sorts the filings of rows and numbers these.
func (b *builder) numberRows() {
	units := uint32(len(b.dictionary.units))
	pieces := slices.Collect(slices.Chunk(b.rows.filings, len(b.rows.filings)/b.cores+1))
	all, starts := scatter(b, pieces, int(units)+1, func(f *rowFiling) uint32 { return min(f.left, units) })
	b.partsBy(starts, func(_, from, to int, p *pace) {
		for left := from; left < to; left++ {
			slices.SortFunc(all[starts[left]:starts[left+1]], func(x, y rowFiling) int {
				p.spend(aStep)
				return cmp.Or(x.compare(y.rowKey), cmp.Compare(x.draft, y.draft))
			})
		}
	})
	rows, begins := 0, func(i int) bool { return i == 0 || all[i].rowKey != all[i-1].rowKey }
	for i := range all {
		b.spend(aStep)
		if begins(i) {
			rows++
		}
	}
	b.rows.filings, b.rows.starts = all, make([]uint32, 0, rows+1)
	for i := range all {
		b.spend(aStep)
		if begins(i) {
			b.rows.starts = append(b.rows.starts, uint32(i))
		}
	}
	b.rows.starts = append(b.rows.starts, uint32(len(all)))
}

// rowTerms are the terms under which rows are looked up, in some lists: the rarest of
// each way in which one may hold.
func (b *builder) rowTerms() [][]rowTerm {
	slices.SortFunc(b.rows.known, func(x, y knownTerm) int {
		b.spend(aStep)
		return cmp.Or(x.compare(y.rowKey), cmp.Compare(x.hash, y.hash))
	})
	known := b.rows.known
	terms, fresh := make([]rowTerm, 0, len(known)), make([]uint32, 0, len(b.rows.starts))
	for row := range uint32(len(b.rows.starts) - 1) {
		b.spend(aStep)
		key, before := b.rows.filings[b.rows.starts[row]].rowKey, len(terms)
		for ; len(known) > 0 && known[0].compare(key) <= 0; known = known[1:] {
			b.spend(aStep)
			t := rowTerm{known[0].hash, row}
			if known[0].rowKey == key && (len(terms) == before || terms[len(terms)-1] != t) { // two bases may know it
				terms = append(terms, t)
			}
		}
		if len(terms) == before {
			fresh = append(fresh, row)
		}
	}
	found := make([][]rowTerm, b.cores)
	b.parts(len(fresh), func(part, from, to int, p *pace) { found[part] = b.lookForTerms(fresh[from:to], p) })
	return append(found, terms)
}

func (b *builder) lookForTerms(rows []uint32, p *pace) []rowTerm {
	var out []rowTerm
	var units []uint32
	var words []*text.Unit
	for _, row := range rows {
		p.spend(aRow)
		first := len(out)
		units, words = b.rows.appendUnits(units[:0], b.rows.filings[b.rows.starts[row]].rowKey), words[:0]
		for _, u := range units {
			words = append(words, b.dictionary.units[u].text)
		}
		for terms := range text.RowTerms(words...) {
			if t := (rowTerm{rowHash(rarest(terms, b.df)), row}); !slices.Contains(out[first:], t) {
				out = append(roomFor(out, 1), t)
			}
		}
	}
	return out
}

// rowTable lays the rows out, but for their lists.
func (b *builder) rowTable(terms [][]rowTerm, p *pace) rowTable {
	r := &b.rows
	n := len(r.starts) - 1
	t := rowTable{memberStarts: make([]uint32, n+1), listStarts: r.starts}
	key := func(row int) rowKey { return r.filings[r.starts[row]].rowKey }
	for row := range n {
		p.spend(aStep)
		t.memberStarts[row+1] = t.memberStarts[row] + uint32(r.size(key(row)))
	}
	t.members = make([]uint32, 0, t.memberStarts[n])
	for row := range n {
		p.spend(aStep)
		t.members = r.appendUnits(t.members, key(row))
	}
	t.lookUp(terms, p)
	return t
}

// listRows makes the rows' lists; at is where each draft's first record is.
func (b *builder) listRows(t *rowTable, at []uint32) {
	t.lists = make([]uint32, len(b.rows.filings))
	b.parts(len(t.listStarts)-1, func(_, from, to int, p *pace) {
		for row := from; row < to; row++ {
			for i := t.listStarts[row]; i < t.listStarts[row+1]; i++ {
				p.spend(aStep)
				t.lists[i] = at[b.rows.filings[i].draft]
			}
			slices.Sort(t.list(uint32(row)))
		}
	})
}

// lookUp makes the way from hashes to rows.
func (t *rowTable) lookUp(terms [][]rowTerm, p *pace) {
	n := 0
	for _, list := range terms {
		n += len(list)
	}
	width := max(16, bits.Len(uint(n))-1) // so that low has room for the rest
	t.shift = uint8(32 - width)
	t.filter = newFilter(n)
	t.low, t.rows = make([]uint16, n), make([]uint32, n)
	buckets := make([]uint32, 1<<width+2) // of each, one further than it ends up, until it is filled
	for _, list := range terms {
		for _, e := range list {
			p.spend(aStep)
			buckets[e.hash>>t.shift+2]++
		}
	}
	for i := range 1 << width {
		buckets[i+2] += buckets[i+1]
	}
	for _, list := range terms {
		for _, e := range list {
			p.spend(aStep)
			next := &buckets[e.hash>>t.shift+1]
			t.low[*next], t.rows[*next] = uint16(e.hash), e.row
			*next++
			setFilter(t.filter, uint64(e.hash))
		}
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

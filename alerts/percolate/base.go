package percolate

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// base is the part of an index that does not change but for tombstones. The
// entries of one key are contiguous.
type base struct {
	keys   []key    // open addressing, a power of two; 0 is an empty slot
	starts []uint32 // by slot of keys: its entries are entries[starts:ends]
	ends   []uint32

	entries  []entry
	ids      []uint32           // by record
	criteria []*alerts.Criteria // by record
	dead     []atomic.Uint32    // a bit a record; set once the death is in deaths
	deaths   sync.Map           // record to the instant at which it died
	place    placement          // of a subscription's record
}

// placement finds a subscription's record: an array where numbers are dense, as
// they are, and a map where they are not. Record numbers are stored plus one.
type placement struct {
	dense  []uint32
	sparse map[uint32]uint32
}

func newPlacement(ids []uint32) placement {
	highest := uint32(0)
	for _, id := range ids {
		highest = max(highest, id)
	}
	if int64(highest) > 8*int64(len(ids))+1024 {
		p := placement{sparse: make(map[uint32]uint32, len(ids))}
		for r, id := range ids {
			p.sparse[id] = uint32(r) + 1
		}
		return p
	}
	p := placement{dense: make([]uint32, highest+1)}
	for r, id := range ids {
		p.dense[id] = uint32(r) + 1
	}
	return p
}

func (p *placement) record(id uint32) (uint32, bool) {
	r := uint32(0)
	if p.sparse != nil {
		r = p.sparse[id]
	} else if int64(id) < int64(len(p.dense)) {
		r = p.dense[id]
	}
	return r - 1, r != 0
}

// subscription is one to be built in.
type subscription struct {
	id uint32
	c  *alerts.Criteria
}

// checkEvery is how many subscriptions are built in between two looks at the
// context.
const checkEvery = 1 << 12

// buildBase files subs, each id at most once.
func buildBase(ctx context.Context, subs []subscription, df *Frequencies) (*base, error) {
	b := &base{
		ids: make([]uint32, len(subs)), criteria: make([]*alerts.Criteria, len(subs)), dead: make([]atomic.Uint32, (len(subs)+31)/32),
	}
	filed := make([]uint32, 0, len(subs)+len(subs)/4) // number of the key of each entry, in order of records
	entries := make([]entry, 0, cap(filed))
	numbers := make(map[key]uint32) // of keys, in order of appearance
	var counts []uint32
	var m maker
	for r, s := range subs {
		if r%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.ids[r], b.criteria[r] = s.id, s.c
		e := m.make(s.c, df)
		e.record = uint32(r)
		for _, k := range m.keys {
			n, ok := numbers[k]
			if !ok {
				n = uint32(len(counts))
				numbers[k] = n
				counts = append(counts, 0)
			}
			counts[n]++
			filed, entries = append(filed, n), append(entries, e)
		}
	}
	b.place = newPlacement(b.ids)
	b.lay(numbers, counts, filed, entries)
	return b, nil
}

// lay moves the entries to their keys and makes the table of keys.
func (b *base) lay(numbers map[key]uint32, counts, filed []uint32, entries []entry) {
	at := make([]uint32, len(counts))
	sum := uint32(0)
	for n, c := range counts {
		at[n] = sum
		sum += c
	}
	b.entries = make([]entry, len(entries))
	for i, n := range filed {
		b.entries[at[n]] = entries[i]
		at[n]++
	}
	size := 16
	for size < 2*len(numbers) {
		size *= 2
	}
	b.keys, b.starts, b.ends = make([]key, size), make([]uint32, size), make([]uint32, size)
	for k, n := range numbers {
		i := b.slot(k)
		b.keys[i], b.starts[i], b.ends[i] = nonZero(k), at[n]-counts[n], at[n]
	}
}

// nonZero keeps the mark of an empty slot free; the key 1 may have to share.
func nonZero(k key) key { return max(k, 1) }

// slot is where k is, or the empty slot where it would be.
func (b *base) slot(k key) int {
	k = nonZero(k)
	mask := len(b.keys) - 1
	i := int(k) & mask
	for b.keys[i] != 0 && b.keys[i] != k {
		i = (i + 1) & mask
	}
	return i
}

// percolate appends the ids that match and were alive at the instant, each once:
// seen has the records that another key has led to already.
func (b *base) percolate(dst []uint32, at instant, keys []key, p *probe, d *alerts.Document, seen *marks) []uint32 {
	if len(b.entries) == 0 {
		return dst
	}
	seen.reset(len(b.ids))
	for _, k := range keys {
		i := b.slot(k)
		for n, end := b.starts[i], b.ends[i]; n < end; n++ {
			e := &b.entries[n]
			if p.admits(e) && seen.first(e.record) && b.criteria[e.record].Matches(d) && b.alive(e.record, at) {
				dst = append(dst, b.ids[e.record])
			}
		}
	}
	return dst
}

// marks is a set of records that costs what was put in, not what could be.
type marks struct {
	bits    []uint64
	touched []uint32 // words of bits that are not zero
}

// reset empties the set and makes room for records below n.
func (m *marks) reset(n int) {
	for _, w := range m.touched {
		m.bits[w] = 0
	}
	m.touched = m.touched[:0]
	if words := (n + 63) / 64; len(m.bits) < words {
		m.bits = make([]uint64, words)
	}
}

// first puts r in and reports whether it was not in before.
func (m *marks) first(r uint32) bool {
	word, bit := r>>6, uint64(1)<<(r&63)
	had := m.bits[word]
	if had == 0 {
		m.touched = append(m.touched, word)
	}
	m.bits[word] = had | bit
	return had&bit == 0
}

func (b *base) alive(r uint32, at instant) bool {
	if b.dead[r>>5].Load()&(1<<(r&31)) == 0 {
		return true
	}
	died, _ := b.deaths.Load(r)
	return died.(instant) > at
}

// kill ends the record of id at an instant and reports whether there was a live one.
func (b *base) kill(id uint32, at instant) bool {
	r, ok := b.place.record(id)
	if !ok || b.dead[r>>5].Load()&(1<<(r&31)) != 0 {
		return false
	}
	b.deaths.Store(r, at)
	b.dead[r>>5].Or(1 << (r & 31))
	return true
}

// maker makes the entry of one subscription after the other.
type maker struct {
	filing
	terms []text.Term
}

// make works out the keys (m.keys, valid until the next call) and the entry.
func (m *maker) make(c *alerts.Criteria, df *Frequencies) entry {
	m.file(c, df)
	m.terms = m.further(m.terms[:0], df)
	var words [2]uint16
	for i := range min(len(m.terms), len(words)) {
		words[i] = filterBit(uint64(m.terms[i]))
	}
	return makeEntry(c, words)
}

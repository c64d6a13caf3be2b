package percolate

import (
	"math"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// builder makes a base. Criteria that are added become compact at once and are
// not kept.
type builder struct {
	df *Frequencies
	pace
	cores int // on how many it may lay out
	dictionary
	places
	numbered map[string]uint32 // sets of places, by what tells them apart
	costs    []uint64          // by unit, once renumbered
	drafts   []record          // extra is where the lists begin
	lists    extras            // in the form of extras, one after the other
	inert    []uint32          // numbers of those that can match nothing
	rows     rowBuilder

	peeked int // so that what is read ahead counts as read

	conditions []text.Condition // scratch
	units      []*text.Unit
	numbers    []uint32
	required   []uint32
	excluded   []uint32
	groups     [][]uint32
}

func newBuilder(df *Frequencies) *builder {
	return &builder{df: df, cores: 1, dictionary: *newDictionary(), numbered: map[string]uint32{}, rows: newRowBuilder()}
}

// expect makes room for about so many subscriptions: what grows is copied, into
// memory that nobody has used yet.
func (b *builder) expect(about int) {
	const wordsEach, rowEvery = 4, 2 // in lists and in rows, on average and a little more
	b.drafts, b.lists = make([]record, 0, about), make(extras, 0, wordsEach*about)
	b.rows.filings = make([]rowFiling, 0, about/rowEvery)
}

// add takes in a subscription; each id at most once.
func (b *builder) add(id uint32, c *alerts.Criteria) {
	b.spend(aCriterion)
	if !c.Prepared() {
		b.inert = append(b.inert, id)
		return
	}
	r := record{id: id, extra: uint32(len(b.lists))}
	wish := r.plain(c)
	b.where(&r, c)
	b.required, b.excluded, b.groups = b.required[:0], b.excluded[:0], b.groups[:0]
	b.query(c.Parsed())
	b.names(c)
	b.write(b.required, b.excluded, b.groups, wish)
	b.drafts = append(roomFor(b.drafts, 1), r)
}

// roomFor makes room for n more by doubling it. Growing by a quarter, as append does,
// copies a million records four times, into fresh memory each time.
func roomFor[S ~[]E, E any](s S, n int) S {
	if len(s)+n > cap(s) {
		return slices.Grow(s, max(n, len(s)))
	}
	return s
}

// write appends lists.
func (b *builder) write(required, excluded []uint32, groups [][]uint32, wish foreign) {
	size := 1 + len(required) + len(excluded) + foreignSize
	for _, g := range groups {
		size += 1 + len(g)
	}
	b.lists = append(roomFor(b.lists, size), countsOf(len(required), len(excluded), len(groups), wish.currency != 0))
	b.lists = append(append(b.lists, required...), excluded...)
	for _, g := range groups {
		b.lists = append(append(b.lists, uint32(len(g))), g...)
	}
	b.lists = wish.appendTo(b.lists)
}

// query takes a query's units apart: those that must hold, groups of
// alternatives, what must not hold, and the rows that may stand for neighbours.
func (b *builder) query(q text.Query) {
	b.conditions = q.Conditions(b.conditions[:0])
	b.numbers = b.numbers[:0] // of each condition, 0 for a group
	for _, c := range b.conditions {
		if len(c.Units) > 1 {
			group := make([]uint32, len(c.Units))
			for i, u := range c.Units {
				group[i] = b.ofText(u)
			}
			b.groups, b.numbers = append(b.groups, group), append(b.numbers, 0)
			continue
		}
		n := b.ofText(c.Units[0])
		if slices.Contains(b.required, n) {
			n = b.again(c.Units[0])
		}
		b.required, b.numbers = append(b.required, n), append(b.numbers, n)
	}
	b.rowsOf(uint32(len(b.drafts)))
	b.units = q.Bonds(b.units[:0])
	for _, u := range b.units {
		b.required = append(b.required, b.ofText(u))
	}
	b.units = q.Excluded(b.units[:0])
	for _, u := range b.units {
		b.excluded = append(b.excluded, b.ofText(u))
	}
}

// rowsOf files the draft under every row of its query: a row is in the lists of
// all conditions that it stands for.
func (b *builder) rowsOf(draft uint32) {
	for i := range b.conditions {
		for _, row := range b.conditions[i].Rows {
			if i > 0 && slices.Contains(b.conditions[i-1].Rows, row) {
				continue
			}
			to := i + 1
			for to < len(b.conditions) && slices.Contains(b.conditions[to].Rows, row) {
				to++
			}
			b.rows.file(b.numbers[i:to], draft)
		}
	}
}

func (b *builder) names(c *alerts.Criteria) {
	if names := c.EmployerKeys(); len(names) > 0 {
		b.required = append(b.required, b.ofNames(ofEmployer, names))
	}
	if len(c.Languages) > 0 {
		b.required = append(b.required, b.ofNames(ofLanguage, sorted(c.Languages)))
	}
	if len(c.Sources) > 0 {
		b.required = append(b.required, b.ofNames(ofSource, sorted(c.Sources)))
	}
	if names := c.NotEmployerKeys(); len(names) > 0 {
		b.excluded = append(b.excluded, b.ofNames(ofEmployer, names))
	}
}

func sorted(names []string) []string {
	if slices.IsSorted(names) {
		return names
	}
	return slices.Sorted(slices.Values(names))
}

// where makes the record's place: one circle, or a set of alternatives.
func (b *builder) where(r *record, c *alerts.Criteria) {
	if !c.HasPlace() {
		return
	}
	if len(c.Places) == 1 && len(c.States)+len(c.Countries) == 0 {
		p := &c.Places[0]
		lat, okLat := fixed(*p.Lat)
		lon, okLon := fixed(*p.Lon)
		if okLat && okLon {
			if circle, ok := b.circleFor(p.Radius()); ok {
				r.lat, r.lon, r.traits = lat, lon, r.traits.withCircle(circle)
				return
			}
		}
	}
	r.lat, r.traits = int32(b.setOf(c.Where())), r.traits.withCircle(inSet)
}

// setOf is the number of a set of places.
func (b *builder) setOf(w alerts.Where) uint32 {
	k := whereKey(w)
	n, ok := b.numbered[k]
	if !ok {
		n = uint32(len(b.places.sets))
		b.numbered[k] = n
		b.places.sets = append(b.places.sets, w)
	}
	return n
}

// whereKey tells sets apart.
func whereKey(w alerts.Where) string {
	var k []byte
	for i := range w.Places {
		p := &w.Places[i]
		for _, v := range [...]float64{*p.Lat, *p.Lon, p.Radius()} {
			k = appendUint64(k, math.Float64bits(v))
		}
	}
	for _, s := range w.States {
		k = append(append(k, 0), s...)
	}
	for _, s := range w.Countries {
		k = append(append(k, 1), s...)
	}
	return string(k)
}

func appendUint64(k []byte, v uint64) []byte {
	for range 8 {
		k = append(k, byte(v))
		v >>= 8
	}
	return k
}

package percolate

import (
	"cmp"
	"context"
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
	dictionary
	places
	numbered map[string]uint32 // sets of places, by what tells them apart
	costs    []uint64          // by unit, once renumbered
	drafts   []record          // third and extra not set; extra is where the lists begin
	lists    extras            // in the form of extras, one after the other
	inert    []uint32          // numbers of those that can match nothing
	rows     rowBuilder

	conditions []text.Condition // scratch
	units      []*text.Unit
	numbers    []uint32
	required   []uint32
	excluded   []uint32
	groups     [][]uint32
}

func newBuilder(df *Frequencies) *builder {
	return &builder{df: df, dictionary: *newDictionary(), numbered: map[string]uint32{}, rows: newRowBuilder()}
}

// expect makes room for about so many subscriptions: what grows is copied, into
// memory that nobody has used yet.
func (b *builder) expect(about int) {
	const wordsEach = 4 // in lists, on average and a little more
	b.drafts, b.lists = make([]record, 0, about), make(extras, 0, wordsEach*about)
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
			b.spend(aRow)
			b.rows.file(b.numbers[i:to], row, b.df, draft)
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
				r.lat, r.lon, r.circle = lat, lon, circle
				r.flags |= inCircle
				return
			}
		}
	}
	b.set(r, c.Where())
}

func (b *builder) set(r *record, w alerts.Where) {
	k := whereKey(w)
	n, ok := b.numbered[k]
	if !ok {
		n = uint32(len(b.places.sets))
		b.numbered[k] = n
		b.places.sets = append(b.places.sets, w)
	}
	r.lat = int32(n)
	r.flags |= inSet
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

// filed is one filing on its way into the base.
type filed struct {
	anchor uint32
	second uint32
	draft  uint32
	lat    int32
	circle uint8 // 0: no circle; else one more than its number
	loose  bool
	copy   bool
}

// checkEvery is how many subscriptions are laid out between two looks at the
// context.
const checkEvery = 1 << 12

// build lays everything out. The builder is used up.
func (b *builder) build(ctx context.Context) (*base, error) {
	b.renumber()
	filings := make([]filed, 0, len(b.drafts)+len(b.drafts)/8) // some are filed more than once
	for i := range b.drafts {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.spend(aRecord)
		filings = b.file(filings, uint32(i))
	}
	filings, starts := b.byAnchor(filings, len(b.dictionary.units))
	groups := 0
	for i := range filings {
		if i == 0 || filings[i].anchor != filings[i-1].anchor || filings[i].second != filings[i-1].second {
			groups++
		}
	}
	x := &base{
		units: b.dictionary.units, lazies: b.lazies, finder: newFinder(b.dictionary.units, b.df, &b.pace), places: b.places,
		anchors: make([]uint32, len(starts)), records: make([]record, 0, len(filings)),
		groups: make([]group, 0, groups+1), extras: make(extras, 0, len(b.lists)),
	}
	at := make([]uint32, len(b.drafts)) // where each draft's first record is
	for a := range starts {
		if a%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		x.anchors[a] = uint32(len(x.groups))
		if a+1 < len(starts) {
			b.lay(x, filings[starts[a]:starts[a+1]], at)
		}
	}
	x.groups = append(x.groups, group{first: uint32(len(x.records))})
	x.extras = b.trimmed(x.extras)
	x.rows = b.rows.table(at, &b.pace)
	x.inert = b.inert
	x.count, x.held = len(b.drafts)+len(b.inert), b.held()
	x.dead = newIDSet(b.highest())
	return x, nil
}

// renumber numbers units by rarity, those that nothing is filed under last.
func (b *builder) renumber() {
	units := b.dictionary.units
	type ranked struct {
		cost uint64
		unit uint32
	}
	order := make([]ranked, 0, len(units))
	for n := range units[1:] {
		u := &units[n+1]
		cost := uint64(0)
		switch {
		case u.weak():
			cost = math.MaxUint64
		case u.text != nil:
			cost = costOf(u.text, b.df)
		}
		order = append(order, ranked{cost, uint32(n + 1)})
	}
	slices.SortFunc(order, func(x, y ranked) int {
		b.spend(aStep)
		return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.unit, y.unit))
	})
	sorted, to := make([]unit, 1, len(units)), make([]uint32, len(units))
	b.costs = make([]uint64, 1, len(units))
	for _, o := range order {
		to[o.unit] = uint32(len(sorted))
		sorted, b.costs = append(sorted, units[o.unit]), append(b.costs, o.cost)
	}
	b.dictionary.units = sorted
	rename := func(list []uint32) {
		for i, n := range list {
			if n&lazyUnit == 0 {
				list[i] = to[n]
			}
		}
	}
	for i := range b.drafts {
		b.spend(aStep)
		x := b.lists[b.drafts[i].extra:]
		rename(x.required())
		rename(x.excluded())
		n, rest := x.groups()
		for range n {
			var group extras
			group, rest = rest.next()
			rename(group)
		}
	}
	rename(b.rows.members)
}

// file appends the filings of a draft: under its rarest required unit, or under
// every alternative of a group that is rarer, or under what else it needs.
func (b *builder) file(filings []filed, draft uint32) []filed {
	r := &b.drafts[draft]
	f := filed{draft: draft}
	if r.flags&inCircle != 0 {
		f.circle, f.lat = r.circle+1, r.lat
	}
	x := b.lists[r.extra:]
	anchor, second := least2(x.required())
	if anchor != 0 && b.costs[anchor] == math.MaxUint64 { // weak: it may still tell groups apart
		anchor, second = 0, anchor
	}
	best := uint64(math.MaxUint64)
	if anchor != 0 {
		best = b.costs[anchor]
	}
	var under extras
	n, rest := x.groups()
	for range n {
		var group extras
		group, rest = rest.next()
		cost := uint64(0)
		for _, u := range group {
			cost += b.costs[u]
		}
		if 2*cost < best { // copies cost room
			best, under = cost, group
		}
	}
	switch {
	case under != nil:
		if anchor != 0 {
			second = anchor
		}
		return fileUnder(filings, f, under, second)
	case anchor != 0:
		f.anchor, f.second = anchor, second
		return append(filings, f)
	}
	b.numbers = b.fallback(b.numbers[:0], r, x)
	return fileUnder(filings, f, b.numbers, second)
}

func fileUnder(filings []filed, f filed, anchors []uint32, second uint32) []filed {
	f.loose, f.second = true, second
	for _, a := range anchors {
		f.anchor = a
		filings = append(filings, f)
		f.copy = true
	}
	return filings
}

// least2 returns the two least numbers that are not lazy, 0 where there is none.
func least2(list []uint32) (first, second uint32) {
	for _, n := range list {
		switch {
		case n&lazyUnit != 0 || n == first || n == second:
		case first == 0 || n < first:
			first, second = n, first
		case second == 0 || n < second:
			second = n
		}
	}
	return first, second
}

// fallback appends what a subscription without words or employers is filed
// under: remote work, the cells, states and countries it asks for, its sources,
// or what every posting has.
func (b *builder) fallback(anchors []uint32, r *record, x extras) []uint32 {
	add := func(k key) {
		if n := b.ofKey(k); !slices.Contains(anchors, n) {
			anchors = append(anchors, n)
		}
	}
	switch {
	case r.flags&onlyRemote != 0:
		add(remoteKey)
	case r.flags&inCircle != 0:
		cells, ok := appendCells(nil, boxOf(exact(r.lat), exact(r.lon), b.circles[r.circle].km))
		if !ok {
			return []uint32{b.ofKey(allKey)}
		}
		for _, k := range cells {
			add(k)
		}
	case r.flags&inSet != 0:
		if !placeKeys(b.places.sets[r.lat], add) {
			return []uint32{b.ofKey(allKey)}
		}
	default:
		for _, n := range x.required() {
			if n&lazyUnit == 0 && b.dictionary.units[n].kind == ofSource {
				return append(anchors, n)
			}
		}
		add(allKey)
	}
	if r.flags&(inCircle|inSet) != 0 && r.flags&(onlyRemote|notRemote) == 0 {
		add(remoteKey)
	}
	return anchors
}

// byAnchor sorts filings by anchor and within by group, radius and latitude, and
// returns where each of n anchors begins, and the end.
func (b *builder) byAnchor(filings []filed, n int) ([]filed, []uint32) {
	starts := make([]uint32, n+1)
	for i := range filings {
		starts[filings[i].anchor+1]++
	}
	for a := range n {
		starts[a+1] += starts[a]
	}
	out, next := make([]filed, len(filings)), slices.Clone(starts)
	for i := range filings {
		b.spend(aStep)
		a := filings[i].anchor
		out[next[a]] = filings[i]
		next[a]++
	}
	for a := range n {
		slices.SortFunc(out[starts[a]:starts[a+1]], func(x, y filed) int {
			b.spend(aStep)
			switch {
			case x.second != y.second:
				return cmp.Compare(x.second, y.second)
			case x.circle != y.circle:
				return int(x.circle) - int(y.circle)
			case x.lat != y.lat:
				return cmp.Compare(x.lat, y.lat)
			}
			return cmp.Compare(x.draft, y.draft)
		})
	}
	return out, starts
}

// lay appends the groups, records and extras of one anchor.
func (b *builder) lay(x *base, filings []filed, at []uint32) {
	for i := range filings {
		b.spend(aRecord)
		f := &filings[i]
		if i == 0 || f.second != filings[i-1].second {
			x.groups = append(x.groups, group{f.second, uint32(len(x.records))})
		}
		r := b.drafts[f.draft]
		lists := b.lists[r.extra:]
		b.required, r.third = b.required[:0], 0
		for _, n := range lists.required() {
			if !f.loose && n == f.anchor || n == f.second {
				continue
			}
			if n&lazyUnit == 0 && (r.third == 0 || n < r.third) {
				n, r.third = r.third, n
			}
			if n != 0 && n != r.third && !slices.Contains(b.required, n) {
				b.required = append(b.required, n)
			}
		}
		r.extra = 0
		if len(b.required) > 0 || lists[0]>>8 != 0 {
			r.flags |= hasExtras
			r.extra = uint32(len(x.extras))
			rest := lists[1+len(lists.required()) : lists.size()]
			x.extras = append(x.extras, lists[0]&^0xff|uint32(len(b.required)))
			x.extras = append(append(x.extras, b.required...), rest...)
		}
		if f.loose {
			r.flags |= looseAnchor
		}
		if f.copy {
			r.flags |= isCopy
		} else {
			at[f.draft] = uint32(len(x.records))
		}
		x.records = append(x.records, r)
	}
}

// trimmed copies x without the room that is left, a little at a time: nothing can take
// the processor from a long copy.
func (b *builder) trimmed(x extras) extras {
	const atOnce = 1 << 14
	out := make(extras, len(x))
	for from := 0; from < len(x); from += atOnce {
		b.spend(paceEvery / 10)
		copy(out[from:], x[from:min(len(x), from+atOnce)])
	}
	return out
}

func (b *builder) highest() uint32 {
	highest := uint32(0)
	for i := range b.drafts {
		highest = max(highest, b.drafts[i].id)
	}
	for _, id := range b.inert {
		highest = max(highest, id)
	}
	return highest
}

// held are the numbers of all subscriptions in the base.
func (b *builder) held() idSet {
	s := newIDSet(b.highest())
	for i := range b.drafts {
		s.put(b.drafts[i].id)
	}
	for _, id := range b.inert {
		s.put(id)
	}
	return s
}

package percolate

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// build lays everything out. The builder is used up.
func (b *builder) build(ctx context.Context) (*base, error) {
	b.renumber()
	filings := b.fileAll(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err // filings may lack some, and records below
	}
	b.numberRows()
	terms := b.rowTerms()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x := &base{units: b.dictionary.units, lazies: b.lazies, places: b.places, rings: b.places.rings(), inert: b.inert, count: len(b.drafts) + len(b.inert)}
	b.beside(
		func(p *pace) { x.finder = newFinder(x.units, b.df, p) },
		func(p *pace) {
			x.held, x.dead = b.held(), newIDSet(b.highest())
			x.rows = b.rowTable(terms, p)
		},
	)
	at := make([]uint32, len(b.drafts)) // where each draft's first record is
	b.lay(ctx, x, b.byAnchor(filings, len(b.dictionary.units)), at)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.listRows(&x.rows, at)
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
	b.parts(len(b.drafts), func(_, from, end int, p *pace) {
		for i := from; i < end; i++ {
			p.spend(aStep)
			b.lists[b.drafts[i].extra:].eachUnits(rename)
		}
	})
	b.parts(len(b.rows.filings), func(_, from, end int, p *pace) {
		for i := from; i < end; i++ {
			p.spend(aStep)
			b.rows.filings[i].rename(to)
		}
	})
	for i := range b.rows.known {
		b.spend(aStep)
		b.rows.known[i].rename(to)
	}
	for _, members := range b.rows.members {
		rename(members)
	}
}

// sortedFilings are filings by anchor, and within by group, radius and latitude.
type sortedFilings struct {
	all    []filed
	starts []uint32 // by anchor: its first filing; one more
	groups []uint32 // by anchor: its first group; one more
}

// byAnchor sorts lists of filings under n anchors.
func (b *builder) byAnchor(lists [][]filed, n int) sortedFilings {
	s := sortedFilings{groups: make([]uint32, n+1)}
	s.all, s.starts = scatter(b, lists, n, func(f *filed) uint32 { return f.anchor })
	b.partsBy(s.starts, func(_, from, to int, p *pace) {
		for a := from; a < to; a++ {
			s.groups[a+1] = sortAnchor(s.all[s.starts[a]:s.starts[a+1]], p)
		}
	})
	for a := range n {
		s.groups[a+1] += s.groups[a]
	}
	return s
}

// sortAnchor sorts the filings of one anchor and returns how many groups they are.
func sortAnchor(filings []filed, p *pace) (groups uint32) {
	slices.SortFunc(filings, func(x, y filed) int {
		p.spend(aStep)
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
	for i := range filings {
		if i == 0 || filings[i].second != filings[i-1].second {
			groups++
		}
	}
	return groups
}

// lay makes the records, groups and extras, and sets at: where each draft's first
// record is.
func (b *builder) lay(ctx context.Context, x *base, s sortedFilings, at []uint32) {
	x.anchors = s.groups
	x.records, x.groups = make([]record, len(s.all)), make([]group, s.groups[len(s.groups)-1]+1)
	x.groups[len(x.groups)-1].first = uint32(len(s.all))
	layers := make([]layer, b.cores)
	b.partsBy(s.starts, func(part, from, to int, p *pace) {
		l := &layers[part]
		*l = layer{b: b, x: x, at: at, first: s.starts[from], extras: make(extras, 0, len(b.lists)/b.cores)}
		for a := from; a < to && (a%64 != 0 || ctx.Err() == nil); a++ {
			l.anchor(s.all[s.starts[a]:s.starts[a+1]], s.groups[a], p)
		}
	})
	x.collectExtras(layers, &b.pace)
}

// layer lays out the filings of some anchors, one after the other.
type layer struct {
	b       *builder
	x       *base
	at      []uint32
	first   uint32 // record
	records uint32 // how many are laid out
	extras  extras // of these
	peeked  uint32 // so that what is read ahead counts as read

	required []uint32 // scratch
}

// anchor lays out the filings of one anchor, whose first group has this number.
func (l *layer) anchor(filings []filed, groupNumber uint32, p *pace) {
	for i := range filings {
		if i%peekAtOnce == 0 {
			l.peek(filings[i:min(i+peekAtOnce, len(filings))])
		}
		p.spend(aRecord)
		f, number := &filings[i], l.first+l.records
		if i == 0 || f.second != filings[i-1].second {
			l.x.groups[groupNumber] = group{f.second, number}
			groupNumber++
		}
		r := l.b.drafts[f.draft]
		lists := l.b.lists[r.extra:]
		l.required = l.required[:0]
		for _, n := range lists.required() {
			if (f.loose || n != f.anchor) && n != f.second && !slices.Contains(l.required, n) {
				l.required = append(l.required, n)
			}
		}
		r.extra = 0
		l.leave(&r, f, lists)
		if f.loose {
			r.traits |= looseAnchor
		}
		if f.copy {
			r.traits |= isCopy
		} else {
			l.at[f.draft] = number
		}
		l.x.records[number] = r
		l.records++
	}
}

// peek reads ahead what the drafts of some filings are and list.
func (l *layer) peek(some []filed) {
	read := uint32(0)
	for i := range some {
		read += l.b.drafts[some[i].draft].extra
	}
	for i := range some {
		read += l.b.lists[l.b.drafts[some[i].draft].extra]
	}
	l.peeked += read
}

// leave gives a record what of the lists neither its fields nor l.required say. A group
// that has the anchor in it holds wherever the record is read, but for a row's sake and
// for a merge: both read the first record of a subscription.
func (l *layer) leave(r *record, f *filed, lists extras) {
	groups, rest := lists.groups()
	open := groups
	for range groups {
		var group extras
		if group, rest = rest.next(); slices.Contains(group, f.anchor) {
			open--
		}
	}
	_, wishes := lists.foreign()
	excluded := lists.excluded()
	more := open > 0 || wishes
	if units := len(l.required) + len(excluded); !more && (groups == 0 || f.copy) {
		switch {
		case units == 0:
			return
		case units == 1 && len(excluded) == 1:
			r.traits |= excludesOne
			r.extra = excluded[0]
			return
		case units == 1 && l.required[0]&lazyUnit == 0:
			r.traits |= asksUnit
			r.extra = l.required[0]
			return
		}
	}
	r.traits |= hasExtras
	if more || len(l.required)+len(excluded) > 0 {
		r.traits |= asksExtras
	}
	r.extra = uint32(len(l.extras))
	l.extras = append(l.extras, lists[0]&^0xff|uint32(len(l.required)))
	l.extras = append(append(l.extras, l.required...), lists[1+len(lists.required()):lists.size()]...)
}

// collectExtras puts the layers' extras one after the other, a little at a time:
// nothing can take the processor from a long copy.
func (x *base) collectExtras(layers []layer, p *pace) {
	const atOnce = 1 << 14
	size := 0
	for i := range layers {
		size += len(layers[i].extras)
	}
	x.extras = make(extras, 0, size)
	for i := range layers {
		l := &layers[i]
		if before := uint32(len(x.extras)); before > 0 {
			for n := l.first; n < l.first+l.records; n++ {
				if x.records[n].traits&hasExtras != 0 {
					x.records[n].extra += before
				}
			}
		}
		for part := range slices.Chunk(l.extras, atOnce) {
			p.spend(paceEvery / 10)
			x.extras = append(x.extras, part...)
		}
	}
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

package percolate

import "context"

// Merge builds a new base from the bases, the overlays and the tombstones, filing
// by the frequencies learnt meanwhile, and puts it in place. It blocks while it
// builds; Put, Remove and Percolate go on beside it. When ctx ends it returns
// its error and leaves the index as complete as it was.
func (x *Index) Merge(ctx context.Context) error {
	x.oneMerge.Lock()
	defer x.oneMerge.Unlock()
	// What waits costs each posting while it waits, and a merge is long.
	if s := x.Stats(); s.Unfolded < s.Base {
		if err := x.anew(ctx, recent); err != nil {
			return err
		}
	}
	return x.anew(ctx, every)
}

// Fold is a Merge of what changed since the last one alone. It takes as long as
// that is much.
func (x *Index) Fold(ctx context.Context) error {
	x.oneMerge.Lock()
	defer x.oneMerge.Unlock()
	return x.anew(ctx, recent)
}

// anew builds one base in place of the bases from the given one on, and overlays.
func (x *Index) anew(ctx context.Context, from int) error {
	frozen, take := x.freeze(from)
	b, err := take().build(ctx)
	x.thaw(frozen, from, b)
	return err
}

// fewDeaths is how many may be carried over while Put has to wait.
const fewDeaths = 64

// thaw ends a merge: it carries over what died meanwhile and puts the new base in
// place of the frozen layers. A nil base leaves them.
func (x *Index) thaw(frozen *layers, from int, b *base) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for b != nil && len(x.killed) > fewDeaths {
		killed := x.killed
		x.killed = nil
		x.mu.Unlock()
		b.killAll(killed)
		x.mu.Lock()
	}
	x.merging = false
	killed := x.killed
	x.killed = nil
	if b == nil {
		return
	}
	b.killAll(killed)
	bases := [2]*base{frozen.bases[0], {}}
	bases[from] = b
	x.layers.Store(&layers{bases: bases, overlays: x.layers.Load().overlays[len(frozen.overlays):]})
}

func (x *base) killAll(deaths []death) {
	for _, d := range deaths {
		x.kill(d.id, d.at)
	}
}

// freeze begins a new overlay and returns the layers before it, with a function
// that takes in the subscriptions that stood in the bases from the given one on
// and in the overlays. Who died meanwhile need not be taken in.
func (x *Index) freeze(from int) (frozen *layers, take func() *builder) {
	next := newOverlay(firstChains)
	x.mu.Lock()
	defer x.mu.Unlock()
	frozen = x.layers.Load()
	at := instant(x.now.Load())
	overlays := append(frozen.overlays[:len(frozen.overlays):len(frozen.overlays)], next)
	x.layers.Store(&layers{bases: frozen.bases, overlays: overlays})
	x.merging = true
	return frozen, func() *builder {
		n := newBuilder(x.df)
		n.reserve(frozen.bases[from:])
		for _, b := range frozen.bases[from:] {
			n.carry(b)
		}
		for _, o := range frozen.overlays {
			for c := range o.standing(at) {
				n.add(c.id, c.c)
			}
		}
		return n
	}
}

// reserve makes room for what bases hold. Nothing can take the processor from append
// while it copies megabytes, or clears them; from make it can.
func (b *builder) reserve(bases []*base) {
	var records, lists, filings, terms int
	for _, x := range bases {
		records += len(x.records)
		lists += len(x.extras) + 4*len(x.records) // counts, anchor, second, and one more
		filings += len(x.rows.lists)
		terms += len(x.rows.rows)
	}
	b.drafts, b.lists = make([]record, 0, records), make(extras, 0, lists)
	b.rows.filings, b.rows.known = make([]rowFiling, 0, filings), make([]knownTerm, 0, terms)
}

// carry takes in what stands in another base, from its records.
func (b *builder) carry(x *base) {
	c := carrier{newRenumbering(b, x.units, x.lazies, &x.places), x}
	drafts := make([]uint32, len(x.records)) // one more than the number
	for a := range x.units {
		for g := x.anchors[a]; g < x.anchors[a+1]; g++ {
			for n := x.groups[g].first; n < x.groups[g+1].first; n++ {
				b.spend(aRecord)
				if r := &x.records[n]; r.traits&isCopy == 0 && !x.dead.has(r.id) {
					c.record(r, uint32(a), x.groups[g].second)
					drafts[n] = uint32(len(b.drafts))
				}
			}
		}
	}
	c.rows(drafts)
	for _, id := range x.inert {
		if !x.dead.has(id) {
			b.inert = append(b.inert, id)
		}
	}
}

// carrier takes records of one base into the builder of another.
type carrier struct {
	*renumbering
	x *base
}

func (c *carrier) record(old *record, anchor, second uint32) {
	b := c.b
	r := *old
	r.extra, r.traits = uint32(len(b.lists)), r.traits&^(hasExtras|asks|looseAnchor)
	c.relocate(&r)
	b.required, b.excluded, b.groups = b.required[:0], b.excluded[:0], b.groups[:0]
	if old.traits&looseAnchor == 0 {
		b.required = append(b.required, c.unit(anchor))
	}
	if second != 0 {
		b.required = append(b.required, c.unit(second))
	}
	var wish foreign
	switch {
	case old.traits&excludesOne != 0:
		b.excluded = append(b.excluded, c.unit(old.extra))
	case old.traits&asksUnit != 0:
		b.required = append(b.required, c.unit(old.extra))
	case old.traits&hasExtras != 0:
		e := c.x.extras[old.extra:]
		for _, u := range e.required() {
			b.required = append(b.required, c.unit(u))
		}
		for _, u := range e.excluded() {
			b.excluded = append(b.excluded, c.unit(u))
		}
		n, rest := e.groups()
		for range n {
			var theirs extras
			theirs, rest = rest.next()
			group := make([]uint32, len(theirs))
			for i, u := range theirs {
				group[i] = c.unit(u)
			}
			b.groups = append(b.groups, group)
		}
		wish, _ = e.foreign()
	}
	b.write(b.required, b.excluded, b.groups, wish)
	b.drafts = append(b.drafts, r)
}

// rows takes over the rows of records that were taken over, and what is known of them:
// a row without a term can never hold.
func (c *carrier) rows(drafts []uint32) {
	t, b := &c.x.rows, &c.b.rows
	keys, kept := make([]rowKey, max(len(t.listStarts)-1, 0)), make([]bool, max(len(t.listStarts)-1, 0))
	terms, holds := t.terms(), make([]bool, len(keys))
	for _, e := range terms {
		holds[e.row] = true
	}
	var units []uint32
	for row := range keys {
		if !holds[row] {
			continue
		}
		for _, record := range t.list(uint32(row)) {
			c.b.spend(aRecord)
			if drafts[record] == 0 {
				continue
			}
			if !kept[row] {
				units = append(units[:0], t.units(uint32(row))...)
				c.rename(units)
				keys[row], kept[row] = b.key(units), true
			}
			b.filings = append(b.filings, rowFiling{keys[row], drafts[record] - 1})
		}
	}
	for _, e := range terms {
		if kept[e.row] {
			b.known = append(b.known, knownTerm{keys[e.row], e.hash})
		}
	}
}

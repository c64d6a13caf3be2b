package percolate

import (
	"context"
)

// Merge builds a new base from the base, the overlays and the tombstones, filing
// by the frequencies learnt meanwhile, and puts it in place. It blocks while it
// builds; Put, Remove and Percolate go on beside it. When ctx ends it returns
// its error and leaves the index as complete as it was.
func (x *Index) Merge(ctx context.Context) error {
	x.oneMerge.Lock()
	defer x.oneMerge.Unlock()
	frozen, subs := x.freeze()
	b, err := buildBase(ctx, subs(), x.df)
	x.thaw(frozen, b)
	return err
}

// thaw ends a merge: it carries over what died meanwhile and puts the new base in
// place of the frozen layers. A nil base leaves them.
func (x *Index) thaw(frozen *layers, b *base) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.merging = false
	killed := x.killed
	x.killed = nil
	if b == nil {
		return
	}
	for _, d := range killed {
		b.kill(d.id, d.at)
	}
	l := x.layers.Load()
	x.layers.Store(&layers{base: b, overlays: l.overlays[len(frozen.overlays):]})
}

// freeze begins a new overlay and returns the layers before it, with a function
// that lists the subscriptions that stood in them.
func (x *Index) freeze() (frozen *layers, subs func() []subscription) {
	x.mu.Lock()
	defer x.mu.Unlock()
	frozen = x.layers.Load()
	at := instant(x.now.Load())
	dead := make([]uint32, len(frozen.base.dead))
	for i := range dead {
		dead[i] = frozen.base.dead[i].Load()
	}
	overlays := append(frozen.overlays[:len(frozen.overlays):len(frozen.overlays)], newOverlay())
	x.layers.Store(&layers{base: frozen.base, overlays: overlays})
	x.merging = true
	return frozen, func() []subscription { return frozen.standing(dead, at) }
}

// standing lists the subscriptions that stood at an instant, of which dead is
// the base's bitmap.
func (l *layers) standing(dead []uint32, at instant) []subscription {
	subs := make([]subscription, 0, len(l.base.ids))
	for r, id := range l.base.ids {
		if dead[r>>5]&(1<<(r&31)) == 0 {
			subs = append(subs, subscription{id, l.base.criteria[r]})
		}
	}
	for _, o := range l.overlays {
		chains := *o.table.Load()
		seen := make(map[*record]bool)
		for i := range chains {
			for link := chains[i].Load(); link != nil; link = link.next {
				if r := link.record; r.alive(at) && !seen[r] {
					seen[r] = true
					subs = append(subs, subscription{r.id, r.c})
				}
			}
		}
	}
	return subs
}

package digest

import "github.com/jobalertd/jobalertd/alerts"

// Sketch is what near-duplicates are told by, made once a posting.
type Sketch any

// Twins tells near-duplicates: one job that several sources publish (implemented
// by cmd over alerts/cluster).
type Twins interface {
	Sketch(p *alerts.Posting) Sketch
	// Groups gives the groups of two or more that are one job, by index; apart
	// forbids pairs.
	Groups(sketches []Sketch, apart func(i, j int) bool) [][]int
}

// fold puts near-duplicates among items, which are sorted best first, behind the
// best of each group: it is shown, the others are named with it. Nothing is
// folded that she said are two jobs.
func (d *built) fold(t Twins, apart separated) {
	if t == nil || len(d.items) < 2 {
		return
	}
	sketches := make([]Sketch, len(d.items))
	for i := range d.items {
		sketches[i] = d.items[i].doc.sketched(t)
	}
	var forbid func(i, j int) bool
	if len(apart) > 0 {
		forbid = func(i, j int) bool { return apart[pairOf(d.items[i].doc.Number, d.items[j].doc.Number)] }
	}
	groups := t.Groups(sketches, forbid)
	if len(groups) == 0 {
		return
	}
	folded := make([]bool, len(d.items))
	for _, g := range groups {
		best := &d.items[g[0]] // members ascend, and the items are best first
		for _, i := range g[1:] {
			best.takeIn(&d.items[i])
			folded[i] = true
		}
	}
	kept := d.items[:0]
	for i := range d.items {
		if !folded[i] {
			kept = append(kept, d.items[i])
		}
	}
	d.items = kept
}

// takeIn makes o a twin of it, with the alerts that wanted o.
func (it *item) takeIn(o *item) {
	it.twins = append(it.twins, o.doc)
	it.waited = it.waited || o.waited
	for _, a := range append([]*alert{o.alert}, o.also...) {
		it.meet(a)
	}
}

package percolate

import (
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// filing is where one subscription is filed: under each of its keys once, every
// posting that it matches having one of them at least.
type filing struct {
	keys   []key
	groups []text.Group
	chosen []text.Term // the anchors, when filed under terms
}

// file works out the keys for c; f is reused between calls.
func (f *filing) file(c *alerts.Criteria, df *Frequencies) {
	f.keys, f.chosen, f.groups = f.keys[:0], f.chosen[:0], nil
	q := c.Parsed()
	if !q.IsZero() {
		f.groups = q.Required()
		if f.byTerm(df) {
			return
		}
	}
	f.withoutQuery(c)
}

// byTerm files under the group that the fewest postings can meet: each of its
// alternatives under its rarest term.
func (f *filing) byTerm(df *Frequencies) bool {
	best, bestCost := -1, uint64(0)
	for i, g := range f.groups {
		cost, ok := groupCost(g, df)
		if ok && (best < 0 || cost < bestCost) {
			best, bestCost = i, cost
		}
	}
	if best < 0 {
		return false
	}
	for _, a := range f.groups[best].Alternatives {
		t := rarest(a.Terms, df)
		if !slices.Contains(f.chosen, t) {
			f.chosen = append(f.chosen, t)
			f.keys = append(f.keys, termKey(t))
		}
	}
	return true
}

// groupCost is about how many postings meet one alternative of g by its rarest
// term; ok is false for a group that cannot be filed under.
func groupCost(g text.Group, df *Frequencies) (cost uint64, ok bool) {
	for _, a := range g.Alternatives {
		if len(a.Terms) == 0 {
			return 0, false
		}
		cost += uint64(df.Of(rarest(a.Terms, df))) + 1
	}
	return cost, len(g.Alternatives) > 0
}

func rarest(terms []text.Term, df *Frequencies) text.Term {
	best := terms[0]
	for _, t := range terms[1:] {
		if df.Of(t) < df.Of(best) {
			best = t
		}
	}
	return best
}

// withoutQuery files by what else must hold, the most telling first.
func (f *filing) withoutQuery(c *alerts.Criteria) {
	switch {
	case len(c.EmployerKeys()) > 0:
		for _, e := range c.EmployerKeys() {
			f.add(wordKey(ofEmployer, e))
		}
	case c.RemoteRule() == alerts.RemoteOnly:
		f.add(remoteKey)
	case c.HasPlace():
		f.byPlace(c)
	case len(c.Sources) > 0:
		for _, s := range c.Sources {
			f.add(wordKey(ofSource, s))
		}
	default:
		f.add(allKey)
	}
}

// byPlace files under the cells, states and countries asked for, and under
// remote work, which passes any place.
func (f *filing) byPlace(c *alerts.Criteria) {
	for i := range c.Places {
		cells, ok := appendCells(nil, boxAround(&c.Places[i]))
		if !ok {
			f.keys = append(f.keys[:0], allKey)
			return
		}
		for _, k := range cells {
			f.add(k)
		}
	}
	for _, s := range c.States {
		f.add(wordKey(ofState, s))
	}
	for _, s := range c.Countries {
		f.add(wordKey(ofCountry, s))
	}
	if c.RemoteRule() != alerts.RemoteExclude {
		f.add(remoteKey)
	}
}

func (f *filing) add(k key) {
	if !slices.Contains(f.keys, k) {
		f.keys = append(f.keys, k)
	}
}

// further appends terms that every match has besides its anchor: those of the
// groups that leave no choice, rarest first.
func (f *filing) further(dst []text.Term, df *Frequencies) []text.Term {
	for _, g := range f.groups {
		if len(g.Alternatives) != 1 {
			continue
		}
		for _, t := range g.Alternatives[0].Terms {
			if !slices.Contains(f.chosen, t) && !slices.Contains(dst, t) {
				dst = append(dst, t)
			}
		}
	}
	slices.SortStableFunc(dst, func(a, b text.Term) int { return int(int64(df.Of(a)) - int64(df.Of(b))) })
	return dst
}

package percolate

import (
	"math"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// filing is where one change is filed in an overlay: under each of its keys once,
// every posting that it matches having one of them at least.
type filing struct {
	keys       []key
	conditions []text.Condition
	peeked     int // so that what is read ahead counts as read
}

// file works out the keys for c; f is reused between calls.
func (f *filing) file(c *alerts.Criteria, df *Frequencies) {
	f.keys = f.keys[:0]
	for depth := range text.PeekDepth + 1 { // criteria that were not read just now lie far away
		f.peeked += c.Peek(depth)
	}
	if f.conditions = c.Parsed().Conditions(f.conditions[:0]); f.byTerm(df) {
		return
	}
	f.withoutQuery(c)
}

// byTerm files under the condition that the fewest postings can meet: each of
// its alternatives under its rarest term. The rows that may stand for a condition
// hold more seldom than anything, so they do not count.
func (f *filing) byTerm(df *Frequencies) bool {
	best, bestCost := -1, uint64(math.MaxUint64)
	for i := range f.conditions {
		cost := uint64(0)
		for _, u := range f.conditions[i].Units {
			cost += costOf(u, df) + 1
		}
		if cost < bestCost {
			best, bestCost = i, cost
		}
	}
	if best < 0 {
		return false
	}
	for _, units := range [...][]*text.Unit{f.conditions[best].Units, f.conditions[best].Rows} {
		for _, u := range units {
			for terms := range u.EachTerms() {
				f.add(termKey(rarest(terms, df)))
			}
		}
	}
	return true
}

// costOf is about how many postings a unit holds for, of those learnt from.
func costOf(u *text.Unit, df *Frequencies) uint64 {
	cost := uint64(0)
	for i := range u.Alternatives() {
		cost += uint64(df.Of(rarest(u.Terms(i), df)))
	}
	return cost
}

// rarest2 returns which term is the rarest, and which of the others, if there are any.
func rarest2(terms []text.Term, df *Frequencies) (first, second int) {
	for i, t := range terms {
		if df.Of(t) < df.Of(terms[first]) {
			first = i
		}
	}
	second = first
	for i, t := range terms {
		if t != terms[first] && (second == first || df.Of(t) < df.Of(terms[second])) {
			second = i
		}
	}
	return first, second
}

func rarest(terms []text.Term, df *Frequencies) text.Term {
	best := terms[0]
	if len(terms) == 1 {
		return best
	}
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
	if !placeKeys(c.Where(), f.add) {
		f.keys = append(f.keys[:0], allKey)
		return
	}
	if c.RemoteRule() != alerts.RemoteExclude {
		f.add(remoteKey)
	}
}

// placeKeys gives the keys of which a posting in one of the places has one; false
// if these are too many.
func placeKeys(w alerts.Where, add func(key)) bool {
	for i := range w.Places {
		cells, ok := appendCells(nil, boxAround(&w.Places[i]))
		if !ok {
			return false
		}
		for _, k := range cells {
			add(k)
		}
	}
	for _, s := range w.States {
		add(wordKey(ofState, s))
	}
	for _, s := range w.Countries {
		add(wordKey(ofCountry, s))
	}
	return true
}

func (f *filing) add(k key) {
	if !slices.Contains(f.keys, k) {
		f.keys = append(f.keys, k)
	}
}

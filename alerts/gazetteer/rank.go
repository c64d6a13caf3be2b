package gazetteer

import (
	"cmp"
	"slices"
)

// The weights by which namesakes are ordered. They only decide between places
// of one name, so what matters is their order of size: a German town before a
// Swiss village, Paris before a hamlet called Paris, Munster in Lower Saxony
// before Münster for someone who writes "Munster".
const (
	unknownPopulation = 300
	quarterWeight     = 0.3
	abroadWeight      = 0.1
	neighbourWeight   = 0.8
)

func (g *Gazetteer) weight(c candidate) float64 {
	r := &g.records[c.record]
	w := float64(r.population)
	if w == 0 {
		w = unknownPopulation
		if r.quarter {
			w = quarterPopulation
		}
	}
	if r.quarter {
		w *= quarterWeight
	}
	switch r.country {
	case "DE":
	case "AT", "CH", "LI", "LU":
		w *= neighbourWeight
	default:
		w *= abroadWeight
	}
	switch c.tier {
	case byAlias:
		w *= 0.9
	case byBase:
		w *= 0.6
	}
	return w
}

// rank sorts candidates best first and leaves one of each record: names before
// names without umlauts before halves of names, then by weight.
func (g *Gazetteer) rank(cs []candidate) []candidate {
	group := func(t tier) int { return int(max(t, byBase)) }
	slices.SortStableFunc(cs, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(group(a.tier), group(b.tier)), cmp.Compare(g.weight(b), g.weight(a)), cmp.Compare(a.record, b.record))
	})
	seen := make(map[int32]bool, len(cs))
	return slices.DeleteFunc(cs, func(c candidate) bool {
		twice := seen[c.record]
		seen[c.record] = true
		return twice
	})
}

// leads reports whether the first of the ranked candidates stands out so far
// that a qualifier nobody knows need not settle the choice.
func (g *Gazetteer) leads(cs []candidate) bool {
	if len(cs) == 1 {
		return true
	}
	return len(cs) > 1 && g.weight(cs[0]) >= 10*g.weight(cs[1])
}

package alerts

import "github.com/jobalertd/jobalertd/alerts/gazetteer"

// Named is a place by a name that finds it before its namesakes, and its state.
type Named struct{ Name, State string }

// namesakeShare is how many inhabitants a place must have at least, as a share of
// those of the one that its name finds first, to be worth asking whether it was
// meant.
const namesakeShare = 0.03

// Namesakes are the place that a name is taken for and, by population, at most
// limit others that may be meant by it. ok is false for what names no town.
func (m *Meaning) Namesakes(name string, limit int) (taken Named, others []Named, ok bool) {
	found := m.Places.Lookup(name)
	if len(found) == 0 || found[0].Kind != gazetteer.KindPlace {
		return Named{}, nil, false
	}
	for i := range found[1:] {
		p := &found[1+i]
		if p.Kind != gazetteer.KindPlace || float64(p.Population) < namesakeShare*float64(found[0].Population) {
			continue
		}
		if other, ok := m.named(p); ok && len(others) < limit {
			others = append(others, other)
		}
	}
	return Named{found[0].Name, found[0].State}, others, true
}

// Misspelt are the places, at most limit, that a name nobody knows may be a slip of.
func (m *Meaning) Misspelt(name string, limit int) []Named {
	var places []Named
	for _, p := range m.Places.Misspelt(name, limit) {
		if one, ok := m.named(&p); ok {
			places = append(places, one)
		}
	}
	return places
}

func (m *Meaning) named(p *gazetteer.Place) (Named, bool) {
	for _, name := range []string{p.Name, p.Name + ", " + p.State} {
		if found := m.Places.Lookup(name); len(found) > 0 && found[0].Lat == p.Lat && found[0].Lon == p.Lon {
			return Named{name, p.State}, true
		}
	}
	return Named{}, false
}

package text

// Weigher is Query.Weigh for very many queries of one document after another. A unit
// that several of them share is decided once a document, and what is looked at for a
// query lies together: of the query nothing else is held. The zero Weigher is ready.
type Weigher struct {
	d       *Document
	nth     uint32 // how many'th document
	numbers map[*Unit]uint32
	units   []*Unit
	decided []decided // by number of the unit
	bits    []bit     // of a term of each way of each unit that was asked for
	queries []uint32  // where in groups a query begins
	groups  []uint32  // of each query: how many groups; of each group: how many units, and their numbers
}

// decided is how a unit was found in the nth document; of another it says nothing.
type decided struct {
	nth      uint32
	found    found
	from, to uint32 // in bits; 0 and 0 until it is asked for
}

// found is how a unit was found in a document.
type found uint8

const (
	foundSomewhere found = 1 << iota
	foundInTitle
	foundIndirectly
)

// Take returns the number under which Weigh knows q.
func (w *Weigher) Take(q Query) uint32 {
	n := uint32(len(w.queries))
	w.queries = append(w.queries, uint32(len(w.groups)))
	if q.c == nil {
		w.groups = append(w.groups, 0)
		return n
	}
	w.groups = append(w.groups, uint32(len(q.c.required)))
	for i := range q.c.required {
		units := q.c.required[i].units
		w.groups = append(w.groups, uint32(len(units)))
		for _, u := range units {
			w.groups = append(w.groups, w.number(u))
		}
	}
	return n
}

func (w *Weigher) number(u *Unit) uint32 {
	n, known := w.numbers[u]
	if !known {
		if w.numbers == nil {
			w.numbers = map[*Unit]uint32{}
		}
		n = uint32(len(w.units))
		w.numbers[u], w.units, w.decided = n, append(w.units, u), append(w.decided, decided{})
	}
	return n
}

// Drop forgets the queries.
func (w *Weigher) Drop() {
	clear(w.numbers)
	clear(w.units)
	w.units, w.decided, w.queries, w.groups, w.bits, w.nth = w.units[:0], w.decided[:0], w.queries[:0], w.groups[:0], w.bits[:0], 0
}

// Next takes up a document, which must stay as it is until the next.
func (w *Weigher) Next(d *Document) {
	w.d = d
	w.nth++
}

// Weigh is Query.Weigh of the document for the query taken under a number.
func (w *Weigher) Weigh(query uint32) (inText, indirect int) {
	rest := w.groups[w.queries[query]:]
	groups := rest[0]
	rest = rest[1:]
	for range groups {
		n := rest[0]
		f := w.group(rest[1 : 1+n])
		rest = rest[1+n:]
		if f&foundInTitle == 0 {
			inText++
		}
		if f&foundIndirectly != 0 {
			indirect++
		}
	}
	return inText, indirect
}

// group is what group.best comes to.
func (w *Weigher) group(units []uint32) found {
	var first found
	for _, n := range units {
		x := &w.decided[n]
		if x.nth != w.nth {
			w.decide(x, n)
		}
		if x.found&foundInTitle != 0 {
			return x.found
		}
		if first == 0 {
			first = x.found
		}
	}
	return first
}

// decide finds unit n in the document. Most are not in it, which is seen by bits that
// lie close together, since a way holds with all of its terms alone.
func (w *Weigher) decide(x *decided, n uint32) {
	if x.to == 0 {
		x.from = uint32(len(w.bits))
		for _, alt := range w.units[n].all() {
			w.bits = append(w.bits, bitOf(alt.terms[0]))
		}
		x.to = uint32(len(w.bits))
	}
	x.nth, x.found = w.nth, 0
	for _, b := range w.bits[x.from:x.to] {
		if w.d.may(b) {
			x.found = w.units[n].found(w.d)
			return
		}
	}
}

func (u *Unit) found(d *Document) found {
	alt, inTitle := u.best(d)
	if alt == nil {
		return 0
	}
	f := foundSomewhere
	if inTitle {
		f |= foundInTitle
	}
	if alt.rule.Indirect() {
		f |= foundIndirectly
	}
	return f
}

package digest

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
)

// document is a stored posting ready to be verified.
type document struct {
	*alerts.Document
	stored *alerts.Stored
	sketch Sketch
}

// sketched is its sketch, made when first asked for.
func (d *document) sketched(t Twins) Sketch {
	if d.sketch == nil {
		d.sketch = t.Sketch(&d.stored.Posting)
	}
	return d.sketch
}

// documents keeps postings analysed for one goroutine of a run: most are wanted by
// many subscribers. A posting changed during the run may be kept as it was: sending
// asks again.
type documents struct {
	postings Postings
	analyse  func(*alerts.Posting) *alerts.Document
	library  *library // looked into first; nil for none
	opened   document // what get last took from the library, with when it stands
	standing alerts.Stored
	room     alerts.Unpacked
	ranking  alerts.Ranking
	// Room for weighing, used again for each subscriber, or each page.
	items     []item
	numbers   []uint32
	proposals []proposal
	known     map[uint32]*document
	limit     int // of postings kept
}

// readAtOnce bounds the postings read in one go, whose bodies are dropped.
const readAtOnce = 2000

// besideLibrary is how many postings each goroutine of a run keeps beside the library.
const besideLibrary = 8000

func (b *Builder) newDocuments(l *library) *documents {
	return &documents{postings: b.Postings, analyse: b.Meaning.Document, library: l, known: map[uint32]*document{}, limit: min(b.MaxDocuments, besideLibrary)}
}

// get returns a posting that the last load asked for, nil if it is not stored. It is
// valid until the next get.
func (d *documents) get(number uint32) *document {
	if doc := d.known[number]; doc != nil {
		return doc
	}
	k := d.library.get(number)
	if k == nil {
		return nil
	}
	d.standing.Number, d.standing.ExpiresAt, d.standing.Position, d.standing.FirstPosition = k.number, k.expires, k.position, k.firstPosition
	d.opened = document{Document: d.room.Read(k.packed), stored: &d.standing, sketch: k.sketch}
	return &d.opened
}

// sketch is a posting's that the last load asked for; false if it is not stored.
func (d *documents) sketch(number uint32, t Twins) (Sketch, bool) {
	if k := d.library.get(number); k != nil {
		return k.sketch, true
	}
	if doc := d.known[number]; doc != nil {
		return doc.sketched(t), true
	}
	return nil, false
}

// analysed is p ready to be verified; it is kept while there is room.
func (d *documents) analysed(p *alerts.Stored) *document {
	if known := d.get(p.Number); known != nil && known.stored.Position == p.Position {
		return known
	}
	stored := *p
	doc := &document{Document: d.analyse(&stored.Posting), stored: &stored}
	if _, had := d.known[p.Number]; had || len(d.known) < d.limit {
		d.known[p.Number] = doc
	}
	return doc
}

// mayFold reports whether any two of the items may be one job.
func (d *documents) mayFold(items []item) bool {
	d.numbers = d.numbers[:0]
	for i := range items {
		d.numbers = append(d.numbers, items[i].number)
	}
	return d.library.mayFold(d.numbers)
}

// load makes sure that all of numbers, which must be limit at most, are
// known as far as they are stored. What else was kept may go.
func (d *documents) load(ctx context.Context, q sqlx.ExtContext, numbers []uint32) error {
	wanted := slices.DeleteFunc(slices.Clone(numbers), func(n uint32) bool { return d.library.get(n) != nil })
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var missing []uint32
	for _, n := range wanted {
		if d.known[n] == nil {
			missing = append(missing, n)
		}
	}
	if len(d.known)+len(missing) > d.limit {
		for n := range d.known {
			if _, ok := slices.BinarySearch(wanted, n); !ok {
				delete(d.known, n)
			}
		}
	}
	for part := range slices.Chunk(missing, readAtOnce) {
		stored, err := d.postings.Postings(ctx, q, part)
		if err != nil {
			return err
		}
		for i := range stored {
			d.analysed(&stored[i])
		}
	}
	return nil
}

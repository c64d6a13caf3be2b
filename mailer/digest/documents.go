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

// documents keeps the postings of a run analysed: most are wanted by many
// subscribers. A posting changed during the run may be kept as it was: sending
// asks again.
type documents struct {
	postings Postings
	analyse  func(*alerts.Posting) *alerts.Document
	known    map[uint32]*document
	limit    int // of postings kept
}

// readAtOnce bounds the postings read in one go, whose bodies are dropped.
const readAtOnce = 2000

func (b *Builder) newDocuments() *documents {
	return &documents{postings: b.Postings, analyse: b.Meaning.Document, known: map[uint32]*document{}, limit: b.MaxDocuments}
}

// get returns a posting that the last load asked for, nil if it is not stored.
func (d *documents) get(number uint32) *document { return d.known[number] }

// analysed is p ready to be verified; it is kept while there is room.
func (d *documents) analysed(p *alerts.Stored) *document {
	if known := d.known[p.Number]; known != nil && known.stored.Position == p.Position {
		return known
	}
	stored := *p
	doc := &document{Document: d.analyse(&stored.Posting), stored: &stored}
	if _, had := d.known[p.Number]; had || len(d.known) < d.limit {
		d.known[p.Number] = doc
	}
	return doc
}

// load makes sure that all of numbers, which must be limit at most, are
// known as far as they are stored. What else was kept may go.
func (d *documents) load(ctx context.Context, q sqlx.ExtContext, numbers []uint32) error {
	wanted := slices.Clone(numbers)
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

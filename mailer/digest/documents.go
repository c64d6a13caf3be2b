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
}

// documents keeps the postings of a pass analysed: most are wanted by many
// subscribers. It is bounded; what was dropped is read again.
type documents struct {
	postings Postings
	meaning  *alerts.Meaning
	known    map[uint32]*document
}

// maxDocuments bounds the postings kept: some 10 KB each.
const maxDocuments = 20000

func newDocuments(p Postings, m *alerts.Meaning) *documents {
	return &documents{postings: p, meaning: m, known: map[uint32]*document{}}
}

// get returns a posting that load or put has brought in, nil if it is gone.
func (d *documents) get(number uint32) *document { return d.known[number] }

func (d *documents) put(p *alerts.Stored) *document {
	if known := d.known[p.Number]; known != nil && known.stored.Position == p.Position {
		return known
	}
	if len(d.known) >= maxDocuments {
		clear(d.known)
	}
	stored := *p
	doc := &document{Document: d.meaning.Document(&stored.Posting), stored: &stored}
	d.known[p.Number] = doc
	return doc
}

// load makes sure that all of numbers are known, as far as they are stored.
func (d *documents) load(ctx context.Context, q sqlx.ExtContext, numbers []uint32) error {
	wanted := slices.Clone(numbers)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if len(d.known)+len(wanted) > maxDocuments {
		clear(d.known)
	}
	missing := slices.DeleteFunc(wanted, func(n uint32) bool { return d.known[n] != nil })
	stored, err := d.postings.Postings(ctx, q, missing)
	if err != nil {
		return err
	}
	for i := range stored {
		d.put(&stored[i])
	}
	return nil
}

// anyUpdated reports whether any posting proposed to the alerts has been updated
// or published again since it was first stored.
func (d *documents) anyUpdated(as []*alert) bool {
	for _, a := range as {
		for _, n := range a.proposed {
			if doc := d.get(n); doc != nil && doc.stored.Position != doc.stored.FirstPosition {
				return true
			}
		}
	}
	return false
}

package digest

import (
	"context"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
)

// entry is a posting in a digest's record: for which alert, which it met too, and
// its near-duplicates, which were delivered with it.
type entry struct {
	Posting      uint32   `json:"posting"`
	Subscription uint32   `json:"subscription"`
	Also         []uint32 `json:"also,omitempty"`
	Twins        []uint32 `json:"twins,omitempty"`
}

// numbers are the posting's and its twins'.
func (e *entry) numbers() []uint32 { return append([]uint32{e.Posting}, e.Twins...) }

// alerts are those it is listed for.
func (e *entry) alerts() []uint32 { return append([]uint32{e.Subscription}, e.Also...) }

// item is a verified posting on its way into a digest.
type item struct {
	doc    *document
	alert  *alert // the one it is listed for
	also   []*alert
	twins  []*document
	rank   alerts.Rank
	waited bool // it was deferred before
}

// meet adds an alert that the item met.
func (it *item) meet(a *alert) {
	if it.alert != a && !slices.Contains(it.also, a) {
		it.also = append(it.also, a)
	}
}

func (it *item) entry() entry {
	e := entry{Posting: it.doc.Number, Subscription: it.alert.ID}
	for _, a := range it.also {
		e.Also = append(e.Also, a.ID)
	}
	for _, t := range it.twins {
		e.Twins = append(e.Twins, t.Number)
	}
	return e
}

// built is one subscriber's digest before it is recorded.
type built struct {
	subscriber int64
	alerts     []*alert
	after      int64   // the digest of hers before it, 0 for none
	items      []item  // verified; after cap, what is shown
	counted    []entry // above the cap: told by number
	deferred   []entry // above the cap, or for an alert not due: kept for the next digest
	folded     int
}

// selection gathers what one subscriber gets. Verifying decides: the posting
// stands at now, its content is not younger than the cutoff (that is the next
// window's), the criteria match as they stand, and she has not had it before.
type selection struct {
	earlier *roaring.Bitmap
	docs    *documents
	cutoff  int64
	now     time.Time
	found   map[uint32]int // index in items
	items   []item
	rest    []entry // beyond maxItems, best first within each part
	gone    *roaring.Bitmap
}

// maxItems bounds what is weighed at once for one subscriber; it is above every
// cap, so that what goes beyond it would not be shown.
const maxItems = 2000

// consider judges one proposal. Content that is still the one the log or the
// search met these very criteria with is not matched again; sending does.
func (s *selection) consider(a *alert, number uint32, met int64, waited bool) {
	if at, ok := s.found[number]; ok && (s.items[at].alert == a || slices.Contains(s.items[at].also, a)) {
		return
	}
	d := s.docs.get(number)
	switch {
	case s.gone != nil && s.gone.Contains(number):
		return
	case d == nil, !d.stored.Standing(s.now), d.stored.Position > s.cutoff, s.earlier != nil && s.earlier.Contains(number):
		return
	case d.stored.Position != met && !a.Criteria.Matches(d.Document):
		return
	}
	if at, ok := s.found[number]; ok {
		s.items[at].meet(a)
		s.items[at].waited = s.items[at].waited || waited
		return
	}
	s.found[number] = len(s.items)
	s.items = append(s.items, item{doc: d, alert: a, waited: waited})
}

// candidate is a proposal of one of a subscriber's alerts.
type candidate struct {
	alert *alert
	proposal
	waited bool
}

// candidates lists what the windows propose and what was deferred earlier.
func candidates(as []*alert, deferred []entry) []candidate {
	n := 0
	for _, a := range as {
		n += len(a.proposed)
	}
	out := make([]candidate, 0, n+len(deferred))
	for _, a := range as {
		for _, p := range a.proposed {
			out = append(out, candidate{a, p, false})
		}
		for i := range deferred {
			if e := &deferred[i]; slices.Contains(e.alerts(), a.ID) {
				for _, number := range e.numbers() {
					out = append(out, candidate{a, proposal{posting: number, position: unmet}, true})
				}
			}
		}
	}
	return out
}

// unmet is no position: what was not met with the criteria as they stand.
const unmet = -1

// run goes through candidates, as many postings at a time as may be kept.
func (s *selection) run(ctx context.Context, q sqlx.ExtContext, all []candidate) error {
	if len(all) > s.docs.limit { // one posting's candidates stay together
		slices.SortStableFunc(all, func(a, b candidate) int { return int(int64(a.posting) - int64(b.posting)) })
	}
	for part := range slices.Chunk(all, s.docs.limit) {
		if len(all) > s.docs.limit {
			numbers := make([]uint32, len(part))
			for i := range part {
				numbers[i] = part[i].posting
			}
			if err := s.docs.load(ctx, q, numbers); err != nil {
				return err
			}
		}
		for i := range part {
			s.consider(part[i].alert, part[i].posting, part[i].position, part[i].waited)
		}
		s.prune()
	}
	s.rank()
	return nil
}

// rank sorts the items, best first.
func (s *selection) rank() {
	if len(s.items) > 1 {
		for i := range s.items {
			if it := &s.items[i]; it.rank.IsZero() {
				it.rank = it.alert.Criteria.Rank(it.doc.Document, it.doc.stored.FirstPosition)
			}
		}
		slices.SortFunc(s.items, func(a, b item) int { return a.rank.Compare(b.rank) })
	}
}

// prune lets go of what is too many to be shown, so that its postings need not be kept.
func (s *selection) prune() {
	if len(s.items) <= maxItems {
		return
	}
	s.rank()
	slices.SortStableFunc(s.items, waitedFirst)
	if s.gone == nil {
		s.gone = roaring.New()
	}
	for i := range s.items[maxItems:] {
		s.rest = append(s.rest, s.items[maxItems+i].entry())
		s.gone.Add(s.items[maxItems+i].doc.Number)
	}
	clear(s.items[maxItems:])
	s.items = s.items[:maxItems]
	clear(s.found)
	for i := range s.items {
		s.found[s.items[i].doc.Number] = i
	}
}

// waitedFirst puts what was deferred before in front, so that it comes at last.
func waitedFirst(a, b item) int {
	switch {
	case a.waited == b.waited:
		return 0
	case a.waited:
		return -1
	}
	return 1
}

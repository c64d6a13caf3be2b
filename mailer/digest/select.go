package digest

import (
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// entry is a posting in a digest's record: for which alert, and which it met too.
type entry struct {
	Posting      uint32   `json:"posting"`
	Subscription uint32   `json:"subscription"`
	Also         []uint32 `json:"also,omitempty"`
}

// item is a verified posting on its way into a digest.
type item struct {
	doc   *document
	alert *alert // the one it is listed for
	also  []*alert
	score score
}

// built is one subscriber's digest before it is recorded.
type built struct {
	subscriber int64
	alerts     []*alert
	items      []item // verified; after cap, what is shown
	counted    []item // above the cap: told by number
	deferred   []item // above the cap: kept for the next digest
	carried    []entry
}

// selectItems verifies what the windows proposed and what was deferred earlier:
// each posting once, best first. Verifying decides: the posting stands at now,
// its content is not younger than the cutoff (that is the next window's), the
// criteria match as they stand, and she has not had it before.
func selectItems(as []*alert, deferred []entry, earlier *roaring.Bitmap, docs *documents, cutoff int64, now time.Time) []item {
	found := map[uint32]*item{}
	consider := func(a *alert, number uint32) {
		d := docs.get(number)
		switch {
		case d == nil, !d.stored.Standing(now), d.stored.Position > cutoff, earlier != nil && earlier.Contains(number):
			return
		case !a.Criteria.Matches(d.Document):
			return
		}
		it, ok := found[number]
		if !ok {
			found[number] = &item{doc: d, alert: a, score: rank(&a.Criteria, d)}
			return
		}
		if it.alert == a || slices.Contains(it.also, a) {
			return
		}
		it.also = append(it.also, a)
	}
	for _, a := range as {
		for _, number := range a.proposed {
			consider(a, number)
		}
		for _, e := range deferred {
			if e.Subscription == a.ID || slices.Contains(e.Also, a.ID) {
				consider(a, e.Posting)
			}
		}
	}
	items := make([]item, 0, len(found))
	for _, it := range found {
		items = append(items, *it)
	}
	slices.SortFunc(items, func(a, b item) int { return a.score.compare(b.score) })
	return items
}

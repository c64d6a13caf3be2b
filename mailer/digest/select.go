package digest

import (
	"context"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// item is a verified posting on its way into a digest.
type item struct {
	number uint32
	rank   alerts.Rank
	alert  *alert // the one it is listed for
	also   []*alert
	twins  []uint32
	waited bool // it was deferred before
}

// meet adds an alert that the item met.
func (it *item) meet(a *alert) {
	if it.alert != a && !slices.Contains(it.also, a) {
		it.also = append(it.also, a)
	}
}

func (it *item) entry() entry {
	e := entry{Posting: it.number, Subscription: it.alert.ID, Twins: it.twins}
	for _, a := range it.also {
		e.Also = append(e.Also, a.ID)
	}
	return e
}

// built is one subscriber's digest before it is recorded.
type built struct {
	subscriber int64
	alerts     []*alert
	after      int64    // the digest of hers before it, 0 for none
	items      []item   // verified, best first; after cap, what is shown
	counted    []uint32 // above the cap, twins included: told by number
	countedN   int      // without twins
	deferred   []entry  // above the cap, or for an alert not due: kept for the next digest
	folded     int
}

// selection gathers what one subscriber gets. Verifying decides: the posting
// stands at now, its content is not younger than the cutoff (that is the next
// window's), the criteria match as they stand, and she has not had it before.
type selection struct {
	b       *Builder
	earlier *roaring.Bitmap
	docs    *documents // knows what was deferred
	cards   cards      // of what is proposed
	cutoff  int64
	now     time.Time
	found   map[uint32]int // index in items, for who has several alerts or something deferred
	items   []item
	rest    []entry  // beyond maxItems, best first
	counted []uint32 // beyond the cap, where that is seen at once
}

// maxItems bounds what is weighed at once for one subscriber; it is above every
// cap, so that what goes beyond it would not be shown.
const maxItems = 2000

// gather lists what the windows of her alerts propose and what was deferred
// earlier, best first.
func (s *selection) gather(ctx context.Context, as []*alert, deferred []entry) error {
	if len(as) == 1 && len(deferred) == 0 {
		s.only(as[0])
		return nil
	}
	s.found = map[uint32]int{}
	for _, a := range as {
		for _, p := range a.proposed {
			s.take(a, p.rank(s.cards), false)
		}
		if err := s.takeDeferred(ctx, a, deferred); err != nil {
			return err
		}
	}
	slices.SortFunc(s.items, func(a, b item) int { return a.rank.Compare(b.rank) })
	if len(s.items) > maxItems {
		slices.SortStableFunc(s.items, waitedFirst)
		for i := range s.items[maxItems:] {
			s.rest = append(s.rest, s.items[maxItems+i].entry())
		}
		s.items = s.items[:maxItems]
		slices.SortFunc(s.items, func(a, b item) int { return a.rank.Compare(b.rank) })
	}
	return nil
}

// takeDeferred adds what was deferred for an alert, verified by its criteria as they
// stand, as many postings at a time as may be kept.
func (s *selection) takeDeferred(ctx context.Context, a *alert, deferred []entry) error {
	var numbers []uint32
	for i := range deferred {
		if e := &deferred[i]; slices.Contains(e.alerts(), a.ID) {
			numbers = append(numbers, e.numbers()...)
		}
	}
	for part := range slices.Chunk(numbers, s.docs.limit) {
		if err := s.docs.load(ctx, s.b.DB.Reader, part); err != nil {
			return err
		}
		for _, n := range part {
			if d := s.docs.get(n); d != nil && d.deliverable(s.cutoff, s.now) && s.b.criteria(a).Matches(d.Document) {
				s.take(a, s.b.rank(a, d), true)
			}
		}
	}
	return nil
}

// inOrder is how many of an alert's proposals, were it her only one, must be put in
// order: where what goes beyond the cap is told by number, only those shown. Who had
// some of them, or has one twice, might be shown more of them than that.
func (s *selection) inOrder(a *alert) int {
	n := len(a.proposed)
	if s.earlier != nil || a.repeated || a.Overflow == subscriptions.Defer {
		return n
	}
	return min(n, limitOf([]*alert{a}, s.b.MaxPostings))
}

// sortFirst puts the best k of proposals in front, in order; the others follow in any.
func sortFirst(ps []proposal, k int) {
	if k > 0 && k < len(ps) {
		worst := ps[:k] // a heap, the worst at its root
		for i := k/2 - 1; i >= 0; i-- {
			sink(worst, i)
		}
		for i := k; i < len(ps); i++ {
			if ps[i] < worst[0] {
				ps[i], worst[0] = worst[0], ps[i]
				sink(worst, 0)
			}
		}
	}
	slices.Sort(ps[:k])
}

// sink restores the heap below i.
func sink(heap []proposal, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1] > heap[child] {
			child++
		}
		if heap[child] <= heap[i] {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// only is gather for one alert with nothing deferred, as most are: what is shown is
// in order, and all that is weighed where anything may be folded (see fold). Where
// nothing may, what goes beyond the cap is no more than numbers.
func (s *selection) only(a *alert) {
	shown, k := a.proposed, s.inOrder(a)
	if k < len(shown) && !s.mayFold(shown) {
		sortFirst(shown, k)
		shown = shown[:k]
		s.counted = s.numbersBut(shown)
	} else {
		sortFirst(shown, max(k, min(len(shown), maxItems)))
	}
	last := uint32(0)
	for _, p := range shown {
		r := p.rank(s.cards)
		n := r.Posting()
		if n == last || s.earlier != nil && s.earlier.Contains(n) {
			continue // logged twice, or had before
		}
		if last = n; len(s.items) < maxItems {
			s.items = append(s.items, item{number: n, rank: r, alert: a})
			continue
		}
		s.rest = append(s.rest, entry{Posting: n, Subscription: a.ID})
	}
}

// mayFold reports whether any two of the proposals may be one job; it leaves their
// numbers with the documents.
func (s *selection) mayFold(ps []proposal) bool {
	numbers := s.docs.numbers[:0]
	for _, p := range ps {
		numbers = append(numbers, s.cards.postings[p.card()])
	}
	s.docs.numbers = numbers
	return s.docs.library.mayFold(numbers)
}

// numbersBut are the numbers that mayFold left, as the log had them, but for those shown.
func (s *selection) numbersBut(shown []proposal) []uint32 {
	but := make([]uint32, len(shown))
	for i, p := range shown {
		but[i] = s.cards.postings[p.card()]
	}
	slices.Sort(but)
	rest := make([]uint32, 0, len(s.docs.numbers)-len(but))
	for _, n := range s.docs.numbers {
		if _, is := slices.BinarySearch(but, n); !is {
			rest = append(rest, n)
		}
	}
	return rest
}

// take adds a posting that an alert of hers met.
func (s *selection) take(a *alert, r alerts.Rank, waited bool) {
	n := r.Posting()
	if s.earlier != nil && s.earlier.Contains(n) {
		return
	}
	if at, ok := s.found[n]; ok {
		s.items[at].meet(a)
		s.items[at].waited = s.items[at].waited || waited
		return
	}
	s.found[n] = len(s.items)
	s.items = append(s.items, item{number: n, rank: r, alert: a, waited: waited})
}

// has reports whether a posting was selected.
func (s *selection) has(n uint32) bool {
	if s.found != nil {
		_, ok := s.found[n]
		return ok
	}
	return slices.ContainsFunc(s.items, func(it item) bool { return it.number == n })
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

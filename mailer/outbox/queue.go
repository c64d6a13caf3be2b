package outbox

import (
	"slices"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// claim is an envelope that this relay holds.
type claim struct {
	mailer.Envelope
	leaseUntil time.Time // guarded by the queue's mutex
	draft      *draft    // what was read for it; nil if it is still to be
}

// draft is what was read for an envelope, together with many others.
type draft struct {
	Draft
	suppressed string    // why To must not be written to
	at         time.Time // when it was read
}

// queue holds what is claimed: the envelopes that no connection has taken yet,
// most urgent first, and the numbers of all that are held, so that their leases
// are renewed and none is held twice.
type queue struct {
	// ready holds a token while envelopes wait, unless somebody has just taken it
	// and is about to pop, which puts it back if more are left. Who takes it may
	// still find nothing.
	ready chan struct{}
	// low says that half of the room is free again.
	low  chan struct{}
	room int

	mu    sync.Mutex
	lanes [lanes][]*claim
	n     int
	held  map[int64]*claim
}

// lanes is the number of priorities.
const lanes = 4

func newQueue(room int) *queue {
	return &queue{ready: make(chan struct{}, 1), low: make(chan struct{}, 1), room: room, held: map[int64]*claim{}}
}

// add takes in envelopes just claimed, in their order, with what was read for them. One that is held already
// and due at the same time as then had a lease that ran out: it is still the same
// claim, renewed. Due at another time it was recorded a moment ago and is claimed
// anew.
func (q *queue) add(envelopes []mailer.Envelope, drafts []*draft, leaseUntil time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, e := range envelopes {
		if c := q.held[e.ID]; c != nil && c.DueAt.Equal(e.DueAt) {
			c.leaseUntil = leaseUntil
			continue
		}
		c := &claim{Envelope: e, leaseUntil: leaseUntil}
		if drafts != nil {
			c.draft = drafts[i]
		}
		q.held[e.ID] = c
		lane := &q.lanes[e.Kind.Priority()]
		*lane = append(*lane, c)
		q.n++
	}
	q.signal()
}

// back returns an envelope that was taken and not begun to the head of its lane.
func (q *queue) back(c *claim) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lane := &q.lanes[c.Kind.Priority()]
	*lane = slices.Insert(*lane, 0, c)
	q.n++
	q.signal()
}

// signal wakes one connection that waits for work.
func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// pop takes the most urgent envelope whose lease stands beyond until; nil if there
// is none. Those whose lease is nearly over or lost are dropped and returned as
// stale: another relay may have them.
func (q *queue) pop(until time.Time) (c *claim, stale []int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.lanes {
		for len(q.lanes[i]) > 0 && c == nil {
			c = q.lanes[i][0]
			q.lanes[i][0] = nil
			q.lanes[i] = q.lanes[i][1:]
			q.n--
			if !c.leaseUntil.After(until) {
				stale = append(stale, c.ID)
				delete(q.held, c.ID)
				c = nil
			}
		}
	}
	if q.n <= q.room/2 {
		select {
		case q.low <- struct{}{}:
		default:
		}
	}
	if q.n > 0 {
		q.signal()
	}
	return c, stale
}

// forget ends the holding of an envelope, unless it was claimed anew.
func (q *queue) forget(c *claim) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[c.ID] == c {
		delete(q.held, c.ID)
	}
}

// drain empties the lanes and returns the numbers that waited there.
func (q *queue) drain() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var ids []int64
	for i := range q.lanes {
		for _, c := range q.lanes[i] {
			ids = append(ids, c.ID)
			delete(q.held, c.ID)
		}
		q.lanes[i] = nil
	}
	q.n = 0
	slices.Sort(ids)
	return ids
}

// free is how many more envelopes may wait here.
func (q *queue) free() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.room - q.n
}

// holding lists all that is held, ascending.
func (q *queue) holding() []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]int64, 0, len(q.held))
	for id := range q.held {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// renewed records which of the leases asked for were renewed; the others are lost.
func (q *queue) renewed(asked, got []int64, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices.Sort(got)
	for _, id := range asked {
		c := q.held[id]
		if c == nil {
			continue
		}
		c.leaseUntil = time.Time{}
		if _, ok := slices.BinarySearch(got, id); ok {
			c.leaseUntil = until
		}
	}
}

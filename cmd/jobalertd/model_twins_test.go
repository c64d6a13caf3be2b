package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts/cluster"
)

// The model's near-duplicates: cross-posts, which come as one until she says that they
// are two jobs.

// crossPost publishes what stands under another identifier, as a second board does:
// mostly of what somebody wants, and has hardly had yet.
func (m *model) crossPost() {
	ids := slices.Sorted(maps.Keys(m.postings))
	if len(ids) == 0 {
		return
	}
	p := m.postings[oneOf(m.rng, ids)]
	if m.rng.IntN(4) > 0 {
		for _, id := range ids {
			q := m.postings[id]
			wanted := m.any(func(a *modelAlert) bool { return m.matches(a, q) }) != nil
			if wanted && !q.withdrawn && q.published > p.published {
				p = q
			}
		}
	}
	if p.withdrawn || !p.posting.Open(m.w.now()) {
		return
	}
	id := fmt.Sprintf("copy%d", m.rng.IntN(20))
	content := maps.Clone(p.content)
	content["identifier"] = id
	if old := m.postings[id]; old != nil && !old.withdrawn {
		return
	}
	m.send(id, content)
	for _, subscriber := range slices.Sorted(maps.Keys(m.addresses)) {
		if m.rng.IntN(5) == 0 {
			m.setApart(subscriber, p.number, m.postings[id].number)
		}
	}
}

// separate says "these are two jobs" of two postings that are one.
func (m *model) separate() {
	a := m.any(func(*modelAlert) bool { return true })
	var pairs [][2]uint32
	for _, id := range slices.Sorted(maps.Keys(m.postings)) {
		for _, other := range slices.Sorted(maps.Keys(m.postings)) {
			if p, q := m.postings[id], m.postings[other]; id < other && m.twins(p, q) {
				pairs = append(pairs, [2]uint32{p.number, q.number})
			}
		}
	}
	if a == nil || len(pairs) == 0 {
		return
	}
	p := oneOf(m.rng, pairs)
	m.setApart(a.subscriber, p[0], p[1])
}

// press follows the links of some entries that digests show with twins: with all of
// them, or with those that are left once the first has closed.
func (m *model) press(want map[int64]*modelDigest) {
	for _, subscriber := range slices.Sorted(maps.Keys(want)) {
		for _, e := range want[subscriber].shown {
			numbers := e.numbers()
			if len(e.twins) == 0 || m.rng.IntN(3) == 0 {
				continue
			}
			if len(e.twins) > 1 && m.rng.IntN(3) == 0 {
				numbers = e.twins
			}
			m.setApart(subscriber, numbers...)
		}
	}
}

// mistaken reports whether a twin of an entry is another job to her than one named
// before it.
func (m *model) mistaken(subscriber int64, e *modelEntry, twin uint32) bool {
	for _, n := range e.numbers() {
		if n == twin {
			return false
		}
		if m.apart[subscriber][[2]uint32{n, twin}] {
			return true
		}
	}
	return false
}

// had reports whether she has had a posting: shown, told by number, or named with one
// that is the same job to her.
func (m *model) had(subscriber int64, number uint32) bool {
	return m.delivered[subscriber][number] || slices.ContainsFunc(m.named[subscriber], func(e modelEntry) bool {
		return slices.Contains(e.twins, number) && !m.mistaken(subscriber, &e, number)
	})
}

// waits reports whether a posting was named for an alert with one that is another job to
// her, and she has not had it.
func (m *model) waits(subscriber int64, alert, number uint32) bool {
	return !m.had(subscriber, number) && slices.ContainsFunc(m.named[subscriber], func(e modelEntry) bool {
		return slices.Contains(e.twins, number) && slices.Contains(e.alerts, alert) && m.mistaken(subscriber, &e, number)
	})
}

func (m *model) setApart(subscriber int64, numbers ...uint32) {
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		return m.w.daemon.digests.Separate(ctx, tx, subscriber, numbers, m.w.now())
	})
	if m.apart[subscriber] == nil {
		m.apart[subscriber] = map[[2]uint32]bool{}
	}
	for _, a := range numbers {
		for _, b := range numbers {
			m.apart[subscriber][[2]uint32{a, b}] = a != b
		}
	}
	m.note("postings %d are jobs apart to %d", numbers, subscriber)
}

// twins tells cross-posts: their contents differ in the identifier alone.
func (m *model) twins(p, q *modelPosting) bool {
	a, b := maps.Clone(p.content), maps.Clone(q.content)
	delete(a, "identifier")
	delete(b, "identifier")
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// folded puts cross-posts behind the best of each group.
func (m *model) folded(subscriber int64, found []modelEntry) []modelEntry {
	sketches := make([]*cluster.Sketch, len(found))
	for i := range found {
		p := m.byNumber(found[i].posting)
		sketches[i] = cluster.New(&p.posting)
	}
	gone := map[int]bool{}
	apart := func(i, j int) bool {
		set := m.apart[subscriber][[2]uint32{found[i].posting, found[j].posting}]
		if set {
			m.happened.add("set apart", 1)
		}
		return set
	}
	for _, g := range cluster.Groups(sketches, apart) {
		best := &found[g[0]]
		for _, i := range g[1:] {
			if !m.twins(m.byNumber(best.posting), m.byNumber(found[i].posting)) {
				m.w.t.Errorf("step %d: postings %d and %d are folded and are no cross-posts", m.step, best.posting, found[i].posting)
			}
			best.twins = append(best.twins, found[i].posting)
			best.waited = best.waited || found[i].waited
			best.wantedBy(found[i].alerts...)
			gone[i] = true
		}
	}
	var kept []modelEntry
	for i := range found {
		if !gone[i] {
			kept = append(kept, found[i])
		}
	}
	return kept
}

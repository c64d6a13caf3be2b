package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// The model's digests: who may get what, and what holds of each digest whatever
// the ranking chose. Which postings are the best is not the model's to know.

// crossPost publishes what stands under another identifier, as a second board does.
func (m *model) crossPost() {
	ids := slices.Sorted(maps.Keys(m.postings))
	if len(ids) == 0 {
		return
	}
	p := m.postings[oneOf(m.rng, ids)]
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
}

// job is the same for cross-posts alone: their contents differ in the identifier.
func (m *model) job(number uint32) string {
	for _, p := range m.postings {
		if p.number == number {
			c := maps.Clone(p.content)
			delete(c, "identifier")
			return fmt.Sprint(c)
		}
	}
	return ""
}

// jobs counts what a digest shows of postings: cross-posts once.
func (m *model) jobs(numbers []uint32) int {
	seen := map[string]bool{}
	for _, n := range numbers {
		seen[m.job(n)] = true
	}
	return len(seen)
}

// tick lets time pass, wakes instant alerts, builds what is due, and compares.
func (m *model) tick() {
	ctx := context.Background()
	m.advance(time.Duration(m.rng.IntN(30)) * time.Hour)
	m.w.must(m.w.follower.Follow(ctx))
	m.wake()
	m.advance(m.hold + time.Second)
	now := m.w.now()
	m.compareDue()
	want := m.serve(now)
	sum, err := m.w.daemon.digests.Run(ctx, now)
	m.w.must(err)
	m.note("tick: run %d, %d digests with %d postings", sum.Run, sum.Envelopes, sum.Postings)
	envelopes, shown := 0, 0
	for _, subscriber := range slices.Sorted(maps.Keys(want)) {
		if e := want[subscriber]; len(e.wanting) > 0 {
			envelopes++
			shown += min(e.limit, m.jobs(e.postings()))
			m.note("expected for %d: %v, at most %d", subscriber, e.postings(), e.limit)
			m.compare(sum.Run, subscriber, e)
		}
	}
	if sum.Envelopes != envelopes {
		m.w.t.Errorf("step %d: %d digests were built, want %d; built were %v", m.step, sum.Envelopes, envelopes, m.built(sum.Run))
	}
	if sum.Postings != shown {
		m.w.t.Errorf("step %d: run %d shows %d postings, want %d: cross-posts once", m.step, sum.Run, sum.Postings, shown)
	}
	if envelopes > 0 && m.rng.IntN(2) == 0 {
		m.withdrawBeforeSending(sum.Run, want)
	}
}

// expected is what one subscriber's digest chooses from.
type expected struct {
	wanting  map[uint32][]uint32 // postings she has not had, and which due alerts want them
	due      map[uint32]bool
	limit    int
	mayDefer bool // some due alert puts off what is too many
	mayCount bool // some does not
}

func (e *expected) postings() []uint32 { return slices.Sorted(maps.Keys(e.wanting)) }

// serve says who may get what at now, by subscriber, and moves the alerts on.
func (m *model) serve(now time.Time) map[int64]*expected {
	due := map[int64]bool{}
	for _, a := range m.alerts {
		if !a.paused && !a.due.IsZero() && !a.due.After(now) {
			due[a.subscriber] = true
		}
	}
	want := map[int64]*expected{}
	best := map[int64]bool{}
	for _, id := range slices.Sorted(maps.Keys(m.alerts)) {
		a := m.alerts[id]
		waiting := a.schedule.Frequency == subscriptions.Instant && !a.due.IsZero()
		if a.paused || !due[a.subscriber] || !waiting && (a.due.IsZero() || a.due.After(now)) {
			continue
		}
		e := want[a.subscriber]
		if e == nil {
			e = &expected{wanting: map[uint32][]uint32{}, due: map[uint32]bool{}}
			want[a.subscriber] = e
		}
		e.due[a.id] = true
		m.allow(e, a)
		best[a.subscriber] = best[a.subscriber] || a.best
		for _, p := range m.postings {
			again := slices.Contains(m.deferred[a.subscriber][p.number], a.id)
			if (p.published > a.through || again) && !p.withdrawn && p.posting.Open(now) && !m.delivered[a.subscriber][p.number] && m.matches(a, p) {
				e.wanting[p.number] = append(e.wanting[p.number], a.id)
			}
		}
		a.through, a.best = m.step, false
		m.served(a, now)
	}
	for s, e := range want {
		if best[s] {
			e.limit = min(e.limit, subscriptions.BestOnReturn)
		}
	}
	return want
}

// allow is what an alert says of how much a digest may hold.
func (m *model) allow(e *expected, a *modelAlert) {
	limit := a.cap
	if limit == 0 {
		limit = m.w.config.Digest.MaxPostings
	}
	e.limit = max(e.limit, limit)
	if a.defers && !a.best {
		e.mayDefer = true
	} else {
		e.mayCount = true
	}
}

// compare holds one digest, as recorded, against the model's: what it shows and
// puts aside is all that was expected, and no more than the cap is shown.
func (m *model) compare(run, subscriber int64, e *expected) {
	got, ok := m.built(run)[subscriber]
	if !ok {
		m.w.t.Errorf("step %d: subscriber %d (%s) got no digest in run %d, want %v", m.step, subscriber, m.addresses[subscriber], run, e.postings())
		return
	}
	var putOff, aside []uint32 // of those expected now
	for _, n := range e.postings() {
		switch {
		case slices.Contains(got.Delivered, n):
		case slices.Contains(got.Deferred, n):
			putOff = append(putOff, n)
		default:
			aside = append(aside, n)
		}
	}
	unexpected := slices.DeleteFunc(slices.Clone(got.Delivered), func(n uint32) bool { return e.wanting[n] != nil })
	for _, c := range []struct {
		broken bool
		fault  string
	}{
		{len(unexpected) > 0, "it shows what was not expected"},
		{m.jobs(got.Delivered) != min(e.limit, m.jobs(e.postings())), "it shows too many or too few"},
		{got.Counted != m.jobs(aside), "it counts otherwise than expected"},
		{len(putOff) > 0 && !e.mayDefer, "it puts off what nobody defers"},
		{len(aside) > 0 && !e.mayCount, "it counts what everybody defers"},
		{m.jobs(got.Delivered)+m.jobs(putOff)+m.jobs(aside) != m.jobs(e.postings()), "it splits a job"},
	} {
		if c.broken {
			m.w.t.Errorf("step %d: subscriber %d (%s), run %d: %s: delivered %v, deferred %v, counted %d; expected %v, at most %d",
				m.step, subscriber, m.addresses[subscriber], run, c.fault, got.Delivered, got.Deferred, got.Counted, e.postings(), e.limit)
		}
	}
	m.remember(subscriber, e, append(slices.Clone(got.Delivered), aside...), putOff)
}

// remember notes what a subscriber has had, or been told by number, and what was
// put off for which of her alerts.
func (m *model) remember(subscriber int64, e *expected, had, putOff []uint32) {
	if m.delivered[subscriber] == nil {
		m.delivered[subscriber], m.deferred[subscriber] = map[uint32]bool{}, map[uint32][]uint32{}
	}
	waiting := m.deferred[subscriber]
	for n, ids := range waiting { // alerts that were due have had their say
		waiting[n] = slices.DeleteFunc(ids, func(id uint32) bool { return e.due[id] })
	}
	for _, n := range putOff {
		waiting[n] = append(waiting[n], e.wanting[n]...)
	}
	for _, n := range had {
		m.delivered[subscriber][n] = true
		delete(waiting, n)
	}
}

// withdrawBeforeSending withdraws a posting that a digest holds, and looks at what
// its mail says then.
func (m *model) withdrawBeforeSending(run int64, want map[int64]*expected) {
	for subscriber, d := range m.built(run) {
		if want[subscriber] == nil {
			continue
		}
		gone := d.Delivered[0]
		for id, p := range m.postings {
			if p.number == gone {
				m.w.withdraw(id)
				p.withdrawn = true
				m.note("withdraw %s before the mails of run %d go out", id, run)
			}
		}
		content, err := m.w.daemon.digests.Content(context.Background(), run, subscriber)
		m.w.must(err)
		left := d.Delivered[1:]
		if got := len(content.Postings); got != m.jobs(left) {
			m.w.t.Errorf("step %d: after the withdrawal of %d the mail to subscriber %d shows %d postings, want those of %v", m.step, gone, subscriber, got, left)
		}
		return
	}
}

package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// The model's digests: which postings each subscriber gets, in which order, folded
// with what, for which of her alerts, and what becomes of the rest. It asks
// alerts.Rank for the order and alerts/cluster for near-duplicates, and shares
// nothing else with what it judges.

// modelEntry is a posting in a digest: for which alerts, and its near-duplicates.
type modelEntry struct {
	posting uint32
	alerts  []uint32
	twins   []uint32
	rank    alerts.Rank
	waited  bool
}

func (e *modelEntry) numbers() []uint32 { return append([]uint32{e.posting}, e.twins...) }

func (e *modelEntry) wantedBy(ids ...uint32) {
	for _, id := range ids {
		if !slices.Contains(e.alerts, id) {
			e.alerts = append(e.alerts, id)
		}
	}
}

// modelDigest is what one subscriber is to get.
type modelDigest struct {
	due             []*modelAlert
	shown, deferred []modelEntry
	counted         int
	told            []uint32 // what was counted, by number
}

func numbersIn(es []modelEntry) []uint32 {
	var out []uint32
	for i := range es {
		out = append(out, es[i].numbers()...)
	}
	slices.Sort(out)
	return out
}

// anybody is a subscriber with an alert, and a posting; ok is false without any.
func (m *model) anybody() (subscriber int64, posting *modelPosting, ok bool) {
	a := m.any(func(*modelAlert) bool { return true })
	ids := slices.Sorted(maps.Keys(m.postings))
	if a == nil || len(ids) == 0 {
		return 0, nil, false
	}
	return a.subscriber, m.postings[oneOf(m.rng, ids)], true
}

// dismiss says "not for me" of a posting, which she may have had or not.
func (m *model) dismiss() {
	if subscriber, p, ok := m.anybody(); ok {
		m.dismissFor(subscriber, p.number)
	}
}

func (m *model) dismissFor(subscriber int64, number uint32) {
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		return m.w.daemon.subscriptions.Dismiss(ctx, tx, subscriber, number, m.w.now())
	})
	if m.dismissed[subscriber] == nil {
		m.dismissed[subscriber] = map[uint32]bool{}
	}
	m.dismissed[subscriber][number] = true
	m.note("posting %d is not for %d", number, subscriber)
}

// letGo says "nothing of this employer", or "nothing from agencies", of an alert.
func (m *model) letGo() {
	a := m.any(func(*modelAlert) bool { return true })
	if a == nil {
		return
	}
	s := m.w.get(a.id)
	wish := subscriptions.Wish{Criteria: s.Criteria, Label: s.Label, Schedule: s.Schedule, MaxPostings: s.MaxPostings, Overflow: s.Overflow}
	what := "no agencies for"
	if wish.Criteria.NoAgencies = true; m.rng.IntN(2) == 0 {
		what = "no " + modelEmployers[1] + " for"
		wish.Criteria.NoAgencies, wish.Criteria.NotEmployers = false, []string{modelEmployers[1]}
	}
	m.w.must(m.w.daemon.meaning.Prepare(&wish.Criteria))
	m.change(a, wish, what)
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
		d := want[subscriber]
		if len(d.shown) > 0 {
			envelopes++
			shown += len(d.shown)
			m.count(d)
			m.compare(sum.Run, subscriber, d)
			m.compareMail(sum.Run, subscriber, d)
		}
	}
	if sum.Envelopes != envelopes || sum.Postings != shown {
		m.w.t.Errorf("step %d: %d digests with %d postings were built, want %d with %d; built were %v", m.step, sum.Envelopes, sum.Postings, envelopes, shown, m.built(sum.Run))
	}
	if envelopes > 0 && m.rng.IntN(2) == 0 {
		m.beforeSending(sum.Run, want)
	}
	m.press(want)
}

// count notes what a digest is made of.
func (m *model) count(d *modelDigest) {
	c := m.happened
	c.add("shown", len(d.shown))
	c.add("counted", d.counted)
	c.add("deferred", len(d.deferred))
	for _, e := range d.shown {
		c.add("folded", len(e.twins))
		c.add("for several alerts", len(e.alerts)-1)
		if e.waited {
			c.add("deferred before", 1)
		}
	}
	for _, a := range d.due {
		switch a.schedule.Frequency {
		case subscriptions.Instant:
			c.add("instant", 1)
		case modelCadence:
			c.add("cadence", 1)
		}
	}
}

// serve says who gets what at now, by subscriber, and moves the alerts on.
func (m *model) serve(now time.Time) map[int64]*modelDigest {
	due := map[int64]bool{}
	for _, a := range m.alerts {
		if !a.paused && !a.due.IsZero() && !a.due.After(now) {
			due[a.subscriber] = true
		}
	}
	want := map[int64]*modelDigest{}
	for _, id := range slices.Sorted(maps.Keys(m.alerts)) {
		a := m.alerts[id]
		waiting := a.schedule.Frequency == subscriptions.Instant && !a.due.IsZero()
		if a.paused || !due[a.subscriber] || !waiting && (a.due.IsZero() || a.due.After(now)) {
			continue
		}
		if want[a.subscriber] == nil {
			want[a.subscriber] = &modelDigest{}
		}
		want[a.subscriber].due = append(want[a.subscriber].due, a)
	}
	for subscriber, d := range want {
		m.choose(subscriber, d, m.candidates(subscriber, d, now))
		for _, a := range d.due {
			a.through, a.best = m.step, false
			m.served(a, now)
		}
	}
	return want
}

// candidates lists what she may get, best first.
func (m *model) candidates(subscriber int64, d *modelDigest, now time.Time) []modelEntry {
	var found []modelEntry
	for _, a := range d.due {
		for _, p := range m.postings {
			again := m.waits(subscriber, a.id, p.number) || slices.ContainsFunc(m.deferred[subscriber], func(e modelEntry) bool {
				return slices.Contains(e.numbers(), p.number) && slices.Contains(e.alerts, a.id)
			})
			if p.published <= a.through && !again || p.withdrawn || !p.posting.Open(now) || !m.matches(a, p) ||
				m.had(subscriber, p.number) {
				continue
			}
			if m.dismissed[subscriber][p.number] {
				m.happened.add("dismissed", 1)
				continue
			}
			i := slices.IndexFunc(found, func(e modelEntry) bool { return e.posting == p.number })
			if i < 0 {
				i = len(found)
				found = append(found, modelEntry{posting: p.number, rank: a.criteria.Rank(m.w.daemon.meaning.Document(&p.posting), p.first)})
			}
			found[i].wantedBy(a.id)
			found[i].waited = found[i].waited || again
		}
	}
	slices.SortFunc(found, func(a, b modelEntry) int { return a.rank.Compare(b.rank) })
	return m.folded(subscriber, found)
}

func (m *model) byNumber(n uint32) *modelPosting {
	for _, p := range m.postings {
		if p.number == n {
			return p
		}
	}
	return nil
}

// choose divides what was found into shown, put off and counted, and remembers it.
func (m *model) choose(subscriber int64, d *modelDigest, found []modelEntry) {
	limit, best := 0, false
	byID := map[uint32]*modelAlert{}
	for _, a := range d.due {
		byID[a.id] = a
		mine := a.cap
		if mine == 0 {
			mine = m.w.config.Digest.MaxPostings
		}
		limit, best = max(limit, mine), best || a.best
	}
	if best {
		m.happened.add("best after a pause", 1)
		limit = min(limit, subscriptions.BestOnReturn)
	}
	first := slices.Clone(found) // what waited comes at last
	slices.SortStableFunc(first, func(a, b modelEntry) int {
		switch {
		case a.waited == b.waited:
			return 0
		case a.waited:
			return -1
		}
		return 1
	})
	chosen := map[uint32]bool{}
	for _, e := range first[:min(limit, len(first))] {
		chosen[e.posting] = true
	}
	for _, e := range found {
		a := byID[e.alerts[0]] // the one it is listed for
		switch {
		case chosen[e.posting]:
			d.shown = append(d.shown, e)
		case a.defers && !a.best:
			d.deferred = append(d.deferred, e)
		default:
			d.counted++
			d.told = append(d.told, e.numbers()...)
		}
	}
	m.remember(subscriber, d, byID, found)
}

// remember notes what a subscriber has had, or been told by number, and what is put
// off for which of her alerts: what was before for alerts not due stays so, unless
// she gets it now.
func (m *model) remember(subscriber int64, d *modelDigest, due map[uint32]*modelAlert, found []modelEntry) {
	if len(d.shown) == 0 {
		return // nothing is recorded, so all that waits goes on waiting
	}
	if m.delivered[subscriber] == nil {
		m.delivered[subscriber] = map[uint32]bool{}
	}
	for _, e := range m.deferred[subscriber] {
		others := slices.DeleteFunc(slices.Clone(e.alerts), func(id uint32) bool { return due[id] != nil })
		if len(others) == 0 {
			continue
		}
		if i := slices.IndexFunc(d.deferred, func(f modelEntry) bool { return f.posting == e.posting }); i >= 0 {
			d.deferred[i].wantedBy(others...)
			continue
		}
		now := slices.ContainsFunc(found, func(f modelEntry) bool { return slices.Contains(f.numbers(), e.posting) })
		if !now && !m.had(subscriber, e.posting) && !m.dismissed[subscriber][e.posting] {
			d.deferred = append(d.deferred, modelEntry{posting: e.posting, alerts: others, twins: e.twins})
		}
	}
	m.deferred[subscriber] = d.deferred
	for _, e := range d.shown {
		if slices.ContainsFunc(e.alerts, func(id uint32) bool { return m.waits(subscriber, id, e.posting) }) {
			m.happened.add("shown though folded once", 1)
		}
		m.delivered[subscriber][e.posting] = true
		if len(e.twins) > 0 {
			m.named[subscriber] = append(m.named[subscriber], e)
		}
	}
	for _, n := range d.told {
		m.delivered[subscriber][n] = true
	}
}

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
	"github.com/jobalertd/jobalertd/mailer"
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
	for _, subscriber := range slices.Sorted(maps.Keys(m.addresses)) {
		if m.rng.IntN(3) == 0 {
			m.setApart(subscriber, p.number, m.postings[id].number)
		}
	}
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

func (m *model) setApart(subscriber int64, a, b uint32) {
	m.w.change(func(ctx context.Context, tx sqlx.ExtContext) error {
		return m.w.daemon.digests.Separate(ctx, tx, subscriber, []uint32{a, b}, m.w.now())
	})
	if m.apart[subscriber] == nil {
		m.apart[subscriber] = map[[2]uint32]bool{}
	}
	m.apart[subscriber][[2]uint32{a, b}], m.apart[subscriber][[2]uint32{b, a}] = true, true
	m.note("postings %d and %d are two jobs to %d", a, b, subscriber)
}

// twins tells cross-posts: their contents differ in the identifier alone.
func (m *model) twins(p, q *modelPosting) bool {
	a, b := maps.Clone(p.content), maps.Clone(q.content)
	delete(a, "identifier")
	delete(b, "identifier")
	return fmt.Sprint(a) == fmt.Sprint(b)
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
			again := slices.ContainsFunc(m.deferred[subscriber], func(e modelEntry) bool {
				return slices.Contains(e.numbers(), p.number) && slices.Contains(e.alerts, a.id)
			})
			if p.published <= a.through && !again || p.withdrawn || !p.posting.Open(now) || !m.matches(a, p) ||
				m.delivered[subscriber][p.number] {
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
		if !now && !m.delivered[subscriber][e.posting] && !m.dismissed[subscriber][e.posting] {
			d.deferred = append(d.deferred, modelEntry{posting: e.posting, alerts: others, twins: e.twins})
		}
	}
	m.deferred[subscriber] = d.deferred
	for _, n := range append(numbersIn(d.shown), d.told...) {
		m.delivered[subscriber][n] = true
	}
}

// compare holds one digest, as recorded, against the model's.
func (m *model) compare(run, subscriber int64, d *modelDigest) {
	got, ok := m.built(run)[subscriber]
	slices.Sort(got.Delivered)
	slices.Sort(got.Deferred)
	if !ok || !slices.Equal(got.Delivered, numbersIn(d.shown)) || !slices.Equal(got.Deferred, numbersIn(d.deferred)) || got.Counted != d.counted {
		m.w.t.Errorf("step %d: subscriber %d (%s), run %d (%v): delivered %v, deferred %v, counted %d; want %v, %v, %d", m.step, subscriber, m.addresses[subscriber],
			run, ok, got.Delivered, got.Deferred, got.Counted, numbersIn(d.shown), numbersIn(d.deferred), d.counted)
	}
}

// compareMail composes a digest's mail and holds it against the model's, posting by
// posting: in order, each for the alerts that it fits, and all of them in the mail.
func (m *model) compareMail(run, subscriber int64, d *modelDigest) {
	ctx := context.Background()
	want := m.standing(d)
	content, err := m.w.daemon.digests.Content(ctx, run, subscriber)
	m.w.must(err)
	var got []modelEntry
	for _, p := range content.Postings {
		e := modelEntry{posting: p.Posting.Number, alerts: []uint32{content.Alerts[p.Alert].Subscription}}
		for _, also := range p.AlsoFits {
			e.alerts = append(e.alerts, content.Alerts[also].Subscription)
		}
		slices.Sort(e.alerts)
		got = append(got, e)
	}
	if !slices.EqualFunc(got, want, func(a, b modelEntry) bool { return a.posting == b.posting && slices.Equal(a.alerts, b.alerts) }) {
		m.w.t.Errorf("step %d: the mail of run %d to subscriber %d says %+v, want %+v", m.step, run, subscriber, got, want)
	}
	if len(want) > 0 && (content.Counted != d.counted || content.Deferred != len(d.deferred)) {
		m.w.t.Errorf("step %d: the mail of run %d to subscriber %d counts %d and defers %d, want %d and %d", m.step, run, subscriber, content.Counted, content.Deferred, d.counted, len(d.deferred))
	}
	drafts, err := mails{m.w.daemon.stores}.Read(ctx, []mailer.Envelope{{Kind: mailer.Digest, Run: run, Subscriber: subscriber, MessageID: "model@example.org"}})
	m.w.must(err)
	mail, err := drafts[0].Make()
	if len(want) == 0 {
		if err == nil {
			m.w.t.Errorf("step %d: run %d has nothing left for subscriber %d, and makes a mail", m.step, run, subscriber)
		}
		return
	}
	m.w.must(err)
	read, err := readMail(mail.Data)
	m.w.must(err)
	var numbers []uint32
	for _, e := range want {
		numbers = append(numbers, e.posting)
	}
	slices.Sort(numbers)
	slices.Sort(read.postings)
	if !slices.Equal(read.postings, numbers) {
		m.w.t.Errorf("step %d: the mail of run %d to subscriber %d shows %v, want %v", m.step, run, subscriber, read.postings, numbers)
	}
}

// standing is what of a digest stands at present: postings open, not dismissed, and
// fitting an alert that stands; the best of a group that does stands for it.
func (m *model) standing(d *modelDigest) []modelEntry {
	var out []modelEntry
	for _, e := range d.shown {
		var left modelEntry
		for _, n := range e.numbers() {
			p := m.byNumber(n)
			for _, id := range e.alerts {
				a := m.alerts[id]
				if a == nil || a.paused || p.withdrawn || !p.posting.Open(m.w.now()) || !m.matches(a, p) {
					continue
				}
				if left.posting == 0 {
					left.posting = n
				}
				left.wantedBy(id)
			}
			if m.dismissed[d.due[0].subscriber][n] {
				left = modelEntry{}
				break
			}
		}
		if left.posting != 0 {
			slices.Sort(left.alerts)
			out = append(out, left)
		}
	}
	return out
}

// beforeSending withdraws or dismisses a posting that a digest holds, or ends one of
// its alerts, and looks at what the mail says then.
func (m *model) beforeSending(run int64, want map[int64]*modelDigest) {
	for _, subscriber := range slices.Sorted(maps.Keys(want)) {
		d := want[subscriber]
		if len(d.shown) == 0 {
			continue
		}
		number := oneOf(m.rng, numbersIn(d.shown))
		switch m.rng.IntN(4) {
		case 0:
			m.dismissFor(subscriber, number)
		case 1:
			m.endAlert(m.alerts[oneOf(m.rng, d.shown[0].alerts)])
		default:
			for id, p := range m.postings {
				if p.number == number {
					m.w.withdraw(id)
					p.withdrawn = true
					m.happened.add("withdrawn before sending", 1)
					m.note("withdraw %s before the mails of run %d go out", id, run)
				}
			}
		}
		m.compareMail(run, subscriber, d)
		return
	}
}

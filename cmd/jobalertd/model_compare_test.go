package main

import (
	"context"
	"maps"
	"slices"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
)

// What was recorded and what the mails say, held against the model.

// built lists what a run recorded, by subscriber.
func (m *model) built(run int64) map[int64]digest.Delivery {
	all := map[int64]digest.Delivery{}
	for subscriber := range m.addresses {
		list, err := m.w.daemon.digests.Deliveries(context.Background(), subscriber, 1)
		m.w.must(err)
		if len(list) > 0 && list[0].Run == run {
			all[subscriber] = list[0]
		}
	}
	return all
}

// compareDue holds when each alert is due against the model.
func (m *model) compareDue() {
	for _, a := range m.alerts {
		s := m.w.get(a.id)
		if !s.DueAt.Equal(a.due) {
			m.w.t.Errorf("step %d: alert %d (%s, %s) is due at %v, want %v", m.step, a.id, a.schedule.Describe("en"), a.schedule.Timezone, s.DueAt, a.due)
		}
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

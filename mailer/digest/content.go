package digest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// ErrNoDigest is returned for an envelope whose digest is not recorded.
var ErrNoDigest = errors.New("no such digest")

// loadShown reads the postings that a digest shows.
func (b *Builder) loadShown(ctx context.Context, c content, docs *documents) error {
	return docs.load(ctx, b.DB.Reader, numbersOf(c.Postings))
}

// assemble lists the postings with those of their alerts that still want them;
// alive are the confirmed subscriptions among these.
func (b *Builder) assemble(who *subscriptions.Subscriber, alive map[uint32]*subscriptions.Subscription, c content, docs *documents,
	dismissed []subscriptions.Dismissal) mailer.DigestContent {
	now := b.Now()
	out := mailer.DigestContent{Counted: c.Counted, Deferred: len(c.Deferred), ManageURL: b.Links.Manage(who, now),
		Postings: make([]mailer.DigestPosting, 0, len(c.Postings))}
	a := assembly{b: b, who: who, now: now, alive: alive, index: map[uint32]int{}, out: &out}
	for i := range c.Postings {
		if e := &c.Postings[i]; !e.among(dismissed) {
			a.add(e, docs)
		}
	}
	if ids := slices.Sorted(maps.Keys(a.index)); len(ids) > 0 {
		out.OneClick = b.Links.Unsubscribe(who, now, ids...)
	}
	out.MoreURL = out.ManageURL
	if len(out.Alerts) == 1 {
		if all := b.Links.Jobs(&a.alive[out.Alerts[0].Subscription].Criteria); all != "" {
			out.MoreURL = all
		}
	}
	return out
}

// among reports whether she has dismissed the posting, or one of its twins.
func (e *entry) among(dismissed []subscriptions.Dismissal) bool {
	return slices.ContainsFunc(dismissed, func(d subscriptions.Dismissal) bool {
		return d.Posting == e.Posting || slices.Contains(e.Twins, d.Posting)
	})
}

// assembly is a digest's content being put together.
type assembly struct {
	b     *Builder
	who   *subscriptions.Subscriber
	now   time.Time
	alive map[uint32]*subscriptions.Subscription
	index map[uint32]int // of alerts in out.Alerts
	out   *mailer.DigestContent
}

// add lists one entry, as far as anything of it still stands and is wanted: the
// first such posting of a group is shown, with the sources and places of all.
func (a *assembly) add(e *entry, docs *documents) {
	var group []*document
	var wanting []*subscriptions.Subscription
	for _, n := range e.numbers() {
		d := docs.get(n)
		if d == nil || !d.stored.Standing(a.now) {
			continue
		}
		met := false
		for _, id := range e.alerts() {
			if s := a.alive[id]; s != nil && s.Criteria.Matches(d.Document) {
				met = true
				if !slices.Contains(wanting, s) {
					wanting = append(wanting, s)
				}
			}
		}
		if met {
			group = append(group, d)
		}
	}
	if len(group) == 0 {
		return
	}
	d := group[0]
	p := mailer.DigestPosting{Posting: united(group), URL: a.b.Links.Posting(d.Number), Alert: a.alertAt(wanting[0]), Sources: sourcesOf(group)}
	p.Why, p.UnstatedPay = why(&wanting[0].Criteria, d, a.who.Locale)
	for _, s := range wanting[1:] {
		p.AlsoFits = append(p.AlsoFits, a.alertAt(s))
	}
	wanted := make([]uint32, len(wanting))
	for i, s := range wanting {
		wanted[i] = s.ID
	}
	p.DismissURL = a.b.Links.Dismiss(a.who, d.Number, a.now, wanted...)
	if len(group) > 1 {
		p.SeparateURL = a.b.separateLink(a.who, a.now, numbersOfGroup(group))
	}
	a.out.Postings = append(a.out.Postings, p)
}

func (a *assembly) alertAt(s *subscriptions.Subscription) int {
	i, ok := a.index[s.ID]
	if !ok {
		i = len(a.out.Alerts)
		a.index[s.ID] = i
		a.out.Alerts = append(a.out.Alerts, mailer.DigestAlert{Subscription: s.ID, Name: s.Name(a.b.Meaning, a.who.Locale),
			UnsubscribeURL: a.b.Links.Unsubscribe(a.who, a.now, s.ID), Frequency: s.Schedule.Describe(a.who.Locale)})
	}
	return i
}

// united is the group's first posting with the places of all.
func united(group []*document) *alerts.Posting {
	if len(group) == 1 {
		return group[0].Posting
	}
	p := *group[0].Posting
	p.Locations = slices.Clone(p.Locations)
	for _, d := range group[1:] {
		for _, l := range d.Locations {
			if !slices.ContainsFunc(p.Locations, func(k alerts.Location) bool {
				return k.Name == l.Name && (k.PostalCode == l.PostalCode || l.PostalCode == "" || k.PostalCode == "")
			}) {
				p.Locations = append(p.Locations, l)
			}
		}
	}
	return &p
}

// sourcesOf names a group's sources, the first's own first.
func sourcesOf(group []*document) []string {
	var out []string
	for _, d := range group {
		if !slices.Contains(out, d.Source) {
			out = append(out, d.Source)
		}
	}
	return out
}

func numbersOfGroup(group []*document) []uint32 {
	out := make([]uint32, len(group))
	for i, d := range group {
		out[i] = d.Number
	}
	return out
}

// why gives one line a criterion, and whether the subscriber asked to have
// unstated pay marked.
func why(c *alerts.Criteria, d *document, locale string) (lines []string, unstatedPay bool) {
	_, reasons := c.Explain(d.Document)
	for _, r := range reasons {
		lines = append(lines, r.Text(locale))
		if r.Criterion == alerts.BySalary && r.Unstated && c.UnknownPayRule() == alerts.UnknownMark {
			unstatedPay = true
		}
	}
	return lines, unstatedPay
}

package digest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// ErrNoDigest is returned for an envelope whose digest is not recorded.
var ErrNoDigest = errors.New("no such digest")

// Content reads what a digest's envelope says as things stand now: alerts that
// have ended, postings that were withdrawn, expired or no longer match leave. It
// never adds one. Headers are the caller's to fill. An empty Postings means that
// nothing is left and no mail must go out.
func (b *Builder) Content(ctx context.Context, run, subscriber int64) (mailer.DigestContent, error) {
	var r row
	err := b.queries.One(ctx, b.DB.Reader, &r, "digest-by-envelope", map[string]any{"run_id": run, "subscriber_id": subscriber})
	if errors.Is(err, sql.ErrNoRows) {
		return mailer.DigestContent{}, ErrNoDigest
	}
	if err != nil {
		return mailer.DigestContent{}, fmt.Errorf("read digest: %w", err)
	}
	c, err := r.content()
	if err != nil {
		return mailer.DigestContent{}, err
	}
	people, err := b.Subscriptions.Subscribers(ctx, b.DB.Reader, []int64{subscriber})
	if err != nil {
		return mailer.DigestContent{}, err
	}
	who, ok := people[subscriber]
	if !ok {
		return mailer.DigestContent{}, nil // erased meanwhile
	}
	subs, err := b.Subscriptions.Of(ctx, b.DB.Reader, subscriber)
	if err != nil {
		return mailer.DigestContent{}, err
	}
	docs := newDocuments(b.Postings, b.Meaning)
	var numbers []uint32
	for _, e := range c.Postings {
		numbers = append(numbers, e.Posting)
	}
	if err := docs.load(ctx, b.DB.Reader, numbers); err != nil {
		return mailer.DigestContent{}, err
	}
	return b.assemble(&who, subs, c, docs), nil
}

// assemble lists the postings with those of their alerts that still want them.
func (b *Builder) assemble(who *subscriptions.Subscriber, subs []subscriptions.Subscription, c content, docs *documents) mailer.DigestContent {
	now := b.Now()
	alive := map[uint32]*subscriptions.Subscription{}
	for i := range subs {
		if subs[i].State == subscriptions.Confirmed {
			alive[subs[i].ID] = &subs[i]
		}
	}
	out := mailer.DigestContent{Counted: c.Counted, Deferred: len(c.Deferred), ManageURL: b.Links.Manage(who, now)}
	index := map[uint32]int{}
	alertAt := func(s *subscriptions.Subscription) int {
		i, ok := index[s.ID]
		if !ok {
			i = len(out.Alerts)
			index[s.ID] = i
			out.Alerts = append(out.Alerts, mailer.DigestAlert{Subscription: s.ID, Name: s.Name(b.Meaning, who.Locale),
				UnsubscribeURL: b.Links.Unsubscribe(who, now, s.ID), Frequency: s.Schedule.Describe(who.Locale)})
		}
		return i
	}
	for _, e := range c.Postings {
		d := docs.get(e.Posting)
		if d == nil || !d.stored.Standing(now) {
			continue
		}
		var wanting []*subscriptions.Subscription
		for _, id := range append([]uint32{e.Subscription}, e.Also...) {
			if s := alive[id]; s != nil && s.Criteria.Matches(d.Document) {
				wanting = append(wanting, s)
			}
		}
		if len(wanting) == 0 {
			continue
		}
		p := mailer.DigestPosting{Posting: d.Posting, URL: b.Links.Posting(d.Number), Alert: alertAt(wanting[0]), Sources: []string{d.Source}}
		p.Why, p.UnstatedPay = why(&wanting[0].Criteria, d, who.Locale)
		for _, s := range wanting[1:] {
			p.AlsoFits = append(p.AlsoFits, alertAt(s))
		}
		out.Postings = append(out.Postings, p)
	}
	if ids := sortedIDs(index); len(ids) > 0 {
		out.OneClick = b.Links.Unsubscribe(who, now, ids...)
	}
	out.MoreURL = out.ManageURL
	return out
}

func sortedIDs(index map[uint32]int) []uint32 {
	ids := make([]uint32, 0, len(index))
	for id := range index {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
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

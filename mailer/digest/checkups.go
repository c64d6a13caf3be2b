package digest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Search counts the open postings that meet criteria (implemented by alerts/archive).
type Search interface {
	Count(ctx context.Context, c *alerts.Criteria) (int, error)
}

// widerKM is the radius that a silent alert is tried with.
const widerKM = 50

// maxCheckups is how many mails one look at all alerts asks for. Whoever is left
// out is met the next day, when those who were told are not found again.
const maxCheckups = 20_000

// Checkups looks at every alert once, a page at a time, and puts a mail into the
// outbox where there is something to tell. It returns how many. It is meant to run
// daily; replicas do not tell twice. Only the alerts that it finds are searched for.
func (b *Builder) Checkups(ctx context.Context, search Search) (told int, err error) {
	if err := b.countDigests(ctx); err != nil {
		return 0, err
	}
	const pageSize = 1000
	c := checkups{Builder: b, search: search, met: map[int64]bool{}}
	for after := uint32(0); c.told < maxCheckups && ctx.Err() == nil; {
		page, err := b.Subscriptions.Page(ctx, b.DB.Reader, after, pageSize)
		if err != nil || len(page) == 0 {
			return c.told, err
		}
		after = page[len(page)-1].ID
		if err := c.check(ctx, page); err != nil {
			return c.told, fmt.Errorf("check alerts: %w", err)
		}
	}
	return c.told, ctx.Err()
}

// checkups is one look at all alerts.
type checkups struct {
	*Builder
	search Search
	met    map[int64]bool // people who get a mail of this look, or of another replica's
	told   int
}

// patient is an alert with what was found.
type patient struct {
	*subscriptions.Subscription
	seen    int64 // the position at which it was looked at before
	vitals  Vitals
	numbers mailer.Checkup
}

func (c *checkups) check(ctx context.Context, page []subscriptions.Subscription) error {
	var patients []*patient
	for i := range page {
		if s := page[i].State; (s == subscriptions.Confirmed || s == subscriptions.Paused) && !page[i].Criteria.Canary() {
			patients = append(patients, &patient{Subscription: &page[i], vitals: Vitals{CanFire: c.canFire(&page[i]), Told: map[mailer.Finding]time.Time{}}})
		}
	}
	if len(patients) == 0 {
		return nil
	}
	if err := c.readVitals(ctx, patients); err != nil {
		return err
	}
	if err := c.readTold(ctx, patients); err != nil {
		return err
	}
	for _, p := range patients {
		now := c.Now()
		p.numbers.Finding = Diagnose(p.Subscription, p.vitals, now)
		if p.numbers.Finding == "" || c.met[p.Subscriber] || c.told >= maxCheckups {
			continue
		}
		if err := c.examine(ctx, p, now); err != nil {
			return err
		}
		if err := c.tell(ctx, p, now); err != nil {
			return err
		}
	}
	return nil
}

func (b *Builder) canFire(sub *subscriptions.Subscription) bool {
	criteria := sub.Criteria
	return b.Meaning.Prepare(&criteria) == nil && b.Meaning.CanMatch(&criteria)
}

// examine finds the numbers that go with a finding.
func (c *checkups) examine(ctx context.Context, p *patient, now time.Time) error {
	n := &p.numbers
	n.Subscription, n.Position, n.Since = p.ID, p.Position, p.ConfirmedAt
	if asked := p.vitals.Told[mailer.FoundWanted]; !asked.IsZero() {
		n.Since = asked
	}
	switch n.Finding {
	case mailer.FoundSilent:
		n.SilentDays = int(now.Sub(p.vitals.heard(p.Subscription)) / (24 * time.Hour))
		return c.tryWider(ctx, p)
	case mailer.FoundWanted:
		return c.countDismissed(ctx, p)
	}
	return nil
}

// tryWider counts what a silent alert would find farther away.
func (c *checkups) tryWider(ctx context.Context, p *patient) (err error) {
	criteria := p.Criteria
	criteria.Places = slices.Clone(criteria.Places)
	radius := float64(widerKM)
	for i := range criteria.Places {
		if criteria.Places[i].Radius() < radius {
			criteria.Places[i].RadiusKM, p.numbers.WiderKM = &radius, widerKM
		}
	}
	if p.numbers.WiderKM == 0 {
		return nil
	}
	if err := c.Meaning.Prepare(&criteria); err != nil {
		return err
	}
	p.numbers.Wider, err = c.search.Count(ctx, &criteria)
	return err
}

// countDismissed counts which of the postings that she does not want to see again
// would be this alert's, as far as they are still stored.
func (c *checkups) countDismissed(ctx context.Context, p *patient) error {
	dismissed, err := c.Subscriptions.Dismissed(ctx, c.DB.Reader, []int64{p.Subscriber})
	if err != nil {
		return err
	}
	var numbers []uint32
	for _, d := range dismissed[p.Subscriber] {
		if d.At.After(p.numbers.Since) {
			numbers = append(numbers, d.Posting)
		}
	}
	stored, err := c.Postings.Postings(ctx, c.DB.Reader, numbers)
	if err != nil {
		return err
	}
	for i := range stored {
		if p.Criteria.Matches(c.Meaning.Document(&stored[i].Posting)) {
			p.numbers.Dismissed++
		}
	}
	p.numbers.Dismissed = min(p.numbers.Dismissed, p.numbers.Postings)
	return nil
}

// tell puts the mail into the outbox and remembers it, both or neither. Where
// another replica was quicker nothing is done; whose alert it is has her mail.
func (c *checkups) tell(ctx context.Context, p *patient, now time.Time) error {
	payload, err := json.Marshal(p.numbers)
	if err != nil {
		return err
	}
	finding := p.numbers.Finding
	var seen int64
	if t := p.vitals.Told[finding]; !t.IsZero() {
		seen = t.UnixMilli()
	}
	purpose := mailer.CheckupPurpose(p.ID, finding, now)
	envelope := mailer.Envelope{Kind: mailer.CheckupMail, Purpose: purpose, Subscriber: p.Subscriber, Subscription: p.ID,
		Payload: string(payload), MessageID: c.MessageID(purpose), DueAt: now, Created: now}
	told := false
	err = c.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		told = false
		res, err := c.queries.Exec(ctx, tx, "tell", map[string]any{"subscription_id": p.ID, "subscriber_id": p.Subscriber,
			"finding": string(finding), "told_ms": now.UnixMilli(), "seen_ms": seen})
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		if finding == mailer.FoundWanted {
			if _, err := c.queries.Exec(ctx, tx, "count-anew", map[string]any{"subscription_id": p.ID}); err != nil {
				return err
			}
		}
		told = true
		return c.Outbox.Enqueue(ctx, tx, []mailer.Envelope{envelope})
	})
	if err != nil {
		return err
	}
	c.met[p.Subscriber] = true
	if told {
		c.told++
	}
	return nil
}

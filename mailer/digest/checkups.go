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

// Accounts takes mails about alerts (implemented by mailer/outbox); kind is
// CheckupKind of a finding, payload a mailer.Checkup.
type Accounts interface {
	Account(ctx context.Context, tx sqlx.ExtContext, subscriber int64, kind string, payload any) error
}

// CheckupKind is the kind of account mail that tells a finding.
func CheckupKind(f mailer.Finding) string { return "checkup-" + string(f) }

// widerKM is the radius that a silent alert is tried with.
const widerKM = 50

// Checkups looks at every alert once, a page at a time, and asks for a mail where
// there is something to tell: at most one an alert and call. It returns how many
// it asked for. It is meant to run daily; replicas do not tell twice.
func (b *Builder) Checkups(ctx context.Context, mails Accounts) (told int, err error) {
	const pageSize = 1000
	for after := uint32(0); ; {
		page, err := b.Subscriptions.Page(ctx, b.DB.Reader, after, pageSize)
		if err != nil || len(page) == 0 {
			return told, err
		}
		after = page[len(page)-1].ID
		n, err := b.checkPage(ctx, mails, page)
		if told += n; err != nil {
			return told, fmt.Errorf("check alerts: %w", err)
		}
	}
}

// patient is an alert with what was found.
type patient struct {
	*subscriptions.Subscription
	vitals  Vitals
	finding mailer.Finding
	numbers mailer.Checkup
}

func (b *Builder) checkPage(ctx context.Context, mails Accounts, page []subscriptions.Subscription) (int, error) {
	var patients []*patient
	for i := range page {
		if page[i].State == subscriptions.Confirmed {
			criteria := page[i].Criteria
			p := &patient{Subscription: &page[i], numbers: mailer.Checkup{Subscription: page[i].ID}}
			p.vitals = Vitals{CanFire: b.Meaning.Prepare(&criteria) == nil, Told: map[mailer.Finding]time.Time{}}
			patients = append(patients, p)
		}
	}
	if len(patients) == 0 {
		return 0, nil
	}
	if err := b.readTold(ctx, patients); err != nil {
		return 0, err
	}
	if err := b.readDelivered(ctx, patients); err != nil {
		return 0, err
	}
	now := b.Now()
	found := slices.DeleteFunc(patients, func(p *patient) bool {
		p.finding = Diagnose(p.Subscription, p.vitals, now)
		return p.finding == ""
	})
	if err := b.tryWider(ctx, found, now); err != nil {
		return 0, err
	}
	told := 0
	for _, p := range found {
		ok, err := b.tell(ctx, mails, p, now)
		if err != nil {
			return told, err
		}
		if ok {
			told++
		}
	}
	return told, nil
}

func (b *Builder) readTold(ctx context.Context, patients []*patient) error {
	of := map[int64]*patient{}
	ids := make([]int64, len(patients))
	for i, p := range patients {
		ids[i], of[int64(p.ID)] = int64(p.ID), p
	}
	var rows []struct {
		Subscription int64  `db:"subscription_id"`
		Finding      string `db:"finding"`
		ToldMS       int64  `db:"told_ms"`
	}
	if err := b.queries.Select(ctx, b.DB.Reader, &rows, "told-of", map[string]any{"ids": ids}); err != nil {
		return err
	}
	for _, r := range rows {
		of[r.Subscription].vitals.Told[mailer.Finding(r.Finding)] = time.UnixMilli(r.ToldMS).UTC()
	}
	return nil
}

// readDelivered counts each alert's mails and postings, and finds its last.
func (b *Builder) readDelivered(ctx context.Context, patients []*patient) error {
	of := map[uint32]*patient{}
	var subscribers []int64
	for _, p := range patients {
		of[p.ID] = p
		subscribers = append(subscribers, p.Subscriber)
	}
	slices.Sort(subscribers)
	arg := map[string]any{"subscribers": slices.Compact(subscribers)}
	return b.queries.Each(ctx, b.DB.Reader, "content-since", arg, func(rows *sqlx.Rows) error {
		var (
			subscriber, created int64
			encoded             string
			c                   content
		)
		if err := rows.Scan(&subscriber, &created, &encoded); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(encoded), &c); err != nil {
			return nil // the run that meets it reports it
		}
		shown := map[uint32]int{}
		for i := range c.Postings {
			for _, id := range c.Postings[i].alerts() {
				shown[id]++
			}
		}
		for id, n := range shown {
			if p := of[id]; p != nil {
				p.numbers.Mails++
				p.numbers.Postings += n
				p.vitals.LastDelivered = time.UnixMilli(created).UTC()
			}
		}
		return nil
	})
}

// tryWider counts what silent alerts would find farther away.
func (b *Builder) tryWider(ctx context.Context, found []*patient, now time.Time) error {
	wider := map[*patient]*alerts.Criteria{}
	for _, p := range found {
		if p.finding != mailer.FoundSilent {
			continue
		}
		heard := p.vitals.LastDelivered
		if heard.Before(p.ConfirmedAt) {
			heard = p.ConfirmedAt
		}
		p.numbers.SilentDays = int(now.Sub(heard).Hours() / 24)
		criteria := p.Criteria
		criteria.Places = slices.Clone(criteria.Places)
		radius, grown := float64(widerKM), false
		for i := range criteria.Places {
			if criteria.Places[i].Radius() < radius {
				criteria.Places[i].RadiusKM, grown = &radius, true
			}
		}
		if grown {
			p.numbers.WiderKM, wider[p] = widerKM, &criteria
		}
	}
	if len(wider) == 0 {
		return nil
	}
	const ever = 1<<63 - 1
	return b.Postings.OpenBetween(ctx, b.DB.Reader, 0, ever, now, func(s alerts.Stored) error {
		d := b.Meaning.Document(&s.Posting)
		for p, criteria := range wider {
			if criteria.Matches(d) {
				p.numbers.Wider++
			}
		}
		return nil
	})
}

// tell asks for the mail and remembers it, both or neither; false if another
// replica was quicker.
func (b *Builder) tell(ctx context.Context, mails Accounts, p *patient, now time.Time) (told bool, err error) {
	var seen int64
	if t := p.vitals.Told[p.finding]; !t.IsZero() {
		seen = t.UnixMilli()
	}
	arg := map[string]any{"subscription_id": p.ID, "finding": string(p.finding), "told_ms": now.UnixMilli(), "seen_ms": seen}
	err = b.DB.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := b.queries.Exec(ctx, tx, "tell", arg)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		told = true
		return mails.Account(ctx, tx, p.Subscriber, CheckupKind(p.finding), p.numbers)
	})
	return told && err == nil, err
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// day is the span in which MaxConfirmations are counted.
const day = 24 * time.Hour

// doubleClick is the span in which the same sign-up again is the same click: one
// mail answers it.
const doubleClick = time.Minute

// insertRow is a new row of subscriptions.
type insertRow struct {
	wishRow
	ID           int64  `db:"id"`
	SubscriberID int64  `db:"subscriber_id"`
	State        string `db:"state"`
	Position     int64  `db:"position"`
	DueAt        any    `db:"due_at_ms"`
	Created      int64  `db:"created_ms"`
	Confirmed    any    `db:"confirmed_ms"`
}

func (s *Store) insert(ctx context.Context, tx sqlx.ExtContext, r insertRow) (uint32, error) {
	var id int64
	if err := s.q.One(ctx, tx, &id, "subscription-insert", r); err != nil {
		return 0, fmt.Errorf("insert a subscription: %w", err)
	}
	return uint32(id), nil
}

// SignUp notes that somebody asked for a subscription in the name of an address,
// and says which mail its owner is to get: the caller hands that to the outbox in
// the same transaction and then calls ConfirmationSent. Nothing stands yet, so it
// takes no clock. An address is written to for sign-ups at most
// subscriptions.MaxConfirmations times a day, whoever asks.
func (s *Store) SignUp(ctx context.Context, tx sqlx.ExtContext, up subscriptions.SignUp, now time.Time) (subscriptions.Enrolment, error) {
	row, err := s.wish(&up.Wish)
	if err != nil {
		return subscriptions.Enrolment{}, err
	}
	subscriber, today, err := s.enter(ctx, tx, up, now)
	if err != nil {
		return subscriptions.Enrolment{}, fmt.Errorf("enter a subscriber: %w", err)
	}
	silent := subscriptions.Enrolment{Answer: subscriptions.StaySilent, Subscriber: subscriber}
	have, err := s.rowsOf(ctx, tx, subscriber)
	if err != nil {
		return silent, err
	}
	known, err := sameWish(have, up.Wish.Criteria)
	if err != nil {
		return silent, err
	}
	sent, err := s.confirmations(ctx, tx, known)
	if err != nil {
		return silent, err
	}
	if sent.N > 0 && known.State == string(subscriptions.Unconfirmed) && sent.Last > now.Add(-doubleClick).UnixMilli() {
		return silent, nil
	}
	if today >= subscriptions.MaxConfirmations || known == nil && countStanding(have) >= subscriptions.MaxAlerts {
		return silent, nil
	}
	return s.enrol(ctx, tx, up, subscriber, row, have, known, sent.N, now)
}

// enter finds or makes the subscriber with an address, and counts how often it was
// signed up within a day: once the row is locked, so that nobody else's is missed.
func (s *Store) enter(ctx context.Context, tx sqlx.ExtContext, up subscriptions.SignUp, now time.Time) (subscriber int64, today int, err error) {
	var ids []int64
	var counts []int
	t := new(database.Trip)
	t.Select(s.q, &ids, "subscriber-enter", map[string]any{"email": up.Address,
		"address_key": subscriptions.AddressKey(up.Address), "locale": up.Locale, "created_ms": now.UnixMilli()})
	t.Select(s.q, &counts, "consents-signed-up-since", map[string]any{
		"address_hash": subscriptions.AddressHash(s.hashKey, up.Address), "since_ms": now.Add(-day).UnixMilli()})
	if err := t.Run(ctx, tx); err != nil {
		return 0, 0, err
	}
	return ids[0], counts[0], nil // both always have their row
}

// enrol stores the sign-up, or finds the subscription that it repeats.
func (s *Store) enrol(ctx context.Context, tx sqlx.ExtContext, up subscriptions.SignUp, subscriber int64, row wishRow, have []subscriptionRow, known *subscriptionRow, sent int, now time.Time) (subscriptions.Enrolment, error) {
	made := subscriptions.Enrolment{Answer: subscriptions.AskConfirmation, Subscriber: subscriber}
	var err error
	switch {
	case known == nil:
		made.Subscription, err = s.insert(ctx, tx, insertRow{wishRow: row, SubscriberID: subscriber,
			State: string(subscriptions.Unconfirmed), Created: now.UnixMilli()})
	case known.State == string(subscriptions.Unconfirmed):
		made.Subscription = uint32(known.ID)
		_, err = s.update(ctx, tx, "subscription-wish-again", struct {
			wishRow
			ID int64 `db:"id"`
		}{row, known.ID})
	default:
		made.Subscription, made.Answer = uint32(known.ID), subscriptions.SayAlreadyHere
	}
	if err != nil {
		return made, err
	}
	t := new(database.Trip)
	if !anyConfirmed(have) { // her own choice is not a stranger's to change
		t.Exec(s.q, "subscriber-speak", map[string]any{"id": subscriber, "locale": up.Locale})
	}
	if made.Answer == subscriptions.AskConfirmation {
		made.Confirmation = sent + 1
	}
	t.Exec(s.q, "consent-record", []consentRow{s.consent(subscriber, made.Subscription, up.Address, subscriptions.SignedUp, up.How, now)})
	if err := t.Run(ctx, tx); err != nil {
		return made, fmt.Errorf("record a sign-up: %w", err)
	}
	return made, nil
}

// confirmations are the confirmation mails that a subscription has had, none for
// one that is not there yet.
type confirmations struct {
	N    int   `db:"n"`
	Last int64 `db:"last_ms"`
}

func (s *Store) confirmations(ctx context.Context, tx sqlx.ExtContext, known *subscriptionRow) (confirmations, error) {
	var sent confirmations
	if known == nil {
		return sent, nil
	}
	err := s.q.One(ctx, tx, &sent, "consents-confirmations", map[string]any{"subscriber_id": known.SubscriberID, "subscription_id": known.ID})
	if err != nil {
		return sent, fmt.Errorf("count confirmations: %w", err)
	}
	return sent, nil
}

func (s *Store) rowsOf(ctx context.Context, tx sqlx.ExtContext, subscriber int64) ([]subscriptionRow, error) {
	var rows []subscriptionRow
	if err := s.q.Select(ctx, tx, &rows, "subscriptions-of", map[string]any{"subscriber_id": subscriber}); err != nil {
		return nil, fmt.Errorf("read the subscriptions of subscriber %d: %w", subscriber, err)
	}
	return rows, nil
}

// sameWish finds the subscription that asks for the same and has not ended.
func sameWish(have []subscriptionRow, criteria alerts.Criteria) (*subscriptionRow, error) {
	asked, err := encode(plainly(criteria))
	if err != nil {
		return nil, err
	}
	for i := range have {
		if have[i].State == string(subscriptions.Ended) {
			continue
		}
		var held alerts.Criteria
		if err := json.Unmarshal([]byte(have[i].Criteria), &held); err != nil {
			return nil, fmt.Errorf("read the criteria of subscription %d: %w", have[i].ID, err)
		}
		if text, err := encode(plainly(held)); err != nil || text == asked {
			return &have[i], err
		}
	}
	return nil, nil
}

// plainly is what criteria ask for, whatever they leave to the defaults and
// whatever their places are called.
func plainly(c alerts.Criteria) *alerts.Criteria {
	places := make([]alerts.Place, len(c.Places))
	for i, p := range c.Places {
		radius := p.Radius()
		if p.RadiusKM = &radius; p.Lat != nil {
			p.Name, p.Postcode = "", ""
		}
		places[i] = p
	}
	c.Places, c.Remote, c.SalaryUnknown = places, c.RemoteRule(), c.UnknownPayRule()
	if c.Salary == nil {
		c.SalaryUnknown = ""
	}
	return &c
}

func countStanding(have []subscriptionRow) int {
	n := 0
	for i := range have {
		if have[i].State != string(subscriptions.Ended) {
			n++
		}
	}
	return n
}

func anyConfirmed(have []subscriptionRow) bool {
	for i := range have {
		if have[i].Confirmed.Valid {
			return true
		}
	}
	return false
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// consentRow is a row of consents.
type consentRow struct {
	ID             int64  `db:"id"`
	SubscriberID   int64  `db:"subscriber_id"`
	SubscriptionID int64  `db:"subscription_id"`
	Address        string `db:"address"`
	AddressHash    string `db:"address_hash"`
	Event          string `db:"event"`
	At             int64  `db:"at_ms"`
	TextVersion    string `db:"text_version"`
	Wording        string `db:"wording"`
	Source         string `db:"source"`
	IP             string `db:"ip"`
	MessageID      string `db:"message_id"`
}

func (s *Store) consent(subscriber int64, id uint32, address string, event subscriptions.ConsentEvent, how subscriptions.Circumstances, at time.Time) consentRow {
	return consentRow{SubscriberID: subscriber, SubscriptionID: int64(id), Address: address,
		AddressHash: subscriptions.AddressHash(s.hashKey, address), Event: string(event), At: at.UnixMilli(),
		TextVersion: how.TextVersion, Wording: how.Wording, Source: how.Source, IP: how.IP, MessageID: how.MessageID}
}

func (s *Store) record(ctx context.Context, tx sqlx.ExtContext, rows ...consentRow) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := s.q.Exec(ctx, tx, "consent-record", rows); err != nil {
		return fmt.Errorf("record consent: %w", err)
	}
	return nil
}

// ConfirmationSent records that a confirmation mail was handed to the outbox,
// under the Message-ID in how.
func (s *Store) ConfirmationSent(ctx context.Context, tx sqlx.ExtContext, subscriber int64, id uint32, how subscriptions.Circumstances, now time.Time) error {
	who, err := s.Subscriber(ctx, tx, subscriber)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, s.consent(subscriber, id, who.Email, subscriptions.ConfirmationSent, how, now))
}

// Consents returns a subscriber's record, oldest first. Addresses are empty once
// erased.
func (s *Store) Consents(ctx context.Context, q sqlx.ExtContext, subscriber int64) ([]subscriptions.Consent, error) {
	var rows []consentRow
	if err := s.q.Select(ctx, q, &rows, "consents-of", map[string]any{"subscriber_id": subscriber}); err != nil {
		return nil, fmt.Errorf("read the consents of subscriber %d: %w", subscriber, err)
	}
	record := make([]subscriptions.Consent, len(rows))
	for i, r := range rows {
		record[i] = subscriptions.Consent{Subscriber: r.SubscriberID, Subscription: uint32(r.SubscriptionID), Address: r.Address,
			Event: subscriptions.ConsentEvent(r.Event), At: time.UnixMilli(r.At).UTC(), TextVersion: r.TextVersion, Wording: r.Wording,
			Source: r.Source, IP: r.IP, MessageID: r.MessageID}
	}
	return record, nil
}

// consentsOf makes the same record for several subscriptions, reading each
// subscriber's address once.
func (s *Store) consentsOf(ctx context.Context, tx sqlx.ExtContext, held []subscriptionRow, event subscriptions.ConsentEvent, how subscriptions.Circumstances, now time.Time) ([]consentRow, error) {
	var ids []int64
	for i := range held {
		ids = append(ids, held[i].SubscriberID)
	}
	who, err := s.Subscribers(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]consentRow, len(held))
	for i := range held {
		rows[i] = s.consent(held[i].SubscriberID, uint32(held[i].ID), who[held[i].SubscriberID].Email, event, how, now)
	}
	return rows, nil
}

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Get returns one subscription in whatever state, ErrNotFound if there is none.
func (s *Store) Get(ctx context.Context, q sqlx.ExtContext, id uint32) (subscriptions.Subscription, error) {
	var r subscriptionRow
	if err := s.q.One(ctx, q, &r, "subscription-get", map[string]any{"id": int64(id)}); err != nil {
		return subscriptions.Subscription{}, found(err, fmt.Sprintf("read subscription %d", id))
	}
	return s.subscription(&r), nil
}

// Of returns all of a subscriber's subscriptions, ended ones included, by number.
func (s *Store) Of(ctx context.Context, q sqlx.ExtContext, subscriber int64) ([]subscriptions.Subscription, error) {
	var rows []subscriptionRow
	if err := s.q.Select(ctx, q, &rows, "subscriptions-of", map[string]any{"subscriber_id": subscriber}); err != nil {
		return nil, fmt.Errorf("read the subscriptions of subscriber %d: %w", subscriber, err)
	}
	return s.subscriptions(rows), nil
}

// Confirmed returns those of ids that are confirmed, by number, criteria prepared.
func (s *Store) Confirmed(ctx context.Context, q sqlx.ExtContext, ids []uint32) ([]subscriptions.Subscription, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []subscriptionRow
	err := s.q.Select(ctx, q, &rows, "subscriptions-confirmed", map[string]any{"ids": database.Array{Slice: numbers(ids)}})
	if err != nil {
		return nil, fmt.Errorf("read confirmed subscriptions: %w", err)
	}
	return s.subscriptions(rows), nil
}

// Kept returns those of ids, ascending, that are there and have not ended before a time.
func (s *Store) Kept(ctx context.Context, q sqlx.ExtContext, ids []uint32, ended time.Time) (kept []uint32, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	arg := map[string]any{"ids": numbers(ids), "before_ms": ended.UnixMilli()}
	if err := s.q.Select(ctx, q, &kept, "subscriptions-kept", arg); err != nil {
		return nil, fmt.Errorf("read which subscriptions are kept: %w", err)
	}
	return kept, nil
}

// Page returns up to limit subscriptions in whatever state with numbers above
// after, ascending.
func (s *Store) Page(ctx context.Context, q sqlx.ExtContext, after uint32, limit int) ([]subscriptions.Subscription, error) {
	var rows []subscriptionRow
	if err := s.q.Select(ctx, q, &rows, "subscriptions-page", map[string]any{"after": int64(after), "limit": limit}); err != nil {
		return nil, fmt.Errorf("read a page of subscriptions: %w", err)
	}
	return s.subscriptions(rows), nil
}

// Subscriber returns one subscriber, erased or not, ErrNotFound if there is none.
func (s *Store) Subscriber(ctx context.Context, q sqlx.ExtContext, id int64) (subscriptions.Subscriber, error) {
	var r subscriberRow
	if err := s.q.One(ctx, q, &r, "subscriber-get", map[string]any{"id": id}); err != nil {
		return subscriptions.Subscriber{}, found(err, fmt.Sprintf("read subscriber %d", id))
	}
	return r.subscriber(), nil
}

// SubscriberByAddress returns whoever has the address, ErrNotFound if nobody does.
func (s *Store) SubscriberByAddress(ctx context.Context, q sqlx.ExtContext, address string) (subscriptions.Subscriber, error) {
	var r subscriberRow
	if err := s.q.One(ctx, q, &r, "subscriber-by-address", map[string]any{"address_key": subscriptions.AddressKey(address)}); err != nil {
		return subscriptions.Subscriber{}, found(err, "read the subscriber by address")
	}
	return r.subscriber(), nil
}

// Subscribers returns those of ids that exist.
func (s *Store) Subscribers(ctx context.Context, q sqlx.ExtContext, ids []int64) (map[int64]subscriptions.Subscriber, error) {
	known := make(map[int64]subscriptions.Subscriber, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	var rows []subscriberRow
	if err := s.q.Select(ctx, q, &rows, "subscribers-get", map[string]any{"ids": database.Array{Slice: ids}}); err != nil {
		return nil, fmt.Errorf("read subscribers: %w", err)
	}
	for i := range rows {
		known[rows[i].ID] = rows[i].subscriber()
	}
	return known, nil
}

// Export returns what is kept here of one subscriber, ErrNotFound if there is none.
func (s *Store) Export(ctx context.Context, q sqlx.ExtContext, subscriber int64) (subscriptions.Export, error) {
	who, err := s.Subscriber(ctx, q, subscriber)
	if err != nil {
		return subscriptions.Export{}, err
	}
	subs, err := s.Of(ctx, q, subscriber)
	if err != nil {
		return subscriptions.Export{}, err
	}
	record, err := s.Consents(ctx, q, subscriber)
	if err != nil {
		return subscriptions.Export{}, err
	}
	dismissed, err := s.Dismissed(ctx, q, []int64{subscriber})
	if err != nil {
		return subscriptions.Export{}, err
	}
	return subscriptions.Export{Subscriber: who, Subscriptions: subs, Consents: record, Dismissed: dismissed[subscriber]}, nil
}

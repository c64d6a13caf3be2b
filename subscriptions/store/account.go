package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Speak sets the language of a subscriber's mails and pages: "de" or "en".
func (s *Store) Speak(ctx context.Context, tx sqlx.ExtContext, subscriber int64, locale string) error {
	if _, err := s.q.Exec(ctx, tx, "subscriber-speak", map[string]any{"id": subscriber, "locale": locale}); err != nil {
		return fmt.Errorf("set the language of subscriber %d: %w", subscriber, err)
	}
	return nil
}

// Rotate voids every link signed for a subscriber so far, those to unsubscribe
// excepted, and returns the rotation that new ones carry.
func (s *Store) Rotate(ctx context.Context, tx sqlx.ExtContext, subscriber int64) (rotation int64, err error) {
	err = s.q.One(ctx, tx, &rotation, "subscriber-rotate", map[string]any{"id": subscriber})
	return rotation, found(err, fmt.Sprintf("rotate the links of subscriber %d", subscriber))
}

// AddressAsked records that a mail was handed to the outbox, under the Message-ID in
// how, that asks an address whether a subscriber's mails may move.
func (s *Store) AddressAsked(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error {
	return s.record(ctx, tx, s.consent(subscriber, 0, address, subscriptions.ConfirmationSent, how, now))
}

// AddressAgreed records that somebody at a new address agreed to a subscriber's
// mails coming there. Nothing changes yet: the old address decides.
func (s *Store) AddressAgreed(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error {
	return s.record(ctx, tx, s.consent(subscriber, 0, address, subscriptions.ConsentConfirmed, how, now))
}

// ChangeAddress gives a subscriber another address, which both have confirmed,
// and voids earlier links. It returns ErrAddressTaken if somebody else has it,
// and ErrNotFound for someone erased.
func (s *Store) ChangeAddress(ctx context.Context, tx sqlx.ExtContext, subscriber int64, address string, how subscriptions.Circumstances, now time.Time) error {
	// Asked before, since a failed statement would end PostgreSQL's transaction;
	// the unique key decides between two that ask at once.
	owner, err := s.ownerOf(ctx, tx, address)
	if err != nil {
		return err
	}
	if owner != 0 && owner != subscriber {
		return ErrAddressTaken
	}
	moved, err := s.update(ctx, tx, "subscriber-move", map[string]any{"id": subscriber, "email": address, "address_key": subscriptions.AddressKey(address)})
	switch {
	case database.IsUnique(err):
		return ErrAddressTaken
	case err != nil:
		return fmt.Errorf("change the address of subscriber %d: %w", subscriber, err)
	case !moved:
		return fmt.Errorf("change the address of subscriber %d: %w", subscriber, ErrNotFound)
	}
	return s.record(ctx, tx, s.consent(subscriber, 0, address, subscriptions.ChangedAddress, how, now))
}

// ownerOf is the number of the subscriber with an address, 0 if nobody has it.
func (s *Store) ownerOf(ctx context.Context, tx sqlx.ExtContext, address string) (int64, error) {
	var rows []struct {
		ID  int64  `db:"id"`
		Key string `db:"address_key"`
	}
	err := s.q.Select(ctx, tx, &rows, "subscribers-by-address", map[string]any{"keys": database.Array{Slice: []string{subscriptions.AddressKey(address)}}})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].ID, nil
}

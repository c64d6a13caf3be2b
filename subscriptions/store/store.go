// Package store keeps subscribers, their subscriptions, what they dismissed, the
// record of their consent and the installation's secrets. It is the only package whose SQL names
// those tables.
//
// Methods that change what a subscription stands for take the clock: they must be
// the first statements of the caller's transaction, which should hold nothing
// else for long. Reading methods take a transaction or a pool. The package sends
// no mail, decides no match and starts no goroutine. The pages, the index inside
// intake, the digests and the command line call it.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

//go:embed queries
var files embed.FS

// Errors a caller branches on. ErrAddressTaken means that another subscriber has
// the address.
var (
	ErrNotFound     = subscriptions.ErrNotFound
	ErrAddressTaken = subscriptions.ErrAddressTaken
	ErrTooMany      = subscriptions.ErrTooMany
)

// AddressSecret names the secret under which addresses are hashed, here and in
// suppressions.
const AddressSecret = "address-hash"

// Store is safe for concurrent use.
type Store struct {
	db       *database.DB
	meaning  *alerts.Meaning
	calendar *subscriptions.Calendar
	q        *database.Queries
	hashKey  []byte
	log      *slog.Logger
}

// New makes the store over a migrated database. It makes the secret that
// addresses are hashed under if there is none yet.
func New(ctx context.Context, db *database.DB, m *alerts.Meaning, cadences subscriptions.Cadences, log *slog.Logger) (*Store, error) {
	q, err := database.LoadQueries(files, db.Dialect,
		"subscription-get", "subscriptions-of", "subscriptions-confirmed", "subscriptions-kept", "subscriptions-page", "criteria-standing", "criteria-about", "criteria-changes", "instant-changes",
		"subscription-insert", "subscriptions-import", "subscription-wish-again", "subscription-confirm", "subscription-edit",
		"subscription-pause", "subscription-resume", "subscription-end", "subscription-undo", "subscription-erase",
		"subscriptions-drop-unconfirmed", "subscriptions-purge-unconfirmed", "pauses-ended", "subscriptions-hold",
		"subscriptions-due", "subscriptions-advance", "subscriptions-wake", "subscriptions-known", "subscription-numbers", "subscribers-with-several",
		"subscriber-get", "subscriber-by-address", "subscriber-enter", "subscribers-import", "subscriber-speak",
		"subscriber-rotate", "subscriber-move", "subscriber-erase", "subscribers-drop-empty", "subscribers-due", "subscribers-lease", "subscribers-reclaim", "subscribers-leased",
		"subscribers-release", "subscribers-get", "subscribers-by-address", "subscribers-who-left",
		"consent-record", "consents-of", "consents-signed-up-since", "consents-confirmations", "consents-erase",
		"consents-forget-unconfirmed", "consents-purge",
		"dismissal-put", "dismissal-drop", "dismissals-of", "dismissals-erase", "dismissals-purge", "secret-offer", "secret-get")
	if err != nil {
		return nil, fmt.Errorf("load the subscriptions' queries: %w", err)
	}
	s := &Store{db: db, meaning: m, calendar: subscriptions.NewCalendar(cadences), q: q, log: log}
	if s.hashKey, err = s.Secret(ctx, AddressSecret); err != nil {
		return nil, err
	}
	return s, nil
}

// found turns the absence of a row into ErrNotFound.
func found(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

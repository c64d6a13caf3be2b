// Package canary judges whether the canary's mails arrive: those of a synthetic
// subscriber, for a synthetic posting that is published on a schedule. It keeps
// which of them came back by mail, and sends nothing; cmd publishes the posting
// and raises the alarm.
package canary

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
)

//go:embed queries
var queryFiles embed.FS

// Arrivals are the canary's mails that came back. It is safe for concurrent use.
type Arrivals struct {
	db      *database.DB
	queries *database.Queries
}

// Open makes Arrivals over a migrated database.
func Open(db *database.DB) (*Arrivals, error) {
	q, err := database.LoadQueries(queryFiles, db.Dialect, "put-arrival", "purge-arrivals", "arrivals-of")
	if err != nil {
		return nil, err
	}
	return &Arrivals{db: db, queries: q}, nil
}

// kept is how long an arrival is remembered; only the last ones count.
const kept = 30 * 24 * time.Hour

// Arrived notes that the mail with this Message-ID (without brackets) came back.
// Nobody else can name one: they are made from the installation's secret.
func (a *Arrivals) Arrived(ctx context.Context, messageID string, at time.Time) error {
	err := a.db.Tx(ctx, func(tx *sqlx.Tx) error {
		if _, err := a.queries.Exec(ctx, tx, "purge-arrivals", map[string]any{"before_ms": at.Add(-kept).UnixMilli()}); err != nil {
			return err
		}
		_, err := a.queries.Exec(ctx, tx, "put-arrival", map[string]any{"message_id": messageID, "at_ms": at.UnixMilli()})
		return err
	})
	if err != nil {
		return fmt.Errorf("note the canary's mail: %w", err)
	}
	return nil
}

// Flight is the newest of the canary's mails that arrived.
type Flight struct {
	Began   time.Time // when the mail was made
	Arrived time.Time
}

// Last finds the newest of the canary's envelopes, given newest first, that
// arrived: was taken by the relay, or, if they are to come back, did so. False if none did.
func (a *Arrivals) Last(ctx context.Context, envelopes []mailer.Envelope, back bool) (Flight, bool, error) {
	came := map[string]time.Time{}
	if back && len(envelopes) > 0 {
		ids := make([]string, len(envelopes))
		for i, e := range envelopes {
			ids[i] = e.MessageID
		}
		var rows []struct {
			MessageID string `db:"message_id"`
			AtMS      int64  `db:"at_ms"`
		}
		if err := a.queries.Select(ctx, a.db.Reader, &rows, "arrivals-of", map[string]any{"ids": ids}); err != nil {
			return Flight{}, false, fmt.Errorf("read the canary's mails: %w", err)
		}
		for _, r := range rows {
			came[r.MessageID] = time.UnixMilli(r.AtMS).UTC()
		}
	}
	for _, e := range envelopes {
		at, ok := came[e.MessageID]
		if !back {
			at, ok = e.DoneAt, e.Outcome == mailer.Accepted
		}
		if ok {
			return Flight{Began: e.Created, Arrived: at}, true, nil
		}
	}
	return Flight{}, false, nil
}

// Overdue reports whether a mail should have arrived at now: one is due within a
// time after each instant of the schedule since the last that arrived began, or
// since the canary was set up where none did. due is when the next one is, or was.
func Overdue(next func(time.Time) time.Time, within time.Duration, since, now time.Time) (due time.Time, overdue bool) {
	due = next(since).Add(within)
	return due, now.After(due)
}

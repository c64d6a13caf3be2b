package outbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
)

//go:embed queries
var queryFiles embed.FS

// Store keeps the envelopes: it owns the table outbox. It is safe for concurrent
// use by any number of replicas.
type Store struct {
	db        *database.DB
	queries   *database.Queries
	messageID func(purpose string) string
	now       func() time.Time
}

// NewStore makes the store of a migrated database; messageID names the envelope
// made for a purpose.
func NewStore(db *database.DB, messageID func(purpose string) string, now func() time.Time) (*Store, error) {
	q, err := database.LoadQueries(queryFiles, db.Dialect, "enqueue", "due-priorities", "claim", "begin", "finish", "renew",
		"release", "reclaim", "list", "latest", "retry", "tally", "putoffs", "oldest-due", "unfinished", "forget", "purge-outbox", "open-pace", "take-pace", "pace-free-at")
	if err != nil {
		return nil, err
	}
	return &Store{db: db, queries: q, messageID: messageID, now: now}, nil
}

// row is an envelope as its table holds it.
type row struct {
	ID           int64         `db:"id"`
	Kind         string        `db:"kind"`
	Purpose      string        `db:"purpose"`
	Subscriber   int64         `db:"subscriber_id"`
	Run          sql.NullInt64 `db:"run_id"`
	Subscription sql.NullInt64 `db:"subscription_id"`
	Payload      string        `db:"payload"`
	MessageID    string        `db:"message_id"`
	State        string        `db:"state"`
	Outcome      string        `db:"outcome"`
	Attempts     int           `db:"attempts"`
	DueAtMS      int64         `db:"due_at_ms"`
	CreatedMS    int64         `db:"created_ms"`
	DoneMS       sql.NullInt64 `db:"done_ms"`
	Reply        string        `db:"reply"`
	QueueID      string        `db:"queue_id"`
}

func (r *row) envelope() mailer.Envelope {
	e := mailer.Envelope{ID: r.ID, Kind: mailer.Kind(r.Kind), Purpose: r.Purpose, Subscriber: r.Subscriber, Run: r.Run.Int64,
		Subscription: uint32(r.Subscription.Int64), Payload: r.Payload, MessageID: r.MessageID, State: mailer.State(r.State),
		Outcome: mailer.Outcome(r.Outcome), Attempts: r.Attempts, DueAt: time.UnixMilli(r.DueAtMS).UTC(),
		Created: time.UnixMilli(r.CreatedMS).UTC(), Reply: r.Reply, QueueID: r.QueueID}
	if r.DoneMS.Valid {
		e.DoneAt = time.UnixMilli(r.DoneMS.Int64).UTC()
	}
	return e
}

// enqueued is an envelope as the statement takes it.
type enqueued struct {
	Kind         string `db:"kind"`
	Purpose      string `db:"purpose"`
	Priority     int64  `db:"priority"`
	Subscriber   int64  `db:"subscriber"`
	Run          int64  `db:"run"`          // 0: none
	Subscription int64  `db:"subscription"` // 0: none
	Payload      string `db:"payload"`
	MessageID    string `db:"message_id"`
	DueAtMS      int64  `db:"due_at_ms"`
	CreatedMS    int64  `db:"created_ms"`
}

// enqueueMax bounds the envelopes of one statement.
const enqueueMax = 2000

// Enqueue adds envelopes within the caller's transaction. One whose purpose is
// known already changes nothing.
func (s *Store) Enqueue(ctx context.Context, tx sqlx.ExtContext, envelopes []mailer.Envelope) error {
	for chunk := range database.Pages(s.db.Dialect, envelopes, enqueueMax) {
		rows := make([]enqueued, len(chunk))
		for i, e := range chunk {
			rows[i] = enqueued{Kind: string(e.Kind), Purpose: e.Purpose, Priority: int64(e.Kind.Priority()), Subscriber: e.Subscriber, Run: e.Run,
				Subscription: int64(e.Subscription), Payload: e.Payload, MessageID: e.MessageID, DueAtMS: e.DueAt.UnixMilli(), CreatedMS: e.Created.UnixMilli()}
		}
		var arg any = rows
		if s.db.Dialect == database.PostgreSQL {
			arg = map[string]any{
				"kinds": database.Column(rows, func(r enqueued) string { return r.Kind }), "purposes": database.Column(rows, func(r enqueued) string { return r.Purpose }),
				"priorities": database.Column(rows, func(r enqueued) int64 { return r.Priority }), "subscribers": database.Column(rows, func(r enqueued) int64 { return r.Subscriber }),
				"runs": database.Column(rows, func(r enqueued) int64 { return r.Run }), "subscriptions": database.Column(rows, func(r enqueued) int64 { return r.Subscription }),
				"payloads": database.Column(rows, func(r enqueued) string { return r.Payload }), "message_ids": database.Column(rows, func(r enqueued) string { return r.MessageID }),
				"due": database.Column(rows, func(r enqueued) int64 { return r.DueAtMS }), "created": database.Column(rows, func(r enqueued) int64 { return r.CreatedMS }),
			}
		}
		if _, err := s.queries.Exec(ctx, tx, "enqueue", arg); err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
	}
	return nil
}

// Confirmation adds the nth confirmation mail of a subscription and returns its
// Message-ID, which the consent record names.
func (s *Store) Confirmation(ctx context.Context, tx sqlx.ExtContext, subscriber int64, subscription uint32, n int) (string, error) {
	purpose := mailer.ConfirmationPurpose(subscription, n)
	now := s.now()
	e := mailer.Envelope{Kind: mailer.Confirmation, Purpose: purpose, Subscriber: subscriber, Subscription: subscription,
		MessageID: s.messageID(purpose), DueAt: now, Created: now}
	return e.MessageID, s.Enqueue(ctx, tx, []mailer.Envelope{e})
}

// Account adds a mail about a subscriber's account and returns its Message-ID.
// payload is kept as JSON; the same mail once a minute is enough for anybody.
func (s *Store) Account(ctx context.Context, tx sqlx.ExtContext, subscriber int64, kind string, payload any) (string, error) {
	encoded, err := json.Marshal(struct {
		Kind    string `json:"kind"`
		Payload any    `json:"payload,omitempty"`
	}{kind, payload})
	if err != nil {
		return "", fmt.Errorf("encode account mail: %w", err)
	}
	now := s.now()
	// The payload too: the two steps of a change of address may fall into one minute.
	purpose := fmt.Sprintf("account %s %d %d %x", kind, subscriber, now.Unix()/60, sha256.Sum256(encoded))
	e := mailer.Envelope{Kind: mailer.Account, Purpose: purpose, Subscriber: subscriber,
		Payload: string(encoded), MessageID: s.messageID(purpose), DueAt: now, Created: now}
	return e.MessageID, s.Enqueue(ctx, tx, []mailer.Envelope{e})
}

// Forget empties what the envelopes of an erased subscriber would have said, whether
// sent or not: her address, old and new, stands there. That they were stays.
func (s *Store) Forget(ctx context.Context, tx sqlx.ExtContext, subscriber int64) error {
	if _, err := s.queries.Exec(ctx, tx, "forget", map[string]any{"subscriber_id": subscriber}); err != nil {
		return fmt.Errorf("forget what envelopes say: %w", err)
	}
	return nil
}

// claimOrder says what to claim: envelopes of priorities smaller than below, limit
// of them at most.
type claimOrder struct {
	by    string
	lease time.Duration
	below int
	limit int
	hold  bool // leave alone what may have been on the wire of a dead relay
}

// claim leases due envelopes, most urgent first. The leases are committed when it
// returns.
func (s *Store) claim(ctx context.Context, o claimOrder) ([]mailer.Envelope, error) {
	now := s.now()
	var due []int
	arg := map[string]any{"now_ms": now.UnixMilli(), "lease_until_ms": now.Add(o.lease).UnixMilli(), "claimed_by": o.by,
		"below": o.below, "hold": flag(o.hold)}
	if err := s.queries.Select(ctx, s.db.Reader, &due, "due-priorities", arg); err != nil {
		return nil, fmt.Errorf("look for due envelopes: %w", err)
	}
	if len(due) == 0 {
		return nil, nil
	}
	var out []mailer.Envelope
	err := database.Retry(ctx, func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			out = out[:0]
			for _, priority := range due {
				arg["priority"], arg["batch"] = priority, o.limit-len(out)
				if len(out) == o.limit {
					break
				}
				var rows []row
				if err := s.queries.Select(ctx, tx, &rows, "claim", arg); err != nil {
					return err
				}
				for i := range rows {
					out = append(out, rows[i].envelope())
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("claim due envelopes: %w", err)
	}
	slices.SortFunc(out, func(a, b mailer.Envelope) int {
		return cmp.Or(cmp.Compare(a.Kind.Priority(), b.Kind.Priority()), a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// finished is an envelope's new state after an attempt, or without one, as the
// statement reads it.
type finished struct {
	ID       int64  `json:"id"`
	State    string `json:"state"`
	Outcome  string `json:"outcome"`
	DueAtMS  int64  `json:"due_at_ms"`
	Attempts int    `json:"attempts"`
	Reply    string `json:"reply"`
	QueueID  string `json:"queue_id"`
	DoneMS   int64  `json:"done_ms"` // 0: not done
}

// finish records results in one transaction, and marks begun as possibly on the
// wire. also, if not nil, runs in it, for what must be recorded with them (refusals
// counted like bounces). It returns how many of the envelopes the relay called by did not hold.
func (s *Store) finish(ctx context.Context, by string, results []finished, begun []int64, also func(tx sqlx.ExtContext) error) (lost int, err error) {
	update := func(ctx context.Context, q sqlx.ExtContext) error {
		if len(results) == 0 {
			return nil
		}
		var ids []int64
		err := s.queries.Select(ctx, q, &ids, "finish", columnsOf(results, by))
		lost = len(results) - len(ids)
		return err
	}
	err = database.Retry(ctx, func(ctx context.Context) error {
		if s.db.Dialect == database.PostgreSQL && len(begun) == 0 && also == nil {
			return update(ctx, s.db) // one statement is one transaction, and one round trip
		}
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			if err := update(ctx, tx); err != nil {
				return err
			}
			if len(begun) > 0 {
				if _, err := s.queries.Exec(ctx, tx, "begin", map[string]any{"ids": begun, "claimed_by": by}); err != nil {
					return err
				}
			}
			if also == nil {
				return nil
			}
			return also(tx)
		})
	})
	if err != nil {
		return 0, fmt.Errorf("record what came of envelopes: %w", err)
	}
	return lost, nil
}

// columnsOf are results as the statement takes them: columns for PostgreSQL, whose
// planner guesses few rows of arrays and so looks them up by their numbers, rows for
// SQLite.
func columnsOf(results []finished, by string) map[string]any {
	return map[string]any{"claimed_by": by, "results": database.Array{Slice: results},
		"ids": database.Column(results, func(f finished) int64 { return f.ID }), "states": database.Column(results, func(f finished) string { return f.State }),
		"outcomes": database.Column(results, func(f finished) string { return f.Outcome }), "due": database.Column(results, func(f finished) int64 { return f.DueAtMS }),
		"attempts": database.Column(results, func(f finished) int64 { return int64(f.Attempts) }), "replies": database.Column(results, func(f finished) string { return f.Reply }),
		"queue_ids": database.Column(results, func(f finished) string { return f.QueueID }), "done": database.Column(results, func(f finished) int64 { return f.DoneMS })}
}

func (s *Store) renew(ctx context.Context, by string, ids []int64, until time.Time) (got []int64, err error) {
	err = database.Retry(ctx, func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			got = got[:0]
			return s.queries.Select(ctx, tx, &got, "renew", map[string]any{"ids": ids, "claimed_by": by, "lease_until_ms": until.UnixMilli()})
		})
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	return got, nil
}

func (s *Store) release(ctx context.Context, by string, ids []int64, deferred bool) error {
	err := database.Retry(ctx, func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			_, err := s.queries.Exec(ctx, tx, "release", map[string]any{"ids": ids, "claimed_by": by, "deferred": flag(deferred)})
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("release envelopes: %w", err)
	}
	return nil
}

// Reclaim makes due what the relay called by held when it died. The caller knows
// that it is dead. With hold, what may have been on its wire waits for an operator
// instead (see Options.HoldUnknown). It returns how many envelopes were held.
func (s *Store) Reclaim(ctx context.Context, by string, hold bool) (n int64, err error) {
	// On PostgreSQL the dead process's last statement may still be running.
	err = database.Retry(ctx, func(ctx context.Context) error {
		return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			res, err := s.queries.Exec(ctx, tx, "reclaim", map[string]any{"claimed_by": by, "hold": flag(hold),
				"held_until_ms": s.now().Add(mailer.Digest.Lifetime()).UnixMilli()})
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("reclaim envelopes: %w", err)
	}
	return n, nil
}

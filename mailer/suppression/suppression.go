// Package suppression remembers the addresses that must not be written to, and
// why, and counts the bounces that lead there. It keeps keyed hashes, never
// addresses, so that an erased subscriber stays erased and an import still cannot
// bring her back. It owns the tables suppressions and bounces; the outbox asks it
// once an envelope is claimed.
package suppression

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/subscriptions"
)

//go:embed queries
var queryFiles embed.FS

// Reason is why an address must not be written to.
type Reason string

// The reasons, each graver than those before it, which it replaces. A new sign-up
// lifts the first two, and only those.
const (
	Unsubscribed Reason = "unsubscribed"
	SoftBounce   Reason = "soft-bounce"
	HardBounce   Reason = "hard-bounce"
	Complaint    Reason = "complaint"
	Manual       Reason = "manual"
)

// An address that bounces softly on softDays different days within softWithin is
// suppressed.
const (
	softDays   = 5
	softWithin = 30 * 24 * time.Hour
)

// Record is one suppression.
type Record struct {
	AddressHash string `db:"address_hash" json:"address_hash"`
	Reason      Reason `db:"reason" json:"reason"`
	Detail      string `db:"detail" json:"detail,omitempty"`
	AtMS        int64  `db:"at_ms" json:"at_ms"`
}

// List is the list of suppressions. It is safe for concurrent use.
type List struct {
	db      *database.DB
	queries *database.Queries
	key     []byte
	now     func() time.Time
}

// New opens the list of a migrated database; key is the installation's secret for
// hashing addresses.
func New(db *database.DB, key []byte, now func() time.Time) (*List, error) {
	q, err := database.LoadQueries(queryFiles, db.Dialect, "suppression", "suppressions", "suppress", "lift", "forgive", "unsuppress", "list-suppressions",
		"add-bounce", "bounce-days", "purge-bounces")
	if err != nil {
		return nil, err
	}
	return &List{db: db, queries: q, key: key, now: now}, nil
}

// Hash is the keyed hash under which an address is kept.
func (l *List) Hash(address string) string {
	return subscriptions.AddressHash(l.key, address)
}

// Reason is why the address must not be written to; "" if it may.
func (l *List) Reason(ctx context.Context, q sqlx.ExtContext, address string) (string, error) {
	r, err := l.Lookup(ctx, q, address)
	return string(r.Reason), err
}

// Lookup is the suppression of an address; one without a reason if there is none.
func (l *List) Lookup(ctx context.Context, q sqlx.ExtContext, address string) (Record, error) {
	var r Record
	err := l.queries.One(ctx, q, &r, "suppression", map[string]any{"address_hash": l.Hash(address)})
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("read suppression: %w", err)
	}
	return r, nil
}

// Reasons are those of several addresses, by address; those that may be written to
// are not in it.
func (l *List) Reasons(ctx context.Context, q sqlx.ExtContext, addresses []string) (map[string]string, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	hashes := make([]string, len(addresses))
	for i, a := range addresses {
		hashes[i] = l.Hash(a)
	}
	var rs []Record
	if err := l.queries.Select(ctx, q, &rs, "suppressions", map[string]any{"hashes": database.Array{Slice: hashes}}); err != nil {
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	if len(rs) == 0 {
		return nil, nil
	}
	of := make(map[string]Reason, len(rs))
	for _, r := range rs {
		of[r.AddressHash] = r.Reason
	}
	reasons := map[string]string{}
	for i, a := range addresses {
		if r, ok := of[hashes[i]]; ok {
			reasons[a] = string(r)
		}
	}
	return reasons, nil
}

// Add suppresses an address within the caller's transaction.
func (l *List) Add(ctx context.Context, tx sqlx.ExtContext, address string, r Reason, detail string) error {
	arg := Record{AddressHash: l.Hash(address), Reason: r, Detail: detail, AtMS: l.now().UnixMilli()}
	if _, err := l.queries.Exec(ctx, tx, "suppress", arg); err != nil {
		return fmt.Errorf("suppress: %w", err)
	}
	return nil
}

// Left remembers that the owner of an address had herself erased, so that an import
// does not bring her back; a new sign-up of hers does.
func (l *List) Left(ctx context.Context, tx sqlx.ExtContext, address string) error {
	return l.Add(ctx, tx, address, Unsubscribed, "erased")
}

// Lift takes off what a new sign-up lifts, unsubscribed and soft bounces, and begins
// the count of soft bounces anew. Hard bounces, complaints and what an operator put
// there stay.
func (l *List) Lift(ctx context.Context, tx sqlx.ExtContext, address string) error {
	arg := map[string]any{"address_hash": l.Hash(address)}
	for _, query := range []string{"lift", "forgive"} {
		if _, err := l.queries.Exec(ctx, tx, query, arg); err != nil {
			return fmt.Errorf("lift suppression: %w", err)
		}
	}
	return nil
}

// Remove takes an address off whatever the reason, and reports whether it was on.
// Its soft bounces are forgotten with it.
func (l *List) Remove(ctx context.Context, address string) (bool, error) {
	var n int64
	err := l.db.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := l.queries.Exec(ctx, tx, "unsuppress", map[string]any{"address_hash": l.Hash(address)})
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil {
			return err
		}
		_, err = l.queries.Exec(ctx, tx, "forgive", map[string]any{"address_hash": l.Hash(address)})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("remove suppression: %w", err)
	}
	return n > 0, nil
}

// Records lists suppressions by hash, a page after another.
func (l *List) Records(ctx context.Context, after string, limit int) ([]Record, error) {
	var rs []Record
	if err := l.queries.Select(ctx, l.db.Reader, &rs, "list-suppressions", map[string]any{"after": after, "page": limit}); err != nil {
		return nil, fmt.Errorf("list suppressions: %w", err)
	}
	return rs, nil
}

// Refused counts a refusal of the address at sending time like a bounce.
func (l *List) Refused(ctx context.Context, tx sqlx.ExtContext, address string, hard bool, status string) error {
	if hard {
		return l.Bounced(ctx, tx, address, HardBounce, status)
	}
	return l.Bounced(ctx, tx, address, SoftBounce, status)
}

// Bounced records a bounce or complaint and suppresses the address where that is
// due: at once for hard bounces and complaints, after soft bounces on five days
// within a month.
func (l *List) Bounced(ctx context.Context, tx sqlx.ExtContext, address string, r Reason, status string) error {
	now := l.now()
	kind := map[Reason]string{HardBounce: "hard", SoftBounce: "soft", Complaint: "complaint"}[r]
	if kind == "" {
		return fmt.Errorf("suppression: %q is no bounce", r)
	}
	hash := l.Hash(address)
	arg := map[string]any{"address_hash": hash, "kind": kind, "status": status, "at_ms": now.UnixMilli()}
	if _, err := l.queries.Exec(ctx, tx, "add-bounce", arg); err != nil {
		return fmt.Errorf("record bounce: %w", err)
	}
	if r == SoftBounce {
		var at []int64
		arg := map[string]any{"address_hash": hash, "since_ms": now.Add(-softWithin).UnixMilli()}
		if err := l.queries.Select(ctx, tx, &at, "bounce-days", arg); err != nil {
			return fmt.Errorf("count bounces: %w", err)
		}
		if days(at) < softDays {
			return nil
		}
	}
	return l.Add(ctx, tx, address, r, status)
}

// days counts the different UTC days among instants in milliseconds, ascending.
func days(at []int64) int {
	n, last := 0, int64(-1)
	for _, ms := range at {
		if d := ms / (24 * time.Hour).Milliseconds(); d != last {
			n, last = n+1, d
		}
	}
	return n
}

// Purge forgets bounces older than a time.
func (l *List) Purge(ctx context.Context, before time.Time) error {
	err := l.db.Tx(ctx, func(tx *sqlx.Tx) error {
		_, err := l.queries.Exec(ctx, tx, "purge-bounces", map[string]any{"before_ms": before.UnixMilli()})
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old bounces: %w", err)
	}
	return nil
}

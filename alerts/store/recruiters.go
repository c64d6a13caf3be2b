package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/crypto/bcrypt"

	"github.com/jobalertd/jobalertd/alerts"
)

// ErrSourceTaken is returned for a source that is in use already.
var ErrSourceTaken = errors.New("the source exists already; revoke it first to give it new secrets")

// account is a recruiter's row.
type account struct {
	Source           string        `db:"source"`
	Name             string        `db:"name"`
	Agency           bool          `db:"agency"`
	TokenHash        string        `db:"token_hash"`
	NATSPasswordHash string        `db:"nats_password_hash"`
	CreatedMS        int64         `db:"created_ms"`
	RevokedMS        sql.NullInt64 `db:"revoked_ms"`
}

func (a *account) recruiter() alerts.Recruiter {
	return alerts.Recruiter{Source: a.Source, Name: a.Name, Agency: a.Agency, Revoked: a.RevokedMS.Valid,
		NATSPasswordHash: a.NATSPasswordHash, CreatedMS: a.CreatedMS}
}

// Secrets are shown once, when a recruiter is added; only hashes are kept.
type Secrets struct {
	Token        string `json:"token"`         // HTTP: Authorization: Bearer
	NATSUser     string `json:"nats_user"`     // the source
	NATSPassword string `json:"nats_password"` // of that user
}

// AddRecruiter makes an account with fresh random secrets; ErrSourceTaken when
// the source is in use.
func (s *Store) AddRecruiter(ctx context.Context, source, name string, agency bool, now time.Time) (Secrets, error) {
	secrets := Secrets{Token: randomSecret(), NATSUser: source, NATSPassword: randomSecret()}
	// The password is 256 random bits, which no cost makes safer, and the server
	// hashes anew for everybody connected whenever the users change.
	hash, err := bcrypt.GenerateFromPassword([]byte(secrets.NATSPassword), bcrypt.MinCost)
	if err != nil {
		return Secrets{}, fmt.Errorf("hash password: %w", err)
	}
	err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := s.queries.Exec(ctx, tx, "add-recruiter", account{Source: source, Name: name, Agency: agency,
			TokenHash: hashToken(secrets.Token), NATSPasswordHash: string(hash), CreatedMS: now.UnixMilli()})
		if err != nil {
			return fmt.Errorf("add recruiter: %w", err)
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			return ErrSourceTaken
		}
		return err
	})
	if err != nil {
		return Secrets{}, err
	}
	return secrets, nil
}

// RevokeRecruiter ends an account; alerts.ErrNotFound when no such source is in use.
func (s *Store) RevokeRecruiter(ctx context.Context, source string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		res, err := s.queries.Exec(ctx, tx, "revoke-recruiter", map[string]any{"source": source, "revoked_ms": now.UnixMilli()})
		if err != nil {
			return fmt.Errorf("revoke recruiter: %w", err)
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			return alerts.ErrNotFound
		}
		return err
	})
}

// Recruiters lists all accounts by source, revoked ones included.
func (s *Store) Recruiters(ctx context.Context, q sqlx.ExtContext) ([]alerts.Recruiter, error) {
	var rows []account
	if err := s.queries.Select(ctx, q, &rows, "list-recruiters", nil); err != nil {
		return nil, fmt.Errorf("list recruiters: %w", err)
	}
	out := make([]alerts.Recruiter, len(rows))
	for i := range rows {
		out[i] = rows[i].recruiter()
	}
	return out, nil
}

// RecruiterByToken finds the account an HTTP token belongs to; alerts.ErrNotFound when
// it belongs to none. Tokens are 256 random bits, so a plain hash keeps them.
func (s *Store) RecruiterByToken(ctx context.Context, q sqlx.ExtContext, token string) (alerts.Recruiter, error) {
	var r account
	err := s.queries.One(ctx, q, &r, "recruiter-by-token", map[string]any{"token_hash": hashToken(token)})
	if errors.Is(err, sql.ErrNoRows) {
		return alerts.Recruiter{}, alerts.ErrNotFound
	}
	if err != nil {
		return alerts.Recruiter{}, fmt.Errorf("find recruiter: %w", err)
	}
	return r.recruiter(), nil
}

func randomSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

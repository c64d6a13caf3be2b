package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"database/sql"

	"github.com/jmoiron/sqlx"
)

// Secret returns the 32 random bytes kept under name, making them at first use.
// Two processes that start together get the same. It must not be called within a
// transaction.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	value, err := s.readSecret(ctx, s.db.Reader, name)
	if errors.Is(err, sql.ErrNoRows) {
		fresh := make([]byte, 32)
		_, _ = rand.Read(fresh) // never fails (crypto/rand)
		err = s.db.Tx(ctx, func(tx *sqlx.Tx) error {
			if _, err := s.q.Exec(ctx, tx, "secret-offer", map[string]any{"name": name, "value": hex.EncodeToString(fresh)}); err != nil {
				return err
			}
			value, err = s.readSecret(ctx, tx, name)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	secret, err := hex.DecodeString(value)
	if err != nil || len(secret) != 32 {
		return nil, fmt.Errorf("secret %s is not 32 bytes in hex", name)
	}
	return secret, nil
}

func (s *Store) readSecret(ctx context.Context, e sqlx.ExtContext, name string) (value string, err error) {
	err = s.q.One(ctx, e, &value, "secret-get", map[string]any{"name": name})
	return value, err
}

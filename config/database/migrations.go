package database

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// migration is one file, run whole.
type migration struct {
	version  int64 // from 1, without gaps
	name     string
	text     string
	checksum string // SHA-256 of text in hexadecimal
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// readMigrations returns the dialect's migrations ascending; number n is at
// index n-1. It refuses gaps, doubled numbers, and ways down.
func readMigrations(fsys fs.FS, d Dialect) ([]migration, error) {
	entries, err := fs.ReadDir(fsys, string(d))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var migrations []migration
	for _, entry := range entries { // ReadDir sorts by name
		file := path.Join(string(d), entry.Name())
		match := migrationName.FindStringSubmatch(entry.Name())
		if match == nil {
			return nil, fmt.Errorf("migration %s: name must read NNNN_what.sql", file)
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		version, err := strconv.ParseInt(match[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", file, err)
		}
		if want := int64(len(migrations)) + 1; version != want {
			return nil, fmt.Errorf("migration %s: number must be %04d, for they ascend from 1 without gaps", file, want)
		}
		if strings.Contains(string(text), "+goose Down") {
			return nil, fmt.Errorf("migration %s: there is no way down; the next number mends a mistake", file)
		}
		sum := sha256.Sum256(text)
		migrations = append(migrations, migration{version, entry.Name(), string(text), hex.EncodeToString(sum[:])})
	}
	if len(migrations) == 0 {
		return nil, errors.New("read migrations: none for " + string(d))
	}
	return migrations, nil
}

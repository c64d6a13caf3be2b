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
)

// migration is one file.
type migration struct {
	version  int64 // from 1, without gaps
	name     string
	text     string // what is run: the file up to its way down, if it has one
	checksum string // SHA-256 of the file in hexadecimal
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

// readMigrations returns the dialect's migrations ascending; number n is at
// index n-1. It refuses gaps and doubled numbers.
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
		sum := sha256.Sum256(text)
		migrations = append(migrations, migration{version, entry.Name(), upPart(string(text)), hex.EncodeToString(sum[:])})
	}
	if len(migrations) == 0 {
		return nil, errors.New("read migrations: none for " + string(d))
	}
	return migrations, nil
}

var wayDown = regexp.MustCompile(`(?m)^--\s*\+goose\s+Down\b`)

// upPart cuts off the way down, which the program never takes: it is for
// people who develop a migration with goose's own command.
func upPart(text string) string {
	if at := wayDown.FindStringIndex(text); at != nil {
		return text[:at[0]]
	}
	return text
}

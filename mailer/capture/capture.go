// Package capture stands in for the relay while none is configured: it keeps
// each mail as an .eml file and shows what it keeps on a page for developers.
//
// It never sends anything, never shows a mail to anyone but the machine it
// runs on, and never writes an address into a file name. The program gives its
// Sessions to the outbox in place of a relay's, and mounts its Handler.
package capture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
)

// Options say where mails are kept and for how long.
type Options struct {
	Dir string

	// MaxMails and MaxAge bound what is kept; the oldest go first, whenever a
	// new one is written. Zero: no bound.
	MaxMails int
	MaxAge   time.Duration

	// Now is the clock; nil: the machine's.
	Now func() time.Time
}

// Store is a folder of captured mails. It is safe for concurrent use, by one
// process.
type Store struct {
	options Options

	mu    sync.Mutex
	last  time.Time // of the newest name, so that names never repeat
	names []string  // ascending, which is by time
}

// Open makes the folder if needed and reads what is kept there.
func Open(o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep captured mails: %w", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("keep captured mails: %w", err)
	}
	s := &Store{options: o}
	for _, e := range entries {
		switch {
		case validName(e.Name()):
			s.names = append(s.names, e.Name())
		case strings.HasPrefix(e.Name(), temporary):
			_ = os.Remove(filepath.Join(o.Dir, e.Name())) // left by a crash
		}
	}
	slices.Sort(s.names)
	return s, nil
}

// temporary begins the names of files that are not complete.
const temporary = ".writing-"

// Send keeps m, with its envelope in front as the headers that final delivery
// adds (RFC 5321 section 4.4), and returns the file's name without ".eml". When
// it returns the mail is on disk.
func (s *Store) Send(ctx context.Context, m mailer.Message) (id string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if strings.ContainsAny(m.From+m.To, "\r\n") {
		return "", errors.New("capture a mail: an address holds a line break")
	}
	envelope := "Return-Path: <" + m.From + ">\r\nDelivered-To: " + m.To + "\r\n"
	name := s.newName(m.Data)
	if err := s.write(name, envelope, m.Data); err != nil {
		return "", fmt.Errorf("capture a mail: %w", err)
	}
	s.mu.Lock()
	at, _ := slices.BinarySearch(s.names, name)
	s.names = slices.Insert(s.names, at, name)
	old := s.tooMany()
	s.mu.Unlock()
	for _, name := range old {
		// The new mail is kept whatever becomes of this; a file that stays
		// is seen again at the next start.
		_ = os.Remove(filepath.Join(s.options.Dir, name))
	}
	return strings.TrimSuffix(name, suffix), nil
}

const (
	suffix     = ".eml"
	timeLayout = "20060102T150405.000000000Z"
	nameLength = len(timeLayout) + 1 + 16 + len(suffix)
)

// newName is the time and a hash of the Message-ID: tries of one mail share
// the hash, and the names sort by time and never repeat.
func (s *Store) newName(data []byte) string {
	id := ""
	if m, err := mail.ReadMessage(bytes.NewReader(data)); err == nil {
		id = m.Header.Get("Message-Id")
	}
	sum := sha256.Sum256([]byte(id))
	if id == "" {
		sum = sha256.Sum256(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now().UTC()
	if !now.After(s.last) {
		now = s.last.Add(time.Nanosecond)
	}
	s.last = now
	return now.Format(timeLayout) + "-" + hex.EncodeToString(sum[:8]) + suffix
}

// validName takes only what newName makes, so that no request can name
// another file.
func validName(name string) bool {
	if len(name) != nameLength || !strings.HasSuffix(name, suffix) {
		return false
	}
	if _, err := time.Parse(timeLayout, name[:len(timeLayout)]); err != nil || name[len(timeLayout)] != '-' {
		return false
	}
	_, err := hex.DecodeString(name[len(timeLayout)+1 : nameLength-len(suffix)])
	return err == nil
}

// write makes the file appear whole or not at all, and stay.
func (s *Store) write(name, envelope string, data []byte) (err error) {
	f, err := os.CreateTemp(s.options.Dir, temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(envelope); err != nil {
		return err
	}
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), filepath.Join(s.options.Dir, name)); err != nil {
		return err
	}
	dir, err := os.Open(s.options.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

// tooMany takes the names beyond the bounds out of s.names, which s.mu guards.
func (s *Store) tooMany() []string {
	n := 0
	if s.options.MaxMails > 0 {
		n = max(0, len(s.names)-s.options.MaxMails)
	}
	if s.options.MaxAge > 0 {
		oldest := s.options.Now().UTC().Add(-s.options.MaxAge).Format(timeLayout)
		at, _ := slices.BinarySearch(s.names, oldest)
		n = max(n, at)
	}
	old := slices.Clone(s.names[:n])
	s.names = slices.Delete(s.names, 0, n)
	return old
}

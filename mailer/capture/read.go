package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// ErrNotFound means that no mail of that name is kept.
var ErrNotFound = errors.New("no such captured mail")

// Summary is one mail in a list.
type Summary struct {
	Name     string // the file's name
	Captured time.Time
	To       string // the envelope's recipient
	Subject  string
}

// Mail is one mail as a reader's program would show it.
type Mail struct {
	Summary
	Return  string // the envelope sender
	Headers []Header
	HTML    string // empty if there is no such part
	Text    string
}

// Header is one header field, decoded, in the mail's own order.
type Header struct{ Name, Value string }

// List returns up to limit mails, newest first, older than the one named
// before; empty: from the newest on. Files deleted by hand are passed over.
func (s *Store) List(limit int, before string) ([]Summary, error) {
	s.mu.Lock()
	names := slices.Clone(s.names)
	s.mu.Unlock()
	if before != "" {
		at, _ := slices.BinarySearch(names, before)
		names = names[:at]
	}
	var list []Summary
	for _, name := range slices.Backward(names) {
		if len(list) == limit {
			break
		}
		raw, err := s.Raw(name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m, err := parse(name, raw)
		if err != nil {
			m = Mail{Summary: Summary{Name: name, Captured: captured(name), Subject: "(unreadable)"}}
		}
		list = append(list, m.Summary)
	}
	return list, nil
}

// Raw returns the bytes of one mail.
func (s *Store) Raw(name string) ([]byte, error) {
	if !validName(name) {
		return nil, ErrNotFound
	}
	raw, err := os.ReadFile(filepath.Join(s.options.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a captured mail: %w", err)
	}
	return raw, nil
}

// Read returns one mail, parsed.
func (s *Store) Read(name string) (Mail, error) {
	raw, err := s.Raw(name)
	if err != nil {
		return Mail{}, err
	}
	return parse(name, raw)
}

func captured(name string) time.Time {
	t, _ := time.Parse(timeLayout, name[:len(timeLayout)])
	return t
}

// parse reads a mail; of several parts of one kind the first counts.
func parse(name string, raw []byte) (Mail, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) {
		return Mail{}, fmt.Errorf("parse a captured mail: %w", err)
	}
	m := Mail{Summary: Summary{Name: name, Captured: captured(name), To: r.Header.Get("Delivered-To")}}
	m.Return = strings.Trim(r.Header.Get("Return-Path"), "<>")
	m.Subject, _ = r.Header.Subject()
	for f := r.Header.Fields(); f.Next(); {
		value, err := f.Text()
		if err != nil {
			value = f.Value()
		}
		m.Headers = append(m.Headers, Header{f.Key(), value})
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil && !message.IsUnknownCharset(err) {
			return m, fmt.Errorf("parse a captured mail: %w", err)
		}
		inline, ok := part.Header.(*mail.InlineHeader)
		if !ok {
			continue
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return m, fmt.Errorf("parse a captured mail: %w", err)
		}
		switch kind, _, _ := inline.ContentType(); {
		case kind == "text/html" && m.HTML == "":
			m.HTML = string(body)
		case kind == "text/plain" && m.Text == "":
			m.Text = string(body)
		}
	}
}

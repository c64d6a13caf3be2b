package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config"
)

// session is one invocation: what a command reads, writes and is configured by.
type session struct {
	configPath string
	environ    []string
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
}

// config reads the settings; its error lists every fault.
func (s *session) config() (*config.Config, error) { return config.Load(s.configPath, s.environ) }

// vocabulary reads the embedded words, and the operator's own file if there is one.
func vocabulary(c *config.Config) (*text.Vocabulary, error) {
	v := text.Embedded()
	path := c.Text.VocabularyFile
	if path == "" {
		return v, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("text.vocabulary_file: %w", err)
	}
	defer f.Close()
	if err := v.Extend(f, path); err != nil {
		return nil, fmt.Errorf("text.vocabulary_file: %w", err)
	}
	return v, nil
}

// What is embedded means the same to everything in a process, and takes a tenth of a
// second each to read.
var (
	embeddedPlaces = sync.OnceValues(gazetteer.Open)
	embeddedText   = sync.OnceValue(func() *text.Analyser { return text.New(text.Embedded()) })
)

// meaning reads what words and places mean.
func (s *session) meaning(c *config.Config) (*alerts.Meaning, error) {
	embedded := c.Text.VocabularyFile == ""
	var words sync.WaitGroup
	if embedded {
		words.Go(func() { embeddedText() }) // meanwhile
	}
	g, err := embeddedPlaces()
	words.Wait()
	if err != nil {
		return nil, fmt.Errorf("open the gazetteer: %w", err)
	}
	if embedded {
		return &alerts.Meaning{Text: embeddedText(), Places: g}, nil
	}
	v, err := vocabulary(c)
	if err != nil {
		return nil, err
	}
	return &alerts.Meaning{Text: text.New(v), Places: g}, nil
}

// reading is what commands read postings with.
func (s *session) reading() (*alerts.Meaning, *jobposting.Reader, error) {
	c, err := s.config()
	if err != nil {
		return nil, nil, err
	}
	m, err := s.meaning(c)
	if err != nil {
		return nil, nil, err
	}
	r, err := newReader(c, m)
	return m, r, err
}

// logger writes to stderr as configured.
func (s *session) logger(c *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" || c.Log.Format == "" && !isTerminal(s.stderr) {
		return slog.New(slog.NewJSONHandler(s.stderr, o))
	}
	return slog.New(slog.NewTextHandler(s.stderr, o))
}

// quiet logs only what someone must act on: for commands that answer on stdout.
func (s *session) quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(s.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// printJSON writes one JSON object on a line.
func (s *session) printJSON(v any) error {
	e := json.NewEncoder(s.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (s *session) now() time.Time { return time.Now() }

func (s *session) printf(format string, args ...any) { fmt.Fprintf(s.stdout, format, args...) }

// stores opens the database and everything kept in it; close when done.
func (s *session) stores(ctx context.Context) (*stores, error) { return s.open(ctx, openExisting) }

// storesToRead is stores for what changes nothing.
func (s *session) storesToRead(ctx context.Context) (*stores, error) { return s.open(ctx, openToRead) }

type opener func(context.Context, *config.Config, *alerts.Meaning, *slog.Logger, func() time.Time) (*stores, error)

func (s *session) open(ctx context.Context, open opener) (*stores, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	m, err := s.meaning(c)
	if err != nil {
		return nil, err
	}
	return open(ctx, c, m, s.quiet(), time.Now)
}

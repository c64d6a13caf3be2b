package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"

	"github.com/jobalertd/jobalertd/alerts/jobposting"
)

// load is what a bench works on: import lines and JobPostings, made by seed or
// read from files.
type load struct {
	seed          uint64
	subscriptions string // a number to make, or a file of import lines
	postings      string // a number to make, or a file of JobPostings

	lines iter.Seq2[[]byte, error]          // if set, the subscriptions
	docs  iter.Seq2[json.RawMessage, error] // if set, the postings
}

// subscriptionLines gives import lines, each valid until the next one only.
func (l load) subscriptionLines() iter.Seq2[[]byte, error] {
	if l.lines != nil {
		return l.lines
	}
	if n, ok := number(l.subscriptions); ok {
		return func(yield func([]byte, error) bool) {
			g := newGenerator(l.seed, "subscriptions")
			for i := range n {
				line, err := json.Marshal(g.subscription(i + 1))
				if !yield(line, err) || err != nil {
					return
				}
			}
		}
	}
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(l.subscriptions)
		if err != nil {
			yield(nil, fmt.Errorf("--subscriptions: %w", err))
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(make([]byte, 1<<16), 1<<20)
		for lines.Scan() {
			if len(bytes.TrimSpace(lines.Bytes())) > 0 && !yield(lines.Bytes(), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("read %s: %w", l.subscriptions, err))
		}
	}
}

// count is how many import lines there are.
func (l load) count() (int, error) {
	if n, ok := number(l.subscriptions); ok && l.lines == nil {
		return n, nil
	}
	n := 0
	for _, err := range l.subscriptionLines() {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// importStream is the same as one file, for the import.
func (l load) importStream() io.Reader {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(w, 1<<16)
		for line, err := range l.subscriptionLines() {
			if err == nil {
				_, err = out.Write(append(line, '\n'))
			}
			if err != nil {
				_ = w.CloseWithError(err)
				return
			}
		}
		_ = w.CloseWithError(errors.Join(out.Flush(), io.EOF))
	}()
	return r
}

// postingDocuments gives JobPostings.
func (l load) postingDocuments() iter.Seq2[json.RawMessage, error] {
	if l.docs != nil {
		return l.docs
	}
	if n, ok := number(l.postings); ok {
		return func(yield func(json.RawMessage, error) bool) {
			g := newGenerator(l.seed, "postings")
			for i := range n {
				raw, err := json.Marshal(g.posting(i + 1))
				if !yield(raw, err) || err != nil {
					return
				}
			}
		}
	}
	return func(yield func(json.RawMessage, error) bool) {
		f, err := os.Open(l.postings)
		if err != nil {
			yield(nil, fmt.Errorf("--postings: %w", err))
			return
		}
		defer f.Close()
		for raw, err := range jobposting.Split(f, jobposting.FormatAuto) {
			if !yield(raw, err) {
				return
			}
		}
	}
}

func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

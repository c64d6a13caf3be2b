package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
)

// postingsCmd is what recruiters and operators do with postings.
type postingsCmd struct {
	Push     postingsPushCmd     `cmd:"" help:"Publish over NATS and wait for each receipt."`
	Check    postingsCheckCmd    `cmd:"" help:"The same judgement, nothing published."`
	Withdraw postingsWithdrawCmd `cmd:"" help:"Withdraw postings by their identifiers."`
	List     postingsListCmd     `cmd:"" help:"List stored postings, newest first."`
	Show     postingsShowCmd     `cmd:"" help:"Show one stored posting."`
	Clusters postingsClustersCmd `cmd:"" help:"Show which postings are one job, published more than once."`
}

// postingAnswer is what push and check say of one posting.
type postingAnswer struct {
	File       string              `json:"file"`
	Identifier string              `json:"identifier"`
	Status     alerts.Status       `json:"status"`
	Errors     []alerts.FieldError `json:"errors"`
	Warnings   []alerts.FieldError `json:"warnings,omitempty"`
	Reached    string              `json:"reached,omitempty"`
	Posting    *alerts.Posting     `json:"posting,omitempty"`
}

func (s *session) printAnswer(a postingAnswer, asJSON bool) error {
	if asJSON {
		if a.Errors == nil {
			a.Errors = []alerts.FieldError{}
		}
		return s.printJSON(a)
	}
	s.printf("%-9s  %s", a.Status, a.Identifier)
	if a.Reached != "" {
		s.printf("  reached %s", a.Reached)
	}
	s.printf("\n")
	for _, e := range a.Errors {
		s.printf("           %s: %s\n", fieldName(e.Field), e.Message)
	}
	for _, w := range a.Warnings {
		s.printf("           note: %s: %s\n", fieldName(w.Field), w.Message)
	}
	return nil
}

func fieldName(f string) string {
	if f == "" {
		return "the posting"
	}
	return f
}

type postingsCheckCmd struct {
	Files  []string `arg:"" name:"file" help:"Postings, - for standard input."`
	Source string   `help:"Source they are judged as." default:"check"`
	Format string   `help:"auto, json, jsonl or html." default:"auto"`
	JSON   bool     `help:"One JSON object a posting, with the normalised posting." name:"json"`
}

func (postingsCheckCmd) Help() string {
	return "Example:\n  jobalertd postings check posting.json --json"
}

// Run judges postings; the status is 1 if any would be rejected.
func (c postingsCheckCmd) Run(s *session) error {
	_, reader, err := s.reading()
	if err != nil {
		return err
	}
	failed := false
	for p, err := range s.readPostings(c.Files, c.Format, c.Source, reader) {
		a := judged(p, err)
		failed = failed || a.Status == alerts.StatusRejected
		if err := s.printAnswer(a, c.JSON); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

// judged is the answer to one document of a file; err is what kept it from being read.
func judged(p filePosting, err error) postingAnswer {
	a := postingAnswer{File: p.file, Status: alerts.StatusRejected}
	switch {
	case err != nil:
		a.Errors = []alerts.FieldError{{Message: err.Error()}}
	case p.rejected != nil:
		a.Identifier, a.Errors = p.rejected.Identifier, fieldErrors(p.rejected.Errors)
	default:
		a.Identifier, a.Status, a.Posting = p.reading.Posting.Identifier, alerts.StatusStored, &p.reading.Posting
		a.Warnings = fieldErrors(p.reading.Warnings)
	}
	return a
}

func fieldErrors(errs []jobposting.Error) []alerts.FieldError {
	out := make([]alerts.FieldError, len(errs))
	for i, e := range errs {
		out[i] = alerts.FieldError{Field: e.Field, Message: e.Message}
	}
	return out
}

type postingsListCmd struct {
	Source string `help:"Of one source alone."`
	Limit  int    `help:"At most so many." default:"50"`
	JSON   bool   `help:"One JSON object a posting." name:"json"`
}

func (postingsListCmd) Help() string {
	return "Example:\n  jobalertd postings list --source city-hospital --limit 20"
}

func (c postingsListCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	list, err := st.postings.Newest(ctx, st.db.Reader, c.Source, 0, c.Limit)
	if err != nil {
		return err
	}
	for i := range list {
		p := &list[i]
		if c.JSON {
			err = s.printJSON(p)
		} else {
			s.printf("%8d  %-10s  %s/%s  %s\n", p.Number, standing(p, s), p.Source, p.Identifier, p.Title)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func standing(p *alerts.Stored, s *session) string {
	switch {
	case p.Withdrawn:
		return "withdrawn"
	case !p.Open(s.now()):
		return "expired"
	}
	return "open"
}

type postingsShowCmd struct {
	Source     string `arg:"" help:"Source."`
	Identifier string `arg:"" help:"Identifier."`
	JSON       bool   `help:"One JSON object." name:"json"`
}

func (postingsShowCmd) Help() string {
	return "Example:\n  jobalertd postings show city-hospital 4711"
}

func (c postingsShowCmd) Run(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	p, err := st.postings.PostingByKey(ctx, st.db.Reader, alerts.Key{Source: c.Source, Identifier: c.Identifier})
	if errors.Is(err, alerts.ErrNotFound) {
		return fmt.Errorf("no posting %s/%s is stored; see jobalertd postings list --source %s", c.Source, c.Identifier, c.Source)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return s.printJSON(p)
	}
	pretty, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	s.printf("%s\n\n%s\n", pretty, strings.TrimSpace(alerts.PlainText(p.Description)))
	return nil
}

package main

import (
	"errors"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// matchCmd explains matching on files.
type matchCmd struct {
	criteriaFlags
	Files  []string `arg:"" name:"file" help:"Postings (JSON, JSONL or HTML), - for standard input."`
	Format string   `help:"auto, json, jsonl or html." default:"auto"`
	Locale string   `help:"Language of the reasons: de or en." enum:"de,en" default:"en"`
	JSON   bool     `help:"One JSON object a posting." name:"json"`
}

func (matchCmd) Help() string {
	return "Example:\n  jobalertd match --query Medizininformatiker --place Gelsenkirchen --salary \"3500 EUR/month\" postings.jsonl"
}

// judgement is one posting's in JSON.
type judgement struct {
	Identifier string             `json:"identifier"`
	Matches    bool               `json:"matches"`
	Reasons    []judgementReason  `json:"reasons"`
	Errors     []jobposting.Error `json:"errors,omitempty"` // it was rejected
}

type judgementReason struct {
	Criterion alerts.Criterion `json:"criterion"`
	Held      bool             `json:"held"`
	Reason    string           `json:"reason"`
	Via       string           `json:"via,omitempty"` // the rule that fired: a line of synonyms, a compound's parts
}

// Run says for each posting whether it matches, criterion by criterion. The
// status is 0 whatever the answers, 1 if a file cannot be read.
func (c *matchCmd) Run(s *session) error {
	m, reader, err := s.reading()
	if err != nil {
		return err
	}
	criteria, err := c.criteria(m)
	if err != nil {
		return err
	}
	if !c.JSON {
		s.printf("understood as: %s\n", describe(m, &criteria, c.Locale))
	}
	for p, err := range s.readPostings(c.Files, c.Format, "match", reader) {
		if err != nil {
			return err
		}
		j := judgement{Reasons: []judgementReason{}}
		if p.rejected != nil {
			j.Identifier, j.Errors = p.rejected.Identifier, p.rejected.Errors
		} else {
			j.Identifier = p.reading.Posting.Identifier
			var reasons []alerts.Reason
			j.Matches, reasons = criteria.Explain(m.Document(&p.reading.Posting))
			for _, r := range reasons {
				j.Reasons = append(j.Reasons, judgementReason{r.Criterion, r.Held, r.Text(c.Locale), r.Via})
			}
		}
		if c.JSON {
			err = s.printJSON(j)
		} else {
			s.printJudgement(j, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *session) printJudgement(j judgement, p filePosting) {
	if p.rejected != nil {
		s.printf("\n%s: would be rejected\n", j.Identifier)
		for _, e := range j.Errors {
			s.printf("  %s: %s\n", e.Field, e.Message)
		}
		return
	}
	verdict := "does not match"
	if j.Matches {
		verdict = "matches"
	}
	s.printf("\n%s: %s\n  %s\n", j.Identifier, verdict, p.reading.Posting.Title)
	for _, r := range j.Reasons {
		sign := "+"
		if !r.Held {
			sign = "-"
		}
		s.printf("  %s %s: %s\n", sign, r.Criterion, r.Reason)
		if r.Via != "" {
			s.printf("      by %s\n", r.Via)
		}
	}
}

// read judges one document.
func read(r *jobposting.Reader, source string, raw []byte, now time.Time) (*jobposting.Reading, *jobposting.Rejected) {
	reading, err := r.Read(source, raw, now)
	if err != nil {
		return nil, rejected(err)
	}
	return reading, nil
}

func rejected(err error) *jobposting.Rejected {
	var r *jobposting.Rejected
	if errors.As(err, &r) {
		return r
	}
	return &jobposting.Rejected{Errors: []jobposting.Error{{Message: err.Error()}}}
}

func describe(m *alerts.Meaning, c *alerts.Criteria, locale string) string {
	return subscriptions.Describe(m, c, locale)
}

package api

import (
	"context"

	"github.com/jobalertd/jobalertd/alerts"
)

// checked is the judgement of one posting that is not published.
type checked struct {
	Identifier string              `json:"identifier"`
	Status     alerts.Status       `json:"status" enum:"stored,rejected" doc:"stored: it would be"`
	Errors     []alerts.FieldError `json:"errors"`
	Warnings   []alerts.FieldError `json:"warnings,omitempty"`
	Reached    string              `json:"reached,omitempty"`
	Posting    *alerts.Posting     `json:"posting,omitempty" doc:"As it was understood"`
}

type checkAnswer struct {
	Body struct {
		Postings []checked `json:"postings"`
	}
}

func (s *service) check(ctx context.Context, in *body) (*checkAnswer, error) {
	js, err := s.judge(recruiter(ctx).Source, in.RawBody)
	if err != nil {
		return nil, err
	}
	answer := &checkAnswer{}
	answer.Body.Postings = make([]checked, len(js))
	for i := range js {
		r := &js[i].receipt
		c := checked{Identifier: r.Identifier, Status: r.Status, Errors: r.Errors, Warnings: r.Warnings, Reached: r.Reached, Posting: js[i].posting}
		if c.Errors == nil {
			c.Errors = []alerts.FieldError{}
		}
		answer.Body.Postings[i] = c
	}
	return answer, nil
}

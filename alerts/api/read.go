package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jobalertd/jobalertd/alerts"
)

// state is what became of a posting.
type state string

const (
	stateOpen      state = "open"
	stateExpired   state = "expired"
	stateWithdrawn state = "withdrawn"
)

// summary is a posting in a list.
type summary struct {
	Identifier  string    `json:"identifier"`
	State       state     `json:"state" enum:"open,expired,withdrawn"`
	Title       string    `json:"title"`
	PublishedAt time.Time `json:"published_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Position    int64     `json:"position" doc:"Of its present content, in the order of all that happened"`
}

type listInput struct {
	After string `query:"after" maxLength:"500" doc:"The next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listAnswer struct {
	Body struct {
		Postings []summary `json:"postings"`
		Next     string    `json:"next,omitempty" doc:"The after of the next page; missing on the last one"`
	}
}

func (s *service) list(ctx context.Context, in *listInput) (*listAnswer, error) {
	stored, err := s.Store.OfSource(ctx, s.Reader, recruiter(ctx).Source, in.After, in.Limit)
	if err != nil {
		return nil, s.away(ctx, err)
	}
	answer := &listAnswer{}
	answer.Body.Postings = make([]summary, len(stored))
	for i := range stored {
		p := &stored[i]
		answer.Body.Postings[i] = summary{Identifier: p.Identifier, State: stateOf(p.Withdrawn, p.ExpiresAt, s.Now()), Title: p.Title,
			PublishedAt: p.PublishedAt, ExpiresAt: p.ExpiresAt, Position: p.Position}
	}
	if len(stored) == in.Limit {
		answer.Body.Next = stored[len(stored)-1].Identifier
	}
	return answer, nil
}

func stateOf(withdrawn bool, expires, now time.Time) state {
	switch {
	case withdrawn:
		return stateWithdrawn
	case !now.Before(expires):
		return stateExpired
	}
	return stateOpen
}

type getInput struct {
	Identifier string `path:"identifier" minLength:"1" maxLength:"500" doc:"As published; escape / as %2F"`
}

type getAnswer struct {
	Body struct {
		Identifier string          `json:"identifier"`
		State      state           `json:"state" enum:"open,expired,withdrawn"`
		Position   int64           `json:"position"`
		Receipt    alerts.Receipt  `json:"receipt" doc:"What became of the last message under this identifier"`
		Posting    *alerts.Posting `json:"posting,omitempty" doc:"As it was understood; missing if it was withdrawn and never published"`
	}
}

func (s *service) get(ctx context.Context, in *getInput) (*getAnswer, error) {
	key := alerts.Key{Source: recruiter(ctx).Source, Identifier: in.Identifier}
	records, err := s.Store.Records(ctx, s.Reader, []alerts.Key{key})
	if err != nil {
		return nil, s.away(ctx, err)
	}
	r, ok := records[key]
	if !ok {
		return nil, huma.Error404NotFound("no posting of yours has this identifier; one that was just published is stored within a second, and rejections come on rejections.SOURCE")
	}
	answer := &getAnswer{}
	b := &answer.Body
	b.Identifier, b.Position, b.State = r.Identifier, r.Position, stateOf(r.Withdrawn, time.UnixMilli(r.ExpiresMS), s.Now())
	if err := json.Unmarshal([]byte(r.Receipt), &b.Receipt); err != nil {
		return nil, s.broken(ctx, r.Number, err)
	}
	if r.Body != "" {
		b.Posting = &alerts.Posting{}
		if err := alerts.ReadBody(r.Body, b.Posting); err != nil {
			return nil, s.broken(ctx, r.Number, err)
		}
		b.Posting.Number = r.Number
	}
	return answer, nil
}

// away hides the database's words from a caller.
func (s *service) away(ctx context.Context, err error) error {
	s.Log.WarnContext(ctx, "read a recruiter's postings", "err", err)
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the database does not answer; try again"), http.Header{"Retry-After": {"10"}})
}

func (s *service) broken(ctx context.Context, number uint32, err error) error {
	s.Log.ErrorContext(ctx, "decode a stored posting", "posting_id", number, "err", err)
	return huma.Error500InternalServerError("what is stored under this identifier cannot be read; the operator has been told")
}

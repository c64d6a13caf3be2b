package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
)

// accepted is one message that the stream has: it will be stored.
type accepted struct {
	Identifier     string              `json:"identifier"`
	StreamSequence uint64              `json:"stream_sequence" doc:"The stream's number for it, as in the receipt"`
	Reached        string              `json:"reached,omitempty" doc:"How many subscriptions it would meet at present; small counts are 0 or <5"`
	Warnings       []alerts.FieldError `json:"warnings,omitempty" doc:"What was mended or not understood"`
}

type publishAnswer struct {
	Body struct {
		Postings []accepted `json:"postings"`
	}
}

// publish judges all postings first: if one would be rejected, none is published.
func (s *service) publish(ctx context.Context, in *body) (*publishAnswer, error) {
	source := recruiter(ctx).Source
	js, err := s.judge(source, in.RawBody)
	if err != nil {
		return nil, err
	}
	rejected := 0
	for i := range js {
		if js[i].receipt.Status == alerts.StatusRejected {
			rejected++
		}
	}
	if rejected > 0 {
		return nil, unprocessable(js, rejected)
	}
	if !s.limits.postings(source, len(js), s.Now()) {
		return nil, tooMany()
	}
	messages := make([][]byte, len(js))
	for i := range js {
		messages[i] = js[i].raw
	}
	sequences, err := s.send(ctx, "postings.published."+source, messages)
	if err != nil {
		return nil, err
	}
	answer := &publishAnswer{}
	answer.Body.Postings = make([]accepted, len(js))
	for i := range js {
		r := &js[i].receipt
		answer.Body.Postings[i] = accepted{Identifier: r.Identifier, StreamSequence: sequences[i], Reached: r.Reached, Warnings: r.Warnings}
	}
	return answer, nil
}

func tooMany() error {
	return huma.ErrorWithHeaders(huma.Error429TooManyRequests("too many postings at once; try again in a few seconds"),
		http.Header{"Retry-After": {"5"}})
}

// send publishes messages in order and waits until the stream has all of them.
// If one is not taken the others may have been: publishing all again is harmless,
// because the same posting twice is one posting.
func (s *service) send(ctx context.Context, subject string, messages [][]byte) ([]uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, ackWithin)
	defer cancel()
	futures := make([]jetstream.PubAckFuture, len(messages))
	for i, m := range messages {
		var err error
		if futures[i], err = s.Publisher.PublishAsync(subject, m); err != nil {
			return nil, s.notTaken(ctx, err)
		}
	}
	sequences := make([]uint64, len(messages))
	for i, f := range futures {
		select {
		case ack := <-f.Ok():
			sequences[i] = ack.Sequence
		case err := <-f.Err():
			return nil, s.notTaken(ctx, err)
		case <-ctx.Done():
			return nil, s.notTaken(ctx, ctx.Err())
		}
	}
	return sequences, nil
}

func (s *service) notTaken(ctx context.Context, err error) error {
	s.Log.WarnContext(ctx, "publish a recruiter's postings", "err", err)
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the stream did not take all of it in time; send the same request again, nothing will be doubled"),
		http.Header{"Retry-After": {"10"}})
}

type withdrawInput struct {
	Identifier string `path:"identifier" minLength:"1" maxLength:"500" doc:"As published; escape / as %2F"`
}

type withdrawAnswer struct{ Body accepted }

// withdraw publishes a withdrawal. It is taken for an identifier that nobody
// published too: the posting may be on its way.
func (s *service) withdraw(ctx context.Context, in *withdrawInput) (*withdrawAnswer, error) {
	source := recruiter(ctx).Source
	if !s.limits.postings(source, 1, s.Now()) {
		return nil, tooMany()
	}
	message, err := json.Marshal(map[string]string{"identifier": in.Identifier})
	if err != nil {
		return nil, err // a string can always be encoded
	}
	sequences, err := s.send(ctx, "postings.withdrawn."+source, [][]byte{message})
	if err != nil {
		return nil, err
	}
	return &withdrawAnswer{accepted{Identifier: in.Identifier, StreamSequence: sequences[0]}}, nil
}

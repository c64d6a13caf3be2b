package intake

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/micro"

	"github.com/jobalertd/jobalertd/alerts"
)

// Checked is the judgement of a posting that is not to be stored.
type Checked struct {
	alerts.Receipt
	Posting *alerts.Posting `json:"posting,omitempty"` // normalised; nil when rejected
}

// checkSubject is followed by the source.
const checkSubject = "jobalertd.postings.check."

// serveChecks answers judgements on NATS (jobalertd.postings.check.SOURCE): the
// same reading as intake's, nothing stored.
func (in *Intake) serveChecks() (micro.Service, error) {
	s, err := micro.AddService(in.Conn, micro.Config{
		Name: "jobalertd-postings-check", Version: "1.0.0",
		Description: "judges a posting as intake would, and stores nothing",
	})
	if err != nil {
		return nil, fmt.Errorf("start the check service: %w", err)
	}
	err = s.AddEndpoint("check", micro.HandlerFunc(in.answerCheck), micro.WithEndpointSubject(checkSubject+"*"))
	if err != nil {
		return nil, fmt.Errorf("start the check service: %w", err)
	}
	return s, nil
}

func (in *Intake) answerCheck(r micro.Request) {
	b, err := json.Marshal(in.Check(strings.TrimPrefix(r.Subject(), checkSubject), r.Data()))
	if err != nil {
		_ = r.Error("500", "the judgement could not be encoded", nil)
		return
	}
	if err := r.Respond(b); err != nil {
		in.Log.Warn("answer a check", "err", err)
	}
}

// Check judges one posting of a source without storing it. Its reach is counted
// against the index as it stands.
func (in *Intake) Check(source string, raw []byte) Checked {
	if !alerts.ValidSource(source) {
		return Checked{Receipt: alerts.Receipt{Status: alerts.StatusRejected,
			Errors: []alerts.FieldError{{Field: "source", Message: "must consist of a-z, 0-9 and -"}}}}
	}
	reading, err := in.Reader.Read(source, raw, in.Now())
	if err != nil {
		r := asRejected(err)
		return Checked{Receipt: alerts.Receipt{Identifier: r.Identifier, Status: alerts.StatusRejected, Errors: fieldErrors(r.Errors)}}
	}
	p := &reading.Posting
	p.Agency = p.Agency || in.agencies.has(source)
	reached := in.Index.Percolate(nil, in.Meaning.DocumentOf(p, reading.Plain))
	return Checked{
		Receipt: alerts.Receipt{Identifier: p.Identifier, Status: alerts.StatusStored,
			Reached: roundReached(len(reached)), Warnings: fieldErrors(reading.Warnings)},
		Posting: p,
	}
}

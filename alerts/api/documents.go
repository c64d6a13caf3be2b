package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
)

// body is JSON as it was sent: intake's reader reads it, not huma.
type body struct{ RawBody []byte }

// documents describes such a body.
func documents() *huma.RequestBody {
	schema := &huma.Schema{Description: "A schema.org JobPosting, an array of them, or an object with an @graph of them (JSON-LD).", AnyOf: []*huma.Schema{
		{Type: huma.TypeObject, AdditionalProperties: true},
		{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
	}}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}, "application/ld+json": {Schema: schema}}}
}

// judged is one posting of a request and what intake would make of it.
type judged struct {
	raw     json.RawMessage
	receipt alerts.Receipt
	posting *alerts.Posting
}

// judge takes a body apart and judges each posting.
func (s *service) judge(source string, raw []byte) ([]judged, error) {
	var out []judged
	for doc, err := range jobposting.Split(bytes.NewReader(raw), jobposting.FormatJSON) {
		if len(out) == maxPostings {
			return nil, huma.Error413RequestEntityTooLarge(fmt.Sprintf("the body has more than %d postings; send them in several requests", maxPostings))
		}
		j := judged{raw: doc}
		if err != nil {
			j.receipt = alerts.Receipt{Status: alerts.StatusRejected, Errors: []alerts.FieldError{{Message: err.Error()}}}
		} else {
			j.receipt, j.posting = s.Judge(source, doc)
		}
		out = append(out, j)
	}
	return out, nil
}

// faults are the errors of all rejected postings, in the body's own words:
// body[2].jobLocation, or body.jobLocation when there is but one.
func faults(js []judged) []error {
	var out []error
	for i := range js {
		at := "body"
		if len(js) > 1 {
			at = fmt.Sprintf("body[%d]", i)
		}
		for _, e := range js[i].receipt.Errors {
			location := at
			if e.Field != "" {
				location += "." + e.Field
			}
			out = append(out, &huma.ErrorDetail{Message: e.Message, Location: strings.TrimSpace(location)})
		}
	}
	return out
}

// unprocessable refuses a request with the faults of its postings.
func unprocessable(js []judged, rejected int) error {
	detail := "the posting would be rejected; nothing was published"
	if len(js) > 1 {
		detail = fmt.Sprintf("%d of %d postings would be rejected; none was published", rejected, len(js))
	}
	return huma.NewError(http.StatusUnprocessableEntity, detail, faults(js)...)
}

package alerts

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// bodyOptions leave the same fields out, and take the same bytes, as encoding/json:
// who reads a body so reads the same.
var bodyOptions = json.JoinOptions(jsonv1.OmitEmptyWithLegacySemantics(true), jsontext.AllowInvalidUTF8(true))

// Body is p as a record keeps it: JSON, without the Number, which is the row's.
func (p *Posting) Body() (string, error) {
	numberless := *p
	numberless.Number = 0
	var b strings.Builder
	if err := json.MarshalWrite(&b, &numberless, bodyOptions); err != nil {
		return "", fmt.Errorf("encode posting: %w", err)
	}
	return b.String(), nil
}

// ReadBody reads what Body gave. Number, Source and Identifier are the row's to
// say.
func ReadBody(body string, p *Posting) error {
	if err := json.Unmarshal([]byte(body), p, bodyOptions); err != nil {
		return fmt.Errorf("decode posting: %w", err)
	}
	return nil
}

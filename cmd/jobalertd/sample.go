package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// samplePostings are 200 JobPostings of invented employers in real towns, in the
// notations that boards use, four of them faulty. Dates are days from now
// ("-3d", "+30d").
//
//go:embed sample/postings.jsonl
var samplePostings []byte

// sample gives the sample postings with their dates set relative to now.
func sample(now time.Time) ([]json.RawMessage, error) {
	var out []json.RawMessage
	lines := bufio.NewScanner(bytes.NewReader(samplePostings))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var p map[string]any
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("sample line %d: %w", n, err)
		}
		for _, field := range []string{"datePosted", "validThrough"} {
			text, ok := p[field].(string)
			if !ok {
				continue
			}
			days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
			if err != nil {
				return nil, fmt.Errorf("sample line %d: %s %q is no number of days", n, field, text)
			}
			p[field] = now.AddDate(0, 0, days).Format(time.DateOnly)
		}
		raw, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("sample line %d: %w", n, err)
		}
		out = append(out, raw)
	}
	return out, lines.Err()
}

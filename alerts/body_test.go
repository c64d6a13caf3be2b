package alerts_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
)

func TestBody_IsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	whole := alerts.Posting{Number: 7, Source: "board", Identifier: "<1>", Title: "Köchin & Koch", Description: "<p>a &amp; b</p>\n\u2028", Employer: `"X"`,
		Agency: true, Remote: true, Locations: []alerts.Location{{Name: "Herne", PostalCode: "44623", State: "DE-NW", Country: "DE", Located: true, Lat: 51.5, Lon: 7.2}},
		EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}, Pay: &pay.Statement{Text: "ab 3.000 €", Min: 3000, Currency: "EUR", Unit: pay.Month, YearlyMin: 36000},
		Language: "de", URL: "https://example.org/?a=1&b=2", PublishedAt: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), ExpiresAt: time.Date(2026, 4, 1, 9, 0, 0, 5, time.UTC)}
	for _, p := range []alerts.Posting{whole, {}} {
		body, err := p.Body()
		if err != nil {
			t.Fatal(err)
		}
		p.Number = 0
		var got, plainly alerts.Posting
		if err := alerts.ReadBody(body, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, got); d != "" {
			t.Errorf("%s is read as something else (-want +got):\n%s", body, d)
		}
		if err := json.Unmarshal([]byte(body), &plainly); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, plainly); d != "" {
			t.Errorf("%s means something else to other readers of JSON (-want +got):\n%s", body, d)
		}
		// Rows written by encoding/json are read too.
		other, err := json.Marshal(&p)
		if err != nil {
			t.Fatal(err)
		}
		var read alerts.Posting
		if err := alerts.ReadBody(string(other), &read); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, read); d != "" {
			t.Errorf("%s is read as something else (-want +got):\n%s", other, d)
		}
	}
}

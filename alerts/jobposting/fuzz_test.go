package jobposting

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
)

// seeds are the documents of testdata.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	var out [][]byte
	for _, pattern := range []string{"testdata/whole/*.json", "testdata/files/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			out = append(out, b)
		}
	}
	return append(out, with(nil))
}

// FuzzRead: whatever comes in, Read either rejects it with reasons or gives a
// posting that keeps its promises.
func FuzzRead(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	r := newReader()
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := r.Read("fuzz", raw, now)
		if err != nil {
			var rejected *Rejected
			if !errors.As(err, &rejected) || len(rejected.Errors) == 0 {
				t.Fatalf("an error without reasons: %v", err)
			}
			return
		}
		checkPromises(t, r, got)
	})
}

func checkPromises(t *testing.T, r *Reader, got *Reading) {
	p := &got.Posting
	lines := []string{p.Identifier, p.Title, p.Employer, p.URL, p.Language}
	for _, l := range p.Locations {
		lines = append(lines, l.Name, l.PostalCode)
		if l.Located && (l.Lat < -90 || l.Lat > 90 || l.Lon < -180 || l.Lon > 180) {
			t.Fatalf("located at %v, %v", l.Lat, l.Lon)
		}
	}
	for _, s := range lines {
		for _, c := range s {
			if unicode.IsControl(c) {
				t.Fatalf("%q holds a control character", s)
			}
		}
	}
	switch {
	case p.Title == "" || utf8.RuneCountInString(p.Title) > maxTitle:
		t.Fatalf("title %q", p.Title)
	case p.Identifier == "" || len(p.Identifier) > maxIdentifier:
		t.Fatalf("identifier %q", p.Identifier)
	case len(p.Locations) == 0 && !p.Remote, len(p.Locations) > maxLocations:
		t.Fatalf("%d locations", len(p.Locations))
	case !p.Open(now), p.ExpiresAt.After(now.Add(maxOpen)):
		t.Fatalf("open until %v", p.ExpiresAt)
	case p.PublishedAt.After(now.Add(maxFuture)):
		t.Fatalf("published at %v", p.PublishedAt)
	case sanitise(r.policy, p.Description) != p.Description:
		t.Fatalf("description %q is not clean", p.Description)
	case p.Pay != nil && (p.Pay.YearlyMin < 0 || p.Pay.YearlyMax < 0 || len(p.Pay.Currency) != 3):
		t.Fatalf("pay %+v", p.Pay)
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back alerts.Posting
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
}

// FuzzReadTwice: the same bytes have the same hash at another hour.
func FuzzReadTwice(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	r := newReader()
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, errA := r.Read("fuzz", raw, now)
		b, errB := r.Read("fuzz", raw, now.Add(time.Minute))
		if errA == nil && errB == nil && a.Hash != b.Hash {
			t.Fatalf("hashes %s and %s", a.Hash, b.Hash)
		}
	})
}

func FuzzWithdrawal(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Add([]byte(`{"identifier":"A-1"}`))
	r := newReader()
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := r.Withdrawal(raw)
		var rejected *Rejected
		if (id == "") != (err != nil) || err != nil && !errors.As(err, &rejected) {
			t.Fatalf("identifier %q, %v", id, err)
		}
	})
}

// FuzzSplit: every document that comes out is JSON, and reading goes to an end.
func FuzzSplit(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, format := range Formats {
			n := 0
			for raw, err := range Split(bytes.NewReader(file), format) {
				if n++; n > len(file)+1 {
					t.Fatalf("%s: more answers than bytes", format)
				}
				if err == nil && !json.Valid(raw) && utf8.Valid(raw) {
					t.Fatalf("%s: yielded %q", format, raw)
				}
			}
		}
	})
}

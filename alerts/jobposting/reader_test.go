package jobposting

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
)

// meaning is the embedded data, parsed once for all tests.
var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// now is the instant at which the tests' documents are read.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newReader() *Reader { return New(meaning(), Options{Agencies: []string{"Muster Personal"}}) }

// with is a document that can be stored, with some members replaced; a nil
// takes one away.
func with(changes map[string]any) []byte {
	doc := map[string]any{
		"@context": "https://schema.org", "@type": "JobPosting", "identifier": "A-1", "title": "Medizininformatiker (m/w/d)",
		"description": "<p>Sie betreuen das Krankenhausinformationssystem.</p>", "hiringOrganization": map[string]any{"@type": "Organization", "name": "Klinikum Musterstadt"},
		"jobLocation": map[string]any{"@type": "Place", "address": map[string]any{"addressLocality": "Gelsenkirchen", "postalCode": "45879", "addressCountry": "DE"}},
		"datePosted":  "2026-11-20", "inLanguage": "de",
	}
	maps.Copy(doc, changes)
	for k, v := range doc {
		if v == nil {
			delete(doc, k)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return b
}

// read reads a document that must be stored.
func read(t *testing.T, raw []byte) *Reading {
	t.Helper()
	got, err := newReader().Read("tests", raw, now)
	if err != nil {
		t.Fatalf("rejected: %v\n%s", err, raw)
	}
	return got
}

// rejected reads a document that must be rejected.
func rejected(t *testing.T, raw []byte) *Rejected {
	t.Helper()
	_, err := newReader().Read("tests", raw, now)
	var r *Rejected
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want it rejected\n%.500s", err, raw)
	}
	return r
}

// says reports whether one of the errors is about field and contains words.
func says(errs []Error, field, words string) bool {
	for _, e := range errs {
		if e.Field == field && strings.Contains(e.Message, words) {
			return true
		}
	}
	return false
}

func TestReadMakesAWholePosting(t *testing.T) {
	got := read(t, with(map[string]any{
		"validThrough": "2026-12-31", "employmentType": "FULL_TIME", "url": "https://jobs.example.org/A-1",
		"baseSalary": map[string]any{"currency": "EUR", "value": map[string]any{"minValue": 3200, "maxValue": 3800, "unitText": "MONTH"}},
	}))
	p := got.Posting
	if p.Source != "tests" || p.Identifier != "A-1" || p.Title != "Medizininformatiker (m/w/d)" || p.Employer != "Klinikum Musterstadt" ||
		p.Language != "de" || p.URL != "https://jobs.example.org/A-1" || p.Number != 0 || p.Agency || p.Remote {
		t.Errorf("read as %+v", p)
	}
	if len(p.Locations) != 1 || p.Locations[0].State != "DE-NW" || p.Locations[0].Country != "DE" || !p.Locations[0].Located || p.Locations[0].Name != "Gelsenkirchen" {
		t.Errorf("located at %+v", p.Locations)
	}
	if p.Pay == nil || p.Pay.YearlyMin != 38_400 || p.Pay.YearlyMax != 45_600 {
		t.Errorf("pay %+v", p.Pay)
	}
	if len(got.Warnings) != 0 {
		t.Errorf("warned of %v", got.Warnings)
	}
	if want := time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC); !p.ExpiresAt.Equal(want) {
		t.Errorf("expires at %v, want the end of the day in Berlin, %v", p.ExpiresAt, want)
	}
}

func TestRejectionListsEveryFaultAtOnce(t *testing.T) {
	r := rejected(t, []byte(`{"@type":"JobPosting","title":" \r\n ","description":"<script>x</script>","validThrough":"2020-01-01"}`))
	for field, words := range map[string]string{
		"identifier": "missing", "title": "missing", "description": "missing", "validThrough": "expired", "jobLocation": "postalCode",
	} {
		if !says(r.Errors, field, words) {
			t.Errorf("does not say that %s %s: %v", field, words, r.Errors)
		}
	}
	if len(r.Errors) != 5 {
		t.Errorf("%d errors, want 5: %v", len(r.Errors), r.Errors)
	}
}

func TestRejectionNamesTheIdentifierItCouldRead(t *testing.T) {
	if r := rejected(t, with(map[string]any{"title": nil})); r.Identifier != "A-1" {
		t.Errorf("identifier %q, want A-1", r.Identifier)
	}
}

func TestDocumentsThatAreNoPostingAreRejectedWithAHint(t *testing.T) {
	for raw, words := range map[string]string{
		``:                                 "empty",
		`{"title": "x"`:                    "ends too early",
		`{"title": }`:                      "line 1",
		"{\n\"title\": \"a\nb\"}":          `write line breaks as \n`,
		"{\"title\": \"K\xf6ln\"}":         "UTF-8",
		`{} {}`:                            "more than one",
		`[{"@type":"JobPosting"}]`:         "array",
		`"JobPosting"`:                     "not a JSON object",
		`null`:                             "not a JSON object",
		`{"@type":"Event"}`:                `of type "Event"`,
		`{"@graph":[{"@type":"WebPage"}]}`: "without a JobPosting",
		strings.Repeat(`{"a":`, 80) + `1` + strings.Repeat(`}`, 80):  "nested too deeply",
		`{"@graph":[{"@type":"JobPosting"},{"@type":"JobPosting"}]}`: "2 JobPostings",
		`{"a":[` + strings.Repeat(`0,`, 60_000) + `0]}`:              "too many values",
	} {
		r := rejected(t, []byte(raw))
		if len(r.Errors) != 1 || !says(r.Errors, "", words) {
			t.Errorf("%.60s: %v, want it to say %q", raw, r.Errors, words)
		}
	}
}

func TestLargeDocumentsAreRefusedUnread(t *testing.T) {
	r := rejected(t, with(map[string]any{"description": strings.Repeat("Text ", 1<<20)}))
	if !says(r.Errors, "", "at most 1048576") {
		t.Errorf("said %v", r.Errors)
	}
}

func TestOddSourceIsRefused(t *testing.T) {
	if _, err := newReader().Read("a.b", with(nil), now); err == nil {
		t.Error("a source with a dot was taken")
	}
}

func TestGraphsAndSpellingsAreOnePosting(t *testing.T) {
	want := read(t, with(nil)).Hash
	plain := string(with(nil))
	for name, raw := range map[string]string{
		"graph":         `{"@context":"https://schema.org","@graph":[{"@type":"WebSite","@id":"#s"},` + plain + `]}`,
		"list of one":   `{"@type":"ItemList","itemListElement":[{"@type":"ListItem","position":1,"item":` + plain + `}]}`,
		"main entity":   `{"@type":"WebPage","mainEntity":` + plain + `}`,
		"type array":    strings.Replace(plain, `"@type":"JobPosting"`, `"@type":["Thing","JobPosting"]`, 1),
		"type address":  strings.Replace(plain, `"@type":"JobPosting"`, `"@type":"http://schema.org/JobPosting"`, 1),
		"no type":       strings.Replace(plain, `"@type":"JobPosting",`, ``, 1),
		"PascalCase":    strings.NewReplacer(`"title"`, `"Title"`, `"description"`, `"Description"`, `"jobLocation"`, `"JobLocation"`, `"hiringOrganization"`, `"HiringOrganization"`).Replace(plain),
		"prefixed":      strings.NewReplacer(`"title"`, `"schema:title"`, `"identifier"`, `"https://schema.org/identifier"`).Replace(plain),
		"byte order":    "\xef\xbb\xbf" + plain,
		"unknown field": strings.Replace(plain, `{`, `{"x-internal":{"a":[1,2,{"b":null}]},`, 1),
		"by reference": `{"@graph":[{"@type":"Organization","@id":"#org","name":"Klinikum Musterstadt"},` +
			string(with(map[string]any{"hiringOrganization": map[string]any{"@id": "#org"}})) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(t, []byte(raw)); got.Hash != want {
				t.Errorf("another content: %+v", got.Posting)
			}
		})
	}
}

// TestHashIsOfThePostingAsJSON: a hash that changed would make an update of every
// posting that is sent again.
func TestHashIsOfThePostingAsJSON(t *testing.T) {
	t.Parallel()
	got := read(t, with(map[string]any{"description": "<p>C++ &amp; \u2028 mehr</p>"}))
	p := got.Posting
	p.ExpiresAt = time.Time{} // not stated
	b, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(b); got.Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the hash is not that of %s", b)
	}
}

func TestHashFollowsTheContentAlone(t *testing.T) {
	r := newReader()
	hash := func(changes map[string]any, at time.Time) string {
		got, err := r.Read("tests", with(changes), at)
		if err != nil {
			t.Fatal(err)
		}
		return got.Hash
	}
	base := hash(nil, now)
	for name, same := range map[string]string{
		"read later":         hash(nil, now.Add(time.Hour)),
		"white space":        hash(map[string]any{"title": " Medizininformatiker\n(m/w/d) "}, now),
		"employer in a list": hash(map[string]any{"hiringOrganization": []any{"Klinikum Musterstadt"}}, now),
	} {
		if same != base {
			t.Errorf("%s: another hash", name)
		}
	}
	far := map[string]any{"validThrough": "2035-01-01"}
	if hash(far, now) != hash(far, now.Add(time.Hour)) {
		t.Error("a capped validThrough has a hash that depends on the clock")
	}
	undated := map[string]any{"datePosted": nil}
	if hash(undated, now) != hash(undated, now.Add(time.Hour)) {
		t.Error("a posting without datePosted has a hash that depends on the clock")
	}
	two, owt := []string{"FULL_TIME", "PART_TIME"}, []string{"PART_TIME", "FULL_TIME"}
	if hash(map[string]any{"employmentType": two}, now) != hash(map[string]any{"employmentType": owt}, now) {
		t.Error("the order of types makes another hash")
	}
	seen := map[string]string{base: "unchanged"}
	for name, changes := range map[string]map[string]any{
		"title": {"title": "Medizininformatiker"}, "description": {"description": "Anderes"}, "employer": {"hiringOrganization": "Anderes"},
		"place": {"jobLocation": "Bochum"}, "posted": {"datePosted": "2026-11-21"}, "through": {"validThrough": "2026-12-24"},
		"later": {"validThrough": "2026-12-25"}, "type": {"employmentType": "FULL_TIME"}, "pay": {"baseSalary": 50000}, "url": {"url": "https://example.org/"},
		"language": {"inLanguage": "en"}, "remote": {"jobLocationType": "TELECOMMUTE"}, "identifier": {"identifier": "A-2"},
	} {
		h := hash(changes, now)
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[h] = name
	}
}

func TestWithdrawalTakesTheFormsOfIdentifiers(t *testing.T) {
	r := newReader()
	for raw, want := range map[string]string{
		`{"identifier": "A-1"}`:               "A-1",
		`{"identifier": 1234567890123456789}`: "1234567890123456789",
		`{"identifier": {"@type":"PropertyValue","name":"Klinikum","value":"A-1"}}`: "A-1",
		`{"identifier": [{"value": null}, {"value": 7}]}`:                           "7",
		`{"Identifier": " A-1\r\n"}`:                                                "A-1",
		`{"url": "https://example.org/1"}`:                                          "https://example.org/1",
		string(with(nil)):                                                           "A-1",
	} {
		got, err := r.Withdrawal([]byte(raw))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{`{}`, `{"identifier": ""}`, `{"identifier": {"name": "Klinikum"}}`, `[]`, `x`, `{"identifier": "` + strings.Repeat("x", 501) + `"}`} {
		if got, err := r.Withdrawal([]byte(raw)); err == nil {
			t.Errorf("%.40s was taken as %q", raw, got)
		}
	}
}

package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/api"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/intake"
	"github.com/jobalertd/jobalertd/alerts/jobposting"
	"github.com/jobalertd/jobalertd/alerts/percolate"
	"github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config/broker"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// board is a daemon without subscribers: a real stream, database and intake.
type board struct {
	t        *testing.T
	store    *store.Store
	db       *database.DB
	broker   *broker.Broker
	receipts *nats.Subscription
	server   *httptest.Server
	clock    atomic.Int64 // Unix milliseconds
	token    string       // of source clinic
	other    string       // of source agency
}

// nobody subscribes.
type nobody struct{}

func (nobody) AboutStanding(context.Context, sqlx.ExtContext) (int, error) { return 0, nil }

func (nobody) StandingCriteria(context.Context, sqlx.ExtContext, func(alerts.CriteriaChange) error) error {
	return nil
}

func (nobody) CriteriaChanges(context.Context, sqlx.ExtContext, int64, int) ([]alerts.CriteriaChange, error) {
	return nil, nil
}

func (nobody) AskCriteriaChanges(*database.Trip, int64, int) func() []alerts.CriteriaChange {
	return func() []alerts.CriteriaChange { return nil }
}

// each runs f on a board over each database.
func each(t *testing.T, f func(t *testing.T, b *board)) {
	t.Helper()
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) { f(t, newBoard(t, db)) })
}

func newBoard(t *testing.T, db *database.DB) *board {
	t.Helper()
	ctx := t.Context()
	b := &board{t: t, db: db}
	b.clock.Store(start.UnixMilli())
	var err error
	b.store, err = store.New(db)
	b.must(err)
	b.broker, err = broker.Start(ctx, broker.Options{DataDir: t.TempDir()})
	b.must(err)
	t.Cleanup(func() { b.must(b.broker.Close(context.WithoutCancel(ctx))) })
	js := b.broker.JetStream()
	b.must(broker.EnsureStreams(ctx, js, broker.StreamOptions{}))
	bind := func(ctx context.Context) (jetstream.Consumer, time.Time, error) {
		consumer, err := broker.EnsureIntake(ctx, js, true, func(created time.Time) (uint64, error) { return b.store.HighestApplied(ctx, db.Reader, created) })
		if err != nil {
			return nil, time.Time{}, err
		}
		stream, err := js.Stream(ctx, broker.Postings)
		if err != nil {
			return nil, time.Time{}, err
		}
		return consumer, stream.CachedInfo().Created, nil
	}
	consumer, created, err := bind(ctx)
	b.must(err)
	b.must(db.Tx(ctx, func(tx *sqlx.Tx) error { return b.store.SetAnalysis(ctx, tx, meaning().Text.Hash(), 0, start) }))

	in := intake.New(intake.Options{DB: db, Store: b.store, Subscriptions: nobody{}, Meaning: meaning(),
		Reader: jobposting.New(meaning(), jobposting.Options{MaxBytes: broker.MaxPosting}), Index: percolate.New(nil), JetStream: js, Consumer: consumer,
		StreamCreated: created, Rebind: bind, Conn: b.broker.Conn(), Metrics: intake.NewMetrics(prometheus.NewRegistry()),
		Log: slog.New(slog.DiscardHandler), Now: b.now})
	clinic, err := b.store.AddRecruiter(ctx, "clinic", "Klinik", false, start)
	b.must(err)
	agency, err := b.store.AddRecruiter(ctx, "agency", "Vermittlung", true, start)
	b.must(err)
	b.token, b.other = clinic.Token, agency.Token
	b.must(in.Load(ctx))
	b.receipts, err = b.broker.Conn().SubscribeSync("receipts.*")
	b.must(err)
	b.must(b.broker.Conn().Flush())
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- in.Run(run) }()
	t.Cleanup(func() { cancel(); b.must(<-done) })

	published, err := jetstream.New(b.broker.Conn())
	b.must(err)
	b.server = httptest.NewServer(api.Handler(api.Options{Store: b.store, Reader: db.Reader, Publisher: published, Version: "test",
		Judge: func(source string, raw []byte) (alerts.Receipt, *alerts.Posting) {
			c := in.Check(source, raw)
			return c.Receipt, c.Posting
		}, Log: slog.New(slog.DiscardHandler), Now: b.now}))
	t.Cleanup(b.server.Close)
	return b
}

func (b *board) now() time.Time { return time.UnixMilli(b.clock.Load()).UTC() }

func (b *board) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (b *board) request(token, method, path string, body []byte) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, bytes.NewReader(body))
	b.must(err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/ld+json")
	got, err := http.DefaultClient.Do(r)
	b.must(err)
	defer got.Body.Close()
	content, err := io.ReadAll(got.Body)
	b.must(err)
	return answer{got.StatusCode, got.Header, content}
}

// wants sends a request and decodes an answer of that status into v, if any.
func (b *board) wants(status int, v any, token, method, path string, body []byte) answer {
	b.t.Helper()
	a := b.request(token, method, path, body)
	if a.status != status {
		b.t.Fatalf("%s %s: %d, want %d: %.500s", method, path, a.status, status, a.body)
	}
	if v != nil {
		if err := json.Unmarshal(a.body, v); err != nil {
			b.t.Fatalf("%s %s answered %q: %v", method, path, a.body, err)
		}
	}
	if got := a.header.Get("Content-Type"); status >= 400 && got != "application/problem+json" {
		b.t.Errorf("%s %s: content type of an error is %q", method, path, got)
	}
	return a
}

// received waits for a number of receipts.
func (b *board) received(n int) (out []alerts.Receipt) {
	b.t.Helper()
	for range n {
		m, err := b.receipts.NextMsg(10 * time.Second)
		b.must(err)
		var r alerts.Receipt
		b.must(json.Unmarshal(m.Data, &r))
		out = append(out, r)
	}
	return out
}

// stored is how many messages the stream has.
func (b *board) stored() uint64 {
	b.t.Helper()
	s, err := b.broker.JetStream().Stream(b.t.Context(), broker.Postings)
	b.must(err)
	return s.CachedInfo().State.Msgs
}

func posting(identifier string, change ...func(map[string]any)) map[string]any {
	p := map[string]any{"@context": "https://schema.org", "@type": "JobPosting", "identifier": identifier, "title": "Koch (m/w/d)",
		"description": "<p>Sie kochen für unsere Patienten und deren Gäste.</p>", "datePosted": "2026-03-01",
		"hiringOrganization": map[string]any{"@type": "Organization", "name": "Klinik am See"},
		"jobLocation":        map[string]any{"@type": "Place", "address": map[string]any{"addressLocality": "Gelsenkirchen", "addressCountry": "DE"}}}
	for _, f := range change {
		f(p)
	}
	return p
}

func untitled(p map[string]any) { delete(p, "title") }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

type published struct {
	Postings []struct {
		Identifier     string
		StreamSequence uint64 `json:"stream_sequence"`
		Reached        string
	}
}

type problemAnswer struct {
	Status int
	Title  string
	Detail string
	Errors []struct{ Message, Location string }
}

type found struct {
	Identifier, State string
	Receipt           alerts.Receipt
	Posting           *alerts.Posting
}

func TestAPostingIsPublishedStoredReadAndWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		const identifier = "Ref 47/11 ü" // as recruiters number them
		at := "/api/v1/postings/" + url.PathEscape(identifier)
		var p published
		b.wants(http.StatusAccepted, &p, b.token, "POST", "/api/v1/postings", encode(posting(identifier)))
		if len(p.Postings) != 1 || p.Postings[0].Identifier != identifier || p.Postings[0].Reached != "0" {
			t.Fatalf("published %+v", p)
		}
		r := b.received(1)[0]
		if r.Status != alerts.StatusStored || r.StreamSequence != p.Postings[0].StreamSequence {
			t.Fatalf("receipt %+v of %+v", r, p)
		}
		var got found
		b.wants(http.StatusOK, &got, b.token, "GET", at, nil)
		if got.State != "open" || got.Receipt.StreamSequence != r.StreamSequence || got.Posting == nil || got.Posting.Title != "Koch (m/w/d)" {
			t.Errorf("read %+v", got)
		}

		b.wants(http.StatusAccepted, nil, b.token, "DELETE", at, nil)
		if r := b.received(1)[0]; r.Status != alerts.StatusWithdrawn || r.Identifier != identifier {
			t.Errorf("receipt of the withdrawal: %+v", r)
		}
		b.wants(http.StatusOK, &got, b.token, "GET", at, nil)
		if got.State != "withdrawn" {
			t.Errorf("state %q after the withdrawal", got.State)
		}

		b.wants(http.StatusAccepted, nil, b.token, "POST", "/api/v1/postings", encode(posting("brief")))
		b.received(1)
		b.clock.Add((61 * 24 * time.Hour).Milliseconds())
		b.wants(http.StatusOK, &got, b.token, "GET", "/api/v1/postings/brief", nil)
		if got.State != "expired" {
			t.Errorf("state %q after its lifetime", got.State)
		}
	})
}

func TestArraysAndGraphsAreTakenApartAndListed(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		var p published
		b.wants(http.StatusAccepted, &p, b.token, "POST", "/api/v1/postings", encode([]any{posting("a"), posting("b"), posting("c")}))
		b.wants(http.StatusAccepted, &p, b.token, "POST", "/api/v1/postings",
			encode(map[string]any{"@context": "https://schema.org", "@graph": []any{posting("d"), posting("e")}}))
		if len(p.Postings) != 2 || p.Postings[1].Identifier != "e" || p.Postings[1].StreamSequence != 5 {
			t.Errorf("published %+v", p)
		}
		b.received(5)
		b.wants(http.StatusAccepted, nil, b.other, "POST", "/api/v1/postings", encode(posting("f")))
		b.received(1)
		var names []string
		for after := ""; ; {
			var page struct {
				Postings []found
				Next     string
			}
			b.wants(http.StatusOK, &page, b.token, "GET", "/api/v1/postings?limit=2&after="+after, nil)
			for _, p := range page.Postings {
				names = append(names, p.Identifier+" "+p.State)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if got := strings.Join(names, ", "); got != "a open, b open, c open, d open, e open" {
			t.Errorf("listed %s", got)
		}
	})
}

func TestOneFaultyPostingKeepsTheWholeRequestBack(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		var p problemAnswer
		b.wants(http.StatusUnprocessableEntity, &p, b.token, "POST", "/api/v1/postings", encode([]any{posting("a"), posting("b", untitled)}))
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Location != "body[1].title" || p.Errors[0].Message == "" {
			t.Errorf("problem %+v", p)
		}
		b.wants(http.StatusUnprocessableEntity, &p, b.token, "POST", "/api/v1/postings", encode(posting("b", untitled)))
		if len(p.Errors) != 1 || p.Errors[0].Location != "body.title" {
			t.Errorf("problem %+v", p)
		}
		for _, bad := range []string{"{", "[]x", "null", "7", `"JobPosting"`, `{"@type":"Person"}`, "\xff", `[[{"@type":"JobPosting"}]]`} {
			p = problemAnswer{}
			b.wants(http.StatusUnprocessableEntity, &p, b.token, "POST", "/api/v1/postings", []byte(bad))
			if len(p.Errors) == 0 {
				t.Errorf("body %q: no error says what is wrong", bad)
			}
		}
		b.wants(http.StatusBadRequest, nil, b.token, "POST", "/api/v1/postings", nil)
		if n := b.stored(); n != 0 {
			t.Errorf("%d messages were published", n)
		}
	})
}

func TestACheckJudgesAndPublishesNothing(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		var got struct {
			Postings []struct {
				Status  alerts.Status
				Errors  []alerts.FieldError
				Posting *alerts.Posting
			}
		}
		b.wants(http.StatusOK, &got, b.other, "POST", "/api/v1/postings/check", encode([]any{posting("a"), posting("b", untitled)}))
		if len(got.Postings) != 2 || got.Postings[0].Status != alerts.StatusStored || got.Postings[0].Errors == nil ||
			got.Postings[0].Posting == nil || !got.Postings[0].Posting.Agency {
			t.Errorf("an agency's good posting: %+v", got)
		}
		if len(got.Postings) == 2 && (got.Postings[1].Status != alerts.StatusRejected || got.Postings[1].Errors[0].Field != "title") {
			t.Errorf("a faulty one: %+v", got.Postings[1])
		}
		if n := b.stored(); n != 0 {
			t.Errorf("%d messages were published", n)
		}
	})
}

func TestARecruiterReachesNothingOfAnother(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		b.wants(http.StatusAccepted, nil, b.token, "POST", "/api/v1/postings", encode(posting("a")))
		b.received(1)
		b.wants(http.StatusNotFound, nil, b.other, "GET", "/api/v1/postings/a", nil)
		b.wants(http.StatusAccepted, nil, b.other, "DELETE", "/api/v1/postings/a", nil) // withdraws its own, of which there is none
		b.received(1)
		var got found
		b.wants(http.StatusOK, &got, b.token, "GET", "/api/v1/postings/a", nil)
		if got.State != "open" {
			t.Errorf("another source's withdrawal left it %s", got.State)
		}
		b.wants(http.StatusOK, &got, b.other, "GET", "/api/v1/postings/a", nil)
		if got.State != "withdrawn" {
			t.Errorf("the tombstone is %s", got.State)
		}
		// Whatever a posting says of its source, its token decides.
		b.wants(http.StatusAccepted, nil, b.other, "POST", "/api/v1/postings", encode(posting("z", func(p map[string]any) { p["source"] = "clinic" })))
		b.received(1)
		b.wants(http.StatusNotFound, nil, b.token, "GET", "/api/v1/postings/z", nil)
	})
}

func TestWithoutAGoodTokenThereIsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		for _, token := range []string{"", "x", b.token + "x", b.token[1:], strings.Repeat("a", 5000)} {
			for method, path := range map[string]string{"POST": "/api/v1/postings", "GET": "/api/v1/postings", "DELETE": "/api/v1/postings/a"} {
				a := b.wants(http.StatusUnauthorized, nil, token, method, path, encode(posting("a")))
				if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s without a challenge: %v", method, a.header)
				}
			}
		}
		b.wants(http.StatusOK, nil, b.token, "GET", "/api/v1/postings", nil)
		b.must(b.store.RevokeRecruiter(t.Context(), "clinic", start))
		b.wants(http.StatusUnauthorized, nil, b.token, "GET", "/api/v1/postings", nil)
		if n := b.stored(); n != 0 {
			t.Errorf("%d messages were published", n)
		}
	})
}

func TestTooMuchIsRefused(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		long := encode(posting("a", func(p map[string]any) { p["description"] = strings.Repeat("x", 6<<20) }))
		b.wants(http.StatusRequestEntityTooLarge, nil, b.token, "POST", "/api/v1/postings", long)
		var p problemAnswer
		large := encode(posting("a", func(p map[string]any) { p["description"] = strings.Repeat("x", broker.MaxPosting) }))
		b.wants(http.StatusUnprocessableEntity, &p, b.token, "POST", "/api/v1/postings", large)
		many := []byte("[" + strings.Repeat("{},", 1000) + "{}]")
		b.wants(http.StatusRequestEntityTooLarge, nil, b.token, "POST", "/api/v1/postings", many)
		for range 200 { // the clock stands still, so that nothing is given back
			if a := b.request(b.token, "GET", "/api/v1/postings?limit=1", nil); a.status == http.StatusTooManyRequests {
				if a.header.Get("Retry-After") == "" {
					t.Error("a caller is not told when to come again")
				}
				b.wants(http.StatusOK, nil, b.other, "GET", "/api/v1/postings", nil) // others do not suffer
				b.clock.Add(1000)
				b.wants(http.StatusOK, nil, b.token, "GET", "/api/v1/postings", nil)
				return
			}
		}
		t.Error("nobody is ever told that it is too much")
	})
}

func TestTheDescriptionIsPublicAndNamesEveryOperation(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		var doc struct {
			OpenAPI string
			Paths   map[string]map[string]any
		}
		b.wants(http.StatusOK, &doc, "", "GET", "/api/v1/openapi.json", nil)
		for path, methods := range map[string]string{"/api/v1/postings": "get post", "/api/v1/postings/check": "post", "/api/v1/postings/{identifier}": "get delete"} {
			for method := range strings.FieldsSeq(methods) {
				if doc.Paths[path][method] == nil {
					t.Errorf("%s %s is not described", method, path)
				}
			}
		}
		b.wants(http.StatusNotFound, nil, "", "GET", "/docs", nil)
		b.wants(http.StatusNotFound, nil, b.token, "GET", "/api/v2/postings", nil)
		if a := b.wants(http.StatusMethodNotAllowed, nil, b.token, "PUT", "/api/v1/postings/a", nil); a.header.Get("Allow") != "GET, DELETE" {
			t.Errorf("allowed: %q", a.header.Get("Allow"))
		}
		b.wants(http.StatusUnprocessableEntity, nil, b.token, "GET", "/api/v1/postings?limit=0", nil)
	})
}

func TestWhenTheStreamIsGoneTheCallerIsToldToTryAgain(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		b.must(b.broker.JetStream().DeleteStream(t.Context(), broker.Postings))
		a := b.wants(http.StatusServiceUnavailable, nil, b.token, "POST", "/api/v1/postings", encode(posting("a")))
		if a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "nats") {
			t.Errorf("answered %v %s", a.header, a.body)
		}
	})
}

func TestSeveralHundredPostingsArePublishedInOrder(t *testing.T) {
	each(t, func(t *testing.T, b *board) {
		var all []any
		for n := range 400 {
			all = append(all, posting(fmt.Sprint("id-", n%100), func(p map[string]any) { p["title"] = fmt.Sprint("Koch ", n) }))
		}
		var p published
		b.wants(http.StatusAccepted, &p, b.token, "POST", "/api/v1/postings", encode(all))
		for i := range p.Postings {
			if p.Postings[i].StreamSequence != uint64(i+1) {
				t.Fatalf("posting %d has sequence %d", i, p.Postings[i].StreamSequence)
			}
		}
		b.received(400)
		var got found
		b.wants(http.StatusOK, &got, b.token, "GET", "/api/v1/postings/id-99", nil)
		if got.Posting.Title != "Koch 399" {
			t.Errorf("the last one of an identifier counts, got %q", got.Posting.Title)
		}
	})
}

package web_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // zones the same on every machine

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/gazetteer"
	"github.com/jobalertd/jobalertd/alerts/text"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/store"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

var meaning = sync.OnceValue(func() *alerts.Meaning {
	places, err := gazetteer.Open()
	if err != nil {
		panic(err)
	}
	return &alerts.Meaning{Text: text.New(text.Embedded()), Places: places}
})

// noon is a Monday in summer, 14:00 in Berlin.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// world is a site over a real store, with the mails it asked for.
type world struct {
	testing.TB
	db     *database.DB
	store  *store.Store
	site   http.Handler
	signer *subscriptions.Signer
	links  subscriptions.Links
	mails  *mailbox
	now    time.Time
	logged *bytes.Buffer // what the site and the store said
	broken func()        // called by every search; nil for nothing
	lifted []string
	left   []string
	wakes  int
	reason string // why an address is suppressed
	search []alerts.Stored
	older  []alerts.Stored
	period web.Period

	told      []web.Told
	delivered map[uint32]web.Delivered
	options   web.Options
}

func newWorld(t testing.TB, db *database.DB, change func(*web.Options)) *world {
	t.Helper()
	w := &world{TB: t, db: db, mails: &mailbox{}, now: noon, logged: &bytes.Buffer{}, signer: subscriptions.NewSigner([]byte("0123456789abcdef0123456789abcdef"))}
	w.links = subscriptions.Links{Base: "https://jobs.example", Signer: w.signer}
	log := slog.New(slog.NewTextHandler(w.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if w.store, err = store.New(t.Context(), db, meaning(), nil, log); err != nil {
		t.Fatal(err)
	}
	o := web.Options{Database: db, Reader: db.Reader, Store: w.store, Meaning: meaning(), Signer: w.signer, Mails: w.mails, Suppressions: w, Waker: w, Deliveries: w,
		PublicURL: "https://jobs.example", Brand: "Stellenbote", Imprint: "Stellenbote GmbH\nMusterstraße 1\n45879 Gelsenkirchen", Timezone: "Europe/Berlin",
		AnswerTime: -1, Now: func() time.Time { return w.now }, Log: log}
	if change != nil {
		change(&o)
	}
	w.options = o
	w.rebuild()
	return w
}

// rebuild makes the site anew with the world's options.
func (w *world) rebuild() {
	w.Helper()
	site, err := web.New(w.options)
	if err != nil {
		w.Fatal(err)
	}
	w.site = site.Handler()
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) { f(t, newWorld(t, db, nil)) })
}

func (w *world) Lift(_ context.Context, _ sqlx.ExtContext, address string) error {
	w.lifted = append(w.lifted, address)
	return nil
}

func (w *world) Left(_ context.Context, _ sqlx.ExtContext, address string) error {
	w.left = append(w.left, address)
	return nil
}

func (w *world) Reason(context.Context, sqlx.ExtContext, string) (string, error) {
	return w.reason, nil
}

func (w *world) Wake() { w.wakes++ }

func (w *world) Search(_ context.Context, c *alerts.Criteria, offset, limit int) ([]alerts.Stored, int, error) {
	found := w.matching(c)
	return found[min(offset, len(found)):min(offset+limit, len(found))], len(found), nil
}

func (w *world) Latest(_ context.Context, c *alerts.Criteria, limit int) ([]alerts.Stored, error) {
	found := w.matching(c)
	slices.SortStableFunc(found, func(a, b alerts.Stored) int { return cmp.Compare(b.Position, a.Position) })
	return found[:min(limit, len(found))], nil
}

func (w *world) matching(c *alerts.Criteria) []alerts.Stored {
	if w.broken != nil {
		w.broken()
	}
	var found []alerts.Stored
	for _, p := range w.search {
		if c.Matches(meaning().Document(&p.Posting)) {
			found = append(found, p)
		}
	}
	return found
}

func (w *world) Count(_ context.Context, c *alerts.Criteria) (int, error) {
	return len(w.matching(c)), nil
}

func (w *world) Older(_ context.Context, c *alerts.Criteria, before int64, limit int) ([]alerts.Stored, int64, error) {
	var found []alerts.Stored
	for _, p := range w.older {
		if c.Matches(meaning().Document(&p.Posting)) && (before == 0 || p.Position < before) && len(found) < limit {
			found = append(found, p)
		}
	}
	if len(found) < limit {
		return found, 0, nil
	}
	return found, found[limit-1].Position, nil
}

func (w *world) Outlook(_ context.Context, c *alerts.Criteria, since time.Time) (web.Outlook, error) {
	days := int(noon.Sub(since).Hours()+23) / 24
	count := func(c *alerts.Criteria) (perDay []int, total int) {
		perDay = make([]int, days)
		for _, p := range w.matching(c) {
			if !p.PublishedAt.Before(since) {
				perDay[min(int(p.PublishedAt.Sub(since).Hours())/24, days-1)]++
				total++
			}
		}
		return perDay, total
	}
	var o web.Outlook
	var all int
	o.Days, all = count(c)
	for _, x := range c.Asked() {
		if rest, ok := c.Without(x); ok && x != alerts.ByQuery {
			if _, n := count(&rest); n > all {
				o.Without = append(o.Without, web.Cost{Criterion: x, Found: n})
			}
		}
	}
	return o, nil
}

func (w *world) Period() web.Period { return w.period }

func (w *world) Newest(_ context.Context, limit int) ([]alerts.Stored, error) {
	return w.search[:min(limit, len(w.search))], nil
}

func (w *world) Delivered(_ context.Context, subscriber int64, since time.Time) (map[uint32]web.Delivered, error) {
	if !since.Equal(w.now.AddDate(0, 0, -30)) {
		w.Errorf("asked for what came since %s", since)
	}
	return w.delivered, nil
}

func (w *world) History(context.Context, int64) ([]web.Told, error) { return w.told, nil }

func (w *world) Posting(_ context.Context, number uint32) (alerts.Stored, error) {
	for _, p := range w.search {
		if p.Number == number {
			return p, nil
		}
	}
	return alerts.Stored{}, fmt.Errorf("posting %d: %w", number, alerts.ErrNotFound)
}

// mailbox remembers the mails asked for.
type mailbox struct {
	mu            sync.Mutex
	confirmations []confirmation
	account       []accountMail
}

type confirmation struct {
	subscriber   int64
	subscription uint32
	n            int
}

type accountMail struct {
	subscriber int64
	kind       string
	payload    subscriptions.AccountPayload
}

func (m *mailbox) Confirmation(_ context.Context, _ sqlx.ExtContext, subscriber int64, subscription uint32, n int) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.confirmations = append(m.confirmations, confirmation{subscriber, subscription, n})
	return fmt.Sprintf("confirmation-%d-%d@jobs.example", subscription, n), nil
}

func (m *mailbox) Account(_ context.Context, _ sqlx.ExtContext, subscriber int64, kind string, payload any) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.account = append(m.account, accountMail{subscriber, kind, payload.(subscriptions.AccountPayload)})
	return fmt.Sprintf("account-%d@jobs.example", len(m.account)), nil
}

func (m *mailbox) Forget(_ context.Context, _ sqlx.ExtContext, subscriber int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.account = slices.DeleteFunc(m.account, func(a accountMail) bool { return a.subscriber == subscriber })
	return nil
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (w *world) send(r *http.Request) answer {
	w.Helper()
	rec := httptest.NewRecorder()
	w.site.ServeHTTP(rec, r)
	return answer{rec.Result(), rec.Body.String()}
}

func (w *world) get(path string) answer {
	w.Helper()
	return w.send(httptest.NewRequest(http.MethodGet, path, nil))
}

func (w *world) post(path string, form url.Values) answer {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return w.send(r)
}

// follow posts and goes where the answer leads.
func (w *world) follow(path string, form url.Values) answer {
	w.Helper()
	a := w.post(path, form)
	if a.StatusCode != http.StatusSeeOther {
		w.Fatalf("POST %s: %d, want 303\n%s", path, a.StatusCode, a.body)
	}
	return w.get(a.Header.Get("Location"))
}

func (a answer) must(t testing.TB, status int, parts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d\n%s", a.StatusCode, status, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("no %q in\n%s", part, a.body)
		}
	}
	return a
}

func signUpForm(email string) url.Values {
	return url.Values{"q": {"Medizininformatiker"}, "place": {"Gelsenkirchen"}, "radius": {"25"}, "frequency": {"daily"}, "hour": {"7"},
		"weekday": {"monday"}, "timezone": {"Europe/Berlin"}, "email": {email}}
}

// path is a link without the site's address.
func path(link string) string { return strings.TrimPrefix(link, "https://jobs.example") }

// subscribed signs an address up through the pages, confirms, and returns its
// subscriber and subscription.
func (w *world) subscribed(email string) (*subscriptions.Subscriber, uint32) {
	w.Helper()
	w.post("/subscriptions", signUpForm(email)).must(w, http.StatusSeeOther)
	c := w.mails.confirmations[len(w.mails.confirmations)-1]
	who := w.subscriber(c.subscriber)
	w.post(path(w.links.Confirm(who, c.subscription, w.now)), nil).must(w, http.StatusSeeOther)
	return who, c.subscription
}

func (w *world) subscriber(id int64) *subscriptions.Subscriber {
	w.Helper()
	who, err := w.store.Subscriber(w.Context(), w.db.Reader, id)
	if err != nil {
		w.Fatal(err)
	}
	return &who
}

func (w *world) subscription(id uint32) subscriptions.Subscription {
	w.Helper()
	sub, err := w.store.Get(w.Context(), w.db.Reader, id)
	if err != nil {
		w.Fatal(err)
	}
	return sub
}

// dump is everything that pages could change.
func (w *world) dump() string {
	w.Helper()
	var out strings.Builder
	for _, table := range []string{"clock", "subscribers", "subscriptions", "dismissals", "consents", "secrets", "outbox", "suppressions"} {
		w.dumpTable(&out, table)
	}
	fmt.Fprint(&out, len(w.mails.confirmations), len(w.mails.account), len(w.lifted), w.wakes)
	return out.String()
}

func (w *world) dumpTable(out io.Writer, table string) {
	w.Helper()
	rows, err := w.db.Reader.Queryx("SELECT * FROM " + table + " ORDER BY 1") //nolint:sqlclosecheck // closed right below; embedding hides it from the linter
	if err != nil {
		w.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			w.Error(err)
		}
	}()
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			w.Fatal(err)
		}
		fmt.Fprintf(out, "%s %v\n", table, values)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
}

var hrefs = regexp.MustCompile(`(?:href|action)="([^"#]+)"`)

// linksOf are the site's own addresses in a page.
func linksOf(page string) []string {
	var found []string
	for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
		link := path(strings.ReplaceAll(m[1], "&amp;", "&"))
		if strings.HasPrefix(link, "/") {
			found = append(found, link)
		}
	}
	return found
}

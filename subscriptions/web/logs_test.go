package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

// stranger is a visitor of whom nothing may stand in logs.
type stranger struct {
	*world
	secrets map[string]bool // in lower case
}

const (
	strangersIP      = "203.0.113.99"
	strangersProxy   = "198.51.100.42"
	strangersBrowser = "Rarebrowser/7"
)

func newStranger(w *world) *stranger {
	s := &stranger{w, map[string]bool{}}
	for _, secret := range []string{strangersIP, strangersProxy, strangersBrowser, "anna@example.org", "anna.neu@example.org", "Quastenflosser", "Gelsenkirchen", "Verschwiegen", "Herzenswunsch"} {
		s.secrets[strings.ToLower(secret)] = true
	}
	return s
}

// visit asks for a page with all that a browser tells of her. What is long in the
// address is a token.
func (s *stranger) visit(method, to string, form url.Values) int {
	s.Helper()
	for _, part := range strings.FieldsFunc(to, func(c rune) bool { return c == '/' || c == '.' || c == '?' }) {
		if len(part) > 30 {
			s.secrets[strings.ToLower(part)] = true
		}
	}
	r := httptest.NewRequest(method, to, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.RemoteAddr = strangersProxy + ":4711"
	r.Header.Set("X-Forwarded-For", strangersIP)
	r.Header.Set("User-Agent", strangersBrowser)
	r.Header.Set("Referer", "https://jobs.example/jobs?q=Quastenflosser")
	return s.send(r).StatusCode
}

func (s *stranger) wish(email string) url.Values {
	f := signUpForm(email)
	f.Set("q", "Quastenflosser")
	f.Set("employer", "Verschwiegen GmbH")
	f.Set("label", "Herzenswunsch")
	return f
}

// everywhere goes to all pages there are, and posts what they let her post, and
// counts what failed.
func (s *stranger) everywhere(who *subscriptions.Subscriber, id uint32) (failed int) {
	s.Helper()
	l, now := s.links, s.now
	manage := path(l.Manage(who, now))
	alert, dismiss := manage+"/alerts/"+itoa(id), path(l.Dismiss(who, 1, now, id))
	leave, apart, confirm := path(l.Unsubscribe(who, now, id)), "/separate/"+s.signer.Sign(subscriptions.Claims{Purpose: subscriptions.ToSeparate,
		Subscriber: who.ID, Rotation: who.Rotation, Detail: "1,2", Issued: now}), path(l.Confirm(who, id, now))
	address, feed := path(l.ChangeAddress(who, subscriptions.ByNewAddress, "anna.neu@example.org", now)), path(l.Feed(who, id))
	forged := strings.Replace(manage, "/manage/", "/unsubscribe/", 1)
	for _, to := range []string{"/", "/jobs", "/jobs?q=Quastenflosser&place=Gelsenkirchen&radius=25", "/jobs?q=%22Quastenflosser&page=9", "/jobs/quastenflosser/gelsenkirchen",
		"/jobs/Quastenflosser", "/postings/1", "/postings/4711", "/subscriptions/sent", confirm, leave, dismiss, apart, "/links", "/links/sent", address, "/imprint",
		feed + ".atom", feed + ".json", "/robots.txt", "/sitemap.xml", manage, manage + "/alerts/new", alert, alert + "?radius=50", manage + "/end", manage + "/erase",
		manage + "/export.json", manage + "/consent", forged, manage[:len(manage)-2], "/quastenflosser"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if s.visit(method, to, nil) >= 500 {
				failed++
			}
		}
	}
	email := url.Values{"email": {"anna@example.org"}}
	broken := s.wish("anna@example.org")
	broken.Set("radius", "Herzenswunsch")
	preview := s.wish("anna@example.org")
	preview.Set("preview", "1")
	for _, p := range []struct {
		to   string
		form url.Values
	}{
		{"/subscriptions", s.wish("anna@example.org")}, {"/subscriptions", broken}, {"/subscriptions", preview}, {"/links", email}, {confirm, nil}, {dismiss + "/posting", nil},
		{dismiss + "/employer", nil}, {apart, nil}, {manage + "/alerts", s.wish("")}, {alert, s.wish("")}, {alert + "/pause", url.Values{"until": {"2026-07-01"}}},
		{alert + "/resume", nil}, {alert + "/end", nil}, {alert + "/undo", nil}, {manage + "/language", url.Values{"lang": {"en"}}},
		{manage + "/address", url.Values{"email": {"anna.neu@example.org"}}}, {leave, url.Values{"from": {"page"}}}, {leave + "/undo", nil}, {forged, nil}, {"/links", nil},
	} {
		if s.visit(http.MethodPost, p.to, p.form) >= 500 {
			failed++
		}
	}
	return failed
}

// quiet checks that what was logged since names nothing of her, and begins anew.
func (s *stranger) quiet(when string, says bool) {
	s.Helper()
	logged := s.logged.String()
	s.logged.Reset()
	if says != (logged != "") {
		s.Errorf("%s, the logs say %q", when, logged)
	}
	for line := range strings.Lines(logged) {
		lower := strings.ToLower(line)
		unescaped, _ := url.QueryUnescape(lower)
		for secret := range s.secrets {
			if strings.Contains(lower, secret) || strings.Contains(unescaped, secret) {
				s.Errorf("%s, the logs tell %q: %s", when, secret, line)
			}
		}
	}
}

func TestLogsHoldNothingOfAVisitor(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db, func(o *web.Options) {
			o.KeepIP, o.TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
		})
		w.withPostings(samplePostings())
		who, id := w.subscribed("anna@example.org")
		s := newStranger(w)

		if failed := s.everywhere(who, id); failed > 0 {
			t.Errorf("%d requests failed", failed)
		}
		s.quiet("with nothing wrong", false)

		tooOften := 0
		for range 20 {
			if s.visit(http.MethodPost, "/links", url.Values{"email": {"anna@example.org"}}) == http.StatusTooManyRequests {
				tooOften++
			}
		}
		large := s.wish("anna@example.org")
		large.Set("q", strings.Repeat("Quastenflosser ", 9000))
		r := httptestPost("/subscriptions", s.wish("anna@example.org").Encode())
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := []int{s.visit(http.MethodPost, "/subscriptions", large), s.send(r).StatusCode}; tooOften == 0 || got[0] != http.StatusRequestEntityTooLarge || got[1] != http.StatusForbidden {
			t.Errorf("too often %d times, then %v", tooOften, got)
		}
		s.quiet("refused", false)

		w.broken = func() { panic("Quastenflosser") }
		if got := s.visit(http.MethodGet, "/jobs?q=Quastenflosser", nil); got != http.StatusInternalServerError {
			t.Errorf("a panic answers %d", got)
		}
		w.broken = func() { _ = w.search[len(w.search)] }
		s.visit(http.MethodGet, "/jobs/quastenflosser/gelsenkirchen", nil)
		s.quiet("after a panic", true)
		w.broken = nil

		who = w.subscriber(who.ID)
		err := w.db.Tx(t.Context(), func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), "ALTER TABLE subscribers RENAME TO elsewhere")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.rebuild() // and with it the limits
		if failed := s.everywhere(who, id); failed < 20 {
			t.Errorf("without a table only %d requests failed", failed)
		}
		s.quiet("with the database broken", true)
	})
}

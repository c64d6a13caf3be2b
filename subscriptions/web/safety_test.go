package web_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

func httptestPost(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestKnownUnknownAndSuppressedAddressesGetTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.subscribed("known@example.org")
		w.reason = "complaint"
		var first answer
		for i, email := range []string{"unknown@example.org", "known@example.org", "KNOWN@example.org", "known@example.org", "known@example.org"} {
			a := w.post("/subscriptions", signUpForm(email)).must(t, http.StatusSeeOther)
			if i == 0 {
				first = a
			}
			if a.body != first.body || !maps.EqualFunc(a.Header, first.Header, slices.Equal) {
				t.Errorf("%s: %v %q, want %v %q", email, a.Header, a.body, first.Header, first.body)
			}
		}
		// One sign-up confirmed, so two more mails that day.
		if len(w.mails.account) != 2 || w.mails.account[0].kind != subscriptions.MailAlreadyHere {
			t.Errorf("mails %+v", w.mails.account)
		}
	})
}

func TestTheHoneypotCatchesQuietly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.dump()
		f := signUpForm("anna@example.org")
		f.Set("website", "https://spam.example")
		w.follow("/subscriptions", f).must(t, 200, "Postfach")
		if w.dump() != before {
			t.Error("it was stored")
		}
	})
}

func TestPostsFromOtherSitesAreRefusedButForOneClick(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, id := w.subscribed("anna@example.org")
		manage := path(w.links.Manage(who, w.now))
		before := w.dump()
		for _, target := range []string{"/subscriptions", "/links", manage + "/end", manage + "/erase", path(w.links.Unsubscribe(who, w.now, id)) + "/undo"} {
			r := httptestPost(target, signUpForm("eve@example.org").Encode())
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			w.send(r).must(t, http.StatusForbidden, "eigenen Seiten")
		}
		if w.dump() != before {
			t.Error("something changed")
		}
	})
}

func TestLimitsAreToldPolitely(t *testing.T) {
	w := full(t)
	for range 15 { // what asks for no mail counts for nothing
		w.post("/links", url.Values{"email": {"nonsense"}}).must(t, http.StatusUnprocessableEntity)
		w.post("/subscriptions", signUpForm("nonsense")).must(t, http.StatusUnprocessableEntity)
		preview := signUpForm("a@example.org")
		preview.Set("preview", "1")
		w.post("/subscriptions", preview).must(t, http.StatusOK)
	}
	for range 10 {
		w.post("/links", url.Values{"email": {"a@example.org"}}).must(t, http.StatusSeeOther)
	}
	a := w.post("/links", url.Values{"email": {"a@example.org"}}).must(t, http.StatusTooManyRequests, "warten Sie")
	if a.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	r := httptestPost("/links", "email=a@example.org")
	r.RemoteAddr = "198.51.100.7:1234"
	w.send(r).must(t, http.StatusSeeOther)
}

func TestForwardedForCountsFromTrustedProxiesAlone(t *testing.T) {
	proxied := func(o *web.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		o.KeepIP = true
	}
	for _, tt := range []struct{ peer, forwarded, want string }{
		{"10.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"198.51.100.7:1", "203.0.113.9", "198.51.100.7"},
		{"10.0.0.1:1", "not an address", "10.0.0.1"},
		{"[2001:db8::1]:1", "203.0.113.9", "2001:db8::1"},
	} {
		w := newWorld(t, databasetest.SQLite(t), proxied)
		r := httptestPost("/subscriptions", signUpForm("anna@example.org").Encode())
		r.RemoteAddr = tt.peer
		r.Header.Set("X-Forwarded-For", tt.forwarded)
		w.send(r).must(t, http.StatusSeeOther)
		record, err := w.store.Consents(t.Context(), w.db.Reader, w.mails.confirmations[0].subscriber)
		if err != nil || record[0].IP != tt.want {
			t.Errorf("%s via %s: recorded %q, want %q (%v)", tt.forwarded, tt.peer, record[0].IP, tt.want, err)
		}
	}
}

func TestEveryAnswerCarriesTheHeadersAndNoCookie(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), nil)
	who, _ := w.subscribed("anna@example.org")
	for _, target := range []string{"/", "/jobs", "/imprint", "/nowhere", path(w.links.Manage(who, w.now)), "/manage/x"} {
		a := w.get(target)
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
			a.Header.Get("Referrer-Policy") != "same-origin" || a.Header.Get("Strict-Transport-Security") == "" || len(a.Cookies()) > 0 {
			t.Errorf("%s: %v", target, a.Header)
		}
		if strings.Contains(a.body, "style=") || strings.Contains(a.body, " onclick") || strings.Contains(a.body, "<style") {
			t.Errorf("%s has something inline", target)
		}
		if len(a.body) > 30<<10 {
			t.Errorf("%s has %d bytes", target, len(a.body))
		}
	}
	if a := w.get(path(w.links.Manage(who, w.now))); a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get("X-Robots-Tag"), "noindex") {
		t.Errorf("her page may be kept: %v", a.Header)
	}
}

func TestAnOversizedFormIsRefused(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), nil)
	f := signUpForm("anna@example.org")
	f.Set("q", strings.Repeat("a", 70<<10))
	w.post("/subscriptions", f).must(t, http.StatusRequestEntityTooLarge, "zu groß")
}

// A mail scanner opens every link it finds, by GET and by HEAD.
func TestLookingChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withPostings(samplePostings())
		who, id := w.subscribed("anna@example.org")
		paused, other := w.subscribed("bert@example.org")
		w.follow(path(w.links.Manage(paused, w.now))+"/alerts/"+itoa(other)+"/pause", nil)
		left, gone := w.subscribed("cleo@example.org")
		w.follow(path(w.links.Unsubscribe(left, w.now, gone)), url.Values{"from": {"page"}})
		w.post("/subscriptions", signUpForm("dora@example.org"))
		c := w.mails.confirmations[len(w.mails.confirmations)-1]
		before := w.dump()
		queue := []string{"/", "/jobs", "/jobs/medizininformatiker/gelsenkirchen", "/robots.txt", "/sitemap.xml", "/links", "/imprint", "/subscriptions/sent", path(w.links.Confirm(w.subscriber(c.subscriber), c.subscription, w.now))}
		for _, one := range []struct {
			who *subscriptions.Subscriber
			id  uint32
		}{{who, id}, {paused, other}, {left, gone}} {
			queue = append(queue, path(w.links.Manage(one.who, w.now)), path(w.links.Unsubscribe(one.who, w.now, one.id)), path(w.links.Confirm(one.who, one.id, w.now)),
				path(w.links.ChangeAddress(one.who, subscriptions.ByOldAddress, "new@example.org", w.now)), path(w.links.Dismiss(one.who, 1, w.now, one.id)),
				path(w.links.Feed(one.who, one.id))+".atom", path(w.links.Feed(one.who, one.id))+".json", path(w.links.Posting(1)))
		}
		seen := map[string]bool{}
		for len(queue) > 0 {
			target := queue[0]
			queue = queue[1:]
			if seen[target] || len(seen) > 400 {
				continue
			}
			seen[target] = true
			a := w.get(target)
			if a.StatusCode >= 500 {
				t.Errorf("GET %s: %d", target, a.StatusCode)
			}
			head := w.send(httptest.NewRequest(http.MethodHead, target, nil))
			if head.StatusCode != a.StatusCode || head.body != "" {
				t.Errorf("HEAD %s: %d with %d bytes, GET %d", target, head.StatusCode, len(head.body), a.StatusCode)
			}
			queue = append(queue, linksOf(a.body)...)
		}
		if len(seen) < 40 {
			t.Errorf("saw only %d addresses", len(seen))
		}
		if after := w.dump(); after != before {
			t.Errorf("looking changed\n%s\nto\n%s", before, after)
		}
	})
}

func FuzzFormsAndPathsNeverBreakAPage(f *testing.F) {
	w := newWorld(f, databasetest.SQLite(f), nil)
	w.withPostings(samplePostings())
	who, id := w.subscribed("anna@example.org")
	manage := path(w.links.Manage(who, w.now))
	targets := []string{"/subscriptions", "/links", manage + "/alerts", manage + "/alerts/" + itoa(id), manage + "/alerts/" + itoa(id) + "/pause",
		manage + "/address", manage + "/language", "/jobs?", "/?", "/postings/", "/confirm/", "/unsubscribe/", "/address/", "/manage/", "/dismiss/", "/feeds/", "/jobs/", "/jobs/koch/",
		path(w.links.Dismiss(who, 1, w.now, id)) + "/"}
	f.Add(0, signUpForm("a@example.org").Encode())
	f.Add(3, "q=%00&place=&radius=x&hour=99&weekday=%ff&timezone=../../etc/passwd&frequency=instant")
	f.Add(7, "q=a&place=Gelsenkirchen&radius=1e9&salary=-1&salary_unit=x&type=FULL_TIME&type=NO&page=-1")
	f.Add(4, "until=9999-99-99&on_return=never")
	f.Add(9, "4294967296")
	f.Add(3, "q="+strings.Repeat("(", 400))
	f.Add(0, "salary=1.2.3,4&place=%F0%9F%98%80&email=%22%3Cscript%3E%22@example.org&q=%3Cscript%3Ealert(1)%3C/script%3E")
	shared := w
	f.Fuzz(func(t *testing.T, target int, typed string) {
		w := *shared
		w.TB = t
		to := targets[((target%len(targets))+len(targets))%len(targets)]
		var a answer
		if strings.HasPrefix(to, manage) || to == "/subscriptions" || to == "/links" {
			r := httptestPost(to, typed)
			r.RemoteAddr = netip.AddrFrom4([4]byte{byte(target), byte(len(typed)), byte(target >> 8), 1}).String() + ":1"
			a = w.send(r)
		} else {
			u, err := url.ParseRequestURI(to + strings.NewReplacer(" ", "%20", "\r", "", "\n", "", "#", "%23").Replace(typed))
			if err != nil {
				return
			}
			r := httptest.NewRequest(http.MethodGet, "/", io.NopCloser(strings.NewReader("")))
			r.URL = u
			a = w.send(r)
		}
		if a.StatusCode >= 500 {
			t.Errorf("%s with %q: %d", to, typed, a.StatusCode)
		}
		if strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s echoes a script", to)
		}
	})
}

package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// hostile makes requests as a scanner for holes would: real routes with parts
// replaced, tokens bent, forms of odd shape.
type hostile struct {
	*rand.Rand
	base   string
	tokens []string
}

var (
	hostilePaths = []string{"/", "/jobs", "/jobs/%s/%s", "/postings/%s", "/subscriptions", "/confirm/%s", "/manage/%s", "/manage/%s/alerts", "/manage/%s/alerts/%s", "/manage/%s/alerts/%s/pause",
		"/manage/%s/export.json", "/unsubscribe/%s", "/unsubscribe/%s/undo", "/dismiss/%s", "/dismiss/%s/%s", "/separate/%s", "/feeds/%s.atom", "/address/%s", "/links", "/static/%s", "/%s", "/readyz", "/dev/mail/%s", "/sitemap.xml"}
	hostileWords = []string{"", "1", "-1", "0", "4294967296", "99999999999999999999", "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%F0%9F%98%80", "'%20OR%201=1--", "%3Cscript%3Ealert(1)%3C/script%3E",
		"Medizininformatiker", "gelsenkirchen", "%25s%25n", "$%7Bjndi:ldap://x%7D", strings.Repeat("A", 3000), strings.Repeat("(", 300), "a%0d%0aSet-Cookie:x=1", "%E2%80%AE", "..", "."}
	hostileFields = []string{"q", "place", "radius", "salary", "salary_unit", "email", "timezone", "frequency", "hour", "weekday", "until", "on_return", "label", "page", "older", "lang", "type", "website", "preview", "locale", "undo", "from", "employer"}
)

func (h *hostile) word() string {
	if h.IntN(3) == 0 {
		return h.bent()
	}
	return hostileWords[h.IntN(len(hostileWords))]
}

// bent is a real token, whole or with something wrong in it.
func (h *hostile) bent() string {
	t := []byte(h.tokens[h.IntN(len(h.tokens))])
	switch h.IntN(4) {
	case 0:
		t[h.IntN(len(t))] ^= byte(1 + h.IntN(15))
	case 1:
		t = t[:h.IntN(len(t))]
	case 2:
		t = append(t, t...)
	}
	return url.PathEscape(string(t))
}

func (h *hostile) form() string {
	var parts []string
	for range h.IntN(8) {
		parts = append(parts, hostileFields[h.IntN(len(hostileFields))]+"="+h.word())
	}
	return strings.Join(parts, "&")
}

func (h *hostile) request() (*http.Request, error) {
	path := hostilePaths[h.IntN(len(hostilePaths))]
	for strings.Contains(path, "%s") {
		path = strings.Replace(path, "%s", h.word(), 1)
	}
	method := []string{"GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"}[h.IntN(8)]
	r, err := http.NewRequest(method, h.base+path+"?"+h.form(), strings.NewReader(h.form()))
	if err != nil {
		return nil, err // not even a URL
	}
	r.Header.Set("Content-Type", []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", ""}[h.IntN(4)])
	r.Header.Set("Accept-Language", []string{"de", "en;q=x", strings.Repeat("a-", 500), ""}[h.IntN(4)])
	return r, nil
}

func TestTenThousandHostileRequestsFindNoFault(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	house := newHouse(t)
	house.publish("1", "Medizininformatiker", "Gelsenkirchen", nil)
	g := &guests{h: house, now: time.Now()}
	who, id := g.subscribe("anna@example.org", "Medizininformatiker", true)
	links := house.daemon.links
	var tokens []string
	for _, link := range []string{links.Confirm(who, id, g.now), links.Manage(who, g.now), links.Unsubscribe(who, g.now, id), links.Dismiss(who, 1, g.now, id), links.Feed(who, id),
		links.ChangeAddress(who, subscriptions.ByNewAddress, "b@example.org", g.now)} {
		tokens = append(tokens, link[strings.LastIndexByte(link, '/')+1:])
	}
	const workers = 4
	var wg sync.WaitGroup
	var early uint64
	var answered atomic.Int64
	for half := range 2 { // the first half fills caches and limits; the second must not grow
		for w := range workers {
			h := &hostile{rand.New(rand.NewPCG(uint64(half), uint64(w))), house.config.HTTP.PublicURL, tokens}
			wg.Go(func() { answered.Add(h.attack(t, n/2/workers)) })
		}
		wg.Wait()
		if half == 0 {
			early = heap()
		}
	}
	if late := heap(); late > early+64<<20 {
		t.Errorf("memory in use grew from %d to %d bytes", early, late)
	}
	if got := answered.Load(); got < int64(n*9/10) {
		t.Errorf("only %d of %d requests were answered", got, n)
	}
	if got := string(page(house, exhibit{name: "home", path: "/", status: 200}, "de")); !strings.Contains(got, "Stellen suchen") {
		t.Error("the start page is gone")
	}
}

// attack makes n requests and returns how many were answered as they should be.
func (h *hostile) attack(t *testing.T, n int) (answered int64) {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range n {
		r, err := h.request()
		if err != nil {
			continue
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Errorf("%s %.200s: %v", r.Method, r.URL, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		switch {
		case err != nil:
			t.Errorf("%s %.200s: %v", r.Method, r.URL, err)
		case resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
			t.Errorf("%s %.300s: %s\n%.300s", r.Method, r.URL, resp.Status, body)
		case bytes.Contains(body, []byte("goroutine ")), bytes.Contains(body, []byte("<script>alert")), resp.Header.Get("Set-Cookie") != "":
			t.Errorf("%s %.300s gives away too much: %v\n%.300s", r.Method, r.URL, resp.Header, body)
		default:
			answered++
		}
	}
	return answered
}

// heap is the memory in use once garbage is collected.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

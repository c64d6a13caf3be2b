package capture_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/mailer/capture"
)

func get(t *testing.T, h http.Handler, target string, change func(r *http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	r.RemoteAddr, r.Host = "127.0.0.1:50000", "localhost:8080"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler_ShowsMails(t *testing.T) {
	s := open(t, capture.Options{})
	h := s.Handler("/dev/mail", slog.New(slog.DiscardHandler))
	if got := get(t, h, "/dev/mail", nil).Body.String(); !strings.Contains(got, "Nothing yet") {
		t.Errorf("empty list:\n%s", got)
	}
	id := send(t, s, "<b>@example.org")
	list := get(t, h, "/dev/mail/", nil).Body.String()
	if !strings.Contains(list, "Neue Stellen für Sie") || !strings.Contains(list, `href="/dev/mail/`+id+`.eml"`) || strings.Contains(list, "<b>@") {
		t.Errorf("list:\n%s", list)
	}
	page := get(t, h, "/dev/mail/"+id+".eml", nil)
	body := page.Body.String()
	for _, want := range []string{"Grüße", `sandbox="allow-popups allow-popups-to-escape-sandbox"`, "<dt>Message-Id</dt>", "/raw"} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q:\n%s", want, body)
		}
	}
	if csp := page.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("policy of the page: %s", csp)
	}
	html := get(t, h, "/dev/mail/"+id+".eml/html", nil)
	if csp := html.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox allow-popups") || strings.Contains(csp, "script") {
		t.Errorf("policy of the mail: %s", csp)
	}
	if got := html.Body.String(); !strings.Contains(got, `<head><base target="_blank"><title>`) {
		t.Errorf("html:\n%s", got)
	}
	raw := get(t, h, "/dev/mail/"+id+".eml/raw", nil)
	if got := raw.Body.String(); !strings.HasSuffix(got, mail) || raw.Header().Get("Content-Type") != "message/rfc822" {
		t.Errorf("raw: %s\n%s", raw.Header(), got)
	}
	if r := get(t, h, "/dev/mail/style.css", nil); r.Code != http.StatusOK || !strings.HasPrefix(r.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d", r.Code)
	}
	if r := get(t, h, "/dev/mail/nothing.eml", nil); r.Code != http.StatusNotFound {
		t.Errorf("unknown mail: %d", r.Code)
	}
}

func TestHandler_IsNotThereForAnyoneElse(t *testing.T) {
	s := open(t, capture.Options{})
	id := send(t, s, "a@example.org")
	h := s.Handler("/dev/mail", slog.New(slog.DiscardHandler))
	paths := []string{"/dev/mail", "/dev/mail/" + id + ".eml", "/dev/mail/" + id + ".eml/html", "/dev/mail/" + id + ".eml/raw"}
	header := func(name string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Set(name, "127.0.0.1") }
	}
	for name, change := range map[string]func(r *http.Request){
		"another machine":      func(r *http.Request) { r.RemoteAddr = "192.0.2.7:50000" },
		"no address":           func(r *http.Request) { r.RemoteAddr = "@" },
		"another host":         func(r *http.Request) { r.Host = "jobs.example" },
		"a name pointed at us": func(r *http.Request) { r.Host = "127.0.0.1.evil.example:8080" },
		"Forwarded":            header("Forwarded"),
		"X-Forwarded-For":      header("X-Forwarded-For"),
		"X-Forwarded-Proto":    header("X-Forwarded-Proto"),
		"X-Real-IP":            header("X-Real-IP"),
		"Via":                  header("Via"),
	} {
		for _, path := range paths {
			if r := get(t, h, path, change); r.Code != http.StatusNotFound {
				t.Errorf("%s: %s answers %d", name, path, r.Code)
			}
		}
	}
	for _, change := range []func(r *http.Request){
		nil,
		func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:50000", "[::1]:8080" },
		func(r *http.Request) { r.Host = "127.0.0.1" },
	} {
		for _, path := range paths {
			if r := get(t, h, path, change); r.Code != http.StatusOK {
				t.Errorf("%s from here answers %d", path, r.Code)
			}
		}
	}
}

package capture

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
)

//go:embed page.html style.css
var assets embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"page": func(prefix, title string) topPart { return topPart{prefix, title} },
}).ParseFS(assets, "page.html"))

// topPart is what the head of every page shows.
type topPart struct{ Prefix, Title string }

// pageSize is how many mails a list shows.
const pageSize = 100

// Policies of the pages and of a mail's own HTML. The latter may bring its
// styles and follow links into new tabs, and nothing else: no script, no
// picture from outside, no form.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
		"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// Handler shows the mails below prefix, such as "/dev/mail". It answers only
// requests that come from this machine to this machine: from a loopback
// address, for a loopback host (which keeps out pages that point their own
// name at 127.0.0.1), and without any sign of a proxy in between. All others
// get 404, as if it were not there.
func (s *Store) Handler(prefix string, log *slog.Logger) http.Handler {
	h := &handler{store: s, prefix: strings.TrimRight(prefix, "/"), log: log}
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + h.prefix:                  h.list,
		"GET " + h.prefix + "/{$}":         h.list,
		"GET " + h.prefix + "/style.css":   h.style,
		"GET " + h.prefix + "/{name}":      h.show,
		"GET " + h.prefix + "/{name}/html": h.html,
		"GET " + h.prefix + "/{name}/raw":  h.raw,
	} {
		mux.HandleFunc(pattern, h.guarded(f))
	}
	return mux
}

type handler struct {
	store  *Store
	prefix string
	log    *slog.Logger
}

func (h *handler) guarded(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", pagePolicy)
		err := f(w, r)
		if errors.Is(err, ErrNotFound) {
			http.NotFound(w, r)
			return
		}
		if err != nil {
			h.log.ErrorContext(r.Context(), "show a captured mail", "err", err)
			http.Error(w, "This mail cannot be shown; the log says why.", http.StatusInternalServerError)
		}
	}
}

// local says whether a request stays on this machine.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(host) {
		return false
	}
	host = r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !loopback(strings.Trim(host, "[]")) {
		return false
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip":
			return false
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			return false
		}
	}
	return true
}

func loopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761 section 6.3
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

type listPage struct {
	Prefix string
	Mails  []Summary
	Older  string // name to page on from; empty on the last page
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) error {
	mails, err := h.store.List(pageSize, r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	page := listPage{Prefix: h.prefix, Mails: mails}
	if len(mails) == pageSize {
		page.Older = mails[len(mails)-1].Name
	}
	return render(w, "list", page)
}

type mailPage struct {
	Prefix string
	Mail   Mail
}

func (h *handler) show(w http.ResponseWriter, r *http.Request) error {
	m, err := h.store.Read(r.PathValue("name"))
	if err != nil {
		return err
	}
	return render(w, "mail", mailPage{h.prefix, m})
}

// html serves the mail's HTML for the frame.
func (h *handler) html(w http.ResponseWriter, r *http.Request) error {
	m, err := h.store.Read(r.PathValue("name"))
	if err != nil {
		return err
	}
	if m.HTML == "" {
		return ErrNotFound
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(inNewTab(m.HTML)))
	return err
}

func (h *handler) raw(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	raw, err := h.store.Raw(name)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "message/rfc822")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err = w.Write(raw)
	return err
}

func (h *handler) style(w http.ResponseWriter, _ *http.Request) error {
	css, err := assets.ReadFile("style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err = w.Write(css)
	return err
}

func render(w http.ResponseWriter, name string, data any) error {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := page.WriteTo(w)
	return err
}

var headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

// inNewTab makes the links of a mail open outside the frame.
func inNewTab(html string) string {
	const base = `<base target="_blank">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return base + html
}

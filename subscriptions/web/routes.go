package web

import (
	"net/http"
)

// routes is every address the site answers. What is below a token needs no other
// proof; nothing that GET serves changes anything.
func (s *Site) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /{$}":                       s.home,
		"GET /jobs":                      s.jobs,
		"GET /jobs/{occupation}":         s.landing,
		"GET /jobs/{occupation}/{place}": s.landing,
		"GET /postings/{number}":         s.posting,
		"POST /subscriptions":            s.signUp,
		"GET /subscriptions/sent":        s.signedUp,
		"GET /confirm/{token}":           s.askConfirm,
		"POST /confirm/{token}":          s.confirm,
		"GET /unsubscribe/{token}":       s.askUnsubscribe,
		"POST /unsubscribe/{token}":      s.unsubscribe,
		"POST /unsubscribe/{token}/{as}": s.reconsider,
		"GET /dismiss/{token}":           s.askDismiss,
		"POST /dismiss/{token}/{what}":   s.dismiss,
		"GET /separate/{token}":          s.askSeparate,
		"POST /separate/{token}":         s.separate,
		"GET /links":                     s.askLink,
		"POST /links":                    s.sendLink,
		"GET /links/sent":                s.linkSent,
		"GET /address/{token}":           s.askAddress,
		"POST /address/{token}":          s.changeAddress,
		"GET /imprint":                   s.imprint,
		"GET /feeds/{file}":              s.feed,
		"GET /robots.txt":                s.robots,
		"GET /sitemap.xml":               s.sitemap,

		"GET /manage/{token}":                     s.manage,
		"POST /manage/{token}/alerts":             s.addAlert,
		"GET /manage/{token}/alerts/new":          s.newAlert,
		"GET /manage/{token}/alerts/{id}":         s.editAlert,
		"POST /manage/{token}/alerts/{id}":        s.saveAlert,
		"POST /manage/{token}/alerts/{id}/pause":  s.pauseAlert,
		"POST /manage/{token}/alerts/{id}/resume": s.resumeAlert,
		"POST /manage/{token}/alerts/{id}/end":    s.endAlert,
		"POST /manage/{token}/alerts/{id}/undo":   s.undoAlert,
		"GET /manage/{token}/end":                 s.askEndAll,
		"POST /manage/{token}/end":                s.endAll,
		"GET /manage/{token}/erase":               s.askErase,
		"POST /manage/{token}/erase":              s.erase,
		"POST /manage/{token}/language":           s.speak,
		"POST /manage/{token}/address":            s.askNewAddress,
		"POST /manage/{token}/rotate":             s.rotate,
		"GET /manage/{token}/export.json":         s.export,
		"GET /manage/{token}/consent":             s.consentRecord,
		"/":                                       s.notFound,
	} {
		mux.Handle(pattern, s.page(h))
	}
	for path, a := range s.assets {
		mux.Handle("GET "+path, a)
	}
	return s.guard(mux)
}

// guard refuses posts from other sites, sets the headers every answer carries and
// bounds what a visitor may send. The one-click POST of RFC 8058 comes from mail
// providers, without cookies and from anywhere, and carries its own proof.
func (s *Site) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.AddInsecureBypassPattern("POST /unsubscribe/{token}")
	// The public address, for a proxy in front that changes the Host header.
	if err := cross.AddTrustedOrigin(s.origin); err != nil {
		panic("web: public URL is no origin: " + err.Error())
	}
	cross.SetDenyHandler(s.page(func(http.ResponseWriter, *http.Request) error { return errForeign }))
	protected := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		protected.ServeHTTP(w, r)
	})
}

// maxForm bounds the body of a request; the largest honest form has a tenth.
const maxForm = 64 << 10

func (s *Site) setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	// Addresses carry tokens: no other site may see them. Within the site the
	// referrer stays, since without one browsers send forms with Origin: null.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), browsing-topics=()")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

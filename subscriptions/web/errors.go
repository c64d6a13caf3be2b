package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// Errors that handlers return beside those of subscriptions.
var (
	errTooOften   = errors.New("too many requests")
	errForeign    = errors.New("sent by another site")
	errNoPage     = errors.New("no such page")
	errLate       = errors.New("a sign-up that was not confirmed in time")
	errGone       = errors.New("no such page any more")
	errUnreadable = errors.New("the form cannot be read")
)

// handler serves one address; what goes wrong it returns.
type handler func(w http.ResponseWriter, r *http.Request) error

// page maps a handler's error to a status and a page in the visitor's language:
// she sees our words, never the error's. Only what is our fault is logged.
func (s *Site) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.serve(h, w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		status, key := statusOf(err)
		if status >= 500 {
			s.Log.ErrorContext(r.Context(), "serve a page", "route", r.Pattern, "err", err)
		}
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "60")
		}
		view := problemView{Heading: "problem." + key, Text: "problem." + key + "-text", AskLink: key == "expired"}
		if err := s.render(w, r, status, "problem", s.view(r, "", view.Heading, view)); err != nil {
			s.Log.ErrorContext(r.Context(), "render a problem", "err", err)
		}
	})
}

// serve lets a handler's panic be a fault of ours: the server would log it with the
// visitor's address.
func (s *Site) serve(h handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("panic: %w\n%s", v, debug.Stack())
		default: // which may say what she typed
			err = fmt.Errorf("panic with %T\n%s", v, debug.Stack())
		}
	}()
	return h(w, r)
}

type problemView struct {
	Heading, Text string // keys
	AskLink       bool
}

func statusOf(err error) (status int, key string) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errTooOften):
		return http.StatusTooManyRequests, "often"
	case errors.Is(err, errForeign):
		return http.StatusForbidden, "foreign"
	case errors.Is(err, errNoPage), errors.Is(err, subscriptions.ErrNotFound), errors.Is(err, alerts.ErrNotFound):
		return http.StatusNotFound, "missing"
	case errors.Is(err, errGone):
		return http.StatusGone, "missing"
	case errors.Is(err, errLate):
		return http.StatusGone, "late"
	case errors.Is(err, subscriptions.ErrTokenInvalid):
		return http.StatusNotFound, "invalid"
	case errors.Is(err, subscriptions.ErrTokenExpired):
		return http.StatusGone, "expired"
	case errors.Is(err, subscriptions.ErrAddressTaken):
		return http.StatusConflict, "taken"
	case errors.Is(err, subscriptions.ErrTooMany):
		return http.StatusConflict, "many"
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "large"
	case errors.Is(err, errUnreadable):
		return http.StatusBadRequest, "unreadable"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "busy"
	}
	return http.StatusInternalServerError, "ours"
}

func (s *Site) notFound(http.ResponseWriter, *http.Request) error { return errNoPage }

// form reads a posted form, bounded by guard.
func form(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return tooLarge
		}
		return errUnreadable
	}
	return nil
}

package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/jobalertd/jobalertd/alerts"
)

// recruiterKey is where a request's context has its recruiter.
type recruiterKey struct{}

// recruiter is who sent the request; every operation has passed authenticate.
func recruiter(ctx context.Context) alerts.Recruiter {
	return ctx.Value(recruiterKey{}).(alerts.Recruiter)
}

// maxToken bounds what is looked up; tokens have 43 letters.
const maxToken = 200

// authenticate finds the recruiter by the bearer token (RFC 6750), before
// anything of the body is read, and counts the request.
func (s *service) authenticate(a huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		fail := func(status int, message string) { _ = huma.WriteErr(a, ctx, status, message) } // it reports what it could not write
		token, ok := bearer(ctx.Header("Authorization"))
		if !ok {
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="jobalertd"`)
			fail(http.StatusUnauthorized, "send the token that `jobalertd recruiters add` printed as Authorization: Bearer TOKEN")
			return
		}
		r, err := s.Store.RecruiterByToken(ctx.Context(), s.Reader, token)
		switch {
		case errors.Is(err, alerts.ErrNotFound):
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="jobalertd", error="invalid_token"`)
			fail(http.StatusUnauthorized, "the token is not known, or was revoked; ask the operator for a new one")
		case err != nil:
			s.Log.WarnContext(ctx.Context(), "find a recruiter by its token", "err", err)
			ctx.SetHeader("Retry-After", "10")
			fail(http.StatusServiceUnavailable, "the database does not answer; try again")
		case !s.limits.request(r.Source, s.Now()):
			ctx.SetHeader("Retry-After", "1")
			fail(http.StatusTooManyRequests, "too many requests; send several postings in one")
		default:
			next(huma.WithValue(ctx, recruiterKey{}, r))
		}
	}
}

func bearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != "" && len(token) <= maxToken
}

// Package api lets recruiters publish, check, look up and withdraw postings over
// HTTP. It judges what it is given as intake would and publishes it to the same
// stream, under the recruiter's own subjects; intake alone stores. A token speaks
// for one source and reaches nothing of another.
//
// cmd mounts its Handler below /api/. Errors are problem documents (RFC 9457).
package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
)

// Limits of a request.
const (
	maxBody     = 5 << 20
	maxPostings = 1000
	bodyWithin  = 30 * time.Second
	ackWithin   = 10 * time.Second
)

// Store knows recruiters and what is stored (implemented by alerts/store).
type Store interface {
	// RecruiterByToken is alerts.ErrNotFound for a token that is nobody's.
	RecruiterByToken(ctx context.Context, q sqlx.ExtContext, token string) (alerts.Recruiter, error)
	Records(ctx context.Context, q sqlx.ExtContext, keys []alerts.Key) (map[alerts.Key]*alerts.Record, error)
	OfSource(ctx context.Context, q sqlx.ExtContext, source, after string, limit int) ([]alerts.Stored, error)
}

// Publisher publishes to the stream of postings; a jetstream.JetStream is one.
type Publisher interface {
	PublishAsync(subject string, payload []byte, opts ...jetstream.PublishOpt) (jetstream.PubAckFuture, error)
}

// JudgeFunc says what intake would make of a posting of a source. The posting is
// nil when it would be rejected.
type JudgeFunc func(source string, raw []byte) (alerts.Receipt, *alerts.Posting)

// Options are the parts the API works with.
type Options struct {
	Store     Store
	Reader    sqlx.ExtContext // reads what is committed
	Publisher Publisher
	Judge     JudgeFunc
	Version   string // of the program, for the description of the API
	Log       *slog.Logger
	Now       func() time.Time
}

type service struct {
	Options
	limits limits
}

// Handler serves everything below /api/.
func Handler(o Options) http.Handler {
	s := &service{Options: o}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("jobalertd", o.Version)
	config.Info.Description = "Recruiters publish, check, look up and withdraw their postings. Every request bears the token that `jobalertd recruiters add` printed."
	config.OpenAPIPath = "/api/v1/openapi"
	config.DocsPath, config.SchemasPath = "", "" // the documentation page would load scripts from elsewhere
	config.CreateHooks = nil                     // no links to schemas in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	a := humago.New(mux, config)
	s.register(a)
	s.registerOthers(mux)
	return headers(mux)
}

const (
	postingsPath = "/api/v1/postings"
	checkPath    = "/api/v1/postings/check"
	onePath      = "/api/v1/postings/{identifier}"
)

func (s *service) register(a huma.API) {
	known := huma.Middlewares{s.authenticate(a)}
	operation := func(method, path, id, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, DefaultStatus: status, Middlewares: known,
			Security: []map[string][]string{{"token": {}}}, MaxBodyBytes: maxBody, BodyReadTimeout: bodyWithin,
			Errors: []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable}}
	}
	publish := operation(http.MethodPost, postingsPath, "publish-postings", "Publish one posting, an array or an @graph of them", http.StatusAccepted)
	publish.Errors = append(publish.Errors, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity)
	publish.RequestBody, publish.SkipValidateBody = documents(), true
	huma.Register(a, publish, s.publish)
	check := operation(http.MethodPost, checkPath, "check-postings", "What would become of postings; nothing is published", http.StatusOK)
	check.Errors = append(check.Errors, http.StatusRequestEntityTooLarge)
	check.RequestBody, check.SkipValidateBody = documents(), true
	huma.Register(a, check, s.check)
	huma.Register(a, operation(http.MethodGet, postingsPath, "list-postings", "Your postings, by identifier", http.StatusOK), s.list)
	one := operation(http.MethodGet, onePath, "get-posting", "One of your postings: its state, its receipt and how it was understood", http.StatusOK)
	one.Errors = append(one.Errors, http.StatusNotFound)
	huma.Register(a, one, s.get)
	huma.Register(a, operation(http.MethodDelete, onePath, "withdraw-posting", "Withdraw a posting", http.StatusAccepted), s.withdraw)
}

// registerOthers answers what no operation does.
func (s *service) registerOthers(mux *http.ServeMux) {
	for path, methods := range map[string]string{postingsPath: "GET, POST", onePath: "GET, DELETE"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", methods)
			problem(w, http.StatusMethodNotAllowed, r.Method+" is not possible here; use "+strings.ReplaceAll(methods, ", ", " or "))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "there is nothing here; /api/v1/openapi.json lists what there is")
	})
}

// problem writes an error of a request that reached no operation.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A caller who has gone away cannot be told so.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/jobalertd/jobalertd/config"
)

// readiness is whether the daemon serves: loaded, and not stopping.
type readiness struct{ ready atomic.Bool }

func (r *readiness) set(ready bool) { r.ready.Store(ready) }

// buildServer listens and routes; serving begins with run.
func (d *daemon) buildServer() error {
	site, err := d.site()
	if err != nil {
		return err
	}
	recruiters, err := d.recruiterAPI()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", recruiters)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", d.answerReady)
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.registry, promhttp.HandlerOpts{}))
	if d.capture != nil && loopbackOnly(d.config) {
		mux.Handle("/dev/mail", d.capture.Handler("/dev/mail", d.log))
		mux.Handle("/dev/mail/", d.capture.Handler("/dev/mail", d.log))
	}
	mux.Handle("/", site)
	d.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug)}
	if d.listen, err = net.Listen("tcp", d.config.HTTP.Listen); err != nil {
		return fmt.Errorf("http.listen: %w; another program may use the port", err)
	}
	return nil
}

// loopbackOnly: captured mails are shown only on the operator's own machine.
func loopbackOnly(c *config.Config) bool {
	host, _, err := net.SplitHostPort(c.HTTP.Listen)
	return err == nil && config.LoopbackHost(host) && config.LoopbackHost(publicHost(c))
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// answerReady says whether requests should come here: the index is loaded, the
// database answers, NATS is connected, and no stop is under way.
func (d *daemon) answerReady(w http.ResponseWriter, r *http.Request) {
	switch {
	case !d.ready.ready.Load():
		answer(w, http.StatusServiceUnavailable, "starting or stopping")
	case !d.broker.Conn().IsConnected():
		answer(w, http.StatusServiceUnavailable, "NATS is not connected")
	case !d.broker.Storing():
		answer(w, http.StatusServiceUnavailable, "NATS cannot write to data_dir")
	case d.db.Reader.PingContext(r.Context()) != nil:
		answer(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		answer(w, http.StatusOK, "ready")
	}
}

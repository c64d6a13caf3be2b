package outbox

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/mailer"
)

// Metrics are the outbox's, on a registry of the caller's.
type Metrics struct {
	envelopes *prometheus.CounterVec
	refusedUs prometheus.Gauge
}

// NewMetrics registers them. The age of the oldest due envelope is read from the
// store when the metrics are asked for.
func NewMetrics(r prometheus.Registerer, s *Store) *Metrics {
	m := &Metrics{
		envelopes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobalert_envelopes_total",
			Help: "Attempts and decisions about envelopes by outcome."}, []string{"outcome"}),
		refusedUs: prometheus.NewGauge(prometheus.GaugeOpts{Name: "jobalert_sending_refused",
			Help: "1 while the mail server refuses us, whoever the recipient."}),
	}
	for _, o := range []mailer.Outcome{mailer.Accepted, mailer.Deferred, mailer.Refused, mailer.Unknown, mailer.Suppressed, mailer.Expired, mailer.Empty} {
		m.envelopes.WithLabelValues(string(o))
	}
	oldest := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "jobalert_outbox_oldest_due_seconds",
		Help: "How long the oldest unfinished envelope has been due."}, func() float64 {
		d, err := s.OldestDue(context.Background())
		if err != nil {
			return -1
		}
		return d.Seconds()
	})
	r.MustRegister(m.envelopes, m.refusedUs, oldest)
	return m
}

package intake

import "github.com/prometheus/client_golang/prometheus"

// Metrics are intake's, on a registry of the caller's.
type Metrics struct {
	received  *prometheus.CounterVec
	percolate prometheus.Histogram
	latency   prometheus.Histogram
	indexed   prometheus.Gauge
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobalert_postings_received_total",
			Help: "Messages of recruiters by what became of them."}, []string{"result"}),
		percolate: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jobalert_percolate_duration_seconds",
			Help: "Time to find the subscriptions that one posting meets.", Buckets: prometheus.ExponentialBuckets(1e-6, 4, 10)}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jobalert_intake_latency_seconds",
			Help: "Time from publish to commit.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}),
		indexed: prometheus.NewGauge(prometheus.GaugeOpts{Name: "jobalert_criteria_indexed",
			Help: "Subscriptions in the percolation index."}),
	}
	for _, s := range []string{"stored", "updated", "unchanged", "withdrawn", "rejected", "retried"} {
		m.received.WithLabelValues(s)
	}
	r.MustRegister(m.received, m.percolate, m.latency, m.indexed)
	return m
}

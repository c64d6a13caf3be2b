package digest

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// Metrics are the digests', on a registry of the caller's.
type Metrics struct {
	composed *prometheus.CounterVec
	runs     prometheus.Histogram
}

// NewMetrics registers them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		composed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jobalert_digests_composed_total",
			Help: "Digests recorded, by the frequency of the first alert in them."}, []string{"frequency"}),
		runs: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "jobalert_digest_run_duration_seconds",
			Help: "Time a digest run took to build.", Buckets: prometheus.ExponentialBuckets(0.01, 4, 10)}),
	}
	r.MustRegister(m.composed, m.runs)
	return m
}

// count adds a committed page. An operator's cadences count as "cadence", so that
// the label's values stay a closed set.
func (b *Builder) count(page []*built, without map[int64]bool) {
	for _, d := range page {
		if without[d.subscriber] || len(d.items) == 0 {
			continue
		}
		f := d.items[0].alert.Schedule.Frequency
		switch f {
		case subscriptions.Instant, subscriptions.Daily, subscriptions.Weekly:
		default:
			f = "cadence"
		}
		b.Metrics.composed.WithLabelValues(string(f)).Inc()
	}
}

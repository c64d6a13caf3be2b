package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/canary"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// canaryWatch publishes the canary's posting and sees whether its mail arrives.
type canaryWatch struct {
	*stores
	schedule cron.Schedule
	started  time.Time // nothing is expected for what was due before
	told     time.Time // when the alarm was last raised; zero: all is well
	overdue  prometheus.Gauge
	arrived  prometheus.Gauge
	took     prometheus.Gauge
}

// canaryWatch reads how the canary does; nil without canary.schedule.
func (s *stores) canaryWatch() (*canaryWatch, error) {
	if s.config.Canary.Schedule == "" {
		return nil, nil
	}
	schedule, err := cron.ParseStandard(s.config.Canary.Schedule)
	if err != nil {
		return nil, fmt.Errorf("canary.schedule: %w", err)
	}
	return &canaryWatch{stores: s, schedule: schedule}, nil
}

// buildCanary makes the canary with its metrics.
func (d *daemon) buildCanary() error {
	w, err := d.canaryWatch()
	if err != nil || w == nil {
		return err
	}
	w.started = d.now()
	w.overdue = prometheus.NewGauge(prometheus.GaugeOpts{Name: "jobalert_canary_overdue", Help: "1 while a mail of the canary should have arrived and has not."})
	w.arrived = prometheus.NewGauge(prometheus.GaugeOpts{Name: "jobalert_canary_last_success_timestamp_seconds", Help: "When the canary's last mail arrived; 0 before the first."})
	w.took = prometheus.NewGauge(prometheus.GaugeOpts{Name: "jobalert_canary_delay_seconds", Help: "From the making of the canary's last mail to its arrival."})
	d.registry.MustRegister(w.overdue, w.arrived, w.took)
	d.canary = w
	return nil
}

// canaryBack reports whether the canary's mails are to come back to us: their
// address is under the domain that inbound.listen serves.
func (s *stores) canaryBack() bool {
	return s.config.Canary.Schedule != "" && s.config.Inbound.Listen != "" && strings.EqualFold(domainOf(s.config.Canary.Address), domainOf(s.config.Mail.BounceAddress))
}

// canarySecret is what the canary's word is made from.
const canarySecret = "canary"

// canaryCriteria are the canary's own, another for each address: whoever had the
// canary's mails before the address was changed gets no more of them.
func (s *stores) canaryCriteria(ctx context.Context) (alerts.Criteria, error) {
	key, err := s.subscriptions.Secret(ctx, canarySecret)
	if err != nil {
		return alerts.Criteria{}, err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(subscriptions.AddressKey(s.config.Canary.Address)))
	c := alerts.CanaryCriteria([16]byte(h.Sum(nil)))
	return c, s.meaning.Prepare(&c)
}

// canarySubscription finds the canary's confirmed subscription; ErrNotFound if
// there is none.
func (s *stores) canarySubscription(ctx context.Context, word string) (subscriptions.Subscription, error) {
	who, err := s.subscriptions.SubscriberByAddress(ctx, s.db.Reader, s.config.Canary.Address)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	subs, err := s.subscriptions.Of(ctx, s.db.Reader, who.ID)
	if err != nil {
		return subscriptions.Subscription{}, err
	}
	for i := range subs {
		if subs[i].Criteria.Query == word && subs[i].State == subscriptions.Confirmed {
			return subs[i], nil
		}
	}
	return subscriptions.Subscription{}, subscriptions.ErrNotFound
}

// subscribe makes the canary's subscription if there is none. The operator named
// the address, so nobody is asked to confirm.
func (w *canaryWatch) subscribe(ctx context.Context, c alerts.Criteria) error {
	_, err := w.canarySubscription(ctx, c.Query)
	if !errors.Is(err, subscriptions.ErrNotFound) {
		return err
	}
	wish := subscriptions.Wish{Criteria: c, Label: "canary", Schedule: subscriptions.Schedule{Frequency: subscriptions.Instant, Hour: 7, Timezone: "UTC"}}
	how := subscriptions.Circumstances{Source: "canary"}
	return w.db.Tx(ctx, func(tx *sqlx.Tx) error {
		made, err := w.subscriptions.SignUp(ctx, tx, subscriptions.SignUp{Address: w.config.Canary.Address, Locale: "en", Wish: wish, How: how}, w.now())
		if err != nil {
			return err
		}
		_, err = w.subscriptions.Confirm(ctx, tx, made.Subscription, how, w.now())
		return err
	})
}

// canaryStands is how long the canary's posting is open.
const canaryStands = 24 * time.Hour

// fly publishes a posting over NATS, as a recruiter does. All replicas do, under
// one identifier: the stream takes it once.
func (d *daemon) fly(ctx context.Context) error {
	c, err := d.canaryCriteria(ctx)
	if err != nil {
		return err
	}
	if err := d.canary.subscribe(ctx, c); err != nil {
		return fmt.Errorf("subscribe the canary: %w", err)
	}
	at := d.now().UTC().Truncate(time.Minute)
	id := "canary-" + strconv.FormatInt(at.Unix()/60, 10)
	posting, err := json.Marshal(map[string]any{
		"@context": "https://schema.org", "@type": "JobPosting", "identifier": id, "title": c.Query, "description": "<p>" + id + "</p>",
		"hiringOrganization": map[string]any{"@type": "Organization", "name": "jobalertd"},
		"jobLocation":        map[string]any{"@type": "Place", "address": map[string]any{"@type": "PostalAddress", "addressLocality": "Berlin", "addressCountry": "DE"}},
		"datePosted":         at.Format(time.RFC3339), "validThrough": at.Add(canaryStands).Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	_, err = d.broker.JetStream().Publish(ctx, "postings.published."+alerts.CanarySource, posting, jetstream.WithMsgID(id))
	return err
}

// canaryState is how the canary does.
type canaryState struct {
	Flown   bool // a mail of it has arrived
	Last    canary.Flight
	Due     time.Time // when the next must have arrived, or should have
	Overdue bool
	Trouble string // what became of its newest mail, unless it arrived
}

// state reads how the canary does. Nothing is expected for what was due before
// started, when no daemon ran; a command does not know that, and leaves it zero.
func (w *canaryWatch) state(ctx context.Context) (st canaryState, err error) {
	c, err := w.canaryCriteria(ctx)
	if err != nil {
		return st, err
	}
	since := w.started
	sub, err := w.canarySubscription(ctx, c.Query)
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
	case err != nil:
		return st, err
	default:
		const newest = 50
		envelopes, err := w.outbox.Latest(ctx, sub.Subscriber, newest)
		if err != nil {
			return st, err
		}
		if st.Last, st.Flown, err = w.arrivals.Last(ctx, envelopes, w.canaryBack()); err != nil {
			return st, err
		}
		if began := st.Last.Began; began.After(since) {
			since = began
		}
		if since.IsZero() {
			since = sub.ConfirmedAt.Add(-time.Minute) // its first flight began just before
		}
		if len(envelopes) > 0 && envelopes[0].Created.After(st.Last.Began) {
			st.Trouble = strings.TrimSpace(fmt.Sprintf("its newest mail is %s, %s %s", envelopes[0].State, envelopes[0].Outcome, envelopes[0].Reply))
		}
	}
	if since.IsZero() {
		since = w.now()
	}
	st.Due, st.Overdue = canary.Overdue(w.schedule.Next, w.config.Canary.Overdue, since.UTC(), w.now())
	return st, nil
}

// alarmAgain is how often an alarm that lasts is raised again.
const alarmAgain = time.Hour

// watch sets the metrics, and raises the alarm.
func (w *canaryWatch) watch(ctx context.Context) error {
	st, err := w.state(ctx)
	if err != nil {
		return err
	}
	w.overdue.Set(0)
	if st.Flown {
		w.arrived.Set(float64(st.Last.Arrived.Unix()))
		w.took.Set(st.Last.Arrived.Sub(st.Last.Began).Seconds())
	}
	if !st.Overdue {
		if !w.told.IsZero() {
			w.log.InfoContext(ctx, "the canary's mail arrived again")
			w.told = time.Time{}
		}
		return nil
	}
	w.overdue.Set(1)
	if now := w.now(); now.Sub(w.told) >= alarmAgain {
		w.told = now
		w.log.ErrorContext(ctx, "the canary's mail is overdue: postings do not become mails that arrive", "due", st.Due, "last_arrived", st.Last.Arrived, "trouble", st.Trouble)
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// aviary is a world with a canary, and with a relay that keeps mails as files.
type aviary struct {
	*world
	log bytes.Buffer
}

func newAviary(t *testing.T, url string, change func(*config.Config)) *aviary {
	t.Helper()
	a := &aviary{world: newWorld(t, url, time.Date(2026, 6, 1, 6, 30, 0, 0, time.UTC))}
	a.config.Canary = config.Canary{Schedule: "0 * * * *", Address: "canary@birds.example", Overdue: 15 * time.Minute}
	if change != nil {
		change(a.config)
	}
	a.daemon.archive = a.daemon.newArchive()
	a.must(a.daemon.archive.Follow(t.Context()))
	a.must(a.daemon.buildCanary())
	a.daemon.canary.log = slog.New(slog.NewTextHandler(&a.log, nil))
	return a
}

// at sets the clock to a time of that day.
func (a *aviary) at(clock string) {
	a.t.Helper()
	h, err := time.Parse(time.TimeOnly, clock+":00")
	a.must(err)
	a.clock.Store(time.Date(2026, 6, 1, h.Hour(), h.Minute(), 0, 0, time.UTC).UnixMilli())
}

// fly publishes the canary's posting and waits until intake has stored it.
func (a *aviary) fly() alerts.Receipt {
	a.t.Helper()
	receipts, err := a.daemon.broker.Conn().SubscribeSync("receipts." + alerts.CanarySource)
	a.must(err)
	defer func() { _ = receipts.Unsubscribe() }()
	a.must(a.daemon.fly(a.t.Context()))
	m, err := receipts.NextMsg(20 * time.Second)
	a.must(err)
	var r alerts.Receipt
	a.must(json.Unmarshal(m.Data, &r))
	if r.Status != alerts.StatusStored {
		a.t.Fatalf("the canary's posting was %s: %+v", r.Status, r.Errors)
	}
	return r
}

// build makes the mails that are due.
func (a *aviary) build() int {
	a.t.Helper()
	a.must(a.follower.Follow(a.t.Context()))
	a.clock.Add((a.config.Digest.InstantHold + time.Second).Milliseconds())
	sum, err := a.daemon.digests.Run(a.t.Context(), a.now())
	a.must(err)
	return sum.Envelopes
}

// overdue looks now, and checks that metric and log agree.
func (a *aviary) overdue() bool {
	a.t.Helper()
	a.log.Reset()
	a.daemon.canary.told = time.Time{} // an alarm that lasts is raised once an hour
	a.must(a.daemon.canary.watch(a.t.Context()))
	st, err := a.daemon.canary.state(a.t.Context())
	a.must(err)
	if metric := a.gauge("jobalert_canary_overdue") == 1; metric != st.Overdue {
		a.t.Errorf("overdue is %v, and the metric %v", st.Overdue, metric)
	}
	if alarm := strings.Contains(a.log.String(), "level=ERROR"); st.Overdue != alarm {
		a.t.Errorf("overdue is %v, and the log %q", st.Overdue, a.log.String())
	}
	return st.Overdue
}

func (a *aviary) gauge(name string) float64 {
	a.t.Helper()
	families, err := a.daemon.registry.Gather()
	a.must(err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	a.t.Fatalf("no metric %s", name)
	return 0
}

func TestCanary_FliesTheWholeWayAndMeetsNobodyElse(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		a := newAviary(t, url, nil)
		everybody := []alerts.Criteria{{EmploymentTypes: []alerts.EmploymentType{alerts.FullTime}}, {Places: []alerts.Place{{Name: "Berlin"}}},
			{Salary: &alerts.Salary{Min: 1, Currency: "CHF", Unit: "HOUR"}}, {Employers: []string{"jobalertd"}}, {Query: "canary"}, {Countries: []string{"DE"}}}
		for i, c := range everybody {
			a.must(a.meaning.Prepare(&c))
			wish := subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: subscriptions.Instant, Timezone: "UTC"}}
			if _, _, ok := a.subscribe("s"+strconv.Itoa(i)+"@example.org", wish); !ok {
				t.Fatal("not subscribed")
			}
		}
		a.at("07:00")
		if r := a.fly(); r.Reached != "<5" {
			t.Errorf("the posting reached %q, want the canary alone", r.Reached)
		}
		if n := a.build(); n != 1 {
			t.Fatalf("%d mails were made, want the canary's", n)
		}
		if a.overdue() {
			t.Error("overdue a moment after it flew")
		}
		a.send()
		mails, err := a.daemon.capture.List(10, "")
		a.must(err)
		if len(mails) != 1 || mails[0].To != "canary@birds.example" {
			t.Errorf("mails %+v, want one to the canary", mails)
		}
		a.at("07:59")
		if a.overdue() || a.gauge("jobalert_canary_last_success_timestamp_seconds") == 0 {
			t.Error("its mail arrived, and is overdue or unknown")
		}

		a.must(a.daemon.archive.Follow(t.Context()))
		for _, c := range append(everybody, alerts.Criteria{Sources: []string{"board"}}) {
			a.must(a.meaning.Prepare(&c))
			if n, err := a.daemon.archive.Count(t.Context(), &c); n != 0 || err != nil {
				t.Errorf("a page that looks for %+v counts %d, %v", c, n, err)
			}
			if found, _, err := a.daemon.archive.Older(t.Context(), &c, 0, 10); len(found) != 0 || err != nil {
				t.Errorf("older postings for %+v: %v, %v", c, found, err)
			}
		}
		pages := storedPostings{a.daemon.stores}
		if _, err := pages.Posting(t.Context(), 1); !errors.Is(err, alerts.ErrNotFound) {
			t.Errorf("its posting has a page: %v", err)
		}
		if list, err := pages.Newest(t.Context(), 10); len(list) != 0 || err != nil {
			t.Errorf("the site map lists %v, %v", list, err)
		}
		if answer := a.verified(); !answer.Holds {
			t.Errorf("verify: %+v", answer)
		}
	})
}

func TestCanary_IsMissedWhicheverStageFails(t *testing.T) {
	t.Parallel()
	for name, stage := range map[string]func(a *aviary){
		"nothing is published": func(*aviary) {},
		"nothing is built":     func(a *aviary) { a.fly() },
		"nothing is sent":      func(a *aviary) { a.fly(); a.build() },
		"the relay refuses": func(a *aviary) {
			a.fly()
			a.build()
			a.change(func(ctx context.Context, tx sqlx.ExtContext) error {
				_, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'done', outcome = 'refused', reply = '550 5.7.1 no' WHERE state <> 'done'`)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAviary(t, databasetest.MigratedSQLiteURL(t), nil)
			a.at("07:00")
			a.fly()
			a.build()
			a.send()
			a.at("08:00")
			stage(a)
			a.at("08:15")
			if a.overdue() {
				t.Error("overdue before its time")
			}
			a.at("08:16")
			if !a.overdue() {
				t.Error("nobody misses it")
			}
			if answer := a.verified(); answer.Holds {
				t.Error("verify finds nothing wrong")
			}
			a.at("09:00")
			a.fly()
			a.build()
			a.send()
			if a.overdue() {
				t.Error("it arrived again, and the alarm stays")
			}
		})
	}
}

// TestCanary_IsToComeBackWhereItsAddressIsOurs: that the relay took the mail is not
// enough then.
func TestCanary_IsToComeBackWhereItsAddressIsOurs(t *testing.T) {
	t.Parallel()
	a := newAviary(t, databasetest.MigratedSQLiteURL(t), func(c *config.Config) {
		c.Mail.From, c.Mail.BounceAddress, c.Inbound.Listen = "alerts@birds.example", "bounces@birds.example", "127.0.0.1:0"
	})
	a.at("07:00")
	a.fly()
	a.build()
	a.send()
	a.at("07:16")
	if !a.overdue() {
		t.Error("the relay took the mail, which has not come back, and nobody misses it")
	}
	mails, err := a.daemon.capture.List(10, "")
	a.must(err)
	raw, err := a.daemon.capture.Raw(mails[0].Name)
	a.must(err)
	o := &postOffice{world: a.world}
	forged := bytes.Replace(raw, []byte("Message-ID: <"), []byte("Message-ID: <0"), 1)
	for i, mail := range [][]byte{forged, raw} {
		a.must(o.receive("bounces@birds.example", "canary@birds.example", mail, false))
		if got, want := a.overdue(), i == 0; got != want {
			t.Errorf("mail %d came back, and overdue is %v", i, got)
		}
	}
}

func TestCanary_ForgetsWhatWasDueBeforeTheDaemonStarted(t *testing.T) {
	t.Parallel()
	a := newAviary(t, databasetest.MigratedSQLiteURL(t), nil)
	a.at("07:00")
	a.fly()
	a.build()
	a.send()
	a.at("12:30")
	a.daemon.canary.started = a.now()
	if a.overdue() {
		t.Error("overdue right after a downtime")
	}
	a.at("13:16")
	if !a.overdue() {
		t.Error("nobody misses the first flight after a downtime")
	}
}

func TestCanary_LeavesAnOldAddressAlone(t *testing.T) {
	t.Parallel()
	a := newAviary(t, databasetest.MigratedSQLiteURL(t), nil)
	a.at("07:00")
	a.fly()
	a.build()
	a.config.Canary.Address = "tit@birds.example"
	a.at("08:00")
	a.fly()
	a.build()
	envelopes, err := a.daemon.outbox.List(t.Context(), outbox.Filter{Limit: 10})
	a.must(err)
	var whom []int64
	for _, e := range envelopes {
		whom = append(whom, e.Subscriber)
	}
	if !slices.Equal(whom, []int64{1, 2}) || envelopes[0].Kind != mailer.InstantDigest {
		t.Errorf("mails went to %v, want one to the old address and one to the new", whom)
	}
}

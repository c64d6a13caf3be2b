package digest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/digest"
)

// leasing is the subscriptions' store with something happening once some are leased.
type leasing struct {
	digest.Subscriptions
	leased func()
}

func (l *leasing) Lease(ctx context.Context, tx sqlx.ExtContext, by string, subscribers []int64, dueBy, now, until time.Time) ([]int64, error) {
	ids, err := l.Subscriptions.Lease(ctx, tx, by, subscribers, dueBy, now, until)
	l.leased()
	return ids, err
}

type postings = digest.Postings // a field of that name would hide the method

// reading is the postings' store with something happening when the log is read.
type reading struct {
	postings
	read func()
}

func (r *reading) MatchesBetween(ctx context.Context, q sqlx.ExtContext, after, through int64, f func(alerts.Logged) error) error {
	r.read()
	return r.postings.MatchesBetween(ctx, q, after, through, f)
}

// Whenever a run is stopped, the next one has not to wait until its leases run out:
// they are ended though the context has ended.
func TestRun_StoppedItGivesItsLeasesBack(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		const people = 10
		for i := range people {
			o.subscribe(fmt.Sprintf("s%d@example.org", i), o.wish("Koch"))
		}
		o.publish("p", o.posting("Koch"))
		o.advance(24 * time.Hour)
		for name, stopped := range map[string]func(options *digest.Options, stop func()){
			"leased":    func(options *digest.Options, stop func()) { options.Subscriptions = &leasing{o.subs, stop} },
			"read":      func(options *digest.Options, stop func()) { options.Postings = &reading{o.postings, stop} },
			"to record": func(options *digest.Options, stop func()) { options.Subscriptions = &meddling{o.subs, stop} },
		} {
			ctx, stop := context.WithCancel(t.Context())
			b := o.another(func(options *digest.Options) {
				options.PassSubscribers = people / 2
				stopped(options, stop)
			})
			sum, err := b.Run(ctx, o.now())
			if err == nil || sum.Subscribers != 0 {
				t.Fatalf("stopped when some were %s, it served %d (%v), want none and an error", name, sum.Subscribers, err)
			}
			if free, err := o.subs.Due(t.Context(), o.db.Reader, o.now(), o.now(), 2*people); err != nil {
				t.Fatal(err)
			} else if len(free) != people {
				t.Errorf("stopped when some were %s, %d are free to lease, want %d", name, len(free), people)
			}
		}
		if sum := o.run(); sum.Subscribers != people {
			t.Errorf("the next run served %d, want %d", sum.Subscribers, people)
		}
	})
}

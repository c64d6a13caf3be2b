package digest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/mailer/digest"
)

func TestDelivered_CountsMailsAndPostingsByAlert(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, cook := o.subscribe("a@example.org", o.wish("Koch"))
		_, both := o.subscribe("a@example.org", o.wish("Koch OR Kellner"))
		began := o.now()
		o.publish("p", o.posting("Koch (m/w/d)"), o.posting("Kellner (m/w/d)"))
		o.tomorrow()
		between := o.now()
		o.advance(time.Minute)
		o.publish("q", o.posting("Chefkoch (m/w/d) im Hotel"))
		o.tomorrow()
		for since, want := range map[time.Time]map[uint32]digest.Brought{
			began:                    {cook: {Mails: 2, Postings: 2}, both: {Mails: 2, Postings: 3}},
			between.Add(time.Second): {cook: {Mails: 1, Postings: 1}, both: {Mails: 1, Postings: 1}},
			o.now().Add(time.Hour):   {},
		} {
			got, err := o.Delivered(t.Context(), who, since)
			if err != nil || len(got) != len(want) || got[cook] != want[cook] || got[both] != want[both] {
				t.Errorf("since %s: %+v, %v; want %+v", since, got, err, want)
			}
		}
	})
}

func TestDigest_LeavesOutWhatSheDismissed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		numbers := o.publish("p", o.posting("Koch (m/w/d) in Nacht"), o.posting("Koch (m/w/d) am Tag"))
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error { return o.subs.Dismiss(ctx, tx, who, numbers[0], o.now()) })
		o.tomorrow()
		if got := o.got(who); len(got) != 1 || !slices.Equal(got[0], numbers[1:]) {
			t.Errorf("got %v, want %v", got, numbers[1:])
		}
		if got := o.got(other); len(got) != 1 || len(got[0]) != 2 {
			t.Errorf("who dismissed nothing got %v", got)
		}
	})
}

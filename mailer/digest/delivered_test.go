package digest_test

import (
	"testing"
	"time"

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

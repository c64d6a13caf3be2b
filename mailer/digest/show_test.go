package digest_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/subscriptions"
)

const duties = "<p>Sie kochen Mittagessen für sechshundert Gäste und planen den Speiseplan nach Saison.</p>" +
	"<p>Sie bestellen Ware, prüfen Lieferungen und achten auf Hygiene nach HACCP.</p><p>Sie lernen Aushilfen an.</p>"

// copyAt is one job as a board lists it.
func (o *office) copyAt(source string) alerts.Posting {
	p := o.posting("Koch (m/w/d)")
	p.Source, p.Description = source, "<p>Gefunden bei "+source+".</p>"+duties
	return p
}

// shown is the content of a run's digest as of now.
func (o *office) shown(sum digest.Summary, subscriber int64) mailer.DigestContent {
	o.Helper()
	c, err := o.Content(o.Context(), sum.Run, subscriber)
	o.must(err)
	return c
}

func titles(c mailer.DigestContent) []string {
	var out []string
	for _, p := range c.Postings {
		out = append(out, p.Posting.Title)
	}
	return out
}

func TestFold_ShowsAGroupOnceWithItsSourcesAndPlaces(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		second := o.copyAt("board-b")
		second.Locations = append(second.Locations, alerts.Location{Name: "Bonn", Country: "DE"})
		elsewhere := o.copyAt("board-c")
		elsewhere.Locations = []alerts.Location{{Name: "Herne", Country: "DE", Located: true, Lat: 51.54, Lon: 7.22}}
		numbers := o.publish("p", o.copyAt("board-a"), second, elsewhere)
		sum := o.tomorrow()
		if sum.Postings != 2 || sum.Folded != 1 {
			t.Errorf("built %+v, want two postings and one folded", sum)
		}
		if got := sorted(o.got(who)); !reflect.DeepEqual(got, [][]uint32{numbers}) {
			t.Errorf("delivered %v, want %v: the twin with the one shown", got, numbers)
		}
		c := o.shown(sum, who)
		group := c.Postings[slices.IndexFunc(c.Postings, func(p mailer.DigestPosting) bool { return len(p.Sources) > 1 })]
		if slices.Sort(group.Sources); !slices.Equal(group.Sources, []string{"board-a", "board-b"}) {
			t.Errorf("sources %v, want both boards", group.Sources)
		}
		var places []string
		for _, l := range group.Posting.Locations {
			places = append(places, l.Name)
		}
		if slices.Sort(places); !slices.Equal(places, []string{"Bonn", "Köln"}) {
			t.Errorf("places %v, want both", places)
		}
		if sum := o.tomorrow(); sum.Envelopes != 0 {
			t.Errorf("the day after %+v was built, want nothing: the twin was delivered", sum)
		}
	})
}

func TestFold_ATwinStandsInForAWithdrawnPosting(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		o.publish("p", o.copyAt("board-a"), o.copyAt("board-b"))
		sum := o.tomorrow()
		first := o.shown(sum, who).Postings[0].Sources[0]
		for i, source := range []string{"board-a", "board-b"} {
			if source == first {
				o.withdraw(source, fmt.Sprintf("p-%d", i))
			}
		}
		c := o.shown(sum, who)
		if len(c.Postings) != 1 || slices.Contains(c.Postings[0].Sources, first) || c.Postings[0].SeparateURL != "" {
			t.Errorf("shown are %+v, want the other board's alone", c.Postings)
		}
	})
}

func TestSeparate_KeepsTwoJobsApart(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		other, _ := o.subscribe("b@example.org", o.wish("Koch"))
		o.publish("p", o.copyAt("board-a"), o.copyAt("board-b"))
		o.advance(24 * time.Hour)
		preview := func(subscriber int64) mailer.DigestContent {
			subs, err := o.subs.Of(t.Context(), o.db.Reader, subscriber)
			o.must(err)
			c, err := o.Preview(t.Context(), subs[0])
			o.must(err)
			return c
		}
		c := preview(who)
		if len(c.Postings) != 1 || c.Postings[0].SeparateURL == "" {
			t.Fatalf("previewed %v with link %q, want one posting with the link", titles(c), c.Postings[0].SeparateURL)
		}
		token := c.Postings[0].SeparateURL[strings.LastIndexByte(c.Postings[0].SeparateURL, '/')+1:]
		claims, err := o.options.Links.Signer.Verify(token, subscriptions.ToSeparate, o.now())
		o.must(err)
		group, ok := digest.SeparatedBy(claims)
		if !ok || len(group) != 2 || claims.Subscriber != who {
			t.Fatalf("the link names %v of subscriber %d", group, claims.Subscriber)
		}
		for range 2 { // pressed twice
			o.tx(func(ctx context.Context, tx *sqlx.Tx) error { return o.Separate(ctx, tx, who, group, o.now()) })
		}
		if got := len(preview(who).Postings); got != 2 {
			t.Errorf("after she set them apart %d postings are shown, want 2", got)
		}
		if got := len(preview(other).Postings); got != 1 {
			t.Errorf("to another %d are shown, want 1: it is her view alone", got)
		}
	})
}

func FuzzSeparatedBy(f *testing.F) {
	f.Add("1,2")
	f.Add(",")
	f.Add("4294967296,1")
	f.Fuzz(func(t *testing.T, detail string) {
		group, ok := digest.SeparatedBy(subscriptions.Claims{Purpose: subscriptions.ToSeparate, Detail: detail})
		if ok && len(group) < 2 {
			t.Errorf("%q names %v", detail, group)
		}
	})
}

func TestContent_WhatNoLongerStandsLeavesAndIsTold(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		who, _ := o.subscribe("a@example.org", o.wish("Koch"))
		short := o.posting("Koch Kantine")
		short.ExpiresAt = o.now().Add(36 * time.Hour)
		o.publish("p", o.posting("Koch Mensa"), short, o.posting("Koch Hotel"))
		first := o.tomorrow()
		if c := o.shown(first, who); len(c.Postings) != 3 || c.Closed != 0 {
			t.Fatalf("at first %v and %d closed", titles(c), c.Closed)
		}
		o.advance(time.Minute)
		o.withdraw("board", "p-0")
		if c := o.shown(first, who); len(c.Postings) != 2 {
			t.Errorf("sent after a withdrawal it shows %v", titles(c))
		}
		o.publish("q", o.posting("Koch Schiff"))
		if c := o.shown(o.tomorrow(), who); c.Closed != 2 || len(c.Postings) != 1 {
			t.Errorf("the next says %d are closed and shows %v, want 2 and one", c.Closed, titles(c))
		}
		o.publish("r", o.posting("Koch Bahn"))
		if c := o.shown(o.tomorrow(), who); c.Closed != 0 {
			t.Errorf("the one after says %d are closed again", c.Closed)
		}
	})
}

func TestCap_CountsOrDefersByHerChoice(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		deferring := o.wish("Koch")
		deferring.MaxPostings, deferring.Overflow = 2, subscriptions.Defer
		patient, _ := o.subscribe("a@example.org", deferring)
		counting := o.wish("Koch")
		counting.MaxPostings = 2
		brief, _ := o.subscribe("b@example.org", counting)
		var want []uint32
		for i := range 5 {
			want = append(want, o.publish(fmt.Sprintf("p%d", i), o.posting(fmt.Sprintf("Koch Haus%d", i)))...)
		}
		sum := o.tomorrow()
		if sum.Counted != 3 || sum.Deferred != 3 {
			t.Errorf("built %+v, want three counted and three deferred", sum)
		}
		if c := o.shown(sum, brief); c.Counted != 3 || len(c.Postings) != 2 {
			t.Errorf("counting shows %d and %d more, want 2 and 3", len(c.Postings), c.Counted)
		}
		want = append(want, o.publish("new", o.posting("Koch Haus99"))...) // newer, but it has to wait
		for range 3 {
			o.tomorrow()
		}
		var got []uint32
		for _, d := range o.got(patient) {
			if len(d) > 2 {
				t.Errorf("a digest of %v exceeds her cap", d)
			}
			got = append(got, d...)
		}
		if digests := o.got(patient); !slices.Contains(digests[len(digests)-1], want[len(want)-1]) {
			t.Errorf("the newest came before what was deferred: %v", digests)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("deferring got %v in all, want %v", got, want)
		}
		if got := o.got(brief); len(got) != 2 || len(got[1]) != 1 {
			t.Errorf("counting got %v, want two and then the newest", got)
		}
	})
}

func TestCap_WhatWasDeferredForTwoAlertsIsLostByNeither(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		first := o.wish("Koch")
		first.MaxPostings, first.Overflow = 1, subscriptions.Defer
		who, id := o.subscribe("a@example.org", first)
		second := o.wish("Koch OR Kellner")
		second.MaxPostings, second.Overflow = 1, subscriptions.Defer
		_, weekly := o.subscribe("a@example.org", second)
		numbers := o.publish("p", o.posting("Koch Mensa"), o.posting("Koch Hotel"))
		o.tomorrow()
		// The first alert no longer wants what was put off for both; the second is not due.
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			return o.subs.Edit(ctx, tx, id, o.wish("Bäcker"), o.now())
		})
		o.exec("UPDATE subscriptions SET due_at_ms = ? WHERE id = ?", o.now().Add(72*time.Hour).UnixMilli(), weekly)
		baker := o.publish("q", o.posting("Bäcker"))
		o.tomorrow()
		o.advance(72 * time.Hour)
		o.run()
		var got []uint32
		for _, d := range o.got(who) {
			got = append(got, d...)
		}
		want := append(slices.Clone(numbers), baker...)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestCap_AfterAPauseTheBestAlone(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		w := o.wish("Koch")
		w.MaxPostings = 100
		who, id := o.subscribe("a@example.org", w)
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := o.subs.Pause(ctx, tx, []uint32{id}, time.Time{}, subscriptions.BestOnly)
			return err
		})
		var ps []alerts.Posting
		for i := range 30 {
			ps = append(ps, o.posting(fmt.Sprintf("Koch Haus%d", i)))
		}
		o.publish("p", ps...)
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := o.subs.Resume(ctx, tx, []uint32{id}, o.now())
			return err
		})
		unlimited := o.another(func(options *digest.Options) { options.MaxPostings = 0 })
		o.advance(24 * time.Hour)
		sum, err := unlimited.Run(t.Context(), o.now())
		o.must(err)
		if c := o.shown(sum, who); len(c.Postings) != subscriptions.BestOnReturn || c.Counted != 30-subscriptions.BestOnReturn {
			t.Errorf("on return %d shown and %d counted, want %d and the rest", len(c.Postings), c.Counted, subscriptions.BestOnReturn)
		}
	})
}

func TestDigest_SeveralAlertsMakeOneMailInHerLanguage(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		near := o.wish("Koch")
		near.Criteria.Places = []alerts.Place{{Name: "Köln"}}
		o.must(meaning().Prepare(&near.Criteria))
		near.Label = "Köln"
		who, a := o.subscribe("a@example.org", near)
		wide := o.wish("Köche OR Kellner")
		wide.Label = "überall"
		_, b := o.subscribe("a@example.org", wide)
		o.publish("p", o.posting("Koch (m/w/d)"), o.posting("Kellnerin"))
		c := o.shown(o.tomorrow(), who)
		if len(c.Postings) != 2 || len(c.Alerts) != 2 {
			t.Fatalf("shown are %v for %d alerts, want two of each", titles(c), len(c.Alerts))
		}
		cook := c.Postings[slices.IndexFunc(c.Postings, func(p mailer.DigestPosting) bool { return strings.HasPrefix(p.Posting.Title, "Koch") })]
		if len(cook.AlsoFits) != 1 || c.Alerts[cook.Alert].Subscription == c.Alerts[cook.AlsoFits[0]].Subscription {
			t.Errorf("the cook is for %v and also %v, want both alerts %d and %d", cook.Alert, cook.AlsoFits, a, b)
		}
		if why := strings.Join(cook.Why, "; "); !strings.Contains(why, "im Titel") || !strings.Contains(why, "km von Köln") {
			t.Errorf("why: %q, want the word in the title and the distance, in German", why)
		}
		// Before it is sent she ends one of them.
		o.tx(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := o.subs.End(ctx, tx, who, []uint32{b}, subscriptions.EndedUnsubscribed, subscriptions.Circumstances{Source: "test"}, o.now())
			return err
		})
	})
}

func TestRank_PutsTheBestFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t, databasetest.SQLite(t))
	w := o.wish("Krankenpfleger")
	radius := 100.0
	w.Criteria.Places = []alerts.Place{{Name: "Köln", RadiusKM: &radius}}
	o.must(meaning().Prepare(&w.Criteria))
	who, _ := o.subscribe("a@example.org", w)
	at := func(p alerts.Posting, town string, lat, lon float64) alerts.Posting {
		p.Locations = []alerts.Location{{Name: town, Country: "DE", Located: true, Lat: lat, Lon: lon}}
		return p
	}
	inText := o.posting("Mitarbeiter Station A")
	inText.Description = "<p>Wir suchen einen Krankenpfleger.</p>"
	older := o.posting("Krankenpfleger Station B")
	older.PublishedAt = o.now().AddDate(0, 0, -3)
	paid, better := o.posting("Krankenpfleger Station C"), o.posting("Krankenpfleger Station D")
	paid.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 40000, YearlyMax: 44000}
	better.Pay = &pay.Statement{Currency: "EUR", YearlyMin: 50000, YearlyMax: 54000}
	synonym := o.posting("Pflegefachkraft Station E")
	far := at(o.posting("Krankenpfleger Station F"), "Dortmund", 51.51, 7.46)
	o.publish("p", inText, older, paid, better, synonym, far, o.posting("Krankenpfleger Station G"))
	want := []string{"Krankenpfleger Station D", "Krankenpfleger Station C", "Krankenpfleger Station G", "Krankenpfleger Station B",
		"Krankenpfleger Station F", "Pflegefachkraft Station E", "Mitarbeiter Station A"}
	if got := titles(o.shown(o.tomorrow(), who)); !slices.Equal(got, want) {
		t.Errorf("ranked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDocuments_AreTheSameForEveryDatabase(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		o := newOffice(t, db)
		if _, err := o.Content(t.Context(), 4711, 1); err == nil {
			t.Error("an envelope without a digest has content")
		}
	})
}

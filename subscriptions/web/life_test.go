package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestALifeFromSignUpToErasureInBothLanguages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, tt := range []struct{ lang, email, sent, button, running, saved, erased string }{
			{"de", "anna@example.org", "Bitte sehen Sie in Ihr Postfach", "Ja, Suchauftrag bestätigen", "Ihr Suchauftrag läuft", "Gespeichert.", "Ihre Daten sind gelöscht"},
			{"en", "bert@example.org", "Please look into your inbox", "Yes, confirm the alert", "Your alert is running", "Saved.", "Your data are erased"},
		} {
			w.now = noon
			w.get("/?lang="+tt.lang).must(t, 200, `lang="`+tt.lang+`"`)
			w.follow("/subscriptions?lang="+tt.lang, signUpForm(tt.email)).must(t, 200, tt.sent)
			c := w.mails.confirmations[len(w.mails.confirmations)-1]
			who := w.subscriber(c.subscriber)
			if who.Locale != tt.lang || c.n != 1 {
				t.Fatalf("signed up as %+v, mail %+v", who, c)
			}
			confirm := path(w.links.Confirm(who, c.subscription, w.now))
			w.get(confirm).must(t, 200, tt.button, "Medizininformatiker", "Gelsenkirchen")
			if state := w.subscription(c.subscription).State; state != subscriptions.Unconfirmed {
				t.Fatalf("looking made it %s", state)
			}
			w.follow(confirm, nil).must(t, 200, tt.running, "2026")
			if state := w.subscription(c.subscription).State; state != subscriptions.Confirmed {
				t.Fatalf("confirmed, it is %s", state)
			}
			w.follow(confirm, nil).must(t, 200, tt.running)

			manage := path(w.links.Manage(who, w.now))
			w.get(manage).must(t, 200, tt.email, "Medizininformatiker")
			one := manage + "/alerts/" + itoa(c.subscription)
			w.get(one).must(t, 200, `value="Medizininformatiker"`, `value="Gelsenkirchen"`, `value="25"`)
			changed := signUpForm("")
			changed.Set("radius", "50")
			changed.Set("hour", "18")
			changed.Set("salary", "3.500\u202f€")
			changed.Set("label", "Mein Auftrag")
			w.follow(one, changed).must(t, 200, tt.saved, "Mein Auftrag", "18")
			sub := w.subscription(c.subscription)
			if sub.Criteria.Places[0].Radius() != 50 || sub.Criteria.Salary.Min != 3500 || sub.Schedule.Hour != 18 || sub.Label != "Mein Auftrag" {
				t.Errorf("edited to %+v", sub)
			}
			w.follow(one+"/pause", url.Values{"until": {"2026-07-01"}, "on_return": {"best"}})
			if sub := w.subscription(c.subscription); sub.State != subscriptions.Paused || sub.OnReturn != subscriptions.BestOnly || !sub.PausedUntil.Equal(time.Date(2026, 6, 30, 22, 0, 0, 0, time.UTC)) {
				t.Errorf("paused as %+v", sub)
			}
			w.follow(one+"/resume", nil)
			w.follow(one+"/end", nil)
			if sub := w.subscription(c.subscription); sub.State != subscriptions.Ended || sub.EndedReason != subscriptions.EndedDeleted {
				t.Errorf("ended as %+v", sub)
			}
			w.follow(one+"/undo", nil).must(t, 200, "Mein Auftrag")
			second := signUpForm("")
			second.Set("q", "Koch")
			w.follow(manage+"/alerts", second).must(t, 200, "Koch")
			w.get(manage+"/consent").must(t, 200, tt.email, "confirmation-")
			checkExport(t, w, manage, tt.email)
			w.get(manage+"/erase").must(t, 200, tt.email)
			w.post(manage+"/erase", nil).must(t, 200, tt.erased)
			if !slices.Contains(w.left, tt.email) {
				t.Errorf("that %s left is not remembered", tt.email)
			}
			w.get(manage).must(t, 404)
			if strings.Contains(w.dump(), tt.email) {
				t.Error("her address stayed")
			}
		}
	})
}

func itoa(id uint32) string {
	return strings.TrimPrefix(path(subscriptions.Links{}.Posting(id)), "/postings/")
}

func checkExport(t *testing.T, w *world, manage, email string) {
	t.Helper()
	a := w.get(manage+"/export.json").must(t, 200)
	var out struct {
		Email         string
		Subscriptions []map[string]any
		Consents      []map[string]any
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatal(err)
	}
	if out.Email != email || len(out.Subscriptions) != 2 || out.Subscriptions[0]["query"] != "Medizininformatiker" || len(out.Consents) < 4 {
		t.Errorf("exported %s", a.body)
	}
	if !strings.Contains(a.Header.Get("Content-Disposition"), "attachment") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("exported with %v", a.Header)
	}
}

func TestOneClickEndsEverythingTheMailNamedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, first := w.subscribed("anna@example.org")
		manage := path(w.links.Manage(who, w.now))
		more := signUpForm("")
		more.Set("q", "Koch")
		w.follow(manage+"/alerts", more)
		link := path(w.links.Unsubscribe(who, w.now, first, first+1))
		w.now = w.now.AddDate(5, 0, 0) // it never expires
		for range 2 {
			r := httptestPost(link, "List-Unsubscribe=One-Click")
			r.Header.Set("Origin", "https://mail.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			a := w.send(r).must(t, http.StatusOK)
			if len(a.Cookies()) > 0 || a.Header.Get("Location") != "" {
				t.Errorf("answered with %v", a.Header)
			}
		}
		for _, id := range []uint32{first, first + 1} {
			if sub := w.subscription(id); sub.State != subscriptions.Ended || sub.EndedReason != subscriptions.EndedUnsubscribed {
				t.Errorf("%d is %s", id, sub.State)
			}
		}
	})
}

func TestTheLinkInTheBodyEndsOneAndOffersAWayBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for as, want := range map[string]func(subscriptions.Subscription) bool{
			"undo": func(s subscriptions.Subscription) bool {
				return s.State == subscriptions.Confirmed && s.Schedule.Frequency == subscriptions.Daily
			},
			"fewer": func(s subscriptions.Subscription) bool {
				return s.State == subscriptions.Confirmed && s.Schedule.Frequency == subscriptions.Weekly
			},
			"pause": func(s subscriptions.Subscription) bool {
				return s.State == subscriptions.Paused && s.PausedUntil.Equal(w.now.AddDate(0, 0, 28))
			},
		} {
			who, id := w.subscribed(as + "@example.org")
			link := path(w.links.Unsubscribe(who, w.now, id))
			w.get(link).must(t, 200, "Ja, abmelden")
			w.follow(link, url.Values{"from": {"page"}}).must(t, 200, "Sie sind abgemeldet", link+"/undo", link+"/fewer", link+"/pause")
			if sub := w.subscription(id); sub.State != subscriptions.Ended {
				t.Errorf("it is %s", sub.State)
			}
			w.post(link+"/"+as, nil).must(t, 200, "/manage/")
			if sub := w.subscription(id); !want(sub) {
				t.Errorf("%s brought %+v", as, sub)
			}
		}
		who, id := w.subscribed("late@example.org")
		link := path(w.links.Unsubscribe(who, w.now, id))
		w.follow(link, url.Values{"from": {"page"}})
		w.now = w.now.Add(subscriptions.UndoWithin + time.Hour)
		if page := w.get(link).must(t, 200); strings.Contains(page.body, link+"/undo") {
			t.Error("it can be undone for ever")
		}
		w.post(link+"/undo", nil)
		if sub := w.subscription(id); sub.State != subscriptions.Ended {
			t.Error("undone too late")
		}
	})
}

func TestAnAddressChangesOnceBothHaveConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, _ := w.subscribed("old@example.org")
		manage := path(w.links.Manage(who, w.now))
		w.post(manage+"/address", url.Values{"email": {"nonsense"}}).must(t, http.StatusUnprocessableEntity, "new-email-fault")
		w.follow(manage+"/address", url.Values{"email": {"new@example.org"}})
		asked := w.mails.account[0]
		if asked.kind != subscriptions.MailConfirmAddress || asked.payload.To != "new@example.org" {
			t.Fatalf("asked %+v", asked)
		}
		w.get(path(asked.payload.ActionURL)).must(t, 200, "new@example.org")
		w.post(path(asked.payload.ActionURL), nil).must(t, 200)
		if got := w.subscriber(who.ID).Email; got != "old@example.org" {
			t.Errorf("one confirmation made it %s", got)
		}
		agree := w.mails.account[1]
		if agree.payload.To != "old@example.org" {
			t.Fatalf("asked %+v", agree)
		}
		w.get(path(agree.payload.ActionURL)).must(t, 200, "new@example.org")
		w.post(path(agree.payload.ActionURL), nil).must(t, 200, "/manage/")
		if got := w.subscriber(who.ID).Email; got != "new@example.org" {
			t.Errorf("both confirmed, it is %s", got)
		}
		if told := w.mails.account[2]; told.kind != subscriptions.MailAddressChanged || told.payload.To != "old@example.org" {
			t.Errorf("told %+v", told)
		}
		w.get(manage).must(t, 404)
		w.post(path(agree.payload.ActionURL), nil).must(t, 404)
		record, err := w.store.Consents(t.Context(), w.db.Reader, who.ID)
		want := []subscriptions.Consent{
			{Event: subscriptions.ConfirmationSent, Source: "page", Address: "new@example.org", MessageID: "account-1@jobs.example"},
			{Event: subscriptions.ConsentConfirmed, Source: "new-address", Address: "new@example.org", Wording: "Sollen Suchaufträge künftig an diese Adresse gehen?"},
			{Event: subscriptions.ConfirmationSent, Source: "page", Address: "old@example.org", MessageID: "account-2@jobs.example"},
			{Event: subscriptions.ChangedAddress, Source: "old-address", Address: "new@example.org",
				Wording: "Die neue Adresse hat zugestimmt. Sollen Ihre Mails künftig an diese Adresse gehen und nicht mehr hierher?"},
		}
		if err != nil || len(record) < len(want) {
			t.Fatalf("record %+v, %v", record, err)
		}
		for i, got := range record[len(record)-len(want):] {
			if worded := got.TextVersion != ""; worded != (want[i].Wording != "") {
				t.Errorf("recorded %+v under version %q", got, got.TextVersion)
			}
			got.Subscriber, got.At, got.TextVersion = 0, time.Time{}, ""
			if got != want[i] {
				t.Errorf("recorded %+v, want %+v", got, want[i])
			}
		}
	})
}

func TestALostLinkGoesToWhoeverConfirmed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.subscribed("anna@example.org")
		w.post("/subscriptions", signUpForm("never@example.org"))
		for _, email := range []string{"anna@example.org", "never@example.org", "unknown@example.org"} {
			w.follow("/links", url.Values{"email": {email}}).must(t, 200, "ist der Link unterwegs")
		}
		if len(w.mails.account) != 1 || w.mails.account[0].kind != subscriptions.MailManageLink {
			t.Errorf("mails %+v", w.mails.account)
		}
	})
}

func TestVoidedLinksServeNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who, id := w.subscribed("anna@example.org")
		manage := path(w.links.Manage(who, w.now))
		w.follow(manage+"/rotate", nil).must(t, 200, "Frühere Links gelten nicht mehr")
		w.get(manage).must(t, 404)
		w.get(path(w.links.Confirm(who, id, w.now))).must(t, 404)
		w.get(path(w.links.Unsubscribe(who, w.now, id))).must(t, 200)
		w.now = w.now.AddDate(0, 0, 91)
		w.get(path(w.links.Manage(w.subscriber(who.ID), noon))).must(t, http.StatusGone, "/links")
	})
}

func TestNobodyReachesSomebodyElsesAlerts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna, _ := w.subscribed("anna@example.org")
		bert, his := w.subscribed("bert@example.org")
		manage := path(w.links.Manage(anna, w.now))
		before := w.dump()
		for _, below := range []string{"", "/pause", "/resume", "/end", "/undo"} {
			w.post(manage+"/alerts/"+itoa(his)+below, signUpForm("")).must(t, 404)
		}
		w.get(manage+"/alerts/"+itoa(his)).must(t, 404)
		w.post(path(w.links.Unsubscribe(anna, w.now, his)), nil)
		for _, wrong := range []string{strings.Replace(path(w.links.Confirm(bert, his, w.now)), "/confirm/", "/manage/", 1), "/manage/x", "/manage/" + strings.Repeat("A", 300)} {
			w.get(wrong).must(t, 404)
		}
		if after := w.dump(); after != before {
			t.Errorf("something changed:\n%s\n%s", before, after)
		}
	})
}

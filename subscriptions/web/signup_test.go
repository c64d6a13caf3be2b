package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

func TestSignUpRecordsTheWordsShownAndTheMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.post("/subscriptions?lang=en", signUpForm("anna@example.org")).must(t, http.StatusSeeOther)
		record, err := w.store.Consents(t.Context(), w.db.Reader, w.mails.confirmations[0].subscriber)
		if err != nil || len(record) != 2 {
			t.Fatalf("record %+v, %v", record, err)
		}
		shown := w.get("/?lang=en").must(t, 200, record[0].Wording)
		if record[0].TextVersion != web.ConsentVersion+"-en" || record[0].IP != "" || shown.StatusCode != http.StatusOK || record[1].MessageID == "" {
			t.Errorf("record %+v", record)
		}
		// The words that a step records are those on its page.
		asked := w.mails.confirmations[0]
		confirm := path(w.links.Confirm(w.subscriber(asked.subscriber), asked.subscription, w.now))
		page := w.get(confirm).must(t, 200)
		w.post(confirm, nil).must(t, http.StatusSeeOther)
		manage := path(w.links.Manage(w.subscriber(asked.subscriber), w.now))
		form := w.get(manage+"/alerts/new").must(t, 200)
		w.post(manage+"/alerts", url.Values{"q": {"Koch"}}).must(t, http.StatusSeeOther)
		if record, err = w.store.Consents(t.Context(), w.db.Reader, asked.subscriber); err != nil || len(record) != 4 {
			t.Fatalf("record %+v, %v", record, err)
		}
		for shown, step := range map[string]subscriptions.Consent{page.body: record[2], form.body: record[3]} {
			if step.Event != subscriptions.ConsentConfirmed || step.Wording == "" || !strings.Contains(shown, step.Wording) {
				t.Errorf("the page did not show the words of %+v", step)
			}
		}
		w.get(manage+"/consent").must(t, 200, "As of Monday, 1 June 2026, 14:00:00 (UTC&#43;02:00).", "anna@example.org", "Medizininformatiker", web.ConsentVersion+"-en")
		if len(w.lifted) != 1 || w.lifted[0] != "anna@example.org" {
			t.Errorf("lifted %v", w.lifted)
		}
	})
}

func TestALinkThatComesTooLateSaysWhatToDo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.post("/subscriptions?lang=de", signUpForm("anna@example.org")).must(t, http.StatusSeeOther)
		asked := w.mails.confirmations[0]
		never := path(w.links.Confirm(w.subscriber(asked.subscriber), asked.subscription, w.now))
		who, id := w.subscribed("bert@example.org")
		once := path(w.links.Confirm(who, id, w.now))
		w.now = w.now.Add(subscriptions.ConfirmWithin + time.Minute)
		if page := w.get(never+"?lang=de").must(t, http.StatusGone, "Legen Sie den Suchauftrag einfach neu an."); strings.Contains(page.body, "/links?lang=de\">Link zu") {
			t.Error("it offers a link to what was never confirmed")
		}
		w.post(never, nil).must(t, http.StatusGone)
		if sub := w.subscription(asked.subscription); sub.State != subscriptions.Unconfirmed {
			t.Errorf("it is %s", sub.State)
		}
		w.get(once+"?lang=de").must(t, http.StatusGone, "Link zu meinen Suchaufträgen")
	})
}

func TestADoubleClickSendsOneMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 2 {
			w.post("/subscriptions", signUpForm("anna@example.org")).must(t, http.StatusSeeOther)
		}
		if len(w.mails.confirmations) != 1 {
			t.Errorf("mails %+v", w.mails.confirmations)
		}
	})
}

// brokenMails refuse every mail.
type brokenMails struct{ mailbox }

var errBroken = errors.New("the outbox is away, secret detail")

func (*brokenMails) Confirmation(context.Context, sqlx.ExtContext, int64, uint32, int) (string, error) {
	return "", errBroken
}

func TestASignUpWhoseMailFailsLeavesNothingBehind(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), func(o *web.Options) { o.Mails = &brokenMails{} })
	before := w.dump()
	a := w.post("/subscriptions", signUpForm("anna@example.org")).must(t, http.StatusInternalServerError, "Es ist nichts verloren")
	w.lifted = nil // the double of suppressions knows no transactions
	if a.Header.Get("Cache-Control") != "no-store" || w.dump() != before {
		t.Error("something stayed")
	}
	for _, inside := range []string{"outbox", "secret detail", "goroutine"} {
		if strings.Contains(a.body, inside) {
			t.Errorf("the visitor sees %q", inside)
		}
	}
}

// BenchmarkSignUp is the time to take a sign-up without the least answer time: of
// an address nobody knows, and of one that is subscribed.
func BenchmarkSignUp(b *testing.B) {
	for name, address := range map[string]func(int64) string{
		"unknown": func(n int64) string { return fmt.Sprintf("a%d@example.org", n) },
		"known":   func(int64) string { return "known@example.org" },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, databasetest.SQLite(b), nil)
			w.subscribed("known@example.org")
			var n atomic.Int64
			b.ReportAllocs()
			for b.Loop() {
				i := n.Add(1)
				r := httptestPost("/subscriptions", signUpForm(address(i)).Encode())
				r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", i>>16&255, i>>8&255, i&255)
				w.send(r)
			}
		})
	}
}

func TestThePageAfterConfirmingLeadsToAllThatFits(t *testing.T) {
	w := full(t)
	who, id := w.subscribed("anna@example.org")
	confirm := path(w.links.Confirm(who, id, w.now))
	page := w.get(confirm+"?lang=en").must(t, 200, "See all 45 jobs")
	w.get(linkOf(page.body, "See all 45 jobs")).must(t, 200, "45 jobs", `value="Gelsenkirchen"`, `lang="en"`)
	w.withPostings(samplePostings()[:5])
	if page := w.get(confirm).must(t, 200, "(5)"); strings.Contains(page.body, "Alle 5 Stellen") {
		t.Error("it leads to what it shows")
	}
}

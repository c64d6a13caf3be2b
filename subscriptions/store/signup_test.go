package store_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
	"github.com/jobalertd/jobalertd/subscriptions/store"
)

func TestSignUpStoresAnUnconfirmedSubscriptionThatNobodyFollows(t *testing.T) {
	each(t, func(b *bench) {
		made := b.signUp("Anna@example.org", "Medizininformatiker", noon)
		if made.Answer != subscriptions.AskConfirmation || made.Confirmation != 1 {
			b.Fatalf("got %+v", made)
		}
		if sub := b.get(made.Subscription); sub.State != subscriptions.Unconfirmed || sub.Position != 0 || !sub.DueAt.IsZero() || b.clock() != 0 {
			b.Errorf("stored %+v at clock %d", sub, b.clock())
		}
		changes, err := b.s.CriteriaChanges(b.Context(), b.db.Reader, 0, 10)
		if err != nil || len(changes) != 0 {
			b.Errorf("followers see %v, %v", changes, err)
		}
		record, err := b.s.Consents(b.Context(), b.db.Reader, made.Subscriber)
		if err != nil || len(record) != 2 || record[0].Event != subscriptions.SignedUp || record[0].Wording != "Ja, bitte." || record[0].IP != "192.0.2.7" ||
			record[1].Event != subscriptions.ConfirmationSent || record[1].MessageID != "m@example.org" {
			b.Errorf("record %+v, %v", record, err)
		}
	})
}

func TestSigningUpAgainIsTheSameSubscriptionAndAtMostThreeMailsADay(t *testing.T) {
	each(t, func(b *bench) {
		first := b.signUp("anna@example.org", "Koch", noon)
		for n := 2; n <= subscriptions.MaxConfirmations; n++ {
			again := b.signUp("ANNA@example.org", "Koch", noon.Add(time.Duration(n)*time.Minute))
			if again.Subscription != first.Subscription || again.Confirmation != n {
				b.Fatalf("sign-up %d: %+v after %+v", n, again, first)
			}
		}
		before := b.dump()
		if made := b.signUp("anna@example.org", "Gärtner", noon.Add(time.Hour)); made.Answer != subscriptions.StaySilent {
			b.Errorf("one too many: %+v", made)
		}
		if after := b.dump(); after != before {
			b.Errorf("it left a trace:\n%s\n%s", before, after)
		}
		if made := b.signUp("anna@example.org", "Gärtner", noon.Add(25*time.Hour)); made.Answer != subscriptions.AskConfirmation {
			b.Errorf("the next day: %+v", made)
		}
		if made := b.signUp("bert@example.org", "Koch", noon.Add(time.Hour)); made.Answer != subscriptions.AskConfirmation {
			b.Errorf("somebody else: %+v", made)
		}
	})
}

func TestADoubleClickIsAnsweredByOneMail(t *testing.T) {
	each(t, func(b *bench) {
		b.signUp("anna@example.org", "Koch", noon)
		before := b.dump()
		if made := b.signUp("anna@example.org", "Koch", noon.Add(time.Second)); made.Answer != subscriptions.StaySilent {
			b.Errorf("the second click: %+v", made)
		}
		if after := b.dump(); after != before {
			b.Errorf("it left a trace:\n%s\n%s", before, after)
		}
		if made := b.signUp("anna@example.org", "Maler", noon.Add(time.Second)); made.Answer != subscriptions.AskConfirmation {
			b.Errorf("another wish: %+v", made)
		}
	})
}

func TestSigningUpForWhatStandsSaysSo(t *testing.T) {
	each(t, func(b *bench) {
		_, id := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		was := b.get(id)
		made := b.signUp("anna@example.org", "Koch", noon)
		if made.Answer != subscriptions.SayAlreadyHere || made.Subscription != id {
			b.Errorf("got %+v", made)
		}
		if now := b.get(id); now.Schedule != was.Schedule || now.Position != was.Position {
			b.Errorf("a stranger changed %+v to %+v", was, now)
		}
		// The same said otherwise: defaults written out, the place by another name.
		again := wish(b, "Koch", subscriptions.Daily)
		radius := 25.0
		again.Criteria.Places[0].Name, again.Criteria.Places[0].RadiusKM = "GELSENKIRCHEN", &radius
		again.Criteria.Remote, again.Criteria.SalaryUnknown = alerts.RemoteInclude, alerts.UnknownTake
		wider := wish(b, "Koch", subscriptions.Daily)
		far := 50.0
		wider.Criteria.Places[0].RadiusKM = &far
		for w, want := range map[*subscriptions.Wish]subscriptions.Answer{&again: subscriptions.SayAlreadyHere, &wider: subscriptions.AskConfirmation} {
			b.tx(func(tx *sqlx.Tx) error {
				made, err := b.s.SignUp(b.Context(), tx, subscriptions.SignUp{Address: "anna@example.org", Locale: "de", Wish: *w}, noon)
				if made.Answer != want {
					b.Errorf("%v km: %s, want %s", w.Criteria.Places[0].Radius(), made.Answer, want)
				}
				return err
			})
		}
	})
}

func TestAStrangerCannotChangeASubscribersLanguage(t *testing.T) {
	each(t, func(b *bench) {
		who, _ := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		b.tx(func(tx *sqlx.Tx) error { return b.s.Speak(b.Context(), tx, who, "en") })
		b.signUp("anna@example.org", "Gärtner", noon)
		sub, err := b.s.Subscriber(b.Context(), b.db.Reader, who)
		if err != nil || sub.Locale != "en" {
			b.Errorf("speaks %s, %v", sub.Locale, err)
		}
	})
}

func TestSignUpsAtOnceForOneAddressKeepTheLimit(t *testing.T) {
	each(t, func(b *bench) {
		var wg sync.WaitGroup
		asked := make(chan bool, 10)
		for range 10 {
			wg.Go(func() {
				err := b.db.Tx(b.Context(), func(tx *sqlx.Tx) error {
					made, err := b.s.SignUp(b.Context(), tx, subscriptions.SignUp{Address: "anna@example.org", Locale: "de", Wish: wish(b, "Koch", subscriptions.Daily)}, noon)
					asked <- made.Answer == subscriptions.AskConfirmation
					return err
				})
				if err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		close(asked)
		n := 0
		for yes := range asked {
			if yes {
				n++
			}
		}
		if n != subscriptions.MaxConfirmations {
			b.Errorf("%d confirmations, want %d", n, subscriptions.MaxConfirmations)
		}
	})
}

func TestConfirmSetsAllPositionsToItsOwnAndHappensOnce(t *testing.T) {
	each(t, func(b *bench) {
		made := b.signUp("anna@example.org", "Koch", noon)
		b.publish(41)
		if !b.confirm(made.Subscription, noon) {
			b.Fatal("not confirmed")
		}
		sub := b.get(made.Subscription)
		if sub.State != subscriptions.Confirmed || sub.Position != 42 || sub.LoggedFrom != 42 || sub.DeliveredThrough != 42 || !sub.ConfirmedAt.Equal(noon) {
			b.Errorf("confirmed %+v", sub)
		}
		if want := time.Date(2026, 6, 2, 5, 0, 0, 0, time.UTC); !sub.DueAt.Equal(want) {
			b.Errorf("due %s, want %s", sub.DueAt, want)
		}
		if b.confirm(made.Subscription, noon.Add(time.Hour)) {
			b.Error("confirmed twice")
		}
		again := b.get(made.Subscription)
		if again.Position != sub.Position || !again.ConfirmedAt.Equal(sub.ConfirmedAt) || !again.DueAt.Equal(sub.DueAt) {
			b.Errorf("the second time changed %+v to %+v", sub, again)
		}
		record, err := b.s.Consents(b.Context(), b.db.Reader, made.Subscriber)
		if err != nil || len(record) != 3 || record[2].Event != subscriptions.ConsentConfirmed || record[2].Address != "anna@example.org" {
			b.Errorf("record %+v, %v", record, err)
		}
		err = b.db.Tx(b.Context(), func(tx *sqlx.Tx) error {
			_, err := b.s.Confirm(b.Context(), tx, 999, subscriptions.Circumstances{}, noon)
			return err
		})
		if !errors.Is(err, store.ErrNotFound) {
			b.Errorf("one that is not there: %v", err)
		}
	})
}

func TestAddIsConfirmedAtOnceAndBounded(t *testing.T) {
	each(t, func(b *bench) {
		who, _ := b.confirmed("anna@example.org", "Koch", subscriptions.Daily)
		add := func(query string) (id uint32, err error) {
			err = b.db.Tx(b.Context(), func(tx *sqlx.Tx) error {
				id, err = b.s.Add(b.Context(), tx, who, wish(b, query, subscriptions.Instant), subscriptions.Circumstances{Source: "page"}, noon)
				return err
			})
			return id, err
		}
		id, err := add("Gärtner")
		if err != nil {
			b.Fatal(err)
		}
		if sub := b.get(id); sub.State != subscriptions.Confirmed || sub.DeliveredThrough != b.clock() || !sub.DueAt.IsZero() {
			b.Errorf("added %+v", sub)
		}
		for n := 2; n < subscriptions.MaxAlerts; n++ {
			if _, err := add("Koch " + strings.Repeat("a", n)); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := add("Maler"); !errors.Is(err, store.ErrTooMany) {
			b.Errorf("one too many: %v", err)
		}
		if made := b.signUp("anna@example.org", "Maler", noon); made.Answer != subscriptions.StaySilent {
			b.Errorf("one too many by the page: %+v", made)
		}
	})
}

func TestSecretsAreMadeOnceHoweverManyAsk(t *testing.T) {
	each(t, func(b *bench) {
		other := newStore(t, b.db)
		var wg sync.WaitGroup
		got := make([][]byte, 8)
		for i := range got {
			wg.Go(func() {
				from := b.s
				if i%2 == 0 {
					from = other
				}
				secret, err := from.Secret(b.Context(), "links")
				if err != nil {
					b.Error(err)
				}
				got[i] = secret
			})
		}
		wg.Wait()
		for _, secret := range got {
			if len(secret) != 32 || !bytes.Equal(secret, got[0]) {
				b.Errorf("%x beside %x", secret, got[0])
			}
		}
		if mine, err := b.s.Secret(b.Context(), store.AddressSecret); err != nil || bytes.Equal(mine, got[0]) {
			b.Errorf("two names, one secret (%v)", err)
		}
	})
}

func TestPurgeUnconfirmedForgetsWhoNeverConfirmed(t *testing.T) {
	each(t, func(b *bench) {
		old := b.signUp("anna@example.org", "Koch", noon)
		kept, _ := b.confirmed("bert@example.org", "Koch", subscriptions.Daily)
		both := b.signUp("bert@example.org", "Maler", noon)
		young := b.signUp("cleo@example.org", "Koch", noon.Add(24*time.Hour))
		n, err := b.s.PurgeUnconfirmed(b.Context(), noon.Add(subscriptions.ConfirmWithin+time.Hour))
		if err != nil || n != 2 {
			b.Fatalf("purged %d, %v; want 2", n, err)
		}
		if _, err := b.s.Subscriber(b.Context(), b.db.Reader, old.Subscriber); !errors.Is(err, store.ErrNotFound) {
			b.Errorf("anna is still here: %v", err)
		}
		if _, err := b.s.Get(b.Context(), b.db.Reader, both.Subscription); !errors.Is(err, store.ErrNotFound) {
			b.Errorf("bert's unconfirmed one is still here: %v", err)
		}
		if _, err := b.s.Subscriber(b.Context(), b.db.Reader, kept); err != nil {
			b.Error(err)
		}
		b.get(young.Subscription)
		if dump := b.dump(); strings.Contains(dump, "anna@") {
			b.Errorf("anna's address stayed:\n%s", dump)
		}
	})
}

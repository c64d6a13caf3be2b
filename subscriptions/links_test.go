package subscriptions_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/subscriptions"
)

var purposes = []subscriptions.Purpose{
	subscriptions.ToConfirm, subscriptions.ToManage, subscriptions.ToUnsubscribe, subscriptions.ToDismiss,
	subscriptions.ToFeed, subscriptions.ToChangeAddress, subscriptions.ToSeparate,
}

func signer() *subscriptions.Signer {
	return subscriptions.NewSigner([]byte("0123456789abcdef0123456789abcdef"))
}

func genClaims() *rapid.Generator[subscriptions.Claims] {
	return rapid.Custom(func(t *rapid.T) subscriptions.Claims {
		return subscriptions.Claims{
			Purpose:       rapid.SampledFrom(purposes).Draw(t, "purpose"),
			Subscriber:    rapid.Int64Min(0).Draw(t, "subscriber"),
			Rotation:      rapid.Int64Min(0).Draw(t, "rotation"),
			Subscriptions: rapid.SliceOfN(rapid.Uint32(), 0, subscriptions.MaxAlerts).Draw(t, "subscriptions"),
			Detail:        rapid.StringN(0, 60, 255).Draw(t, "detail"),
			Issued:        time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "issued")/60*60, 0).UTC(),
		}
	})
}

func TestVerifyReadsWhatSignWroteForThatPurposeAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genClaims().Draw(t, "claims")
		token := signer().Sign(want)
		got, err := signer().Verify(token, want.Purpose, want.Issued)
		if len(got.Subscriptions) == 0 && len(want.Subscriptions) == 0 {
			got.Subscriptions = want.Subscriptions
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
		for _, other := range purposes {
			if _, err := signer().Verify(token, other, want.Issued); other != want.Purpose && !errors.Is(err, subscriptions.ErrTokenInvalid) {
				t.Fatalf("a link to %c served to %c: %v", want.Purpose, other, err)
			}
		}
		stranger := subscriptions.NewSigner([]byte("another key of thirty-two bytes!"))
		if _, err := stranger.Verify(token, want.Purpose, want.Issued); !errors.Is(err, subscriptions.ErrTokenInvalid) {
			t.Fatalf("another key took it: %v", err)
		}
	})
}

func TestVerifyRefusesAnyChangedCharacter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
	rapid.Check(t, func(t *rapid.T) {
		c := genClaims().Draw(t, "claims")
		token := []byte(signer().Sign(c))
		i := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		was := token[i]
		token[i] = alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "to")]
		if _, err := signer().Verify(string(token), c.Purpose, c.Issued); token[i] != was && !errors.Is(err, subscriptions.ErrTokenInvalid) {
			t.Fatalf("took a token changed at %d: %v", i, err)
		}
	})
}

func TestLinksExpireByPurpose(t *testing.T) {
	issued := time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, tt := range []struct {
		purpose subscriptions.Purpose
		life    time.Duration
	}{
		{subscriptions.ToConfirm, 7 * day}, {subscriptions.ToManage, 90 * day}, {subscriptions.ToChangeAddress, 7 * day},
		{subscriptions.ToDismiss, 90 * day}, {subscriptions.ToSeparate, 90 * day},
	} {
		token := signer().Sign(subscriptions.Claims{Purpose: tt.purpose, Subscriber: 7, Issued: issued})
		if _, err := signer().Verify(token, tt.purpose, issued.Add(tt.life)); err != nil {
			t.Errorf("%c at the end of its life: %v", tt.purpose, err)
		}
		c, err := signer().Verify(token, tt.purpose, issued.Add(tt.life+time.Second))
		if !errors.Is(err, subscriptions.ErrTokenExpired) || c.Subscriber != 7 {
			t.Errorf("%c after it: %+v, %v; want ErrTokenExpired with the claims", tt.purpose, c, err)
		}
	}
	for _, forEver := range []subscriptions.Purpose{subscriptions.ToUnsubscribe, subscriptions.ToFeed} {
		token := signer().Sign(subscriptions.Claims{Purpose: forEver, Issued: issued})
		if _, err := signer().Verify(token, forEver, issued.AddDate(30, 0, 0)); err != nil {
			t.Errorf("%c after 30 years: %v", forEver, err)
		}
	}
}

func FuzzVerifyTakesNothingItDidNotSign(f *testing.F) {
	s := signer()
	good := s.Sign(subscriptions.Claims{Purpose: subscriptions.ToManage, Subscriber: 3, Subscriptions: []uint32{1, 2}})
	for _, token := range []string{"", "A", good, good + "=", good[:len(good)-1], strings.Repeat("A", 4096), "\x00", "%2e%2e"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, p := range purposes {
			c, err := s.Verify(token, p, time.Unix(0, 0))
			if err == nil && s.Sign(c) != token {
				t.Errorf("took %q, which it did not sign", token)
			}
		}
	})
}

func TestLinksNameTheirPages(t *testing.T) {
	l := subscriptions.Links{Base: "https://jobs.example", Signer: signer()}
	sub := &subscriptions.Subscriber{ID: 5, Rotation: 2}
	now := time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)
	for prefix, link := range map[string]string{
		"https://jobs.example/confirm/": l.Confirm(sub, 9, now), "https://jobs.example/manage/": l.Manage(sub, now),
		"https://jobs.example/unsubscribe/": l.Unsubscribe(sub, now, 9, 10), "https://jobs.example/address/": l.ChangeAddress(sub, subscriptions.ByOldAddress, "new@example.org", now),
	} {
		if !strings.HasPrefix(link, prefix) || len(link) > 400 {
			t.Errorf("%s does not begin with %s, or is too long", link, prefix)
		}
	}
	if got := l.Posting(4294967295); got != "https://jobs.example/postings/4294967295" {
		t.Errorf("posting's page %s", got)
	}
	many := make([]uint32, subscriptions.MaxAlerts+10)
	for i := range many {
		many[i] = uint32(i)
	}
	token := strings.TrimPrefix(l.Unsubscribe(sub, now, many...), "https://jobs.example/unsubscribe/")
	c, err := signer().Verify(token, subscriptions.ToUnsubscribe, now)
	if err != nil || !slices.Equal(c.Subscriptions, many[:subscriptions.MaxAlerts]) {
		t.Errorf("too many alerts: %v, %v", c.Subscriptions, err)
	}
}

func TestAnAddressChangeNamesItsStepAndAddress(t *testing.T) {
	l := subscriptions.Links{Signer: signer()}
	link := l.ChangeAddress(&subscriptions.Subscriber{ID: 5}, subscriptions.ByNewAddress, "new@example.org", time.Unix(0, 0))
	c, err := signer().Verify(strings.TrimPrefix(link, "/address/"), subscriptions.ToChangeAddress, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if step, address, ok := c.AddressChange(); !ok || step != subscriptions.ByNewAddress || address != "new@example.org" {
		t.Errorf("got %c %s %v", step, address, ok)
	}
	if _, _, ok := (subscriptions.Claims{Purpose: subscriptions.ToManage, Detail: "nx@example.org"}).AddressChange(); ok {
		t.Error("a link for another purpose changed an address")
	}
}

func TestLinks_DismissNamesOnePostingAndFeedStaysTheSame(t *testing.T) {
	signer := subscriptions.NewSigner([]byte("0123456789abcdef0123456789abcdef"))
	links := subscriptions.Links{Base: "https://jobs.example", Signer: signer}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	who := &subscriptions.Subscriber{ID: 5, Rotation: 2, Created: now.AddDate(0, -1, 0)}
	token, ok := strings.CutPrefix(links.Dismiss(who, 4294967295, now, 7, 9), "https://jobs.example/dismiss/")
	claims, err := signer.Verify(token, subscriptions.ToDismiss, now.AddDate(0, 0, 89))
	if posting, named := claims.Dismissed(); !ok || err != nil || posting != 4294967295 || !named || !slices.Equal(claims.Subscriptions, []uint32{7, 9}) || claims.Rotation != 2 {
		t.Errorf("claims %+v, %v", claims, err)
	}
	if _, err := signer.Verify(token, subscriptions.ToDismiss, now.AddDate(0, 0, 91)); !errors.Is(err, subscriptions.ErrTokenExpired) {
		t.Errorf("after 91 days: %v", err)
	}
	claims.Purpose = subscriptions.ToManage
	if _, named := claims.Dismissed(); named {
		t.Error("a link for something else dismisses")
	}
	feed := links.Feed(who, 7)
	if _, err := signer.Verify(strings.TrimPrefix(feed, "https://jobs.example/feeds/"), subscriptions.ToFeed, now.AddDate(9, 0, 0)); err != nil || feed != links.Feed(who, 7) {
		t.Errorf("feed %s: %v", feed, err)
	}
}

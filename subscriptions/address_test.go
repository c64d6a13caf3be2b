package subscriptions_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/jobalertd/jobalertd/subscriptions"
)

func TestParseAddressTakesWhatCanBeWrittenTo(t *testing.T) {
	for typed, want := range map[string]string{
		"a@example.org": "a@example.org", "  Anna.Muster+jobs@Example.ORG \n": "Anna.Muster+jobs@Example.ORG",
		"o'neil@example.org": "o'neil@example.org", "anna@müller.example": "anna@müller.example", "x_y-z@sub.example.co.uk": "x_y-z@sub.example.co.uk",
	} {
		if got, err := subscriptions.ParseAddress(typed); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestParseAddressRefusesTheRest(t *testing.T) {
	for _, typed := range []string{
		"", "@", "a", "a@", "@example.org", "a@b", "a@localhost", "a@@example.org", "a@example..org", "a@.example.org", "a@example.org.", ".a@example.org", "a..b@example.org",
		"a b@example.org", "a@exa mple.org", "Anna <a@example.org>", "<a@example.org>", `"a b"@example.org`, "a@[127.0.0.1]", "a@127.0.0.1",
		"a@example.org\r\nBcc: b@example.org", "a@example.org,b@example.org", "a\x00@example.org", "a@-example.org", "a@exa_mple.org",
		strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("abcdefgh.", 30) + "org",
	} {
		if got, err := subscriptions.ParseAddress(typed); err == nil {
			t.Errorf("took %q as %q", typed, got)
		}
	}
}

func TestAddressKeyIsOneForOneInbox(t *testing.T) {
	for _, same := range [][2]string{
		{"Anna@Example.org", "anna@example.ORG"}, {" a@example.org", "a@example.org"}, {"a@MÜLLER.example", "a@xn--mller-kva.example"},
	} {
		if a, b := subscriptions.AddressKey(same[0]), subscriptions.AddressKey(same[1]); a != b {
			t.Errorf("%q and %q have keys %q and %q", same[0], same[1], a, b)
		}
	}
	if subscriptions.AddressKey("a@example.org") == subscriptions.AddressKey("a+b@example.org") {
		t.Error("a tag in the local part was dropped: it may be another inbox")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, typed := range []string{"a@example.org", "a@b", "\"x\"@example.org", "ä@ö.example", "a@example.org\r\n"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		address, err := subscriptions.ParseAddress(typed)
		if err != nil {
			return
		}
		if strings.ContainsAny(address, "\r\n\t <>,;\"\x00") || len(address) > 254 {
			t.Errorf("took %q", address)
		}
		if _, err := mail.ParseAddress(address); err != nil {
			t.Errorf("took %q, which is no addr-spec: %v", address, err)
		}
		key := subscriptions.AddressKey(address)
		if subscriptions.AddressKey(key) != key {
			t.Errorf("the key of %q is no fixed point: %q", address, key)
		}
	})
}

package main

import (
	"crypto/subtle"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// Every mail goes out under an envelope sender of its own (VERP), LOCAL+TOKEN@DOMAIN:
// many reports do not name the address that failed. The token names the subscriber
// and proves that a mail to this very address carried it, so that nobody can have
// another suppressed, and a report on an address she has left does nothing. It is
// lower case and short: servers fold case, and a local part has 64 bytes (RFC 5321
// section 4.5.3.1.1).

// tokenMac is how many hexadecimal digits of the keyed hash a token carries: 80 bits.
const tokenMac = 20

// returnToken marks mails to address.
func (s *stores) returnToken(subscriber int64, address string) string {
	return strconv.FormatInt(subscriber, 36) + "-" + s.returnMac(subscriber, address)
}

// returnMac is derived as Message-IDs are, under a purpose of its own.
func (s *stores) returnMac(subscriber int64, address string) string {
	return s.messageID("return path " + strconv.FormatInt(subscriber, 36) + " " + subscriptions.AddressKey(address))[:tokenMac]
}

// tokenSubscriber reads whom a token names, before it is proved; 0 for none.
func tokenSubscriber(token string) int64 {
	name, _, ok := strings.Cut(strings.ToLower(token), "-")
	n, err := strconv.ParseInt(name, 36, 64)
	if !ok || err != nil || n < 1 {
		return 0
	}
	return n
}

// provesReturn reports whether the token was made for mails to address.
func (s *stores) provesReturn(token string, subscriber int64, address string) bool {
	want := s.returnToken(subscriber, address)
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(token)), []byte(want)) == 1
}

// returnPath is the envelope sender of mails to address: bounce_address with its
// token, else the sender's own address.
func (s *stores) returnPath(subscriber int64, address string) string {
	local, domain, ok := strings.Cut(s.config.Mail.BounceAddress, "@")
	if !ok {
		return bareAddress(s.config.Mail.From)
	}
	return local + "+" + s.returnToken(subscriber, address) + "@" + domain
}

// bareAddress takes the name off "Name <address>".
func bareAddress(from string) string {
	if i := strings.LastIndexByte(from, '<'); i >= 0 {
		return strings.TrimSuffix(strings.TrimSpace(from[i+1:]), ">")
	}
	return from
}

// Addresses beside bounce_address, under its domain, that inbound serves.
const (
	unsubscribeLocal = "unsubscribe"
	subscribeLocal   = "subscribe"
)

// maxLocal bounds an address's local part.
const maxLocal = 64

// unsubscribeMail is the mailto address that ends the same alerts as a one-click
// link; empty where nobody would receive it, or where it names so many alerts that
// it is too long for an address.
func (s *stores) unsubscribeMail(oneClick string) string {
	if s.config.Inbound.Listen == "" || oneClick == "" {
		return ""
	}
	local := unsubscribeLocal + "+" + oneClick[strings.LastIndexByte(oneClick, '/')+1:]
	if len(local) > maxLocal {
		return ""
	}
	return "mailto:" + local + "@" + domainOf(s.config.Mail.BounceAddress) + "?subject=unsubscribe"
}

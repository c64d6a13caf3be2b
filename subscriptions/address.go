package subscriptions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// ErrAddress is returned for something that cannot be an address we can write to.
var ErrAddress = errors.New("not a valid e-mail address")

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// ParseAddress checks an address as typed and returns it without white space
// around it. It takes a plain addr-spec (RFC 5321 section 4.1.2, quoted local
// parts and address literals left out), at most 254 bytes, with a domain that
// has a dot, is valid under IDNA (RFC 5891) and is no IPv4 address.
func ParseAddress(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	local, domain, ok := strings.Cut(typed, "@")
	if !ok || len(typed) > 254 || len(local) == 0 || len(local) > 64 || strings.ContainsAny(typed, " \t\r\n\"<>,;:\\()[]") {
		return "", ErrAddress
	}
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed {
		return "", ErrAddress
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	top := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if err != nil || top == ascii || len(ascii) > 253 || strings.Trim(top, "0123456789") == "" {
		return "", ErrAddress
	}
	return typed, nil
}

// AddressKey is the form in which addresses are compared: lower case, the domain
// in ASCII. Local parts that differ in case alone are one address: no provider of
// note tells them apart, and two subscribers for one inbox would get two mails.
func AddressKey(address string) string {
	local, domain, _ := strings.Cut(strings.TrimSpace(address), "@")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	return strings.ToLower(local) + "@" + strings.ToLower(domain)
}

// AddressHash is the form in which an address is remembered where it must not be
// readable: HMAC-SHA-256 of its AddressKey under the installation's secret, hex.
func AddressHash(secret []byte, address string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(AddressKey(address)))
	return hex.EncodeToString(h.Sum(nil))
}

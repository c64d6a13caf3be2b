package subscriptions

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"time"
)

// Purpose is the one thing a link may do.
type Purpose byte

// The purposes of links.
const (
	ToConfirm       Purpose = 'c' // confirm one subscription
	ToManage        Purpose = 'm' // all of a subscriber's subscriptions
	ToUnsubscribe   Purpose = 'u' // end the named subscriptions
	ToDismiss       Purpose = 'd' // "not for me": a posting, an employer, all agencies
	ToFeed          Purpose = 'f' // one subscription as a feed
	ToChangeAddress Purpose = 'a' // both addresses confirm
	ToSeparate      Purpose = 's' // "these are two jobs"
)

// How long links live; a purpose that is not listed never expires.
var lifetimes = map[Purpose]time.Duration{
	ToConfirm:       ConfirmWithin,
	ToManage:        90 * 24 * time.Hour,
	ToDismiss:       90 * 24 * time.Hour,
	ToChangeAddress: ConfirmWithin,
	ToSeparate:      90 * 24 * time.Hour,
}

// Errors of links. ErrTokenExpired is returned together with the claims, so that
// a page can offer a new link.
var (
	ErrTokenInvalid = errors.New("the link is not valid")
	ErrTokenExpired = errors.New("the link has expired")
)

// Claims are what a token says.
type Claims struct {
	Purpose    Purpose
	Subscriber int64
	// Rotation is the subscriber's when it was signed; whoever acts on the
	// claims compares it. Unsubscribing does not: it never expires.
	Rotation      int64
	Subscriptions []uint32
	// Detail names what the purpose needs beyond that; at most 255 bytes.
	Detail string
	Issued time.Time // whole minutes
}

// Signer signs and reads the tokens in links: HMAC-SHA-256 over the claims
// (RFC 2104), truncated to 128 bits, base64url without padding (RFC 4648).
type Signer struct{ key []byte }

// NewSigner makes one; key must have 32 bytes.
func NewSigner(key []byte) *Signer { return &Signer{key: key} }

const macBytes = 16

// maxNamed bounds the subscriptions in one token, and so its length.
const maxNamed = 64

// Sign makes the token for c.
func (s *Signer) Sign(c Claims) string {
	b := []byte{byte(c.Purpose)}
	b = binary.AppendUvarint(b, uint64(c.Subscriber))
	b = binary.AppendUvarint(b, uint64(c.Rotation))
	b = binary.AppendUvarint(b, uint64(c.Issued.Unix()/60))
	b = binary.AppendUvarint(b, uint64(len(c.Subscriptions)))
	for _, id := range c.Subscriptions {
		b = binary.AppendUvarint(b, uint64(id))
	}
	b = append(b, c.Detail...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.mac(b)...))
}

func (s *Signer) mac(b []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(b)
	return h.Sum(nil)[:macBytes]
}

// Verify reads a token made for purpose. It returns ErrTokenInvalid for anything
// that this key did not sign for that purpose, and ErrTokenExpired with the
// claims for a link that is too old.
func (s *Signer) Verify(token string, purpose Purpose, now time.Time) (Claims, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= macBytes {
		return Claims{}, ErrTokenInvalid
	}
	body, mac := b[:len(b)-macBytes], b[len(b)-macBytes:]
	if !hmac.Equal(mac, s.mac(body)) || Purpose(body[0]) != purpose {
		return Claims{}, ErrTokenInvalid
	}
	c, ok := decodeClaims(body)
	if !ok {
		return Claims{}, ErrTokenInvalid
	}
	if life, limited := lifetimes[purpose]; limited && now.After(c.Issued.Add(life)) {
		return c, ErrTokenExpired
	}
	return c, nil
}

func decodeClaims(body []byte) (Claims, bool) {
	c := Claims{Purpose: Purpose(body[0])}
	rest := body[1:]
	next := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			rest = nil
			return 0
		}
		rest = rest[n:]
		return v
	}
	c.Subscriber = int64(next())
	c.Rotation = int64(next())
	c.Issued = time.Unix(int64(next())*60, 0).UTC()
	n := next()
	if n > maxNamed {
		return c, false
	}
	for range n {
		c.Subscriptions = append(c.Subscriptions, uint32(next()))
	}
	c.Detail = string(rest)
	return c, true
}

// Links makes the addresses that mails and pages carry.
type Links struct {
	Base   string // http.public_url without a slash at its end
	Signer *Signer
}

// Confirm is the link by which her address's owner confirms a subscription.
func (l Links) Confirm(sub *Subscriber, id uint32, now time.Time) string {
	return l.Base + "/confirm/" + l.sign(ToConfirm, sub, now, id)
}

// Manage is the link to all of a subscriber's subscriptions.
func (l Links) Manage(sub *Subscriber, now time.Time) string {
	return l.Base + "/manage/" + l.sign(ToManage, sub, now)
}

// Unsubscribe ends the named subscriptions: one for the link in the body, every
// one named in a mail for the one-click header (RFC 8058).
func (l Links) Unsubscribe(sub *Subscriber, now time.Time, ids ...uint32) string {
	return l.Base + "/unsubscribe/" + l.sign(ToUnsubscribe, sub, now, ids[:min(len(ids), maxNamed)]...)
}

// The steps of a change of address: the new address confirms it, then the old one.
const (
	ByNewAddress = 'n'
	ByOldAddress = 'o'
)

// ChangeAddress is the link by which one of the two addresses (step) confirms
// that a subscriber's address becomes address.
func (l Links) ChangeAddress(sub *Subscriber, step byte, address string, now time.Time) string {
	return l.Base + "/address/" + l.Signer.Sign(Claims{Purpose: ToChangeAddress, Subscriber: sub.ID, Rotation: sub.Rotation,
		Detail: string(rune(step)) + address, Issued: now})
}

// AddressChange reads what ChangeAddress put into a link's claims.
func (c Claims) AddressChange() (step byte, address string, ok bool) {
	if c.Purpose != ToChangeAddress || len(c.Detail) < 2 {
		return 0, "", false
	}
	return c.Detail[0], c.Detail[1:], true
}

// Dismiss is the "not for me" link of one posting in a mail or feed: it offers to
// leave out the posting, its employer or all agencies, the latter two in the
// named subscriptions, which are those it was listed for.
func (l Links) Dismiss(sub *Subscriber, posting uint32, now time.Time, ids ...uint32) string {
	return l.Base + "/dismiss/" + l.Signer.Sign(Claims{Purpose: ToDismiss, Subscriber: sub.ID, Rotation: sub.Rotation,
		Subscriptions: ids[:min(len(ids), maxNamed)], Detail: decimal(posting), Issued: now})
}

// Dismissed reads the posting that Dismiss put into a link's claims.
func (c Claims) Dismissed() (posting uint32, ok bool) {
	n, err := strconv.ParseUint(c.Detail, 10, 32)
	return uint32(n), c.Purpose == ToDismiss && err == nil && n > 0
}

// Feed is the address of one subscription as a feed, without the ending that says
// in which format. It is the same each time, until the subscriber voids her links.
func (l Links) Feed(sub *Subscriber, id uint32) string {
	return l.Base + "/feeds/" + l.sign(ToFeed, sub, sub.Created, id)
}

// Posting is a posting's own page.
func (l Links) Posting(number uint32) string {
	return l.Base + "/postings/" + decimal(number)
}

func (l Links) sign(p Purpose, sub *Subscriber, now time.Time, ids ...uint32) string {
	return l.Signer.Sign(Claims{Purpose: p, Subscriber: sub.ID, Rotation: sub.Rotation, Subscriptions: ids, Issued: now})
}

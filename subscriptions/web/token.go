package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// bearer is who came by a link, and with what.
type bearer struct {
	claims     subscriptions.Claims
	subscriber subscriptions.Subscriber
	token      string
}

// bearer reads the link's token. A link from before a rotation is not valid any
// more, but for those to unsubscribe, which are for ever.
func (s *Site) bearer(r *http.Request, purpose subscriptions.Purpose) (bearer, error) {
	b := bearer{token: r.PathValue("token")}
	var err error
	if b.claims, err = s.Signer.Verify(b.token, purpose, s.Now()); err != nil {
		return b, err
	}
	b.subscriber, err = s.Store.Subscriber(r.Context(), s.Reader, b.claims.Subscriber)
	if errors.Is(err, subscriptions.ErrNotFound) {
		return b, subscriptions.ErrTokenInvalid
	}
	if err != nil {
		return b, fmt.Errorf("read the bearer of a link: %w", err)
	}
	if b.subscriber.Erased || b.subscriber.Rotation != b.claims.Rotation && purpose != subscriptions.ToUnsubscribe {
		return b, subscriptions.ErrTokenInvalid
	}
	return b, nil
}

// ownView is the frame of a page behind a link, in the subscriber's language.
func (s *Site) ownView(r *http.Request, b bearer, title string, data any) *view {
	v := s.view(r, b.subscriber.Locale, title, data)
	v.Private = true
	return v
}

// managePath is a fresh link to the bearer's page, without the site's address.
func (s *Site) managePath(b bearer) string {
	return strings.TrimPrefix(s.links.Manage(&b.subscriber, s.Now()), s.links.Base)
}

// named reads the subscriptions a link names, by number: only hers.
func (s *Site) named(r *http.Request, b bearer) ([]subscriptions.Subscription, error) {
	all, err := s.Store.Of(r.Context(), s.Reader, b.subscriber.ID)
	if err != nil {
		return nil, fmt.Errorf("read the subscriptions of a link: %w", err)
	}
	return slices.DeleteFunc(all, func(sub subscriptions.Subscription) bool {
		return !slices.Contains(b.claims.Subscriptions, sub.ID)
	}), nil
}

// hers reads the subscription in the path, which must be the bearer's.
func (s *Site) hers(r *http.Request, b bearer) (subscriptions.Subscription, error) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	if err != nil {
		return subscriptions.Subscription{}, errNoPage
	}
	sub, err := s.Store.Get(r.Context(), s.Reader, uint32(id))
	if err != nil {
		return sub, err
	}
	if sub.Subscriber != b.subscriber.ID {
		return sub, subscriptions.ErrNotFound
	}
	return sub, nil
}

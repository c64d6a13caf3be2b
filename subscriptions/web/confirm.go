package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

type confirmView struct {
	Token     string
	Name      string
	Frequency string
	Confirmed bool // already: say what comes next
	Ended     bool
	Next      string // when the next mail comes; "" for instant
	Manage    string
	Found     []foundView // what there is today
	Total     int
	All       string       // where to see all of them; "" where Found is that
	Count     string       // Total, written
	Outlook   *outlookView // what it would have brought, before she confirms
}

// askConfirm shows what is to be confirmed and one button, or that it stands. It
// changes nothing: mail scanners open this page.
func (s *Site) askConfirm(w http.ResponseWriter, r *http.Request) error {
	b, sub, err := s.toConfirm(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "confirm.title", nil)
	data := confirmView{Token: b.token, Name: sub.Name(s.Meaning, v.Lang), Frequency: sub.Schedule.Describe(v.Lang),
		Confirmed: sub.State == subscriptions.Confirmed || sub.State == subscriptions.Paused, Ended: sub.State == subscriptions.Ended}
	if data.Confirmed {
		v.Title = s.texts.say(v.Lang, "confirm.done-title")
		data.Manage = s.links.Manage(&b.subscriber, s.Now())
		data.Next = s.nextText(&sub, v.Lang)
		if s.Search != nil {
			found, total, err := s.Search.Search(r.Context(), &sub.Criteria, 0, 5)
			if err != nil {
				return err
			}
			data.Found, data.Total = s.found(found, &sub.Criteria, v.Lang), total
			if all := s.links.Jobs(&sub.Criteria); all != "" && total > len(found) {
				data.All, data.Count = v.URL(strings.TrimPrefix(all, s.links.Base)), count(total, v.Lang)
			}
		}
	}
	if sub.State == subscriptions.Unconfirmed {
		if data.Outlook, err = s.outlook(r.Context(), &sub.Criteria, sub.Schedule.Frequency, v.Lang); err != nil {
			return err
		}
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "confirm", v)
}

// nextText is when a subscription's next mail is due, in its own zone.
func (s *Site) nextText(sub *subscriptions.Subscription, locale string) string {
	if sub.DueAt.IsZero() || sub.Schedule.Frequency == subscriptions.Instant {
		return ""
	}
	zone, err := time.LoadLocation(sub.Schedule.Timezone)
	if err != nil {
		zone = s.zone
	}
	return timeText(sub.DueAt.In(zone), locale)
}

func (s *Site) toConfirm(r *http.Request) (bearer, subscriptions.Subscription, error) {
	b, err := s.bearer(r, subscriptions.ToConfirm)
	if errors.Is(err, subscriptions.ErrTokenExpired) && !s.wasConfirmed(r, b.claims) {
		err = errLate
	}
	if err != nil {
		return b, subscriptions.Subscription{}, err
	}
	subs, err := s.named(r, b)
	if err != nil {
		return b, subscriptions.Subscription{}, err
	}
	if len(subs) == 0 {
		return b, subscriptions.Subscription{}, subscriptions.ErrTokenInvalid
	}
	return b, subs[0], nil
}

// wasConfirmed reports whether what an expired link was to confirm got confirmed in
// time: then she has a page to go to.
func (s *Site) wasConfirmed(r *http.Request, c subscriptions.Claims) bool {
	for _, id := range c.Subscriptions {
		sub, err := s.Store.Get(r.Context(), s.Reader, id)
		if err == nil && sub.Subscriber == c.Subscriber && !sub.ConfirmedAt.IsZero() {
			return true
		}
	}
	return false
}

// confirm makes the subscription stand and leads back to the page, which then
// says so.
func (s *Site) confirm(w http.ResponseWriter, r *http.Request) error {
	b, sub, err := s.toConfirm(r)
	if err != nil {
		return err
	}
	if sub.State == subscriptions.Unconfirmed {
		how := s.consenting(r, "page", "consent.wording-here", localeOf(r, b.subscriber.Locale))
		err := s.write(r.Context(), func(tx *sqlx.Tx) error {
			_, err := s.Store.Confirm(r.Context(), tx, sub.ID, how, s.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	return redirect(w, r, s.ownView(r, b, "confirm.title", nil), "/confirm/"+b.token)
}

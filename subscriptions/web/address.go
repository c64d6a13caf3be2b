package web

import (
	"net/http"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// A change of address takes three steps, so that a forwarded link cannot take
// somebody's alerts away: she asks on her page, the new address confirms, and then
// the old one does. Each step is recorded; between them nothing changes.

type addressView struct {
	Token   string
	Address string // the new one
	ByOld   bool   // it is the old address's turn
	Done    bool
	Sent    bool // the old address has been asked
	Manage  string
}

// askNewAddress mails the link of the first step to the new address.
func (s *Site) askNewAddress(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	address, err := subscriptions.ParseAddress(cut(r.PostForm.Get("email")))
	if err != nil {
		return s.showManage(w, r, b, http.StatusUnprocessableEntity, "", fault{"new-email", s.texts.say(localeOf(r, b.subscriber.Locale), "fault.email")})
	}
	if err := s.visit(r); err != nil {
		return err
	}
	if s.mayWriteTo(address) {
		if err := s.mailAddress(r, b, subscriptions.ByNewAddress, address, address); err != nil {
			return err
		}
	}
	return s.back(w, r, b, "address")
}

func (s *Site) mailAddress(r *http.Request, b bearer, step byte, address, to string) error {
	url := s.links.ChangeAddress(&b.subscriber, step, address, s.Now())
	how := s.how(r, "page")
	return s.Database.Tx(r.Context(), func(tx *sqlx.Tx) (err error) {
		how.MessageID, err = s.Mails.Account(r.Context(), tx, b.subscriber.ID, subscriptions.MailConfirmAddress, subscriptions.AccountPayload{To: to, ActionURL: url})
		if err != nil {
			return err
		}
		return s.Store.AddressAsked(r.Context(), tx, b.subscriber.ID, to, how, s.Now())
	})
}

func (s *Site) addressLink(r *http.Request) (b bearer, step byte, address string, err error) {
	if b, err = s.bearer(r, subscriptions.ToChangeAddress); err != nil {
		return b, 0, "", err
	}
	step, address, ok := b.claims.AddressChange()
	if !ok {
		return b, 0, "", subscriptions.ErrTokenInvalid
	}
	return b, step, address, nil
}

func (s *Site) askAddress(w http.ResponseWriter, r *http.Request) error {
	b, step, address, err := s.addressLink(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "address.title", addressView{Token: b.token, Address: address, ByOld: step == subscriptions.ByOldAddress})
	return s.render(w, r, http.StatusOK, "address", v)
}

// changeAddress takes the step that the link is for.
func (s *Site) changeAddress(w http.ResponseWriter, r *http.Request) error {
	b, step, address, err := s.addressLink(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "address.title", nil)
	if step == subscriptions.ByNewAddress {
		if err := s.agree(r, b, address); err != nil {
			return err
		}
		v.Data = addressView{Sent: true, Address: address}
		return s.render(w, r, http.StatusOK, "address", v)
	}
	if err := s.move(r, b, address); err != nil {
		return err
	}
	b.subscriber.Rotation++
	v.Data = addressView{Done: true, Address: address, Manage: s.managePath(b)}
	return s.render(w, r, http.StatusOK, "address", v)
}

// agree records that the new address has agreed, and asks the old one.
func (s *Site) agree(r *http.Request, b bearer, address string) error {
	ctx := r.Context()
	err := s.Database.Tx(ctx, func(tx *sqlx.Tx) error {
		return s.Store.AddressAgreed(ctx, tx, b.subscriber.ID, address, s.agreeing(r, b, "new-address", "address.ask-new"), s.Now())
	})
	if err != nil || !s.mayWriteTo(b.subscriber.Email) {
		return err
	}
	return s.mailAddress(r, b, subscriptions.ByOldAddress, address, b.subscriber.Email)
}

// agreeing is how with the question that the page asks. The address is left out of
// it: the record outlives it.
func (s *Site) agreeing(r *http.Request, b bearer, source, key string) subscriptions.Circumstances {
	locale := localeOf(r, b.subscriber.Locale)
	address := s.texts.say(locale, "address.anon")
	return s.shown(r, source, locale, s.texts.say(locale, key, address), s.builtIn.say(locale, key, address))
}

func (s *Site) move(r *http.Request, b bearer, address string) error {
	ctx, now := r.Context(), s.Now()
	return s.Database.Tx(ctx, func(tx *sqlx.Tx) error {
		if err := s.Store.ChangeAddress(ctx, tx, b.subscriber.ID, address, s.agreeing(r, b, "old-address", "address.ask-old"), now); err != nil {
			return err
		}
		if s.Suppressions != nil {
			if err := s.Suppressions.Lift(ctx, tx, address); err != nil {
				return err
			}
		}
		_, err := s.Mails.Account(ctx, tx, b.subscriber.ID, subscriptions.MailAddressChanged, subscriptions.AccountPayload{To: b.subscriber.Email})
		return err
	})
}

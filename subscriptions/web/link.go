package web

import (
	"errors"
	"net/http"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

type linkView struct {
	Email  string
	Faults []fault
}

// askLink is the form for somebody who has lost her link.
func (s *Site) askLink(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "link", s.view(r, "", "link.title", linkView{}))
}

// sendLink mails the link to whoever has subscriptions at the address. The page
// and its time are the same for everybody.
func (s *Site) sendLink(w http.ResponseWriter, r *http.Request) error {
	settled := s.settle(r)
	if err := form(r); err != nil {
		return err
	}
	v := s.view(r, "", "link.title", nil)
	email := cut(r.PostForm.Get("email"))
	address, err := subscriptions.ParseAddress(email)
	if err != nil {
		v.Data = linkView{Email: email, Faults: []fault{{"email", s.texts.say(v.Lang, "fault.email")}}}
		return s.render(w, r, http.StatusUnprocessableEntity, "link", v)
	}
	if err := s.visit(r); err != nil {
		return err
	}
	if r.PostForm.Get(honeypot) == "" && s.mayWriteTo(address) {
		if err := s.mailLink(r, address); err != nil {
			return err
		}
	}
	settled()
	return redirect(w, r, v, "/links/sent")
}

// mailLink asks for the mail, unless the address was never confirmed: it gets
// nothing but confirmations.
func (s *Site) mailLink(r *http.Request, address string) error {
	ctx := r.Context()
	return s.Database.Tx(ctx, func(tx *sqlx.Tx) error {
		who, err := s.Store.SubscriberByAddress(ctx, tx, address)
		if errors.Is(err, subscriptions.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		subs, err := s.Store.Of(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		for i := range subs {
			if !subs[i].ConfirmedAt.IsZero() {
				_, err = s.Mails.Account(ctx, tx, who.ID, subscriptions.MailManageLink, subscriptions.AccountPayload{})
				return err
			}
		}
		return nil
	})
}

func (s *Site) linkSent(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "linksent", s.view(r, "", "linksent.title", nil))
}

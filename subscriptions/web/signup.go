package web

import (
	"net/http"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

// honeypot is a field that people do not see and programs fill in.
const honeypot = "website"

// signUp takes a sign-up. Whatever the address is to us, the visitor gets the same
// page after the same time: what differs is the mail.
func (s *Site) signUp(w http.ResponseWriter, r *http.Request) error {
	settled := s.settle(r)
	if err := form(r); err != nil {
		return err
	}
	locale := localeOf(r, "")
	v := s.view(r, "", "signup.title", nil)
	if r.PostForm.Get(honeypot) != "" {
		settled()
		return redirect(w, r, v, "/subscriptions/sent")
	}
	typed := s.readWish(r.PostForm)
	wish, faults := s.wish(typed, nil, locale)
	email := cut(r.PostForm.Get("email"))
	address, err := subscriptions.ParseAddress(email)
	previewing := r.PostForm.Get("preview") != ""
	if err != nil && !previewing {
		faults = append(faults, fault{"email", s.texts.say(locale, "fault.email")})
	}
	if len(faults) > 0 || previewing {
		return s.signUpAgain(w, r, v, typed, &wish, faults, email)
	}
	if err := s.visit(r); err != nil {
		return err
	}
	if s.mayWriteTo(address) {
		how := s.consenting(r, "page", "consent.wording", locale)
		if err := s.enrol(r, subscriptions.SignUp{Address: address, Locale: locale, Wish: wish, How: how}); err != nil {
			return err
		}
	}
	settled()
	return redirect(w, r, v, "/subscriptions/sent")
}

// signUpAgain shows the form as it was typed, with what is wrong with it or, if
// nothing is, with what the alert would bring.
func (s *Site) signUpAgain(w http.ResponseWriter, r *http.Request, v *view, typed wishForm, wish *subscriptions.Wish, faults []fault, email string) error {
	f := s.form(typed, faults, v.Lang)
	f.Email = email
	data := jobsView{Form: f, Searching: s.Search != nil}
	status := http.StatusUnprocessableEntity
	if len(faults) == 0 {
		status = http.StatusOK
		v.Title = subscriptions.Describe(s.Meaning, &wish.Criteria, v.Lang)
		var err error
		if data.Outlook, err = s.outlook(r.Context(), &wish.Criteria, wish.Schedule.Frequency, v.Lang); err != nil {
			return err
		}
	}
	v.Data = data
	return s.render(w, r, status, "jobs", v)
}

// enrol stores the sign-up and asks for the mail it leads to, in one transaction.
func (s *Site) enrol(r *http.Request, up subscriptions.SignUp) error {
	ctx, now := r.Context(), s.Now()
	return s.Database.Tx(ctx, func(tx *sqlx.Tx) error {
		made, err := s.Store.SignUp(ctx, tx, up, now)
		if err != nil {
			return err
		}
		if made.Answer != subscriptions.StaySilent && s.Suppressions != nil {
			if err := s.Suppressions.Lift(ctx, tx, up.Address); err != nil {
				return err
			}
		}
		switch made.Answer {
		case subscriptions.AskConfirmation:
			how := up.How
			if how.MessageID, err = s.Mails.Confirmation(ctx, tx, made.Subscriber, made.Subscription, made.Confirmation); err != nil {
				return err
			}
			return s.Store.ConfirmationSent(ctx, tx, made.Subscriber, made.Subscription, how, now)
		case subscriptions.SayAlreadyHere:
			_, err = s.Mails.Account(ctx, tx, made.Subscriber, subscriptions.MailAlreadyHere, subscriptions.AccountPayload{Subscription: made.Subscription})
			return err
		}
		return nil
	})
}

// settle starts the span that an answer takes at least; the function it returns
// waits for its end, or for the visitor to leave.
func (s *Site) settle(r *http.Request) func() {
	if s.AnswerTime < 0 {
		return func() {}
	}
	end := time.NewTimer(s.AnswerTime)
	return func() {
		defer end.Stop()
		select {
		case <-end.C:
		case <-r.Context().Done():
		}
	}
}

func (s *Site) signedUp(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "sent", s.view(r, "", "sent.title", nil))
}

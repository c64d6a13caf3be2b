package web

import (
	"net/http"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

type editView struct {
	Token   string
	Form    formView
	Outlook *outlookView
	Widened string // the radius that a mail's link put into the form; "" for none
}

// editForm is the form of an alert on her own pages: no address, no consent.
func (s *Site) editForm(w wishForm, faults []fault, locale, action string) formView {
	f := s.form(w, faults, locale)
	f.Action, f.Submit, f.AskEmail, f.Consent = action, "form.save", false, ""
	return f
}

// newForm is that of one more alert: her link proves the address, so the words of
// consent stand beside the button that gives it.
func (s *Site) newForm(w wishForm, faults []fault, b bearer, locale string) formView {
	f := s.editForm(w, faults, locale, "/manage/"+b.token+"/alerts")
	f.Submit, f.Consent = "form.start", "consent.wording-here"
	return f
}

func (s *Site) newAlert(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "edit.new-title", nil)
	v.Data = editView{Token: b.token, Form: s.newForm(s.readWish(nil), nil, b, v.Lang)}
	return s.render(w, r, http.StatusOK, "edit", v)
}

// addAlert gives her one more alert. Her link proves the address, so there is
// nothing to confirm; the step is recorded like a confirmation.
func (s *Site) addAlert(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "edit.new-title", nil)
	typed := s.readWish(r.PostForm)
	wish, faults := s.wish(typed, nil, v.Lang)
	if len(faults) > 0 || r.PostForm.Get("preview") != "" {
		return s.editAgain(w, r, v, editView{Token: b.token, Form: s.newForm(typed, faults, b, v.Lang)}, &wish)
	}
	err = s.write(r.Context(), func(tx *sqlx.Tx) error {
		_, err := s.Store.Add(r.Context(), tx, b.subscriber.ID, wish, s.consenting(r, "manage", "consent.wording-here", v.Lang), s.Now())
		return err
	})
	if err != nil {
		return err
	}
	return s.back(w, r, b, "added")
}

func (s *Site) editAlert(w http.ResponseWriter, r *http.Request) error {
	b, sub, err := s.toEdit(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "edit.title", nil)
	shown := s.formOf(&sub, v.Lang)
	criteria, widened := &sub.Criteria, ""
	if typed := r.URL.Query().Get("radius"); shown.widen(len(sub.Criteria.Places), typed) {
		if wish, faults := s.wish(shown, &sub, v.Lang); len(faults) == 0 {
			criteria, widened = &wish.Criteria, typed
		}
	}
	data := editView{Token: b.token, Form: s.editForm(shown, nil, v.Lang, alertPath(b, &sub)), Widened: widened}
	if data.Outlook, err = s.outlook(r.Context(), criteria, sub.Schedule.Frequency, v.Lang); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "edit", v)
}

// editAgain shows the form as it was typed, with its faults or, if it has none,
// with what the alert would bring.
func (s *Site) editAgain(w http.ResponseWriter, r *http.Request, v *view, data editView, wish *subscriptions.Wish) (err error) {
	status := http.StatusUnprocessableEntity
	if len(data.Form.Faults) == 0 {
		status = http.StatusOK
		if data.Outlook, err = s.outlook(r.Context(), &wish.Criteria, wish.Schedule.Frequency, v.Lang); err != nil {
			return err
		}
	}
	v.Data = data
	return s.render(w, r, status, "edit", v)
}

func (s *Site) toEdit(r *http.Request) (bearer, subscriptions.Subscription, error) {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return b, subscriptions.Subscription{}, err
	}
	sub, err := s.hers(r, b)
	if err == nil && !standing(&sub) {
		err = subscriptions.ErrNotFound
	}
	return b, sub, err
}

func alertPath(b bearer, sub *subscriptions.Subscription) string {
	return "/manage/" + b.token + "/alerts/" + strconv.FormatUint(uint64(sub.ID), 10)
}

func (s *Site) saveAlert(w http.ResponseWriter, r *http.Request) error {
	if err := form(r); err != nil {
		return err
	}
	b, sub, err := s.toEdit(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "edit.title", nil)
	typed := s.readWish(r.PostForm)
	wish, faults := s.wish(typed, &sub, v.Lang)
	if len(faults) > 0 || r.PostForm.Get("preview") != "" {
		return s.editAgain(w, r, v, editView{Token: b.token, Form: s.editForm(typed, faults, v.Lang, alertPath(b, &sub))}, &wish)
	}
	if err := s.write(r.Context(), func(tx *sqlx.Tx) error { return s.Store.Edit(r.Context(), tx, sub.ID, wish, s.Now()) }); err != nil {
		return err
	}
	return s.back(w, r, b, "saved")
}

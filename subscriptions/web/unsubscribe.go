package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

type leaveView struct {
	Token    string
	Names    []string // of those that would end, or have ended
	Standing bool     // something is there to end
	Undo     bool     // it can be taken back
	Fewer    string   // the frequency "fewer" would give, described; "" for none
}

// askUnsubscribe shows what the link would end, or that it has. It changes
// nothing.
func (s *Site) askUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToUnsubscribe)
	if err != nil {
		return err
	}
	return s.showLeave(w, r, b)
}

func (s *Site) showLeave(w http.ResponseWriter, r *http.Request, b bearer) error {
	subs, err := s.named(r, b)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "leave.title", nil)
	data := leaveView{Token: b.token}
	for i := range subs {
		if standing(&subs[i]) {
			data.Standing = true
			data.Names = append(data.Names, subs[i].Name(s.Meaning, v.Lang))
		}
	}
	if !data.Standing {
		v.Title = s.texts.say(v.Lang, "leave.done-title")
		for i := range subs {
			data.Names = append(data.Names, subs[i].Name(s.Meaning, v.Lang))
			if undoable(&subs[i], s.Now()) {
				data.Undo = true
				if less, ok := fewer(subs[i].Schedule); ok {
					data.Fewer = less.Describe(v.Lang)
				}
			}
		}
	}
	v.Data = data
	return s.render(w, r, http.StatusOK, "unsubscribe", v)
}

func standing(sub *subscriptions.Subscription) bool {
	return sub.State == subscriptions.Confirmed || sub.State == subscriptions.Paused
}

func undoable(sub *subscriptions.Subscription, now time.Time) bool {
	own := sub.EndedReason == subscriptions.EndedUnsubscribed || sub.EndedReason == subscriptions.EndedDeleted
	return sub.State == subscriptions.Ended && own && !sub.EndedAt.Add(subscriptions.UndoWithin).Before(now)
}

// fewer is the next slower of the usual frequencies.
func fewer(s subscriptions.Schedule) (subscriptions.Schedule, bool) {
	switch s.Frequency {
	case subscriptions.Instant:
		s.Frequency = subscriptions.Daily
	case subscriptions.Daily:
		s.Frequency = subscriptions.Weekly
	default:
		return s, false
	}
	return s, true
}

// unsubscribe ends what the link names: all of one mail's alerts for the one-click
// header (RFC 8058), one for a link in the body. The former is answered with 200
// and nothing more, no cookie, no redirect; it may come twice.
func (s *Site) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToUnsubscribe)
	if err != nil {
		return err
	}
	oneClick := true
	// A body that cannot be read is a one-click post of a kind we do not know: the
	// link says enough.
	if r.ParseMultipartForm(maxForm) == nil || r.PostForm != nil {
		oneClick = r.PostForm.Get("from") != "page"
	}
	subs, err := s.named(r, b)
	if err != nil {
		return err
	}
	var ids []uint32
	for i := range subs {
		if standing(&subs[i]) {
			ids = append(ids, subs[i].ID)
		}
	}
	source := "page"
	if oneClick {
		source = "one-click"
	}
	if len(ids) > 0 {
		err := s.write(r.Context(), func(tx *sqlx.Tx) error {
			_, err := s.Store.End(r.Context(), tx, b.subscriber.ID, ids, subscriptions.EndedUnsubscribed, s.how(r, source), s.Now())
			return err
		})
		if err != nil {
			return err
		}
	}
	if !oneClick {
		return redirect(w, r, s.ownView(r, b, "leave.title", nil), "/unsubscribe/"+b.token)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, s.texts.say(b.subscriber.Locale, "leave.one-click"))
	return nil
}

// reconsider takes back the end that this link brought, perhaps with fewer mails
// or after a pause.
func (s *Site) reconsider(w http.ResponseWriter, r *http.Request) error {
	as := r.PathValue("as")
	if as != "undo" && as != "fewer" && as != "pause" {
		return errNoPage
	}
	b, err := s.bearer(r, subscriptions.ToUnsubscribe)
	if err != nil {
		return err
	}
	subs, err := s.named(r, b)
	if err != nil {
		return err
	}
	now := s.Now()
	how := s.how(r, as)
	err = s.write(r.Context(), func(tx *sqlx.Tx) error {
		back, err := s.Store.Undo(r.Context(), tx, b.subscriber.ID, b.claims.Subscriptions, how, now)
		if err != nil || len(back) == 0 {
			return err
		}
		switch as {
		case "fewer":
			return s.slowDown(r, tx, subs, back, now)
		case "pause":
			_, err = s.Store.Pause(r.Context(), tx, back, now.AddDate(0, 0, 28), subscriptions.CatchUp)
		}
		return err
	})
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "back.title", backView{As: as, Manage: s.managePath(b)})
	return s.render(w, r, http.StatusOK, "back", v)
}

type backView struct{ As, Manage string }

func (s *Site) slowDown(r *http.Request, tx *sqlx.Tx, subs []subscriptions.Subscription, back []uint32, now time.Time) error {
	for i := range subs {
		sub := &subs[i]
		less, ok := fewer(sub.Schedule)
		if !ok || !slices.Contains(back, sub.ID) {
			continue
		}
		w := wishOf(sub)
		w.Schedule = less
		if err := s.Store.Edit(r.Context(), tx, sub.ID, w, now); err != nil {
			return err
		}
	}
	return nil
}

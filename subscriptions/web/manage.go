package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/subscriptions"
)

type manageView struct {
	Token      string
	Email      string
	Locale     string
	Alerts     []alertView
	Waiting    []alertView // not confirmed yet
	Ended      []alertView // lately, and can be taken back
	Done       string      // what was just done: a word of doneWords, "" for nothing
	Suppressed bool        // we do not write to the address
	Faults     []fault
	Today      string // the earliest and latest day a pause may end
	Latest     string
}

type alertView struct {
	ID        uint32
	Name      string
	Described string // the criteria, where she gave it a name of her own
	Frequency string
	Timezone  string
	Paused    bool
	Until     string
	Next      string
	Brought   string // what it has sent lately; "" where that is not known
	Feed      string // path without its ending; "" for one that has no feed
	Never     bool   // no posting could meet it
}

// doneWords are what a page may be told was just done; each has a text.
var doneWords = map[string]bool{"added": true, "saved": true, "paused": true, "resumed": true, "ended": true, "undone": true,
	"all": true, "language": true, "address": true, "rotated": true, "pausefault": true}

func (s *Site) manage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return err
	}
	done := r.URL.Query().Get("done")
	if !doneWords[done] {
		done = ""
	}
	return s.showManage(w, r, b, http.StatusOK, done)
}

func (s *Site) showManage(w http.ResponseWriter, r *http.Request, b bearer, status int, done string, faults ...fault) error {
	subs, err := s.Store.Of(r.Context(), s.Reader, b.subscriber.ID)
	if err != nil {
		return fmt.Errorf("read her subscriptions: %w", err)
	}
	now := s.Now()
	var delivered map[uint32]Delivered
	if s.Deliveries != nil {
		if delivered, err = s.Deliveries.Delivered(r.Context(), b.subscriber.ID, now.AddDate(0, 0, -outlookDays)); err != nil {
			return fmt.Errorf("count her mails: %w", err)
		}
	}
	v := s.ownView(r, b, "manage.title", nil)
	data := manageView{Token: b.token, Email: b.subscriber.Email, Locale: b.subscriber.Locale, Done: done, Faults: faults,
		Today: now.In(s.zone).AddDate(0, 0, 1).Format(time.DateOnly), Latest: now.In(s.zone).AddDate(1, 0, 0).Format(time.DateOnly)}
	for i := range subs {
		sub := &subs[i]
		switch one := s.alert(sub, v.Lang); {
		case standing(sub):
			if s.Deliveries != nil {
				one.Brought = s.broughtText(delivered[sub.ID], v.Lang)
			}
			if s.Search != nil {
				one.Feed = strings.TrimPrefix(s.links.Feed(&b.subscriber, sub.ID), s.links.Base)
			}
			data.Alerts = append(data.Alerts, one)
		case sub.State == subscriptions.Unconfirmed:
			data.Waiting = append(data.Waiting, one)
		case undoable(sub, now):
			data.Ended = append(data.Ended, one)
		}
	}
	if s.Suppressions != nil {
		reason, err := s.Suppressions.Reason(r.Context(), s.Reader, b.subscriber.Email)
		if err != nil {
			return fmt.Errorf("ask whether we write to her: %w", err)
		}
		data.Suppressed = reason != ""
	}
	v.Data = data
	return s.render(w, r, status, "manage", v)
}

// broughtText is one alert's mails and postings of the last outlookDays.
func (s *Site) broughtText(d Delivered, locale string) string {
	if d.Mails == 0 {
		return s.texts.say(locale, "manage.brought-none", outlookDays)
	}
	mails, jobs := s.texts.say(locale, "manage.mails", count(d.Mails, locale)), s.texts.say(locale, "manage.jobs", count(d.Postings, locale))
	if d.Mails == 1 {
		mails = s.texts.say(locale, "manage.mail")
	}
	if d.Postings == 1 {
		jobs = s.texts.say(locale, "manage.job")
	}
	return s.texts.say(locale, "manage.brought", outlookDays, mails, jobs)
}

func (s *Site) alert(sub *subscriptions.Subscription, locale string) alertView {
	a := alertView{ID: sub.ID, Name: sub.Name(s.Meaning, locale), Frequency: sub.Schedule.Describe(locale), Timezone: sub.Schedule.Timezone,
		Paused: sub.State == subscriptions.Paused, Next: s.nextText(sub, locale)}
	criteria := sub.Criteria
	a.Never = s.Meaning.Prepare(&criteria) != nil || !s.Meaning.CanMatch(&criteria)
	if sub.Label != "" {
		a.Described = subscriptions.Describe(s.Meaning, &sub.Criteria, locale)
	}
	if !sub.PausedUntil.IsZero() {
		a.Until = dateText(sub.PausedUntil.In(s.zone), locale)
	}
	return a
}

// manager is the bearer of a post below her page, its form read.
func (s *Site) manager(r *http.Request) (bearer, error) {
	if err := form(r); err != nil {
		return bearer{}, err
	}
	return s.bearer(r, subscriptions.ToManage)
}

// back leads to her page, which says what was done.
func (s *Site) back(w http.ResponseWriter, r *http.Request, b bearer, done string) error {
	return redirect(w, r, s.ownView(r, b, "manage.title", nil), "/manage/"+b.token+"?done="+done)
}

// onAlert is what the buttons of one alert have in common.
func (s *Site) onAlert(w http.ResponseWriter, r *http.Request, done string, change func(tx *sqlx.Tx, b bearer, sub *subscriptions.Subscription) error) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	sub, err := s.hers(r, b)
	if err != nil {
		return err
	}
	if err := s.write(r.Context(), func(tx *sqlx.Tx) error { return change(tx, b, &sub) }); err != nil {
		return err
	}
	return s.back(w, r, b, done)
}

func (s *Site) pauseAlert(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	var until time.Time
	if typed := r.PostForm.Get("until"); typed != "" {
		var ok bool
		if until, ok = pauseUntil(typed, s.Now(), s.zone); !ok {
			return s.back(w, r, b, "pausefault")
		}
	}
	onReturn := subscriptions.OnReturn(r.PostForm.Get("on_return"))
	switch onReturn {
	case subscriptions.BestOnly, subscriptions.StartFresh:
	default:
		onReturn = subscriptions.CatchUp
	}
	return s.onAlert(w, r, "paused", func(tx *sqlx.Tx, _ bearer, sub *subscriptions.Subscription) error {
		_, err := s.Store.Pause(r.Context(), tx, []uint32{sub.ID}, until, onReturn)
		return err
	})
}

func (s *Site) resumeAlert(w http.ResponseWriter, r *http.Request) error {
	return s.onAlert(w, r, "resumed", func(tx *sqlx.Tx, _ bearer, sub *subscriptions.Subscription) error {
		_, err := s.Store.Resume(r.Context(), tx, []uint32{sub.ID}, s.Now())
		return err
	})
}

func (s *Site) endAlert(w http.ResponseWriter, r *http.Request) error {
	return s.onAlert(w, r, "ended", func(tx *sqlx.Tx, b bearer, sub *subscriptions.Subscription) error {
		_, err := s.Store.End(r.Context(), tx, b.subscriber.ID, []uint32{sub.ID}, subscriptions.EndedDeleted, s.how(r, "page"), s.Now())
		return err
	})
}

func (s *Site) undoAlert(w http.ResponseWriter, r *http.Request) error {
	return s.onAlert(w, r, "undone", func(tx *sqlx.Tx, b bearer, sub *subscriptions.Subscription) error {
		_, err := s.Store.Undo(r.Context(), tx, b.subscriber.ID, []uint32{sub.ID}, s.how(r, "undo"), s.Now())
		return err
	})
}

type askView struct{ Token, Email string }

func (s *Site) askEndAll(w http.ResponseWriter, r *http.Request) error {
	return s.ask(w, r, "endall", "endall.title")
}

func (s *Site) askErase(w http.ResponseWriter, r *http.Request) error {
	return s.ask(w, r, "erase", "erase.title")
}

func (s *Site) ask(w http.ResponseWriter, r *http.Request, page, title string) error {
	b, err := s.bearer(r, subscriptions.ToManage)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, page, s.ownView(r, b, title, askView{b.token, b.subscriber.Email}))
}

func (s *Site) endAll(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	err = s.write(r.Context(), func(tx *sqlx.Tx) error {
		if _, err := s.Store.EndAll(r.Context(), tx, b.subscriber.ID, subscriptions.EndedDeleted, s.how(r, "page"), s.Now()); err != nil {
			return err
		}
		return s.Store.DropUnconfirmed(r.Context(), tx, b.subscriber.ID)
	})
	if err != nil {
		return err
	}
	return s.back(w, r, b, "all")
}

func (s *Site) erase(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	err = s.write(r.Context(), func(tx *sqlx.Tx) error {
		if err := s.Store.Erase(r.Context(), tx, b.subscriber.ID, s.how(r, "page"), s.Now()); err != nil {
			return err
		}
		if err := s.Mails.Forget(r.Context(), tx, b.subscriber.ID); err != nil {
			return err
		}
		return s.Suppressions.Left(r.Context(), tx, b.subscriber.Email)
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "erased", s.ownView(r, b, "erased.title", nil))
}

func (s *Site) speak(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	locale := r.PostForm.Get("locale")
	if locale != "de" && locale != "en" {
		return errUnreadable
	}
	err = s.Database.Tx(r.Context(), func(tx *sqlx.Tx) error { return s.Store.Speak(r.Context(), tx, b.subscriber.ID, locale) })
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/manage/"+b.token+"?done=language", http.StatusSeeOther)
	return nil
}

// rotate voids her links and goes on by a fresh one.
func (s *Site) rotate(w http.ResponseWriter, r *http.Request) error {
	b, err := s.manager(r)
	if err != nil {
		return err
	}
	err = s.Database.Tx(r.Context(), func(tx *sqlx.Tx) (err error) {
		b.subscriber.Rotation, err = s.Store.Rotate(r.Context(), tx, b.subscriber.ID)
		return err
	})
	if err != nil {
		return err
	}
	b.token = s.Signer.Sign(subscriptions.Claims{Purpose: subscriptions.ToManage, Subscriber: b.subscriber.ID, Rotation: b.subscriber.Rotation, Issued: s.Now()})
	return s.back(w, r, b, "rotated")
}

// pauseUntil reads the day on which a pause ends, which must lie ahead,
// within a year.
func pauseUntil(typed string, now time.Time, zone *time.Location) (time.Time, bool) {
	until, err := time.ParseInLocation(time.DateOnly, typed, zone)
	if err != nil || !until.After(now) || until.After(now.AddDate(1, 0, 1)) {
		return time.Time{}, false
	}
	return until, true
}

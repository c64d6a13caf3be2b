package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// "Not for me" in a mail leads here: the page shows what can be left out from now
// on, and a post does it or takes it back.

type dismissView struct {
	Token    string
	Posting  *alerts.Stored
	Names    []string // of the alerts it was listed for, as far as they stand
	Offers   []dismissOffer
	Manage   string
	Conflict bool // an alert asks for this very employer alone
}

// dismissOffer is one thing that can be left out.
type dismissOffer struct {
	What string // posting, employer or agencies
	Done bool
}

// dismissal is what a "not for me" link stands for.
type dismissal struct {
	bearer
	posting   alerts.Stored
	alerts    []subscriptions.Subscription // those that stand
	dismissed bool
}

func (s *Site) toDismiss(r *http.Request) (d dismissal, err error) {
	if s.Postings == nil {
		return d, errNoPage
	}
	if d.bearer, err = s.bearer(r, subscriptions.ToDismiss); err != nil {
		return d, err
	}
	number, ok := d.claims.Dismissed()
	if !ok {
		return d, subscriptions.ErrTokenInvalid
	}
	if d.posting, err = s.Postings.Posting(r.Context(), number); err != nil {
		return d, fmt.Errorf("read posting %d: %w", number, err)
	}
	named, err := s.named(r, d.bearer)
	if err != nil {
		return d, err
	}
	d.alerts = slices.DeleteFunc(named, func(sub subscriptions.Subscription) bool { return !standing(&sub) })
	all, err := s.Store.Dismissed(r.Context(), s.Reader, []int64{d.subscriber.ID})
	d.dismissed = slices.ContainsFunc(all[d.subscriber.ID], func(one subscriptions.Dismissal) bool { return one.Posting == number })
	return d, err
}

// offers are what this posting gives reason to leave out.
func (d *dismissal) offers() []dismissOffer {
	offers := []dismissOffer{{"posting", d.dismissed}}
	if len(d.alerts) == 0 {
		return offers
	}
	every := func(holds func(c *alerts.Criteria) bool) bool {
		return !slices.ContainsFunc(d.alerts, func(sub subscriptions.Subscription) bool { return !holds(&sub.Criteria) })
	}
	if d.posting.Employer != "" {
		offers = append(offers, dismissOffer{"employer", every(func(c *alerts.Criteria) bool { return slices.Contains(c.NotEmployers, d.posting.Employer) })})
	}
	if d.posting.Agency {
		offers = append(offers, dismissOffer{"agencies", every(func(c *alerts.Criteria) bool { return c.NoAgencies })})
	}
	return offers
}

func (s *Site) askDismiss(w http.ResponseWriter, r *http.Request) error {
	d, err := s.toDismiss(r)
	if err != nil {
		return err
	}
	return s.showDismiss(w, r, &d, false)
}

func (s *Site) showDismiss(w http.ResponseWriter, r *http.Request, d *dismissal, conflict bool) error {
	v := s.ownView(r, d.bearer, "dismiss.title", nil)
	data := dismissView{Token: d.token, Posting: &d.posting, Offers: d.offers(), Manage: s.managePath(d.bearer), Conflict: conflict}
	for i := range d.alerts {
		data.Names = append(data.Names, d.alerts[i].Name(s.Meaning, v.Lang))
	}
	v.Data = data
	status := http.StatusOK
	if conflict {
		status = http.StatusConflict
	}
	return s.render(w, r, status, "dismiss", v)
}

// dismiss leaves out what the path names, or with the field "undo" takes that
// back.
func (s *Site) dismiss(w http.ResponseWriter, r *http.Request) error {
	if err := form(r); err != nil {
		return err
	}
	d, err := s.toDismiss(r)
	if err != nil {
		return err
	}
	what, undo := r.PathValue("what"), r.PostForm.Get("undo") != ""
	if !slices.ContainsFunc(d.offers(), func(o dismissOffer) bool { return o.What == what }) {
		return errNoPage
	}
	if what == "posting" {
		err = s.Database.Tx(r.Context(), func(tx *sqlx.Tx) error {
			if undo {
				return s.Store.Readmit(r.Context(), tx, d.subscriber.ID, d.posting.Number)
			}
			return s.Store.Dismiss(r.Context(), tx, d.subscriber.ID, d.posting.Number, s.Now())
		})
	} else {
		var wishes map[uint32]subscriptions.Wish
		if wishes, err = s.without(&d, what, undo); err != nil {
			return s.showDismiss(w, r, &d, true)
		}
		err = s.write(r.Context(), func(tx *sqlx.Tx) error {
			for i := range d.alerts {
				wish, changed := wishes[d.alerts[i].ID]
				if !changed {
					continue
				}
				if err := s.Store.Edit(r.Context(), tx, d.alerts[i].ID, wish, s.Now()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, s.ownView(r, d.bearer, "dismiss.title", nil), "/dismiss/"+d.token)
}

// without makes the alerts' wishes without the employer or without agencies, or
// with them again; alerts that need no change are left out. It fails for an alert
// that asks for this employer alone.
func (s *Site) without(d *dismissal, what string, undo bool) (map[uint32]subscriptions.Wish, error) {
	wishes := make(map[uint32]subscriptions.Wish)
	for i := range d.alerts {
		w := wishOf(&d.alerts[i])
		c := &w.Criteria
		switch named := slices.Contains(c.NotEmployers, d.posting.Employer); {
		case what == "agencies" && c.NoAgencies == undo:
			c.NoAgencies = !undo
		case what == "employer" && undo && named:
			c.NotEmployers = slices.DeleteFunc(slices.Clone(c.NotEmployers), func(name string) bool { return name == d.posting.Employer })
		case what == "employer" && !undo && !named:
			c.NotEmployers = append(slices.Clone(c.NotEmployers), d.posting.Employer)
		default:
			continue
		}
		if err := s.Meaning.Prepare(c); err != nil {
			return nil, err
		}
		wishes[d.alerts[i].ID] = w
	}
	return wishes, nil
}

// wishOf is what a subscription asks for, to be changed and stored again. Lists
// are the subscription's own.
func wishOf(sub *subscriptions.Subscription) subscriptions.Wish {
	return subscriptions.Wish{Criteria: sub.Criteria, Label: sub.Label, Schedule: sub.Schedule, MaxPostings: sub.MaxPostings, Overflow: sub.Overflow}
}

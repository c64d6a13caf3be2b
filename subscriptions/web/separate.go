package web

import (
	"net/http"

	"github.com/jmoiron/sqlx"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// A mail shows what several boards publish once. "These are different jobs" leads
// here: the page shows what was taken for one job, and a post sets it apart.

type separateView struct {
	Token string
	Found []foundView
	Done  bool
}

func (s *Site) toSeparate(r *http.Request) (b bearer, postings []uint32, err error) {
	if s.Separations == nil || s.Postings == nil {
		return b, nil, errNoPage
	}
	if b, err = s.bearer(r, subscriptions.ToSeparate); err != nil {
		return b, nil, err
	}
	postings, ok := s.Separations.Named(b.claims)
	if !ok {
		return b, nil, subscriptions.ErrTokenInvalid
	}
	return b, postings, nil
}

func (s *Site) askSeparate(w http.ResponseWriter, r *http.Request) error {
	b, postings, err := s.toSeparate(r)
	if err != nil {
		return err
	}
	v := s.ownView(r, b, "separate.title", nil)
	data := separateView{Token: b.token, Done: r.URL.Query().Get("done") != ""}
	var stored []alerts.Stored
	for _, number := range postings {
		p, err := s.Postings.Posting(r.Context(), number)
		if err != nil {
			continue // it has gone meanwhile
		}
		stored = append(stored, p)
	}
	data.Found = s.found(stored, new(alerts.Criteria), v.Lang)
	v.Data = data
	return s.render(w, r, http.StatusOK, "separate", v)
}

func (s *Site) separate(w http.ResponseWriter, r *http.Request) error {
	b, postings, err := s.toSeparate(r)
	if err != nil {
		return err
	}
	err = s.Database.Tx(r.Context(), func(tx *sqlx.Tx) error {
		return s.Separations.Separate(r.Context(), tx, b.subscriber.ID, postings, s.Now())
	})
	if err != nil {
		return err
	}
	return redirect(w, r, s.ownView(r, b, "separate.title", nil), "/separate/"+b.token+"?done=1")
}

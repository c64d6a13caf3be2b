package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// pageSize is how many postings a page of results shows.
const pageSize = 20

// maxPage is the last page shown: nobody reads further, and crawlers would.
const maxPage = 50

// formView is a form for a wish, on whichever page: what was typed, what is wrong
// with it, and what there is to choose from.
type formView struct {
	Wish        wishForm
	Email       string
	Faults      []fault
	Frequencies []string
	Locale      string
	Types       []alerts.EmploymentType
	Days        []string
	Zones       []string
	Action      string // where it is posted to
	Submit      string // key of the button's text
	AskEmail    bool
}

// Fault is what is wrong with a field, "" if nothing is.
func (f formView) Fault(field string) string {
	for _, one := range f.Faults {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}

// Hours are those of a day.
func (f formView) Hours() []string {
	hours := make([]string, 24)
	for i := range hours {
		hours[i] = strconv.Itoa(i)
	}
	return hours
}

// DayName is a weekday in the form's language.
func (f formView) DayName(day string) string {
	d, _ := subscriptions.ParseWeekday(day)
	return subscriptions.WeekdayName(d, f.Locale)
}

// TypeName is an employment type in the form's language.
func (f formView) TypeName(t alerts.EmploymentType) string { return t.Text(f.Locale) }

// commonZones are offered; any IANA name is taken.
var commonZones = []string{
	"Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/Luxembourg", "Europe/London", "Europe/Dublin", "Europe/Lisbon",
	"Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Warsaw", "Europe/Athens", "Europe/Helsinki", "Europe/Istanbul", "Europe/Kyiv",
	"Africa/Cairo", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "UTC",
}

func (s *Site) form(w wishForm, faults []fault, locale string) formView {
	return formView{Wish: w, Faults: faults, Frequencies: s.frequencies(), Locale: locale, Types: alerts.EmploymentTypes, Zones: commonZones,
		Days:   []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
		Action: "/subscriptions", Submit: "form.subscribe", AskEmail: true}
}

type homeView struct {
	Form      formView
	Searching bool // there is a search
}

func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	locale := localeOf(r, "")
	v := s.view(r, "", "home.title", homeView{Form: s.form(s.readWish(r.URL.Query()), nil, locale), Searching: s.Search != nil})
	v.Canonical = s.links.Base + "/"
	return s.render(w, r, http.StatusOK, "home", v)
}

type jobsView struct {
	Form      formView
	Searching bool
	Asked     string // the criteria described
	Total     int
	Found     []foundView
	Page      int
	Before    string // addresses of the neighbouring pages
	After     string
}

// foundView is one posting in a list.
type foundView struct {
	*alerts.Stored
	Link string
	Pay  string
	Why  []string
}

// jobs shows what meets the criteria in the address, and the form to subscribe to
// them. The criteria are those of alerts, so what is shown is what an alert would
// bring.
func (s *Site) jobs(w http.ResponseWriter, r *http.Request) error {
	locale := localeOf(r, "")
	typed := s.readWish(r.URL.Query())
	criteria, faults := s.criteria(typed, nil, locale)
	if typed.Empty() {
		faults = nil // a bare form is no mistake
	}
	data := jobsView{Form: s.form(typed, faults, locale), Searching: s.Search != nil, Page: 1}
	v := s.view(r, "", "jobs.title", nil)
	if !typed.Empty() && len(faults) == 0 {
		data.Asked = subscriptions.Describe(s.Meaning, &criteria, locale)
		v.Title = data.Asked
		if err := s.find(r.Context(), &data, &criteria, r.URL.Query().Get("page"), locale); err != nil {
			return err
		}
		data.Before, data.After = s.neighbours(v, typed, data)
	}
	v.Data = data
	v.Canonical = s.links.Base + "/jobs?" + typed.Values().Encode()
	status := http.StatusOK
	if len(faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, "jobs", v)
}

func (s *Site) find(ctx context.Context, data *jobsView, c *alerts.Criteria, page, locale string) error {
	if s.Search == nil {
		return nil
	}
	if n, err := strconv.Atoi(page); err == nil && n >= 1 {
		data.Page = min(n, maxPage)
	}
	found, total, err := s.Search.Search(ctx, c, (data.Page-1)*pageSize, pageSize)
	if err != nil {
		return fmt.Errorf("search postings: %w", err)
	}
	data.Total = total
	data.Found = s.found(found, c, locale)
	return nil
}

// found says of each posting why it is there.
func (s *Site) found(postings []alerts.Stored, c *alerts.Criteria, locale string) []foundView {
	views := make([]foundView, len(postings))
	for i := range postings {
		p := &postings[i]
		_, reasons := c.Explain(s.Meaning.Document(&p.Posting))
		view := foundView{Stored: p, Link: "/postings/" + strconv.FormatUint(uint64(p.Number), 10), Pay: p.PayText(locale)}
		for _, why := range reasons {
			view.Why = append(view.Why, why.Text(locale))
		}
		views[i] = view
	}
	return views
}

func (s *Site) neighbours(v *view, typed wishForm, data jobsView) (before, after string) {
	at := func(page int) string {
		q := typed.Values()
		if page > 1 {
			q.Set("page", strconv.Itoa(page))
		}
		return v.URL("/jobs?" + q.Encode())
	}
	if data.Page > 1 {
		before = at(data.Page - 1)
	}
	if data.Page < maxPage && data.Page*pageSize < data.Total {
		after = at(data.Page + 1)
	}
	return before, after
}

func (s *Site) imprint(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "imprint", s.view(r, "", "imprint.title", s.Imprint))
}

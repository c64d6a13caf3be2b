package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
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
	Consent     string // key of the words of consent that stand by the button; "" for none
	Previewing  bool   // there is a preview to ask for
	// Described and Schedule, where given, stand for the fields of the wish and of
	// how often, which are then folded away: address and button are enough.
	Described, Schedule string
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
		Action: "/subscriptions", Submit: "form.subscribe", AskEmail: true, Consent: "consent.wording", Previewing: s.Search != nil}
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
	Search    formView // the search box: Form with the faults that concern it
	Searching bool
	Asked     string // the criteria described
	Total     int
	Count     string // Total, written
	Found     []foundView
	Page      int
	Before    string // addresses of the neighbouring pages
	After     string
	Taken     string      // the place that was taken for the one typed; "" where that is plain
	Meant     []neighbour // other places that may have been meant
	Nearby    []neighbour
	Similar   []neighbour
	Outlook   *outlookView
	Period    string // what is searched, and since when
	Older     string // where to go on with older ones
	Old       bool   // this page is of older ones
}

// foundView is one posting in a list.
type foundView struct {
	*alerts.Stored
	Link   string
	Places []string // the first few, each once
	Pay    string
	Why    []string
}

// jobs shows what meets the criteria in the address, and the form to subscribe to
// them. The criteria are those of alerts, so what is shown is what an alert would
// bring.
func (s *Site) jobs(w http.ResponseWriter, r *http.Request) error {
	return s.showJobs(w, r, s.readWish(r.URL.Query()), http.StatusUnprocessableEntity)
}

// showJobs answers a search; faulty is the status for one with something wrong.
func (s *Site) showJobs(w http.ResponseWriter, r *http.Request, typed wishForm, faulty int) error {
	locale := localeOf(r, "")
	criteria, faults := s.criteria(typed, nil, locale)
	if typed.Empty() {
		faults = nil // a bare form is no mistake
	}
	data := jobsView{Form: s.form(typed, faults, locale), Search: s.form(typed, faults, locale), Searching: s.Search != nil, Page: 1}
	data.Form.Faults = slices.DeleteFunc(slices.Clone(faults), fault.inSearchBox) // said once is enough
	v := s.view(r, "", "jobs.title", nil)
	v.Canonical = s.links.Base + "/jobs?" + typed.Values().Encode()
	if len(faults) > 0 {
		if data.Meant = s.guesses(v, typed, faults); len(data.Meant) > 0 {
			data.Search.Faults = s.withoutGuess(faults, typed, locale)
		}
	}
	if !typed.Empty() && len(faults) == 0 {
		data.Asked = subscriptions.Describe(s.Meaning, &criteria, locale)
		v.Title = data.Asked
		s.fold(&data.Form, data.Asked, locale)
		if err := s.fill(r, v, &data, typed, &criteria); err != nil {
			return err
		}
		path, ok := s.readable(typed, &criteria)
		if ok {
			v.Canonical = s.links.Base + path
		}
		// One address a search, and none for what nobody would look for.
		v.Unlisted = !ok || data.Total == 0 || data.Page > 1 || data.Old
	}
	v.Data = data
	status := http.StatusOK
	if len(faults) > 0 {
		status = faulty
	}
	return s.render(w, r, status, "jobs", v)
}

// fold puts away the fields of a form whose wish is in order.
func (s *Site) fold(f *formView, described, locale string) {
	f.Described = described
	hour, err := strconv.Atoi(f.Wish.Hour)
	day, ok := subscriptions.ParseWeekday(f.Wish.Weekday)
	schedule := subscriptions.Schedule{Frequency: subscriptions.Frequency(f.Wish.Frequency), Hour: hour, Weekday: day, Timezone: f.Wish.Timezone}
	if err == nil && ok && s.calendar.Check(schedule) == nil {
		f.Schedule = schedule.Describe(locale)
	}
}

// fill searches and says what there is beside the page's own postings.
func (s *Site) fill(r *http.Request, v *view, data *jobsView, typed wishForm, c *alerts.Criteria) (err error) {
	if s.Search == nil {
		return nil
	}
	q := r.URL.Query()
	if before, err := strconv.ParseInt(q.Get("older"), 10, 64); err == nil && before >= 0 {
		return s.findOlder(r.Context(), v, data, typed, c, before)
	}
	if err := s.find(r.Context(), data, c, q.Get("page"), v.Lang); err != nil {
		return err
	}
	data.Count = count(data.Total, v.Lang)
	data.Before, data.After = s.neighbours(v, typed, *data)
	data.Period = s.periodText(v.Lang)
	if !s.Search.Period().All && data.Period != "" && data.After == "" {
		data.Older = s.olderLink(v, typed, 0)
	}
	if data.Page > 1 {
		return nil
	}
	data.Taken, data.Meant = s.namesakes(v, typed, c)
	if data.Nearby, err = s.nearby(r.Context(), v, typed, c, data.Total); err != nil {
		return err
	}
	if data.Similar, err = s.similar(r.Context(), v, typed, c); err != nil {
		return err
	}
	if data.Outlook, err = s.outlook(r.Context(), c, subscriptions.Frequency(typed.Frequency), v.Lang); err != nil {
		return err
	}
	for i := range data.Outlook.Without {
		cost := &data.Outlook.Without[i]
		cost.Link = v.URL("/jobs?" + typed.without(cost.criterion).Values().Encode())
	}
	return nil
}

func (s *Site) find(ctx context.Context, data *jobsView, c *alerts.Criteria, page, locale string) error {
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

// findOlder shows a page of what the search no longer reaches.
func (s *Site) findOlder(ctx context.Context, v *view, data *jobsView, typed wishForm, c *alerts.Criteria, before int64) error {
	found, next, err := s.Search.Older(ctx, c, before, pageSize)
	if err != nil {
		return fmt.Errorf("search older postings: %w", err)
	}
	data.Old, data.Found = true, s.found(found, c, v.Lang)
	if next > 0 {
		data.Older = s.olderLink(v, typed, next)
	}
	return nil
}

func (s *Site) olderLink(v *view, typed wishForm, before int64) string {
	q := typed.Values()
	q.Set("older", strconv.FormatInt(before, 10))
	return v.URL("/jobs?" + q.Encode())
}

// found says of each posting why it is there.
func (s *Site) found(postings []alerts.Stored, c *alerts.Criteria, locale string) []foundView {
	views := make([]foundView, len(postings))
	for i := range postings {
		p := &postings[i]
		_, reasons := c.Explain(s.Meaning.Document(&p.Posting))
		view := foundView{Stored: p, Link: "/postings/" + strconv.FormatUint(uint64(p.Number), 10), Places: s.placesOf(&p.Posting, locale), Pay: p.PayText(locale)}
		for _, why := range reasons {
			view.Why = append(view.Why, why.Text(locale))
		}
		views[i] = view
	}
	return views
}

// maxPlacesShown bounds the places a list names for one posting.
const maxPlacesShown = 4

// placesOf are the names of a posting's places, each once, and how many more
// there are.
func (s *Site) placesOf(p *alerts.Posting, locale string) []string {
	var names []string
	for i := range p.Locations {
		if name := s.placeName(&p.Locations[i], locale); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if more := len(names) - maxPlacesShown; more > 0 {
		names = append(names[:maxPlacesShown], "+"+strconv.Itoa(more))
	}
	return names
}

// placeName is the least that is known of where a posting is: its town, else its
// state, else its country.
func (s *Site) placeName(l *alerts.Location, locale string) string {
	switch {
	case l.Name != "":
		return l.Name
	case l.State != "":
		return s.stateName(l.State)
	}
	return alerts.CountryName(l.Country, locale)
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

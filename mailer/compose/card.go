package compose

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
)

// cardView is a posting as the template "card" sees it. Empty fields are not shown.
type cardView struct {
	Title, Employer    string
	Places, Types, Pay string // in the mail's language
	URL                string
	Lang               string // of the title, where it is not the mail's
	Agency             bool
	UnstatedPay        bool // she asked to have it marked
	// What differs from subscriber to subscriber: why it is here, the alert it is
	// listed for where there are several, the others it met, and where else it was
	// found.
	Why, For, AlsoFits, Sources string
	Dismiss, Separate           string // addresses
}

// maxWhy bounds the reasons printed for a posting.
const maxWhy = 6

// The subscriber's lines, as slots of a card.
const (
	slotWhy = iota
	slotFor
	slotAlso
	slotSources
	slotDismiss
	slotSeparate
	ownSlots
)

// separator stands between the parts of a line.
const separator = " · "

// lines are the subscriber's lines of a card. Lists of names are kept in s.
func lines(s *scratch, v *digestView, p *mailer.DigestPosting) (own [ownSlots]value) {
	if n := min(len(p.Why), maxWhy); n > 0 {
		own[slotWhy] = value{list: p.Why[:n], separator: separator}
	}
	if v.Several() && p.Alert >= 0 && p.Alert < len(v.Alerts) {
		own[slotFor].one = v.Alerts[p.Alert].Name
	}
	from := len(s.names)
	for _, a := range p.AlsoFits {
		if a >= 0 && a < len(v.Alerts) {
			s.names = append(s.names, v.Alerts[a].Name)
		}
	}
	if len(s.names) > from {
		own[slotAlso] = value{list: s.names[from:], separator: separator}
	}
	if len(p.Sources) > 1 {
		own[slotSources] = value{list: p.Sources, separator: ", "}
	}
	own[slotDismiss].one, own[slotSeparate].one = p.DismissURL, p.SeparateURL
	return own
}

func (v *value) empty() bool { return len(v.list) == 0 && v.one == "" }

func (v *value) String() string {
	if v.list != nil {
		return strings.Join(v.list, v.separator)
	}
	return v.one
}

// newCardView is a card with everything filled in.
func newCardView(s *scratch, v *digestView, p *mailer.DigestPosting, locale string) cardView {
	own := lines(s, v, p)
	c := postingView(p.Posting, p.URL, locale)
	c.UnstatedPay = p.UnstatedPay
	c.Why, c.For, c.AlsoFits, c.Sources = own[slotWhy].String(), own[slotFor].String(), own[slotAlso].String(), own[slotSources].String()
	c.Dismiss, c.Separate = own[slotDismiss].one, own[slotSeparate].one
	return c
}

// postingView is the part of a card that is the same for everybody.
func postingView(p *alerts.Posting, url, locale string) cardView {
	return cardView{Title: p.Title, Employer: p.Employer, Places: places(p, locale), Types: types(p, locale), Pay: p.PayText(locale),
		URL: url, Lang: foreign(p.Language, locale), Agency: p.Agency}
}

// foreign is the title's language where it is not the mail's.
func foreign(language, locale string) string {
	if language == locale || len(language) != 2 {
		return ""
	}
	return language
}

// maxPlaces bounds the places named on a card.
const maxPlaces = 4

func places(p *alerts.Posting, locale string) string {
	var names []string
	for _, l := range p.Locations {
		n := l.Name
		if n == "" {
			n = alerts.CountryName(l.Country, locale)
		}
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if more := len(names) - maxPlaces; more > 0 {
		names = append(names[:maxPlaces], alerts.Quantity(strconv.Itoa(more), choose(locale, "weitere", "more")))
	}
	if p.Remote {
		names = append(names, choose(locale, "ortsunabhängig", "remote"))
	}
	return strings.Join(names, ", ")
}

func types(p *alerts.Posting, locale string) string {
	var names []string
	for _, t := range p.EmploymentTypes {
		if t != alerts.Other {
			names = append(names, t.Text(locale))
		}
	}
	all := strings.Join(names, ", ")
	if r, n := utf8.DecodeRuneInString(all); n > 0 {
		return string(unicode.ToUpper(r)) + all[n:]
	}
	return all
}

// alike reports whether two postings make the same card.
func alike(a, b *alerts.Posting) bool {
	return a.Title == b.Title && a.Employer == b.Employer && a.Agency == b.Agency && a.Remote == b.Remote && a.Language == b.Language &&
		slices.EqualFunc(a.Locations, b.Locations, func(x, y alerts.Location) bool { return x.Name == y.Name && x.Country == y.Country }) &&
		slices.Equal(a.EmploymentTypes, b.EmploymentTypes) && alikePay(a, b)
}

func alikePay(a, b *alerts.Posting) bool {
	if a.Pay == nil || b.Pay == nil {
		return a.Pay == b.Pay
	}
	return a.Pay.Min == b.Pay.Min && a.Pay.Max == b.Pay.Max && a.Pay.Currency == b.Pay.Currency && a.Pay.Unit == b.Pay.Unit
}

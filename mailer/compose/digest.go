package compose

import (
	"fmt"
	"strings"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer"
)

// digestView is a digest with what had to be cut for its size.
type digestView struct {
	mailer.DigestContent
	Cut int
}

// More is how many postings meet the criteria and are not shown.
func (v digestView) More() int { return v.Counted + v.Cut }

// Several reports whether the digest serves more than one alert.
func (v digestView) Several() bool { return len(v.Alerts) > 1 }

// maxShown keeps the HTML below 90 KB: Gmail clips at 102 KB, and with it the
// unsubscribe link. A card takes up to 2 KB.
const maxShown = 36

// maxWhy bounds the reasons printed for a posting.
const maxWhy = 6

// fit cuts a digest to what a mail can hold and says how many postings went.
func fit(d mailer.DigestContent) (mailer.DigestContent, int) {
	cut := 0
	if len(d.Postings) > maxShown {
		cut = len(d.Postings) - maxShown
		d.Postings = d.Postings[:maxShown]
	}
	for i := range d.Postings {
		if len(d.Postings[i].Why) > maxWhy {
			d.Postings[i].Why = d.Postings[i].Why[:maxWhy]
		}
	}
	return d, cut
}

// digestSubject is "3 neue Stellen: Medizininformatiker · 25 km um Gelsenkirchen",
// and the line that inboxes show beside it: the first titles.
func digestSubject(d mailer.DigestContent, cut int, locale string) (subject, preheader string) {
	n := len(d.Postings) + d.Counted + cut
	what := ""
	if len(d.Alerts) == 1 {
		what = d.Alerts[0].Name
	} else {
		what = fmt.Sprintf("%d %s", len(d.Alerts), choose(locale, "Suchaufträge", "alerts"))
	}
	switch {
	case locale == "de" && n == 1:
		subject = "1 neue Stelle: "
	case locale == "de":
		subject = fmt.Sprintf("%d neue Stellen: ", n)
	case n == 1:
		subject = "1 new job: "
	default:
		subject = fmt.Sprintf("%d new jobs: ", n)
	}
	var titles []string
	for _, p := range d.Postings {
		titles = append(titles, p.Posting.Title)
		if len(titles) == 3 {
			break
		}
	}
	return subject + shorten(what, 80), shorten(strings.Join(titles, " · "), 140)
}

func choose(locale, de, en string) string {
	if locale == "de" {
		return de
	}
	return en
}

// shorten cuts at a word's end, to at most n runes with the ellipsis.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ·,") + "…"
}

// button is a link that is meant to be pressed.
type button struct{ URL, Label string }

// functions are what templates may call.
func functions(locale string) map[string]any {
	return map[string]any{
		"places": func(p *alerts.Posting) string { return places(p, locale) },
		"pay":    func(p *alerts.Posting) string { return p.PayText(locale) },
		"types":  func(p *alerts.Posting) string { return types(p, locale) },
		"link":   func(url, label string) button { return button{url, label} },
		"date": func(t interface{ Format(string) string }) string {
			return t.Format(choose(locale, "02.01.2006", "2 January 2006"))
		},
		"time": func(t interface{ Format(string) string }) string {
			return t.Format(choose(locale, "02.01.2006 15:04 MST", "2 January 2006 15:04 MST"))
		},
	}
}

// maxPlaces bounds the places named on a card.
const maxPlaces = 4

func places(p *alerts.Posting, locale string) string {
	var names []string
	seen := map[string]bool{}
	for _, l := range p.Locations {
		n := l.Name
		if n == "" {
			n = l.Country
		}
		if n != "" && !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	more := len(names) - maxPlaces
	if more > 0 {
		names = append(names[:maxPlaces], fmt.Sprintf("+%d", more))
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
	return strings.Join(names, ", ")
}

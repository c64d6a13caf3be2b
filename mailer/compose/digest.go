package compose

import (
	htmltemplate "html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jobalertd/jobalertd/mailer"
)

// maxHTML bounds the HTML part of a digest as it is sent, in bytes: Gmail clips at
// 102 KB, and with the end of the mail goes the unsubscribe link. What does not fit
// is counted and linked.
const maxHTML = 90_000

// digestView is a digest as its templates see it.
type digestView struct {
	Kind   mailer.Kind
	Alerts []mailer.DigestAlert
	// Cards are the postings, each rendered by the template "card".
	Cards any
	// Total met the criteria; More of them are not shown here. Deferred come with
	// the next mail, Closed were sent earlier and are no longer open.
	Total, More, Deferred, Closed int
	MoreURL, ManageURL            string
}

// Several reports whether the digest serves more than one alert.
func (v digestView) Several() bool { return len(v.Alerts) > 1 }

// viewOf is a digest of which so many postings are shown.
func viewOf(d *mailer.DigestContent, shown int) digestView {
	total := len(d.Postings) + d.Counted
	return digestView{Kind: d.Kind, Alerts: d.Alerts, Total: total, More: total - shown,
		Deferred: d.Deferred, Closed: d.Closed, MoreURL: d.MoreURL, ManageURL: d.ManageURL}
}

// Digest composes a digest. Postings that would make it too large for an inbox are
// counted and linked; the order is kept.
func (c *Composer) Digest(d mailer.DigestContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	s := c.scratch.Get().(*scratch)
	defer c.scratch.Put(s)
	subject, preheader := digestSubject(s, &d, locale)
	p := c.presses[locale]
	for shown := len(d.Postings); ; {
		s.reset()
		v := viewOf(&d, shown)
		postings := d.Postings[:shown]
		var err error
		if p != nil && p.suits(&v, postings) {
			err = p.digest(s, &v, postings, subject, preheader)
		} else {
			err = c.renderDigest(s, &v, postings, c.page(locale, subject, preheader, nil))
		}
		if err != nil {
			return nil, err
		}
		size := len(s.html.buf)
		if size <= maxHTML || shown == 0 {
			return c.message(s, &d.Headers, subject, locale, traffic(d.Kind))
		}
		shown = min(shown-1, shown*maxHTML/size)
	}
}

// renderDigest fills s through the templates themselves.
func (c *Composer) renderDigest(s *scratch, v *digestView, postings []mailer.DigestPosting, p page) error {
	html, text, err := c.plainDigest(s, v, postings, p)
	if err != nil {
		return err
	}
	s.html.text(html, false)
	s.text.text(text, false)
	return nil
}

// plainDigest runs the templates over everything.
func (c *Composer) plainDigest(s *scratch, v *digestView, postings []mailer.DigestPosting, p page) (html, text string, err error) {
	t := c.templates["digest."+p.Lang]
	var cards, lines strings.Builder
	for i := range postings {
		card := newCardView(s, v, &postings[i], p.Lang)
		for b, t := range map[*strings.Builder]executor{&cards: t.html, &lines: t.text} {
			rendered, err := render(t, "card", card)
			if err != nil {
				return "", "", err
			}
			b.WriteString(rendered)
		}
	}
	own := *v
	own.Cards = htmltemplate.HTML(cards.String()) // rendered by html/template a line above
	p.Content = own
	if html, err = render(t.html, "frame", p); err != nil {
		return "", "", err
	}
	own.Cards = lines.String()
	p.Content = own
	text, err = render(t.text, t.name, p)
	return html, text, err
}

// Render gives a digest's subject and both parts by running the templates over all
// of it, neither encoded nor cut to size: what a program makes that does not keep
// cards. Measurements compare with it.
func (c *Composer) Render(d mailer.DigestContent) (subject, html, text string, err error) {
	locale := localeOf(d.Locale)
	s := new(scratch)
	subject, preheader := digestSubject(s, &d, locale)
	v := viewOf(&d, len(d.Postings))
	html, text, err = c.plainDigest(s, &v, d.Postings, c.page(locale, subject, preheader, nil))
	return subject, html, text, err
}

// digestSubject is "3 neue Stellen: Medizininformatiker · 25 km um Gelsenkirchen",
// and the line that inboxes show beside it: the first titles.
func digestSubject(s *scratch, d *mailer.DigestContent, locale string) (subject, preheader string) {
	n := len(d.Postings) + d.Counted
	b := strconv.AppendInt(s.mail[:0], int64(n), 10)
	b = append(b, jobsText(locale, n == 1)...)
	if len(d.Alerts) == 1 {
		b = append(b, ": "...)
		b = append(b, shorten(d.Alerts[0].Name, 80)...)
	} else {
		b = append(b, choose(locale, " zu ", " for ")...)
		b = strconv.AppendInt(b, int64(len(d.Alerts)), 10)
		b = append(b, choose(locale, " Suchaufträgen", " alerts")...)
	}
	subject = string(b)
	b = b[:0]
	for i := range d.Postings[:min(3, len(d.Postings))] {
		if i > 0 {
			b = append(b, " · "...)
		}
		b = append(b, d.Postings[i].Posting.Title...)
	}
	s.mail = b
	return subject, shorten(string(b), 140)
}

func jobsText(locale string, one bool) string {
	if one {
		return choose(locale, " neue Stelle", " new job")
	}
	return choose(locale, " neue Stellen", " new jobs")
}

// shorten cuts at a word's end, to at most n runes with the ellipsis.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	cut := string([]rune(s)[:n-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ·,") + "…"
}

// Package compose turns typed contents into mails: text and HTML from one source,
// in German and English, with the headers that bulk mail must carry. It is pure:
// the same content gives the same bytes. It knows nothing of envelopes' states
// and sends nothing; the outbox's composer calls it.
//
// Templates say what a mail looks like. A digest is not rendered through them each
// time: they are rendered once for each shape a digest and a card can have (see
// mold), and cards are kept. Operators may put files of their own in place of the
// embedded ones; digests of that language are then rendered directly.
package compose

import (
	"fmt"
	"io/fs"
	"net/mail"
	"strings"
	"sync"

	"github.com/jobalertd/jobalertd/mailer"
)

// Identity is who the mails come from.
type Identity struct {
	From    string // "Name <address>" or an address; its domain names Message-IDs
	ReplyTo string // may be empty
	Brand   string
	// Imprint is printed under every mail: name and postal address (§ 5 DDG).
	Imprint string
	// ListDomain names the list in List-Id; From's domain if empty.
	ListDomain string
	// PublicURL is where the pages are.
	PublicURL string
	// Complaints is an address for CFBL-Address (RFC 9477); may be empty.
	Complaints string
	// Signer signs every mail (RFC 6376); nil leaves that to the relay.
	Signer *Signer
}

// Composer makes mails. It is safe for concurrent use.
type Composer struct {
	id        Identity
	domain    string
	heads     heads
	templates map[string]pair
	presses   map[string]*press // by language; nil where templates are an operator's
	scratch   sync.Pool         // of *scratch
}

// New parses the templates. override may hold files that take the place of the
// embedded ones (frame.html.tmpl, digest.de.html.tmpl, digest.de.txt.tmpl …); it may
// be nil. Identity is checked: nothing in it may break a header.
func New(id Identity, override fs.FS) (*Composer, error) {
	from, err := mail.ParseAddress(id.From)
	if err != nil {
		return nil, fmt.Errorf("sender %q: %w", id.From, err)
	}
	c := &Composer{id: id, templates: map[string]pair{}, presses: map[string]*press{}}
	c.scratch.New = func() any { return new(scratch) }
	_, c.domain, _ = strings.Cut(from.Address, "@")
	if c.id.ListDomain == "" {
		c.id.ListDomain = c.domain
	}
	if c.heads, err = newHeads(&c.id, from); err != nil {
		return nil, err
	}
	for _, locale := range locales {
		for _, kind := range kinds {
			p, err := parsePair(kind, locale, override)
			if err != nil {
				return nil, err
			}
			c.templates[p.name] = p
			if kind == "digest" && !p.own {
				c.presses[locale] = newPress(c, p, locale)
			}
		}
	}
	return c, c.tryOut()
}

// Domain is the sender's, under which Message-IDs are made.
func (c *Composer) Domain() string { return c.domain }

// page is what every template sees.
type page struct {
	Subject   string
	Preheader string // what inboxes show beside the subject
	Lang      string
	Brand     string
	Imprint   []string // its lines
	PublicURL string
	Content   any
}

func (c *Composer) page(locale, subject, preheader string, content any) page {
	return page{Subject: subject, Preheader: preheader, Lang: locale, Brand: c.id.Brand,
		Imprint: strings.Split(strings.TrimSpace(c.id.Imprint), "\n"), PublicURL: c.id.PublicURL, Content: content}
}

// localeOf is a language there are templates for: German unless English is asked for.
func localeOf(locale string) string {
	if locale == "en" {
		return "en"
	}
	return "de"
}

// Confirmation composes the double opt-in mail. It carries no posting and no
// advertising (mail for which consent is only being asked must be neutral).
func (c *Composer) Confirmation(d mailer.ConfirmationContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	subject := choose(locale, "Bitte bestätigen Sie Ihren Suchauftrag", "Please confirm your job alert")
	return c.small("confirmation", &d.Headers, c.page(locale, subject, d.AlertName, d), account)
}

// Account composes a mail about a subscriber's account.
func (c *Composer) Account(d mailer.AccountContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	texts, ok := accountTexts[d.Kind]
	if !ok {
		return nil, fmt.Errorf("compose account mail: unknown kind %q", d.Kind)
	}
	return c.small("account", &d.Headers, c.page(locale, choose(locale, texts[0], texts[1]), choose(locale, texts[2], texts[3]), d), account)
}

// accountTexts are subject and preheader, German and English.
var accountTexts = map[mailer.AccountKind][4]string{
	mailer.ManageLink: {"Ihr Link zu Ihren Suchaufträgen", "Your link to your job alerts",
		"Ansehen, ändern, pausieren oder beenden", "See, change, pause or end them"},
	mailer.AlreadyHere: {"Diesen Suchauftrag haben Sie schon", "You already have this job alert",
		"Es ist nichts weiter zu tun", "There is nothing else to do"},
	mailer.ConfirmAddress: {"Bitte bestätigen Sie Ihre neue E-Mail-Adresse", "Please confirm your new e-mail address",
		"Erst danach gehen Ihre Mails dorthin", "Only then your mails go there"},
	mailer.AddressChanged: {"Ihre E-Mail-Adresse soll geändert werden", "Your e-mail address is about to change",
		"Die Änderung gilt erst, wenn Sie sie bestätigen", "The change takes effect only if you confirm it"},
}

// Checkup composes a mail about one alert's health.
func (c *Composer) Checkup(d mailer.CheckupContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	subject, ok := checkupSubjects[d.Finding]
	if !ok {
		return nil, fmt.Errorf("compose checkup: unknown finding %q", d.Finding)
	}
	return c.small("checkup", &d.Headers, c.page(locale, choose(locale, subject[0], subject[1]), d.AlertName, d), checkup)
}

// checkupSubjects are German and English.
var checkupSubjects = map[mailer.Finding][2]string{
	mailer.FoundSilent: {"Ihr Suchauftrag findet seit Längerem nichts", "Your job alert has found nothing for a while"},
	mailer.FoundWanted: {"Möchten Sie diesen Suchauftrag noch?", "Do you still want this job alert?"},
	mailer.FoundNever:  {"Dieser Suchauftrag kann nichts finden", "This job alert cannot find anything"},
}

// small composes a mail that is rendered directly.
func (c *Composer) small(kind string, h *mailer.Headers, p page, t traffic) ([]byte, error) {
	own := c.templates[kind+"."+p.Lang]
	html, err := render(own.html, "frame", p)
	if err != nil {
		return nil, err
	}
	text, err := render(own.text, own.name, p)
	if err != nil {
		return nil, err
	}
	s := c.scratch.Get().(*scratch)
	defer c.scratch.Put(s)
	s.reset()
	s.html.text(html, false)
	s.text.text(text, false)
	return c.message(s, h, p.Subject, p.Lang, t)
}

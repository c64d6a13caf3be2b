// Package compose turns typed contents into mails: text and HTML from one source,
// in German and English, with the headers that bulk mail must carry. It is pure:
// the same content gives the same bytes. It knows nothing of envelopes' states
// and sends nothing; the outbox's composer calls it.
package compose

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"net/mail"
	"strings"
	texttemplate "text/template"

	"github.com/jobalertd/jobalertd/mailer"
)

//go:embed templates
var templateFiles embed.FS

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
}

// Composer makes mails. It is safe for concurrent use.
type Composer struct {
	id     Identity
	from   mail.Address
	html   map[string]*htmltemplate.Template
	text   map[string]*texttemplate.Template
	domain string
}

// locales are the languages mails are written in.
var locales = []string{"de", "en"}

// kinds are the mails there are templates for.
var kinds = []string{"digest", "confirmation", "account"}

// New parses the templates. override may hold files that take the place of the
// embedded ones (digest.de.html.tmpl …); it may be nil.
func New(id Identity, override fs.FS) (*Composer, error) {
	from, err := mail.ParseAddress(id.From)
	if err != nil {
		return nil, fmt.Errorf("sender %q: %w", id.From, err)
	}
	c := &Composer{id: id, from: *from, html: map[string]*htmltemplate.Template{}, text: map[string]*texttemplate.Template{}}
	_, c.domain, _ = strings.Cut(from.Address, "@")
	if c.id.ListDomain == "" {
		c.id.ListDomain = c.domain
	}
	for _, locale := range locales {
		for _, kind := range kinds {
			if err := c.parse(kind, locale, override); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// Domain is the sender's, under which Message-IDs are made.
func (c *Composer) Domain() string { return c.domain }

func (c *Composer) parse(kind, locale string, override fs.FS) error {
	name := kind + "." + locale
	frame, err := readTemplate(override, "frame.html.tmpl")
	if err != nil {
		return err
	}
	body, err := readTemplate(override, name+".html.tmpl")
	if err != nil {
		return err
	}
	h, err := htmltemplate.New(name).Funcs(htmltemplate.FuncMap(functions(locale))).Parse(frame)
	if err == nil {
		h, err = h.Parse(body)
	}
	if err != nil {
		return fmt.Errorf("template %s.html.tmpl: %w", name, err)
	}
	plain, err := readTemplate(override, name+".txt.tmpl")
	if err != nil {
		return err
	}
	t, err := texttemplate.New(name).Funcs(texttemplate.FuncMap(functions(locale))).Parse(plain)
	if err != nil {
		return fmt.Errorf("template %s.txt.tmpl: %w", name, err)
	}
	c.html[name], c.text[name] = h, t
	return nil
}

func readTemplate(override fs.FS, name string) (string, error) {
	if override != nil {
		b, err := fs.ReadFile(override, name)
		if err == nil {
			return string(b), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read template %s: %w", name, err)
		}
	}
	b, err := templateFiles.ReadFile("templates/" + name)
	if err != nil {
		return "", fmt.Errorf("read template %s: %w", name, err)
	}
	return string(b), nil
}

// view is what a template sees.
type view struct {
	Subject   string
	Preheader string
	Lang      string
	Brand     string
	Imprint   []string
	PublicURL string
	Content   any
}

// render makes both parts of a mail.
func (c *Composer) render(kind, locale, subject, preheader string, content any) (html, text []byte, err error) {
	name := kind + "." + locale
	v := view{Subject: subject, Preheader: preheader, Lang: locale, Brand: c.id.Brand,
		Imprint: strings.Split(strings.TrimSpace(c.id.Imprint), "\n"), PublicURL: c.id.PublicURL, Content: content}
	var h, t bytes.Buffer
	if err := c.html[name].ExecuteTemplate(&h, "frame", v); err != nil {
		return nil, nil, fmt.Errorf("render %s: %w", name, err)
	}
	if err := c.text[name].Execute(&t, v); err != nil {
		return nil, nil, fmt.Errorf("render %s as text: %w", name, err)
	}
	return h.Bytes(), t.Bytes(), nil
}

// localeOf is a language there are templates for: German unless English is asked for.
func localeOf(locale string) string {
	if locale == "en" {
		return "en"
	}
	return "de"
}

// Digest composes a digest.
func (c *Composer) Digest(d mailer.DigestContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	d, cut := fit(d)
	subject, preheader := digestSubject(d, cut, locale)
	html, text, err := c.render("digest", locale, subject, preheader, digestView{d, cut})
	if err != nil {
		return nil, err
	}
	return c.message(d.Headers, subject, html, text, bulk(d.Kind))
}

// Confirmation composes the double opt-in mail. It carries no posting and no
// advertising (mail for which consent is only being asked must be neutral).
func (c *Composer) Confirmation(d mailer.ConfirmationContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	subject := map[string]string{"de": "Bitte bestätigen: Ihr Suchauftrag", "en": "Please confirm your job alert"}[locale]
	html, text, err := c.render("confirmation", locale, subject, d.AlertName, d)
	if err != nil {
		return nil, err
	}
	return c.message(d.Headers, subject, html, text, transactional)
}

// Account composes a mail about a subscriber's account.
func (c *Composer) Account(d mailer.AccountContent) ([]byte, error) {
	locale := localeOf(d.Locale)
	subject, ok := accountSubjects[d.Kind][locale]
	if !ok {
		return nil, fmt.Errorf("compose account mail: unknown kind %q", d.Kind)
	}
	html, text, err := c.render("account", locale, subject, "", d)
	if err != nil {
		return nil, err
	}
	return c.message(d.Headers, subject, html, text, transactional)
}

var accountSubjects = map[mailer.AccountKind]map[string]string{
	mailer.ManageLink:     {"de": "Ihr Link zu Ihren Suchaufträgen", "en": "Your link to your job alerts"},
	mailer.AlreadyHere:    {"de": "Diesen Suchauftrag haben Sie schon", "en": "You already have this job alert"},
	mailer.ConfirmAddress: {"de": "Bitte bestätigen: Ihre neue E-Mail-Adresse", "en": "Please confirm your new e-mail address"},
	mailer.AddressChanged: {"de": "Ihre E-Mail-Adresse wird geändert", "en": "Your e-mail address is being changed"},
}

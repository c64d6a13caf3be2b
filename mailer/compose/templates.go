package compose

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
)

//go:embed templates
var templateFiles embed.FS

// locales are the languages mails are written in.
var locales = []string{"de", "en"}

// kinds are the mails there are templates for.
var kinds = []string{"digest", "confirmation", "account", "checkup"}

// executor is a parsed template of either kind.
type executor interface {
	ExecuteTemplate(w io.Writer, name string, data any) error
}

// pair is a mail's two templates. The HTML one is run as "frame", which brings in
// "body" and "foot"; the text one under its own name. Those of digests define "card".
type pair struct {
	html, text executor
	name       string
	// own: an operator's file takes the place of one of ours.
	own bool
}

func parsePair(kind, locale string, override fs.FS) (p pair, err error) {
	p.name = kind + "." + locale
	files := map[string]string{}
	for _, name := range []string{"frame.html.tmpl", p.name + ".html.tmpl", p.name + ".txt.tmpl"} {
		text, own, err := readTemplate(override, name)
		if err != nil {
			return p, err
		}
		files[name] = text
		p.own = p.own || own
	}
	h := htmltemplate.New(p.name).Funcs(htmltemplate.FuncMap(functions(locale)))
	for _, name := range []string{"frame.html.tmpl", p.name + ".html.tmpl"} {
		if h, err = h.Parse(files[name]); err != nil {
			return p, fmt.Errorf("template %s: %w", name, err)
		}
	}
	t, err := texttemplate.New(p.name).Funcs(texttemplate.FuncMap(functions(locale))).Parse(files[p.name+".txt.tmpl"])
	if err != nil {
		return p, fmt.Errorf("template %s.txt.tmpl: %w", p.name, err)
	}
	p.html, p.text = h, t
	return p, nil
}

func readTemplate(override fs.FS, name string) (text string, own bool, err error) {
	if override != nil {
		b, err := fs.ReadFile(override, name)
		if err == nil {
			return string(b), true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", false, fmt.Errorf("read template %s: %w", name, err)
		}
	}
	b, err := templateFiles.ReadFile("templates/" + name)
	if err != nil {
		return "", false, fmt.Errorf("read template %s: %w", name, err)
	}
	return string(b), false, nil
}

// render runs one template into a string.
func render(t executor, name string, data any) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return b.String(), nil
}

// button is a link that is meant to be pressed.
type button struct{ URL, Label string }

// functions are what templates may call.
func functions(locale string) map[string]any {
	return map[string]any{
		"link": func(url, label string) button { return button{url, label} },
		"date": func(t time.Time) string { return dateText(t, locale) },
		"time": func(t time.Time) string {
			clock := t.Format("15:04")
			return dateText(t, locale) + choose(locale, " um "+alerts.Quantity(clock, "Uhr"), " at "+clock)
		},
		"km": func(n int) string { return alerts.Quantity(strconv.Itoa(n), "km") },
	}
}

var months = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

func dateText(t time.Time, locale string) string {
	if locale == "de" {
		return fmt.Sprintf("%d. %s %d", t.Day(), months[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

func choose(locale, de, en string) string {
	if locale == "de" {
		return de
	}
	return en
}

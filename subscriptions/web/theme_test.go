package web_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/subscriptions/web"
)

func TestAThemeTakesThePlaceOfTemplatesTextsAndColours(t *testing.T) {
	theme := fstest.MapFS{
		"templates/imprint.html": {Data: []byte(`{{define "main"}}<h1>{{t "imprint.title"}}</h1><p>Haus am See</p>{{end}}`)},
		"texts.toml":             {Data: []byte("[home]\nheading = { de = \"Arbeit im Revier\" }\n[consent]\nwording = { de = \"Ja, gern von %s.\" }\n")},
		"static/theme.css":       {Data: []byte(":root { --deep: #004400; }")},
		"static/logo.svg":        {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
	}
	w := newWorld(t, databasetest.SQLite(t), func(o *web.Options) { o.Theme = theme })
	w.get("/imprint?lang=de").must(t, 200, "Haus am See")
	page := w.get("/?lang=de").must(t, 200, "Arbeit im Revier", "/static/style.", "/static/theme.")
	w.get("/?lang=en").must(t, 200, "The job you are looking for comes to you")
	for _, link := range linksOf(page.body) {
		if strings.HasPrefix(link, "/static/theme.") {
			if a := w.get(link).must(t, 200, "#004400"); !strings.Contains(a.Header.Get("Content-Type"), "text/css") {
				t.Errorf("served as %s", a.Header.Get("Content-Type"))
			}
		}
	}
	w.post("/subscriptions?lang=de", signUpForm("anna@example.org")).must(t, http.StatusSeeOther)
	record, err := w.store.Consents(t.Context(), w.db.Reader, w.mails.confirmations[0].subscriber)
	if err != nil || record[0].Wording != "Ja, gern von Stellenbote." || !strings.HasPrefix(record[0].TextVersion, web.ConsentVersion+"-de-") {
		t.Errorf("the operator's words are recorded as %+v, %v", record, err)
	}
	whole := newWorld(t, databasetest.SQLite(t), func(o *web.Options) {
		o.Theme = fstest.MapFS{"static/style.css": {Data: []byte("body { color: #112233; }")}}
	})
	page = whole.get("/").must(t, 200)
	style := page.body[strings.Index(page.body, "/static/style."):]
	whole.get(style[:strings.IndexByte(style, '"')]).must(t, http.StatusOK, "#112233")
}

func TestAThemeThatDoesNotFitIsRefusedAtTheStart(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t), nil)
	for want, theme := range map[string]fstest.MapFS{
		"takes the place of no template": {"templates/hmoe.html": {Data: []byte("x")}},
		"parse templates/home.html":      {"templates/home.html": {Data: []byte("{{define \"main\"}}{{if}}")}},
		"no text is called home.haeding": {"texts.toml": {Data: []byte("[home]\nhaeding = { de = \"x\" }")}},
		"must fill in what":              {"texts.toml": {Data: []byte("[jobs]\ntotal = { de = \"viele\" }")}},
		"read the theme's texts":         {"texts.toml": {Data: []byte("= = =")}},
	} {
		o := w.options
		o.Theme = theme
		if _, err := web.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", theme, err, want)
		}
	}
}

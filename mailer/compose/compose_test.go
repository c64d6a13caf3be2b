package compose_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/compose"
)

var update = flag.Bool("update", false, "rewrite testdata/*.eml")

func TestMails_AreTheGoldenOnes(t *testing.T) {
	for name, mail := range samples(t, composer(t)) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".eml")
			if *update {
				if err := os.WriteFile(path, mail, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(mail, want) {
				t.Errorf("the mail differs from %s; look at it and run with -update\n%s", path, mail)
			}
		})
	}
}

// bulk says that a mail is one of many and not asked for at this moment.
func bulk(name string) bool {
	return !strings.HasPrefix(name, "confirmation") && !strings.HasPrefix(name, "account")
}

func TestMails_BearTheHeadersOfTheirKind(t *testing.T) {
	always := map[string]string{"From": `"Stellenmelder Ruhr" <stellen@jobs.example>`, "Reply-To": "<hilfe@jobs.example>", "To": "erika@example.org",
		"Date": "Mon, 02 Mar 2026 07:00:00 +0100", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "MIME-Version": "1.0",
		"CFBL-Address": "fbl@jobs.example; report=arf"}
	ofBulk := map[string]string{"Precedence": "bulk", "List-Id": "<job-alerts.jobs.example>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"List-Unsubscribe": "<https://jobs.example/unsubscribe/all-Zm9vYmFyYmF6cXV4>, <mailto:leave@jobs.example?subject=all-Zm9vYmFyYmF6cXV4>"}
	ids := map[string]string{}
	for name, mail := range golden(t) {
		o := open(t, mail)
		for header, want := range always {
			if got := o.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		for header, want := range ofBulk {
			if !bulk(name) {
				want = ""
			}
			if got := o.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		fields := strings.Split(o.Get("Feedback-ID"), ":")
		if len(fields) != 4 || len(fields[3]) < 5 || len(fields[3]) > 15 || strings.Contains(o.Get("Feedback-ID"), "erika") {
			t.Errorf("%s: Feedback-ID %q", name, o.Get("Feedback-ID"))
		}
		id := o.Get("Message-ID")
		if !strings.HasSuffix(id, "@jobs.example>") || !strings.HasPrefix(id, "<") || ids[id] != "" {
			t.Errorf("%s: Message-ID %q, as of %q", name, id, ids[id])
		}
		ids[id] = name
		if locale := name[strings.LastIndexByte(name, '.')+1:]; o.Get("Content-Language") != locale {
			t.Errorf("%s: Content-Language %q", name, o.Get("Content-Language"))
		}
		for header, values := range o.Header {
			if len(values) != 1 {
				t.Errorf("%s: %d headers %s", name, len(values), header)
			}
		}
	}
}

// Gmail clips HTML of about 102 KB; lines may have 998 bytes (RFC 5322), encoded ones
// 76 (RFC 2045).
func TestMails_KeepToTheirSize(t *testing.T) {
	for name, mail := range golden(t) {
		o := open(t, mail)
		if len(o.html) > 90_000 || o.encoded > 90_000 {
			t.Errorf("%s: %d bytes of HTML, %d encoded", name, len(o.html), o.encoded)
		}
		head, body, _ := strings.Cut(string(mail), "\r\n\r\n")
		for _, part := range []struct {
			text string
			most int
		}{{head, 998}, {body, 76}} {
			for _, line := range strings.Split(part.text, "\r\n") {
				if len(line) > part.most || strings.ContainsAny(line, "\r\n") {
					t.Errorf("%s: a line of %d bytes: %q", name, len(line), line)
				}
			}
		}
		for _, left := range []string{"<no value>", "%!", "{{", "}}", "ZgotmplZ"} {
			if strings.Contains(o.html+o.text+o.subject, left) {
				t.Errorf("%s: %q was left standing", name, left)
			}
		}
	}
}

var textLink = regexp.MustCompile(`https?://\S+`)

// elements calls f for every element of a page.
func elements(t testing.TB, page string, f func(n *html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			f(n)
		}
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestMails_SayTheSameInBothParts(t *testing.T) {
	for name, mail := range golden(t) {
		o := open(t, mail)
		links := map[string]bool{}
		elements(t, o.html, func(n *html.Node) {
			if href, ok := attr(n, "href"); ok {
				links[href] = true
			}
			if n.Data == "h1" || n.Data == "h2" || n.Data == "li" && !strings.Contains(content(n), "–") {
				if c := content(n); !strings.Contains(o.text, c) {
					t.Errorf("%s: %q is missing from the text part", name, c)
				}
			}
		})
		inText := map[string]bool{}
		for _, l := range textLink.FindAllString(o.text, -1) {
			inText[l] = true
		}
		if !maps.Equal(links, inText) {
			t.Errorf("%s: links of the HTML part %v, of the text part %v", name, slices.Sorted(maps.Keys(links)), slices.Sorted(maps.Keys(inText)))
		}
		for _, imprint := range strings.Split(identity.Imprint, "\n") {
			if !strings.Contains(o.html, imprint) || !strings.Contains(o.text, imprint) {
				t.Errorf("%s: the imprint is missing", name)
			}
		}
		if reason := map[bool]string{true: "Sie bekommen diese Mail, weil", false: "You get this mail because"}[strings.HasSuffix(name, "de")]; !strings.Contains(o.text, reason) || !strings.Contains(o.html, reason) {
			t.Errorf("%s: the reason is missing", name)
		}
		if strings.Contains(o.text, "&amp;") || strings.Contains(o.text, "\n\n\n\n") {
			t.Errorf("%s: the text part has entities or gaps:\n%s", name, o.text)
		}
	}
}

func TestDigest_StaysBelowTheClipAndCountsTheRest(t *testing.T) {
	c := composer(t)
	for _, n := range []int{1, 12, 60, 200} {
		d := digest("de", n, 3)
		raw, err := c.Digest(d)
		if err != nil {
			t.Fatal(err)
		}
		o := open(t, raw)
		if len(o.html) > 90_000 || o.encoded > 90_000 {
			t.Errorf("%d postings make %d bytes of HTML, %d encoded", n, len(o.html), o.encoded)
		}
		shown := strings.Count(o.html, "<h2")
		if n <= 12 && shown != n {
			t.Errorf("%d of %d postings are shown", shown, n)
		}
		for i := range n {
			link := d.Postings[i].URL
			if in := strings.Contains(o.html, link+`"`); in != (i < shown) {
				t.Fatalf("posting %d of %d, %d shown: in the mail %v", i, n, shown, in)
			}
		}
		if rest := n - shown; rest > 1 && (!strings.Contains(o.html, itoa(rest)+" weitere Stellen passen") || !strings.Contains(o.text, itoa(rest)+" weitere Stellen passen")) {
			t.Errorf("%d postings are not shown and not counted", rest)
		}
		if !strings.Contains(o.subject, itoa(n)+" neue Stelle") {
			t.Errorf("subject %q of %d", o.subject, n)
		}
		t.Logf("%d postings: %d shown, HTML %d bytes (%d encoded), mail %d", n, shown, len(o.html), o.encoded, len(raw))
	}
}

func TestDigest_IsTheSameBytesEachTime(t *testing.T) {
	a, b := composer(t), composer(t)
	for range 3 {
		for _, n := range []int{12, 3, 12, 60} {
			one, err := a.Digest(digest("de", n, 3))
			if err != nil {
				t.Fatal(err)
			}
			for i := range n { // other cards in between
				if _, err := b.Digest(digest("en", i%5+1, 1)); err != nil {
					t.Fatal(err)
				}
			}
			other, err := b.Digest(digest("de", n, 3))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one, other) {
				t.Fatalf("two composers make different bytes of %d postings", n)
			}
		}
	}
}

func TestDigest_ShowsAPostingsPresentContent(t *testing.T) {
	c := composer(t)
	d := digest("de", 1, 1)
	if _, err := c.Digest(d); err != nil {
		t.Fatal(err)
	}
	changed := *d.Postings[0].Posting
	changed.Title = "Medizinische Dokumentarin"
	d.Postings[0].Posting = &changed
	raw, err := c.Digest(d)
	if err != nil {
		t.Fatal(err)
	}
	if o := open(t, raw); !strings.Contains(o.html, changed.Title) || !strings.Contains(o.text, changed.Title) {
		t.Error("the card of a posting that was updated is the old one")
	}
}

func TestNew_TakesOperatorsTemplates(t *testing.T) {
	own := fstest.MapFS{"digest.de.txt.tmpl": {Data: []byte(`{{define "card"}}* {{.Title}} {{.URL}}
{{end}}Moin! {{.Content.Total}}
{{.Content.Cards}}{{range .Content.Alerts}}{{.UnsubscribeURL}}
{{end}}{{.Content.ManageURL}}
`)}}
	c, err := compose.New(identity, own)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := c.Digest(digest("de", 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	if o := open(t, raw); !strings.HasPrefix(o.text, "Moin! 2\n* Medizininformatiker (m/w/d) https://jobs.example/postings/1\n") || !strings.Contains(o.html, "<h2") {
		t.Errorf("text part:\n%s", o.text)
	}
	for name, bad := range map[string]string{"does not parse": "{{if}}", "does not run": "{{.Content.Nothing}}", "has no card": "{{.Subject}}"} {
		file := "digest.en.html.tmpl"
		if name == "has no card" {
			file = "digest.en.txt.tmpl"
		}
		if _, err := compose.New(identity, fstest.MapFS{file: {Data: []byte(bad)}}); err == nil {
			t.Errorf("a template that %s was taken", name)
		}
	}
}

func TestNew_RefusesAnIdentityThatBreaksHeaders(t *testing.T) {
	for name, change := range map[string]func(id *compose.Identity){
		"from":        func(id *compose.Identity) { id.From = "A <a@b.example>\r\nBcc: c@d.example" },
		"no from":     func(id *compose.Identity) { id.From = "" },
		"reply-to":    func(id *compose.Identity) { id.ReplyTo = "a@b.example\nBcc: c@d.example" },
		"list domain": func(id *compose.Identity) { id.ListDomain = "x>\r\nBcc: c@d.example" },
		"complaints":  func(id *compose.Identity) { id.Complaints = "a@b.example\r\nBcc: c@d.example" },
	} {
		id := identity
		change(&id)
		if _, err := compose.New(id, nil); err == nil {
			t.Errorf("%s was taken: %+v", name, id)
		}
	}
}

func TestCheckup_RefusesAnUnknownFinding(t *testing.T) {
	if _, err := composer(t).Checkup(checkup("de", "spam", "")); err == nil {
		t.Error("composed a mail of an unknown finding")
	}
}

func TestAccount_RefusesAnUnknownKind(t *testing.T) {
	if _, err := composer(t).Account(mailer.AccountContent{Headers: headers("de", "x"), Kind: "spam"}); err == nil {
		t.Error("composed a mail of an unknown kind")
	}
}

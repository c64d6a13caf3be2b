package compose_test

import (
	"bytes"
	"io/fs"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"io"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/pay"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/compose"
)

func itoa(n int) string { return strconv.Itoa(n) }

// asOwn gives the embedded templates as an operator's, so that they are rendered
// directly.
func asOwn(t testing.TB) fs.FS {
	t.Helper()
	return os.DirFS("templates")
}

var (
	words = rapid.StringOfN(rapid.SampledFrom([]rune("abcÄß €&<>\"'+=·.,_\u00a0–{}\u2028日🏥-\t%$")), 1, 120, -1)
	urls  = rapid.Custom(func(t *rapid.T) string {
		return "https://jobs.example/" + rapid.StringMatching(`([a-zA-Z0-9/._~?=&;:@+,*$!#-]|%[0-9a-fA-F]{2}){0,90}`).Draw(t, "path")
	})
)

func drawDigest(t *rapid.T) mailer.DigestContent {
	several := rapid.IntRange(1, 4).Draw(t, "alerts")
	d := mailer.DigestContent{Headers: headers("de", "drawn"), Kind: mailer.Digest, Counted: rapid.IntRange(0, 3).Draw(t, "counted"),
		Deferred: rapid.IntRange(0, 3).Draw(t, "deferred"), Closed: rapid.IntRange(0, 3).Draw(t, "closed"),
		MoreURL: urls.Draw(t, "more"), ManageURL: urls.Draw(t, "manage")}
	d.Locale = rapid.SampledFrom([]string{"de", "en"}).Draw(t, "locale")
	for range several {
		d.Alerts = append(d.Alerts, mailer.DigestAlert{Name: words.Draw(t, "name"), Frequency: words.Draw(t, "frequency"), UnsubscribeURL: urls.Draw(t, "unsubscribe")})
	}
	maybe := func(s string) string {
		if rapid.Bool().Draw(t, "given") {
			return s
		}
		return ""
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "postings") {
		p := &alerts.Posting{Number: uint32(i), Title: words.Draw(t, "title"), Employer: maybe(words.Draw(t, "employer")), Agency: rapid.Bool().Draw(t, "agency"),
			Remote: rapid.Bool().Draw(t, "remote"), Language: rapid.SampledFrom([]string{"", "de", "en", "nl"}).Draw(t, "language")}
		for range rapid.IntRange(0, 6).Draw(t, "places") {
			p.Locations = append(p.Locations, alerts.Location{Name: maybe(words.Draw(t, "place")), Country: "DE"})
		}
		if rapid.Bool().Draw(t, "paid") {
			p.Pay = &pay.Statement{Min: 3000, Max: float64(rapid.IntRange(3000, 9000).Draw(t, "max")), Currency: "EUR", Unit: pay.Month}
			p.EmploymentTypes = []alerts.EmploymentType{alerts.FullTime, alerts.Other}
		}
		d.Postings = append(d.Postings, mailer.DigestPosting{Posting: p, URL: urls.Draw(t, "url"), Why: rapid.SliceOfN(words, 0, 8).Draw(t, "why"),
			Alert: rapid.IntRange(0, several-1).Draw(t, "alert"), AlsoFits: rapid.SliceOfN(rapid.IntRange(0, several-1), 0, 2).Draw(t, "also"),
			Sources: rapid.SliceOfN(words, 0, 3).Draw(t, "sources"), UnstatedPay: rapid.Bool().Draw(t, "unstated")})
	}
	return d
}

func TestDigest_MoldsAgreeWithTheTemplates(t *testing.T) {
	molded := composer(t)
	direct, err := compose.New(identity, asOwn(t))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		d := drawDigest(r)
		a, err := molded.Digest(d)
		if err != nil {
			r.Fatal(err)
		}
		b, err := direct.Digest(d)
		if err != nil {
			r.Fatal(err)
		}
		x, y := open(t, a), open(t, b)
		if x.subject != y.subject || x.text != y.text || x.html != y.html {
			r.Fatalf("from molds:\n%s\n%s\nfrom the templates:\n%s\n%s", x.text, x.html, y.text, y.html)
		}
	})
}

func TestDigest_RendersWhatMoldsCannot(t *testing.T) {
	c := composer(t)
	d := digest("de", 2, 1)
	d.Postings[1].URL = "javascript:alert(1)"
	raw, err := c.Digest(d)
	if err != nil {
		t.Fatal(err)
	}
	if o := open(t, raw); strings.Contains(o.html, "javascript:") {
		t.Error("an address of another scheme reached the HTML part")
	}
	many := digest("de", 1, 1)
	many.Alerts = alertsOf(40, "de")
	if raw, err = c.Digest(many); err != nil {
		t.Fatal(err)
	}
	if o := open(t, raw); strings.Count(o.html, ">Abbestellen<") != 40 {
		t.Error("not every one of forty alerts can be ended")
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("Medizininformatiker", "a@example.org", "https://jobs.example/u", "mailto:x@y.example", "abc@jobs.example")
	f.Add("a\r\nBcc: b@c.example", "a@b.c\r\nBcc: d@e.example", "https://x\r\nX: y", "mailto:x>\n", "a\r\nb@c")
	f.Add("=?utf-8?q?x?=", "ä@müller.example", "https://x y", "", "@")
	f.Add(strings.Repeat("Überlänge🏥 ", 40), "a@b@c", "", "mailto:", "x@y")
	c := composer(f)
	plain := len(open(f, samples(f, c)["digest.de"]).Header)
	f.Fuzz(func(t *testing.T, name, to, oneClick, byMail, id string) {
		d := digest("de", 1, 1)
		d.Alerts[0].Name, d.To, d.OneClick, d.UnsubscribeMail, d.MessageID = name, to, oneClick, byMail, id
		raw, err := c.Digest(d)
		if err != nil {
			return // refused
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("the mail cannot be read: %v\n%s", err, raw)
		}
		want := plain
		if oneClick == "" {
			want -= 2
		}
		if len(m.Header) != want || m.Header.Get("Bcc") != "" {
			t.Fatalf("%d headers, want %d: %v", len(m.Header), want, m.Header)
		}
		if m.Header.Get("Message-ID") != "<"+id+">" {
			t.Errorf("Message-ID %q of %q", m.Header.Get("Message-ID"), id)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || strings.ContainsFunc(subject, unicode.IsControl) && !strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f && unicode.IsControl(r) }) {
			t.Errorf("subject %q, %v", subject, err)
		}
		head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
		for _, line := range strings.Split(head, "\r\n") {
			if len(line) > 998 || len(line) > 78 && strings.HasPrefix(line, "Subject") {
				t.Errorf("a header line of %d bytes: %q", len(line), line)
			}
		}
	})
}

func TestSubject_IsReadAsItWasWritten(t *testing.T) {
	c := composer(t)
	rapid.Check(t, func(r *rapid.T) {
		d := digest("de", 1, 1)
		d.Alerts[0].Name = rapid.StringOfN(rapid.RuneFrom([]rune("aÄ €=?_\"<>(),日🏥"), unicode.L), 1, 79, -1).Draw(r, "name")
		raw, err := c.Digest(d)
		if err != nil {
			r.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			r.Fatal(err)
		}
		got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if want := "1 neue Stelle: " + d.Alerts[0].Name; err != nil || got != want {
			r.Fatalf("read %q, %v; want %q\n%s", got, err, want, m.Header.Get("Subject"))
		}
	})
}

func FuzzQuotedPrintable(f *testing.F) {
	f.Add("Zeile mit Leerzeichen \nund\tTab\t\n=\n" + strings.Repeat("ä", 80) + strings.Repeat("x", 80) + " ")
	f.Fuzz(func(t *testing.T, s string) {
		encoded := compose.QuotedPrintable(s)
		got, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
		want := strings.ReplaceAll(strings.ReplaceAll(s, "\r", ""), "\n", "\r\n")
		if err != nil || string(got) != want {
			t.Fatalf("encoded %q as %q, read as %q, %v", s, encoded, got, err)
		}
		for _, line := range strings.Split(string(encoded), "\r\n") {
			if len(line) > 76 {
				t.Fatalf("a line of %d bytes: %q", len(line), line)
			}
		}
	})
}

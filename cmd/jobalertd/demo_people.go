package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/mailer/capture"
)

// person is one of the demo's subscribers and what she types into the form.
type person struct {
	name, address string
	wants         string // told in the story
	form          url.Values
}

// people are three who want different things, differently often.
func people() []person {
	return []person{
		{"Ayşe", "ayse@example.org", "Medizininformatiker within 25 km of Gelsenkirchen, from 3.500 € a month, daily at seven",
			url.Values{"q": {"Medizininformatiker"}, "place": {"Gelsenkirchen"}, "radius": {"25"}, "salary": {"3500"}, "salary_unit": {"MONTH"}, "salary_unknown": {"mark"},
				"frequency": {"daily"}, "hour": {"7"}, "lang": {"de"}}},
		{"Jonas", "jonas@example.org", "Pflegefachkraft within 40 km of Essen, every Monday at eight",
			url.Values{"q": {"Pflegefachkraft"}, "place": {"Essen"}, "radius": {"40"}, "frequency": {"weekly"}, "weekday": {"monday"}, "hour": {"8"}, "lang": {"de"}}},
		{"Grace", "grace@example.org", "software developer OR data analyst, remote only, at once",
			url.Values{"q": {"\"software developer\" OR \"data analyst\""}, "remote": {"only"}, "frequency": {"instant"}, "lang": {"en"}}},
	}
}

// signUp subscribes somebody through the pages and confirms from the mail: what
// she would click and press.
func (d *demo) signUp(ctx context.Context, p person) error {
	form := p.form
	form.Set("email", p.address)
	form.Set("consent", "yes")
	if err := d.post(ctx, d.config.HTTP.PublicURL+"/subscriptions?lang="+form.Get("lang"), form); err != nil {
		return fmt.Errorf("sign up %s: %w", p.name, err)
	}
	var link string
	err := d.until(ctx, "the confirmation mail of "+p.name, func() (bool, error) {
		m, err := d.newest(p.address, "/confirm/")
		if err != nil || m == nil {
			return false, err
		}
		link = linkIn(m.Text, "/confirm/")
		return link != "", nil
	})
	if err != nil {
		return err
	}
	if err := d.get(ctx, link); err != nil {
		return fmt.Errorf("open the confirmation link of %s: %w", p.name, err)
	}
	if err := d.post(ctx, link, url.Values{}); err != nil {
		return fmt.Errorf("confirm %s: %w", p.name, err)
	}
	return nil
}

func (d *demo) get(ctx context.Context, link string) error {
	return d.do(ctx, http.MethodGet, link, nil)
}

func (d *demo) post(ctx context.Context, link string, form url.Values) error {
	return d.do(ctx, http.MethodPost, link, form)
}

func (d *demo) do(ctx context.Context, method, link string, form url.Values) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, link, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 {
		return fmt.Errorf("%s answered %s", r.URL.Path, resp.Status)
	}
	return nil
}

// newest is the newest captured mail to an address whose text holds something.
func (d *demo) newest(address, holds string) (*capture.Mail, error) {
	list, err := d.daemon.capture.List(1000, "")
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		m, err := d.daemon.capture.Read(s.Name)
		if errors.Is(err, capture.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if headerOf(&m, "To") == address && strings.Contains(m.Text, holds) {
			return &m, nil
		}
	}
	return nil, nil
}

// headerOf is the address or value of a header; "" if there is none.
func headerOf(m *capture.Mail, name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return strings.Trim(h.Value, "<>")
		}
	}
	return ""
}

// linkIn finds the first address in a text whose path begins as given.
func linkIn(text, path string) string {
	return regexp.MustCompile(`https?://[^\s<>"]+` + regexp.QuoteMeta(path) + `[^\s<>"]+`).FindString(text)
}

var postingLink = regexp.MustCompile(`/postings/(\d+)`)

// postingsIn are the numbers of the postings a mail links to, ascending.
func postingsIn(text string) []uint32 {
	var numbers []uint32
	for _, m := range postingLink.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(m[1], 10, 32)
		if err == nil {
			numbers = append(numbers, uint32(n))
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// expected computes, apart from index, match log and digest, what somebody's
// alert matches among the stored postings: Criteria.Matches on each.
func (d *demo) expected(ctx context.Context, c *alerts.Criteria) ([]alerts.Stored, error) {
	var out []alerts.Stored
	err := d.daemon.postings.OpenBetween(ctx, d.daemon.db.Reader, 0, 1<<62, time.Now(), func(p alerts.Stored) error {
		if c.Matches(d.daemon.meaning.Document(&p.Posting)) {
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

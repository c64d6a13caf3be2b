package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

type benchSignupCmd struct {
	Visitors int    `help:"How many people are on the pages at once, each with one request at a time." default:"50"`
	Signups  int    `help:"How many sign-ups they make, a quarter of them for each kind of address." default:"2000"`
	Database string `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	JSON     bool   `help:"On one line at a terminal too." name:"json"`
}

func (benchSignupCmd) Help() string {
	return "Example:\n  jobalertd bench signup --visitors 50 --database postgres\n  jobalertd bench signup --visitors 1 --signups 400\n\n" +
		"A whole daemon: each visit opens a page of results, posts its form and opens the page that follows; the mails\n" +
		"are composed and kept. An answer takes 250 ms at least, whatever the address, which bounds what 50 visitors can\n" +
		"reach. With one visitor the answers' times are those that somebody sees who wants to learn whether an address\n" +
		"is subscribed: told_apart is how much better than by chance the best single limit tells a kind of address from an\n" +
		"unknown one (0 not at all, 1 always), and by_chance what so few answers would show of equal ones at most."
}

// signupKinds are what an address can be to the daemon, the one that it does not
// know first.
var signupKinds = []string{"unknown", "subscribed", "other_alert", "suppressed"}

// signupFigures are the answer of bench signup.
type signupFigures struct {
	machine
	Database         string  `json:"database"`
	Visitors         int     `json:"visitors"`
	Signups          int     `json:"signups"`
	SignupsPerSecond float64 `json:"signups_per_second"`
	P50              float64 `json:"p50_ms"` // of the post alone
	P99              float64 `json:"p99_ms"`
	spent
	Kinds    map[string]kindFigures `json:"kinds"`
	ByChance float64                `json:"by_chance"` // what told_apart would be of two equal kinds, at most 1 time in 100
	Checked  int                    `json:"checked_signups"`
	Agrees   bool                   `json:"agrees"`
}

// kindFigures are the answers for one kind of address.
type kindFigures struct {
	Signups   int     `json:"signups"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	ToldApart float64 `json:"told_apart"` // from an unknown address
}

// Run measures a daemon of its own.
func (c benchSignupCmd) Run(ctx context.Context, s *session) error {
	if c.Visitors < 1 || c.Signups < len(signupKinds) {
		return usagef("there must be at least one visitor and %d sign-ups", len(signupKinds))
	}
	room, err := newRoom(c.Database)
	if err != nil {
		return err
	}
	defer room.close()
	room.config.HTTP.TrustedProxies = []string{"127.0.0.0/8"} // so that every visitor has an address of her own
	d := &demo{session: &session{environ: s.environ, stdout: io.Discard, stderr: s.stderr}, config: room.config, started: time.Now()}
	if err := d.begin(ctx); err != nil {
		return err
	}
	defer d.end()
	b := &benchSignup{demo: d, base: "http://" + d.daemon.listen.Addr().String(), taken: make([]time.Duration, c.Signups)}
	s.say("entering who is known")
	if err := b.prepare(ctx, s); err != nil {
		return err
	}
	f := signupFigures{machine: thisMachine(), Database: room.kind(), Visitors: c.Visitors, Signups: c.Signups}
	s.say("signing up")
	m := startMeter()
	err = b.visit(ctx, c.Visitors)
	f.spent = m.stop()
	if err != nil {
		return err
	}
	f.judge(b.taken)
	if f.Agrees, err = b.check(ctx); err != nil {
		return err
	}
	f.Checked = c.Signups
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if !f.Agrees {
		return errors.New("sign-ups or their mails are missing: the figures mean nothing")
	}
	return nil
}

// judge makes figures of the answers' times.
func (f *signupFigures) judge(taken latencies) {
	f.SignupsPerSecond = float64(len(taken)) / f.Seconds
	f.P50, f.P99 = millis(taken.quantile(0.50)), millis(taken.quantile(0.99))
	each := make([]latencies, len(signupKinds))
	for i, t := range taken {
		each[i%len(signupKinds)] = append(each[i%len(signupKinds)], t)
	}
	f.Kinds = map[string]kindFigures{}
	for k, name := range signupKinds {
		l := each[k]
		f.Kinds[name] = kindFigures{Signups: len(l), P50: millis(l.quantile(0.50)), P99: millis(l.quantile(0.99)), ToldApart: l.apart(each[0])}
	}
	// The two-sample test of Kolmogorov and Smirnov at 1 in 100, for equal samples.
	f.ByChance = 1.63 * math.Sqrt(2/float64(len(each[0])))
}

// apart is the largest distance between two distributions (Kolmogorov and
// Smirnov's): what the best single limit gains over guessing.
func (l latencies) apart(other latencies) float64 {
	a, b := slices.Sorted(slices.Values(l)), slices.Sorted(slices.Values(other))
	most := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		at := min(a[i], b[j])
		for i < len(a) && a[i] == at {
			i++
		}
		for j < len(b) && b[j] == at {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}

// benchSignup is a daemon and those who visit it.
type benchSignup struct {
	*demo
	base  string
	taken latencies // by sign-up
}

// signupQuery and signupPlace are what everybody asks for.
const (
	signupQuery = "Medizininformatiker"
	signupPlace = "Gelsenkirchen"
)

func signupAddress(i int) string { return "v" + strconv.Itoa(i) + "@example.org" }

// prepare enters the addresses that are known already.
func (b *benchSignup) prepare(ctx context.Context, s *session) error {
	var lines iter.Seq2[[]byte, error] = func(yield func([]byte, error) bool) {
		for i := range b.taken {
			query := ""
			switch signupKinds[i%len(signupKinds)] {
			case "subscribed":
				query = signupQuery
			case "other_alert":
				query = "Koch"
			default:
				continue
			}
			line, err := json.Marshal(map[string]any{"email": signupAddress(i), "query": query, "places": []any{map[string]any{"name": signupPlace}},
				"remote": "include", "salary_unknown": "take", "confirmed_at": time.Now().AddDate(0, -1, 0), "consent": map[string]string{"text": "v1", "source": "import"}})
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
	known := &benchDaemon{b.daemon}
	if _, _, err := known.importAll(ctx, s, load{lines: lines}); err != nil {
		return err
	}
	return b.daemon.db.Tx(ctx, func(tx *sqlx.Tx) error {
		for i := range b.taken {
			if signupKinds[i%len(signupKinds)] != "suppressed" {
				continue
			}
			if err := b.daemon.suppressions.Add(ctx, tx, signupAddress(i), suppression.Complaint, "bench"); err != nil {
				return err
			}
		}
		return nil
	})
}

// visit has the visitors sign everybody up.
func (b *benchSignup) visit(ctx context.Context, visitors int) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range visitors {
		g.Go(func() error {
			client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			defer client.CloseIdleConnections()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(b.taken) {
					return nil
				}
				if err := b.signUp(ctx, client, i); err != nil {
					return fmt.Errorf("sign-up %d: %w", i+1, err)
				}
			}
		})
	}
	return g.Wait()
}

// signUp is one visit.
func (b *benchSignup) signUp(ctx context.Context, client *http.Client, i int) error {
	if _, err := b.request(ctx, client, i, "/jobs/medizininformatiker/gelsenkirchen", nil, http.StatusOK); err != nil {
		return err
	}
	form := url.Values{"q": {signupQuery}, "place": {signupPlace}, "radius": {"25"}, "email": {signupAddress(i)}}
	began := time.Now()
	next, err := b.request(ctx, client, i, "/subscriptions", form, http.StatusSeeOther)
	b.taken[i] = time.Since(began)
	if err != nil {
		return err
	}
	_, err = b.request(ctx, client, i, next, nil, http.StatusOK)
	return err
}

func (b *benchSignup) request(ctx context.Context, client *http.Client, i int, path string, form url.Values, status int) (location string, err error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, body)
	if err != nil {
		return "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", i>>8&255, i&255)) // a network of her own
	resp, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return "", err
	}
	if resp.StatusCode != status {
		return "", fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return resp.Header.Get("Location"), nil
}

// check looks whether every sign-up is recorded, stands as it should, and has its
// mail asked for.
func (b *benchSignup) check(ctx context.Context) (bool, error) {
	for i := range b.taken {
		who, err := b.daemon.subscriptions.SubscriberByAddress(ctx, b.daemon.db.Reader, signupAddress(i))
		if err != nil {
			return false, err
		}
		all, err := b.daemon.subscriptions.Export(ctx, b.daemon.db.Reader, who.ID)
		if err != nil {
			return false, err
		}
		waiting, signed, mailed := 0, 0, 0
		for _, sub := range all.Subscriptions {
			if sub.State == subscriptions.Unconfirmed {
				waiting++
			}
		}
		for _, step := range all.Consents {
			switch step.Event {
			case subscriptions.SignedUp:
				signed++
			case subscriptions.ConfirmationSent:
				mailed++
			}
		}
		want := 1
		if signupKinds[i%len(signupKinds)] == "subscribed" {
			want = 0 // the mail says that it stands already
		}
		if waiting != want || mailed != want || signed != 1 {
			return false, nil
		}
	}
	return true, nil
}

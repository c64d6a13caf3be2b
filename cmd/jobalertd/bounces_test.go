package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/inbound"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
)

// dsn is a delivery report (RFC 3464).
func dsn(to, recipient, status, diagnostic string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example.net
To: %s
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %s
Action: failed
Status: %s
Diagnostic-Code: smtp; %s
--b--
`, to, recipient, status, diagnostic), "\n", "\r\n"))
}

// complaint is a feedback report (RFC 5965) that names nobody, as most do.
func complaint(to, sender string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: feedback@mailbox.example
To: %s
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Mailbox/1
Version: 1
Original-Mail-From: <%s>
--b
Content-Type: message/rfc822

From: alerts@jobs.example.org
Subject: Jobs

--b--
`, to, sender), "\n", "\r\n"))
}

func letter(from, to, subject string) []byte {
	return []byte("From: " + from + "\r\nTo: " + to + "\r\nSubject: " + subject + "\r\n\r\nThank you.\r\n")
}

// postOffice is a world whose mails can come back.
type postOffice struct {
	*world
	subscriber int64
	alert      uint32
	address    string
}

func newPostOffice(t *testing.T, url string) *postOffice {
	t.Helper()
	w := newWorld(t, url, time.Now())
	w.config.Mail.From, w.config.Mail.BounceAddress, w.config.Inbound.Listen = "alerts@jobs.example.org", "bounces@jobs.example.org", "127.0.0.1:0"
	o := &postOffice{world: w, address: "Ada@example.org"}
	c := alerts.Criteria{Query: "Koch"}
	w.must(w.daemon.meaning.Prepare(&c))
	wish := subscriptions.Wish{Criteria: c, Schedule: subscriptions.Schedule{Frequency: subscriptions.Daily, Hour: 7, Timezone: "Europe/Berlin"}}
	var ok bool
	if o.subscriber, o.alert, ok = w.subscribe(o.address, wish); !ok {
		t.Fatal("the sign-up was not answered with a confirmation")
	}
	return o
}

// receive hands a mail in as the pipe of a mail server does.
func (o *postOffice) receive(from, to string, raw []byte, trusting bool) error {
	o.t.Helper()
	h := comesBack{stores: o.daemon.stores, trusting: trusting, wake: func() {}, did: func(string, int64) {}}
	c := bouncesReceiveCmd{From: from, To: to}
	return c.hand(o.t.Context(), o.daemon.inboundServer(h, nil), raw)
}

func (o *postOffice) reason(address string) suppression.Reason {
	o.t.Helper()
	r, err := o.daemon.suppressions.Reason(o.t.Context(), o.daemon.db.Reader, address)
	o.must(err)
	return suppression.Reason(r)
}

func TestWhatComesBackIsActedOn(t *testing.T) {
	t.Parallel()
	type state struct {
		reason suppression.Reason
		alert  subscriptions.State
		ended  subscriptions.EndedReason
	}
	untouched := state{"", subscriptions.Confirmed, ""}
	for name, c := range map[string]struct {
		mail func(o *postOffice, path string) (from, to string, raw []byte)
		want state
	}{
		"a hard bounce": {func(o *postOffice, path string) (string, string, []byte) {
			return "", path, dsn(path, o.address, "5.1.1", "550 5.1.1 no such user")
		}, state{suppression.HardBounce, subscriptions.Confirmed, ""}},
		"one in capital letters, as some servers send them back": {func(o *postOffice, path string) (string, string, []byte) {
			return "", strings.ToUpper(path), dsn(path, o.address, "5.1.1", "550 5.1.1 no such user")
		}, state{suppression.HardBounce, subscriptions.Confirmed, ""}},
		"a delay": {func(o *postOffice, path string) (string, string, []byte) {
			return "", path, bytes.Replace(dsn(path, o.address, "4.1.1", "450 4.1.1 no such user yet"), []byte("Action: failed"), []byte("Action: delayed"), 1)
		}, untouched},
		"one soft bounce": {func(o *postOffice, path string) (string, string, []byte) {
			return "", path, dsn(path, o.address, "4.2.2", "452 4.2.2 mailbox full")
		}, untouched},
		"a complaint": {func(_ *postOffice, path string) (string, string, []byte) {
			return "feedback@mailbox.example", "bounces@jobs.example.org", complaint("bounces@jobs.example.org", path)
		}, state{suppression.Complaint, subscriptions.Ended, subscriptions.EndedComplained}},
		"a hard bounce without a token": {func(o *postOffice, _ string) (string, string, []byte) {
			return "", "bounces@jobs.example.org", dsn("bounces@jobs.example.org", o.address, "5.1.1", "550 5.1.1 no such user")
		}, untouched},
		"a hard bounce with a forged token": {func(o *postOffice, path string) (string, string, []byte) {
			local, domain, _ := strings.Cut(path, "@")
			forged := local[:len(local)-4] + "0000@" + domain
			return "", forged, dsn(forged, o.address, "5.1.1", "550 5.1.1 no such user")
		}, untouched},
		"a token of an address she has left": {func(o *postOffice, _ string) (string, string, []byte) {
			old := o.daemon.returnPath(o.subscriber, "before@example.org")
			return "", old, dsn(old, "before@example.org", "5.1.1", "550 5.1.1 no such user")
		}, untouched},
		"an unsubscribe mail": {func(o *postOffice, _ string) (string, string, []byte) {
			return o.address, o.unsubscribeAddress(), letter(o.address, o.unsubscribeAddress(), "unsubscribe")
		}, state{"", subscriptions.Ended, subscriptions.EndedUnsubscribed}},
		"an unsubscribe mail with a bad token": {func(o *postOffice, _ string) (string, string, []byte) {
			return o.address, "unsubscribe+AAAA@jobs.example.org", letter(o.address, "unsubscribe+AAAA@jobs.example.org", "unsubscribe")
		}, untouched},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newPostOffice(t, "")
			from, to, raw := c.mail(o, o.daemon.returnPath(o.subscriber, o.address))
			o.must(o.receive(from, to, raw, false))
			sub := o.get(o.alert)
			if got := (state{o.reason(o.address), sub.State, sub.EndedReason}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestReportsAreCountedByKind(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	path := o.daemon.returnPath(o.subscriber, o.address)
	registry := prometheus.NewRegistry()
	h := comesBack{stores: o.daemon.stores, wake: func() {}, did: func(string, int64) {}, counted: newBounceCounter(registry)}
	delay := bytes.Replace(dsn(path, o.address, "4.4.1", "connection timed out"), []byte("Action: failed"), []byte("Action: delayed"), 1)
	for _, raw := range [][]byte{
		delay, dsn(path, o.address, "5.2.2", "552 5.2.2 mailbox full"), dsn(path, o.address, "5.7.1", "550 5.7.1 blocked"), letter("a@example.net", path, "hi"),
		dsn("bounces@jobs.example.org", o.address, "5.1.1", "550 5.1.1 no such user"), dsn(path, o.address, "5.1.1", "550 5.1.1 no such user"), complaint("bounces@jobs.example.org", path),
	} {
		o.must(h.Report(t.Context(), inbound.Classify(raw)))
	}
	families, err := registry.Gather()
	o.must(err)
	var got []string
	for _, m := range families[0].GetMetric() {
		got = append(got, fmt.Sprintf("%s %v", m.GetLabel()[0].GetValue(), m.GetCounter().GetValue()))
	}
	if want := "complaint 1, delayed 1, hard 1, policy 1, soft 1, unknown 1, unproved 1"; strings.Join(got, ", ") != want {
		t.Errorf("counted %s, want %s", strings.Join(got, ", "), want)
	}
}

// A relay that replaces the envelope sender leaves no token; the mail it sends back
// still holds the one-click address, which nobody can make up.
func TestReportsThatQuoteTheMailAreProvedByItsLink(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		report func(o *postOffice) []byte
		forge  bool
		want   suppression.Reason
	}{
		"a bounce": {func(o *postOffice) []byte {
			return dsn("bounces@jobs.example.org", o.address, "5.1.1", "550 5.1.1 no such user")
		}, false, suppression.HardBounce},
		"a bounce of another's mail": {func(*postOffice) []byte {
			return dsn("bounces@jobs.example.org", "b@example.org", "5.1.1", "550 5.1.1 no such user")
		}, false, ""},
		"a complaint":   {func(*postOffice) []byte { return complaint("bounces@jobs.example.org", "sender@relay.example") }, false, suppression.Complaint},
		"a forged link": {func(*postOffice) []byte { return complaint("bounces@jobs.example.org", "sender@relay.example") }, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newPostOffice(t, "")
			who, err := o.daemon.subscriptions.Subscriber(t.Context(), o.daemon.db.Reader, o.subscriber)
			o.must(err)
			link := o.daemon.links.Unsubscribe(&who, o.now(), o.alert)
			if c.forge {
				link = link[:len(link)-4] + "AAAA"
			}
			quoted := "Content-Type: message/rfc822\r\n\r\nFrom: alerts@jobs.example.org\r\nSubject: Jobs\r\nList-Unsubscribe: <" + link + ">,\r\n <mailto:x@jobs.example.org>\r\n\r\n--b--\r\n"
			raw := bytes.Replace(c.report(o), []byte("--b--\r\n"), []byte("--b\r\n"+quoted), 1)
			raw = bytes.Replace(raw, []byte("Content-Type: message/rfc822\r\n\r\nFrom: alerts@jobs.example.org\r\nSubject: Jobs\r\n\r\n--b\r\n"), nil, 1)
			o.must(o.receive("", "bounces@jobs.example.org", raw, false))
			if r := o.reason(o.address); r != c.want {
				t.Errorf("got %q, want %q", r, c.want)
			}
		})
	}
}

// unsubscribeAddress is where the mailto of her digest points.
func (o *postOffice) unsubscribeAddress() string {
	o.t.Helper()
	who, err := o.daemon.subscriptions.Subscriber(o.t.Context(), o.daemon.db.Reader, o.subscriber)
	o.must(err)
	address := strings.TrimPrefix(o.daemon.unsubscribeMail(o.daemon.links.Unsubscribe(&who, o.now(), o.alert)), "mailto:")
	address, _, _ = strings.Cut(address, "?")
	return address
}

func TestRefusalsByPolicyNeverSuppressAnAddress(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	path := o.daemon.returnPath(o.subscriber, o.address)
	for _, why := range []struct{ status, diagnostic string }{
		{"5.7.1", "550 5.7.1 message rejected due to our spam policy"},
		{"5.0.0", "554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help (NOWL)"},
		{"5.0.0", "550 Your message was blocked by the recipient's filter"},
		{"5.3.4", "552 5.3.4 message size exceeds fixed limit"},
		{"5.0.0", "550 no (in reply to MAIL FROM command)"},
	} {
		for range 8 {
			o.must(o.receive("", path, dsn(path, o.address, why.status, why.diagnostic), false))
			o.clock.Add((24 * time.Hour).Milliseconds())
		}
	}
	if r := o.reason(o.address); r != "" {
		t.Errorf("her address is suppressed: %s", r)
	}
}

func TestSoftBouncesOnFiveDaysSuppressAnAddress(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	path := o.daemon.returnPath(o.subscriber, o.address)
	for range 5 {
		if r := o.reason(o.address); r != "" {
			t.Fatalf("her address is suppressed too early: %s", r)
		}
		o.must(o.receive("", path, dsn(path, o.address, "5.2.2", "552 5.2.2 mailbox full"), false))
		o.clock.Add((24 * time.Hour).Milliseconds())
	}
	if r := o.reason(o.address); r != suppression.SoftBounce {
		t.Errorf("got %q, want %s", r, suppression.SoftBounce)
	}
}

func TestReportsWithoutTokenCountWhereTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	o.must(o.receive("", "bounces@jobs.example.org", dsn("bounces@jobs.example.org", o.address, "5.1.1", "550 5.1.1 no such user"), true))
	if r := o.reason(o.address); r != suppression.HardBounce {
		t.Errorf("got %q, want %s", r, suppression.HardBounce)
	}
}

func TestAMailToSubscribeIsAnsweredWithTheUsualConfirmation(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		o := newPostOffice(t, url)
		o.must(o.receive("grace@example.net", "subscribe@jobs.example.org",
			letter("Grace <grace@example.net>", "subscribe@jobs.example.org", "Medizininformatiker Gelsenkirchen 40 km"), false))
		list, err := o.daemon.outbox.List(t.Context(), outbox.Filter{Limit: 10})
		o.must(err)
		if len(list) != 1 || list[0].Kind != mailer.Confirmation {
			t.Fatalf("got envelopes %+v, want one confirmation", list)
		}
		sub := o.get(list[0].Subscription)
		if sub.State != subscriptions.Unconfirmed || sub.Criteria.Query != "Medizininformatiker" || len(sub.Criteria.Places) != 1 || sub.Criteria.Places[0].Radius() != 40 {
			t.Errorf("got %s %+v", sub.State, sub.Criteria)
		}
		m, err := mails{o.daemon.stores}.Compose(t.Context(), list[0])
		o.must(err)
		for _, want := range []string{"Verstanden wurde:", "Medizininformatiker =C2=B7 40=C2=A0km um Gelsenkirchen", "unter dieser Adresse"} {
			if m.To != "grace@example.net" || !bytes.Contains(m.Data, []byte(want)) {
				t.Errorf("the confirmation does not say %q:\n%s", want, m.Data)
			}
		}
	})
}

// From can be forged: whatever is asked for, an address gets three confirmations a day.
func TestMailsToSubscribeBringThreeConfirmationsADay(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	for _, subject := range []string{"Koch", "Koch Essen", "Pflege", "Pflege Essen", "Koch", "Arzt Hamburg"} {
		o.must(o.receive("grace@example.net", "subscribe@jobs.example.org", letter("grace@example.net", "subscribe@jobs.example.org", subject), false))
	}
	list, err := o.daemon.outbox.List(t.Context(), outbox.Filter{Limit: 10})
	o.must(err)
	if len(list) != 3 {
		t.Errorf("got %d envelopes, want 3", len(list))
	}
}

func TestAMailToSubscribeThatSaysNothingIsRefusedWithAdviceAndNotAnswered(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	for _, subject := range []string{"", "...", "-Koch", "25 km"} {
		err := o.receive("grace@example.net", "subscribe@jobs.example.org", letter("grace@example.net", "subscribe@jobs.example.org", subject), false)
		if err == nil || !strings.Contains(err.Error(), "Medizininformatiker Gelsenkirchen 25 km") || !strings.Contains(err.Error(), o.config.HTTP.PublicURL) {
			t.Errorf("%q: got %v, want a refusal that says how to write", subject, err)
		}
		o.must(o.receive("", "subscribe@jobs.example.org", letter("grace@example.net", "subscribe@jobs.example.org", subject), false))
	}
	list, err := o.daemon.outbox.List(t.Context(), outbox.Filter{Limit: 10})
	o.must(err)
	if len(list) != 0 {
		t.Errorf("got envelopes %+v, want none", list)
	}
}

func TestReceiveRefusesAnAddressThatIsNoneOfOurs(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	if err := o.receive("a@example.net", "office@jobs.example.org", letter("a@example.net", "office@jobs.example.org", "hi"), false); err == nil {
		t.Error("a mail to somebody else was taken")
	}
}

func TestReturnTokensProveTheirOwnAddressAlone(t *testing.T) {
	t.Parallel()
	s := &stores{messageID: func(purpose string) string { return mailer.MessageID([]byte("seed"), purpose, "example.org") }}
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(1, 1<<40).Draw(t, "subscriber")
		address := rapid.StringMatching(`[a-zA-Z0-9.]{1,20}@[a-z]{1,10}\.[a-z]{2,3}`).Draw(t, "address")
		other := rapid.StringMatching(`[a-zA-Z0-9.]{1,20}@[a-z]{1,10}\.[a-z]{2,3}`).Draw(t, "other")
		token := s.returnToken(id, address)
		if tokenSubscriber(token) != id || !s.provesReturn(token, id, address) || !s.provesReturn(strings.ToUpper(token), id, address) {
			t.Fatalf("%q does not prove its own", token)
		}
		if subscriptions.AddressKey(other) != subscriptions.AddressKey(address) && s.provesReturn(token, id, other) || s.provesReturn(token, id+1, address) {
			t.Fatalf("%q proves another's", token)
		}
		if len("bounces+"+token) > maxLocal {
			t.Fatalf("%q is too long for a local part", token)
		}
	})
}

func FuzzTokenSubscriber(f *testing.F) {
	for _, s := range []string{"", "-", "1f-abc", "zzzzzzzzzzzzzzzzzzzz-1", "-1-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if tokenSubscriber(token) < 0 {
			t.Errorf("%q names a negative subscriber", token)
		}
	})
}

func TestBouncesAreClassifiedALineARecipient(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bounce.eml")
	if err := os.WriteFile(path, dsn("bounces@jobs.example.org", "ada@example.org", "5.1.1", "550 5.1.1 no such user"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if status := run(t.Context(), []string{"bounces", "classify", "--json", path, "-"}, nil, bytes.NewReader(letter("a@example.net", "b@example.net", "hi")), &out, &out); status != exitDone {
		t.Fatalf("status %d: %s", status, out.String())
	}
	var got []classified
	for line := range strings.Lines(out.String()) {
		var one classified
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		got = append(got, one)
	}
	if len(got) != 2 || got[0] != (classified{path, inbound.Hard, "ada@example.org", "5.1.1", "550 5.1.1 no such user"}) || got[1].Kind != inbound.Unknown {
		t.Errorf("got %+v", got)
	}
	if status := run(t.Context(), []string{"bounces", "classify", path + ".missing"}, nil, nil, &out, &out); status != exitFailed {
		t.Errorf("a missing file gave status %d", status)
	}
}

func TestTheDaemonReceivesWhatComesBack(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.DataDir, c.NATS.Listen, c.HTTP.Listen = t.TempDir(), "", "127.0.0.1:0"
	c.Mail.From, c.Mail.BounceAddress, c.Inbound.Listen = "alerts@jobs.example.org", "bounces@jobs.example.org", "127.0.0.1:0"
	m, err := testMeaning()
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDaemon(t.Context(), c, m, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	err = deliver(d.inbound.listener.Addr().String(), "grace@example.net", "subscribe@jobs.example.org",
		letter("grace@example.net", "subscribe@jobs.example.org", "Koch Essen"))
	if err != nil {
		t.Error(err)
	}
	who, err := d.subscriptions.SubscriberByAddress(t.Context(), d.db.Reader, "grace@example.net")
	if err != nil || who.Email != "grace@example.net" {
		t.Errorf("her mail was not acted on: %+v, %v", who, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

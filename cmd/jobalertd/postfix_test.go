package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

// The daemon against a real mail server, there and back: STARTTLS and login are
// required, mails are delivered, and what cannot be comes back as a report.
func TestServe_ThroughPostfixAndBack(t *testing.T) {
	t.Parallel()
	back := steadyAddress(t)
	p := startPostfix(t, back)
	in, record := newPostedInstallation(t, p, back)
	var lines []json.RawMessage
	for _, who := range []string{"ada", "nobody", "full", "slow"} {
		lines = append(lines, cooksAlert(who+"@example.org"))
	}
	in.must("migrate")
	board := in.dialRecruiter("board", in.addRecruiter("board"))
	in.importLines(lines)
	c := in.start(0)
	if _, err := board.publish(t.Context(), cook("one", time.Now())); err != nil {
		t.Fatal(err)
	}
	st := in.stores()
	eventually(t, time.Minute, "Ada has her mail", func() bool { return len(p.delivered("ada")) == 1 })
	mail := p.delivered("ada")[0]
	for _, want := range []string{"List-Unsubscribe: <http", "mailto:unsubscribe+", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Return-Path: <bounces+"} {
		if !bytes.Contains(mail, []byte(want)) {
			t.Errorf("Ada's mail has no %q:\n%s", want, mail)
		}
	}
	signed, err := dkim.VerifyWithOptions(bytes.NewReader(mail), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) { return []string{record}, nil }})
	if err != nil || len(signed) != 1 || signed[0].Err != nil {
		t.Errorf("the signature of the mail as Postfix delivered it: %+v, %v", signed, err)
	}

	reason := func(who string) suppression.Reason {
		r, err := st.suppressions.Reason(t.Context(), st.db.Reader, who+"@example.org")
		if err != nil {
			t.Fatal(err)
		}
		return suppression.Reason(r)
	}
	eventually(t, time.Minute, "Postfix's report on an address that does not exist suppresses it", func() bool { return reason("nobody") == suppression.HardBounce })
	bounces := func(who string) (n int) { // that count as soft
		const query = "SELECT COUNT(*) FROM bounces WHERE address_hash = $1 AND kind = 'soft' AND status IN ('4.2.2', '5.2.2')"
		if err := st.db.Reader.GetContext(t.Context(), &n, query, st.suppressions.Hash(who+"@example.org")); err != nil {
			t.Fatal(err)
		}
		return n
	}
	eventually(t, time.Minute, "its report on a full mailbox counts as soft", func() bool { return bounces("full") == 1 })
	eventually(t, time.Minute, "its warning of a delay is understood", func() bool {
		return strings.Contains(in.metrics(), `jobalert_bounces_total{kind="delayed"}`)
	})
	if n := bounces("slow"); n != 0 {
		t.Errorf("a delay counts as %d bounces", n)
	}
	for _, who := range []string{"ada", "full", "slow"} {
		if r := reason(who); r != "" {
			t.Errorf("%s is suppressed: %s", who, r)
		}
	}

	// What comes next goes to everybody but her who does not exist.
	if _, err := board.publish(t.Context(), cook("two", time.Now())); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "Ada has a second mail", func() bool { return len(p.delivered("ada")) == 2 })
	eventually(t, time.Minute, "the suppressed address is passed over", func() bool {
		return strings.Contains(in.must("outbox", "list", "--outcome", "suppressed"), "suppressed")
	})
	c.stop()
}

// metrics are the running daemon's.
func (in *installation) metrics() string {
	in.t.Helper()
	r, err := http.Get("http://" + in.pages + "/metrics")
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	return string(text)
}

// newPostedInstallation makes an installation whose relay is p, and which signs.
func newPostedInstallation(t *testing.T, p *postfix, back string) (in *installation, record string) {
	t.Helper()
	in = &installation{t: t, dir: t.TempDir(), nats: steadyAddress(t), pages: steadyAddress(t)}
	in.settings = filepath.Join(in.dir, "jobalertd.toml")
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(in.dir, "dkim.pem")
	text := fmt.Sprintf(`data_dir = %q
[http]
listen = %[2]q
public_url = "http://%[2]s"
[nats]
listen = %q
[smtp]
host = "127.0.0.1"
port = %s
tls = "starttls"
tls_ca_file = %q
username = %q
password = %q
[mail]
from = "Stellenalarm <alerts@jobs.example.org>"
imprint = "Stellenalarm, Musterstraße 1, 45879 Gelsenkirchen"
bounce_address = "bounces@jobs.example.org"
dkim_domain = "jobs.example.org"
dkim_selector = "s1"
dkim_key_file = %q
[inbound]
listen = %q
[digest]
instant_hold = "1s"
[log]
format = "json"
`, filepath.Join(in.dir, "data"), in.pages, in.nats, port(p.submission), p.ca, postfixUser, postfixPassword, key, back)
	for path, text := range map[string]string{in.settings: text, key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return in, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
}

func TestDoctor_SaysWhatPostfixSays(t *testing.T) {
	t.Parallel()
	p := startPostfix(t, "127.0.0.1:1")
	settings := func(change func(c *config.Config)) *config.Config {
		c := config.Default()
		c.SMTP.Host, c.SMTP.TLS, c.SMTP.TLSCAFile = "127.0.0.1", config.StartTLS, p.ca
		c.SMTP.Port, _ = net.LookupPort("tcp", port(p.submission))
		c.SMTP.Username, c.SMTP.Password = postfixUser, postfixPassword
		change(c)
		return c
	}
	for name, c := range map[string]struct {
		change func(*config.Config)
		want   health
		found  string
		do     string
	}{
		"all is well":       {func(*config.Config) {}, healthy, "starttls, logged in, pipelining", ""},
		"wrong password":    {func(c *config.Config) { c.SMTP.Password = "battery staple" }, failing, "535 5.7.8", "smtp.password"},
		"no TLS":            {func(c *config.Config) { c.SMTP.TLS = config.NoTLS }, failing, "", "smtp.tls"},
		"unknown authority": {func(c *config.Config) { c.SMTP.TLSCAFile = "" }, failing, "certificate", "smtp.tls_ca_file"},
	} {
		t.Run(name, func(t *testing.T) {
			said := examined(t, settings(c.change), nil, (*doctor).lookAtRelay)["relay"]
			if said.Status != c.want || !strings.Contains(said.Found, c.found) || !strings.Contains(said.Do, c.do) || strings.Contains(said.Found+said.Do, "battery") {
				t.Errorf("got %+v, want %s with %q and %q", said, c.want, c.found, c.do)
			}
		})
	}
}

// Refusals while sending: the relay's limit is the mail's fault, an address that does
// not exist the recipient's, and neither disturbs the next mail.
func TestRelay_UnderstandsWhatPostfixRefuses(t *testing.T) {
	t.Parallel()
	p := startPostfix(t, "127.0.0.1:1")
	dial := func(address string) *smtp.Conn {
		c := config.Default()
		c.SMTP.Host, c.SMTP.TLS, c.SMTP.TLSCAFile = "127.0.0.1", config.StartTLS, p.ca
		c.SMTP.Port, _ = net.LookupPort("tcp", port(address))
		c.SMTP.Username, c.SMTP.Password = postfixUser, postfixPassword
		relay, err := newRelayTransport(c, nil)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := smtp.Dial(t.Context(), relay.options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	mail := func(to, subject string) mailer.Message {
		return mailer.Message{From: "alerts@jobs.example.org", To: to, Data: letter("alerts@jobs.example.org", to, subject)}
	}
	for _, c := range []struct {
		conn    *smtp.Conn
		refused mailer.Message
		want    mailer.Verdict
	}{
		{dial(p.small), mail("ada@example.org", strings.Repeat("x", 2000)), mailer.MessageRefused},
		{dial(p.strict), mail("nobody@example.org", "x"), mailer.NoSuchRecipient},
	} {
		_, err := c.conn.Send(t.Context(), c.refused)
		if got := smtp.VerdictOf(err); got != c.want {
			t.Errorf("a mail to %s is judged as %v (%v), want %v", c.refused.To, got, err, c.want)
		}
		reply, err := c.conn.Send(t.Context(), mail("ada@example.org", "next"))
		if err != nil || reply.QueueID == "" {
			t.Errorf("the next one is answered with %+v, %v", reply, err)
		}
	}
	eventually(t, 20*time.Second, "the next ones are delivered", func() bool { return len(p.delivered("ada")) == 2 })
}

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// zone answers from a table; "!" stands for a server that does not answer.
type zone map[string][]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	list, ok := z[strings.TrimSuffix(name, ".")]
	switch {
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case slices.Equal(list, []string{"!"}):
		return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
	}
	return list, nil
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	list, err := z.LookupTXT(context.Background(), "mx of "+name)
	var out []*net.MX
	for _, host := range list {
		out = append(out, &net.MX{Host: host})
	}
	return out, err
}

// examined runs one doctor over settings, and returns what it said by subject.
func examined(t *testing.T, c *config.Config, dns zone, looks ...func(*doctor, context.Context)) map[string]symptom {
	t.Helper()
	said := map[string]symptom{}
	d := &doctor{session: &session{stderr: os.Stderr}, config: c, dns: dns, tell: func(s symptom) error { said[s.What] = s; return nil }}
	for _, look := range looks {
		look(d, t.Context())
	}
	return said
}

func TestDoctorFindsNothingWrongWithAFreshFolder(t *testing.T) {
	t.Parallel()
	status, out := doctored(t, settingsFile(t, "data_dir = "+strconv.Quote(filepath.Join(t.TempDir(), "new"))))
	if status != exitDone {
		t.Errorf("status %d:\n%s", status, out)
	}
	for _, what := range []string{"configuration", "disk", "database", "NATS", "relay"} {
		if !strings.Contains(out, what) {
			t.Errorf("nothing is said of %s:\n%s", what, out)
		}
	}
}

func TestDoctorFailsOnSettingsThatAreWrong(t *testing.T) {
	t.Parallel()
	status, out := doctored(t, settingsFile(t, "surprise = 1"), "--json")
	if status != exitFailed || !strings.Contains(out, `"status":"fail","what":"configuration"`) {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// doctored runs the command, and returns its status and all it printed.
func doctored(t *testing.T, settings string, more ...string) (status int, out string) {
	t.Helper()
	var printed bytes.Buffer
	status = run(t.Context(), append([]string{"doctor", "--config", settings}, more...), nil, strings.NewReader(""), &printed, &printed)
	return status, printed.String()
}

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jobalertd.toml")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctorLooksAtTheDatabase(t *testing.T) {
	t.Parallel()
	db := databasetest.SQLiteURL(t)
	databasetest.Migrate(t, databasetest.Open(t, db, database.Options{}))
	newer := databasetest.SQLiteURL(t)
	databasetest.Open(t, newer, database.Options{})
	for name, c := range map[string]struct {
		url   string
		want  health
		found string
	}{
		"not made yet":    {"sqlite:" + filepath.Join(t.TempDir(), "none.db"), healthy, "to be made"},
		"in order":        {db, healthy, "writable"},
		"PostgreSQL":      {databasetest.PostgresURL(t), healthy, "postgres"},
		"not migrated":    {newer, doubtful, "older"},
		"nobody is there": {"postgres://nobody@127.0.0.1:1/none?connect_timeout=2", failing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := config.Default()
			settings.Database.URL = config.Secret(c.url)
			said := examined(t, settings, nil, (*doctor).lookAtDatabase)["database"]
			if said.Status != c.want || !strings.Contains(said.Found, c.found) {
				t.Errorf("got %+v, want %s with %q", said, c.want, c.found)
			}
			if said.Status != healthy && said.Do == "" {
				t.Errorf("%+v does not say what to do", said)
			}
		})
	}
}

func TestDoctorDialsAndLogsIn(t *testing.T) {
	t.Parallel()
	relay := smtptest.Run(t, smtptest.Options{Username: "us", Password: "secret"})
	settings := func(password string, port int) *config.Config {
		c := config.Default()
		c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS = relay.Host, port, config.NoTLS
		c.SMTP.Username, c.SMTP.Password = "us", config.Secret(password)
		return c
	}
	for name, c := range map[string]struct {
		config *config.Config
		want   health
	}{
		"right":        {settings("secret", relay.Port), healthy},
		"wrong login":  {settings("wrong", relay.Port), failing},
		"nobody there": {settings("secret", 1), failing},
		"no relay":     {config.Default(), doubtful},
	} {
		t.Run(name, func(t *testing.T) {
			said := examined(t, c.config, nil, (*doctor).lookAtRelay)["relay"]
			if said.Status != c.want {
				t.Errorf("got %+v, want %s", said, c.want)
			}
			if strings.Contains(said.Found, "secret") || strings.Contains(said.Found, "wrong") {
				t.Errorf("the password is told: %s", said.Found)
			}
		})
	}
}

func TestDoctorJudgesWhatDNSSays(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := base64.StdEncoding.EncodeToString(public)
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaFile := filepath.Join(t.TempDir(), "rsa.pem")
	if err := os.WriteFile(rsaFile, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(second)}), 0o600); err != nil {
		t.Fatal(err)
	}
	rsaPublic, err := x509.MarshalPKIXPublicKey(second.Public())
	if err != nil {
		t.Fatal(err)
	}
	sound := zone{
		"bounces.jobs.example.org":          {"other", "v=spf1 ip4:192.0.2.1 -all"},
		"_dmarc.example.org":                {"v=DMARC1; p=reject; sp=quarantine"},
		"s1._domainkey.jobs.example.org":    {"v=DKIM1; k=ed25519; p=" + ours},
		"r1._domainkey.jobs.example.org":    {"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(rsaPublic)},
		"wrong._domainkey.jobs.example.org": {"v=DKIM1; p=AAAA"},
	}
	for name, c := range map[string]struct {
		change func(*config.Config, zone)
		what   string
		want   health
		found  string
	}{
		"SPF in order":      {func(*config.Config, zone) {}, "SPF", healthy, "-all"},
		"no SPF":            {func(_ *config.Config, z zone) { delete(z, "bounces.jobs.example.org") }, "SPF", failing, "no record"},
		"two SPF records":   {func(_ *config.Config, z zone) { z["bounces.jobs.example.org"] = []string{"v=spf1 -all", "v=spf1 ~all"} }, "SPF", failing, "2 records"},
		"SPF for everybody": {func(_ *config.Config, z zone) { z["bounces.jobs.example.org"] = []string{"v=spf1 +all"} }, "SPF", doubtful, "everybody"},
		"SPF times out":     {func(_ *config.Config, z zone) { z["bounces.jobs.example.org"] = []string{"!"} }, "SPF", doubtful, "timeout"},
		"bounces from elsewhere": {func(c *config.Config, z zone) {
			c.Mail.BounceAddress, z["other.net"] = "b@other.net", []string{"v=spf1 -all"}
		}, "SPF", doubtful, "align"},
		"Ed25519 alone": {func(*config.Config, zone) {}, "DKIM", doubtful, "RSA"},
		"DKIM in order": {func(c *config.Config, _ zone) { c.Mail.DKIMKeyFile, c.Mail.DKIMSelector = rsaFile, "r1" }, "DKIM", healthy, "our key (rsa)"},
		"a second DKIM key": {func(c *config.Config, _ zone) {
			c.Mail.DKIMSecondKeyFile, c.Mail.DKIMSecondSelector = rsaFile, "wrong"
		}, "DKIM", failing, "mail.dkim_second_key_file"},
		"another DKIM key":       {func(c *config.Config, _ zone) { c.Mail.DKIMSelector = "wrong" }, "DKIM", failing, "another key"},
		"no DKIM key":            {func(c *config.Config, _ zone) { c.Mail.DKIMSelector = "none" }, "DKIM", failing, "no key"},
		"the relay signs":        {func(c *config.Config, _ zone) { c.Mail.DKIMDomain = "" }, "DKIM", doubtful, "the relay must"},
		"DMARC above":            {func(*config.Config, zone) {}, "DMARC", healthy, "p=quarantine"},
		"DMARC asks for nothing": {func(_ *config.Config, z zone) { z["_dmarc.jobs.example.org"] = []string{"v=DMARC1; p=none"} }, "DMARC", doubtful, "p=none"},
		"no DMARC":               {func(_ *config.Config, z zone) { delete(z, "_dmarc.example.org") }, "DMARC", failing, "no record"},
		"DMARC times out":        {func(_ *config.Config, z zone) { z["_dmarc.jobs.example.org"] = []string{"!"} }, "DMARC", doubtful, "timeout"},
		"no domain":              {func(c *config.Config, _ zone) { c.Mail.From = "alerts@localhost" }, "mail.from", failing, "no address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings, records := config.Default(), zone{}
			for k, v := range sound {
				records[k] = v
			}
			settings.SMTP.Host, settings.Mail.From, settings.Mail.BounceAddress = "relay", "Jobs <alerts@jobs.example.org>", "b@bounces.jobs.example.org"
			settings.Mail.DKIMDomain, settings.Mail.DKIMSelector, settings.Mail.DKIMKeyFile = "jobs.example.org", "s1", keyFile
			c.change(settings, records)
			said := examined(t, settings, records, (*doctor).lookAtDNS)[c.what]
			if said.Status != c.want || !strings.Contains(said.Found+said.Do, c.found) {
				t.Errorf("got %+v, want %s with %q", said, c.want, c.found)
			}
			if said.Status != healthy && said.Do == "" {
				t.Errorf("%+v does not say what to do", said)
			}
		})
	}
}

func TestDoctorSaysWhatBecomesOfReports(t *testing.T) {
	t.Parallel()
	o := newPostOffice(t, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- o.daemon.inboundServer(comesBack{stores: o.daemon.stores, wake: func() {}, did: func(string, int64) {}}, nil).Run(ctx, l)
	}()
	t.Cleanup(func() { stop(); <-served })
	for name, c := range map[string]struct {
		change func(*config.Config)
		dns    zone
		want   health
		found  string
	}{
		"nobody counts":      {func(c *config.Config) { c.Mail.BounceAddress = "" }, nil, doubtful, "nobody counts"},
		"by a pipe":          {func(c *config.Config) { c.Inbound.Listen = "" }, nil, doubtful, "is off"},
		"nobody listens":     {func(c *config.Config) { c.Inbound.Listen = "127.0.0.1:1" }, nil, doubtful, "does not take"},
		"another's listener": {func(c *config.Config) { c.Mail.BounceAddress = "b@other.example" }, nil, doubtful, "550"},
		"no MX":              {func(*config.Config) {}, zone{}, failing, "no MX"},
		"DNS is silent":      {func(*config.Config) {}, zone{"mx of jobs.example.org": {"!"}}, doubtful, "timeout"},
		"in order":           {func(*config.Config) {}, zone{"mx of jobs.example.org": {"mx.example.org."}}, healthy, "comes to mx.example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := config.Default()
			settings.SMTP.Host, settings.Mail.From, settings.Mail.BounceAddress, settings.Inbound.Listen = "relay", "alerts@jobs.example.org", "bounces@jobs.example.org", l.Addr().String()
			c.change(settings)
			said := examined(t, settings, c.dns, (*doctor).lookAtBounces)["bounces"]
			if said.Status != c.want || !strings.Contains(said.Found, c.found) || said.Status != healthy && said.Do == "" {
				t.Errorf("got %+v, want %s with %q", said, c.want, c.found)
			}
		})
	}
}

func TestTheTreeWalkAsksEightNamesAtMost(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]string{
		"example.org":             "example.org org",
		"a.b.example.org":         "a.b.example.org b.example.org example.org org",
		"a.b.c.d.e.f.g.h.i.j.org": "a.b.c.d.e.f.g.h.i.j.org e.f.g.h.i.j.org f.g.h.i.j.org g.h.i.j.org h.i.j.org i.j.org j.org org",
	} {
		if got := strings.Join(treeWalk(domain), " "); got != want {
			t.Errorf("%s: got %s, want %s", domain, got, want)
		}
	}
}

func TestDoctorComparesClocks(t *testing.T) {
	t.Parallel()
	for off, want := range map[time.Duration]health{0: healthy, 5 * time.Second: doubtful, -5 * time.Second: doubtful, time.Hour: failing} {
		now := time.Now()
		said := examined(t, config.Default(), nil, func(d *doctor, _ context.Context) { d.compareClock("clock", now, now.Add(off)) })["clock"]
		if said.Status != want {
			t.Errorf("%s apart: got %+v, want %s", off, said, want)
		}
	}
}

package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write puts text into a settings file of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	return writeFile(t, "jobalertd.toml", text)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string, environ ...string) *Config {
	t.Helper()
	c, err := Load(write(t, text), environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefault_HasNoFault(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestExample_GivesTheDefaultsCommentedOrNot(t *testing.T) {
	uncommented := regexp.MustCompile(`(?m)^#([a-z_]+ = )`).ReplaceAllString(Example(), "$1")
	for what, text := range map[string]string{"as it is": Example(), "comments taken off": uncommented} {
		if diff := cmp.Diff(Default(), load(t, text), cmp.Transformer("empty", func(m map[string]string) int { return len(m) }),
			cmp.Transformer("none", func(l []string) int { return len(l) })); diff != "" {
			t.Errorf("%s (-default +loaded):\n%s", what, diff)
		}
	}
	for _, s := range Default().settings() {
		name := s.key[strings.LastIndex(s.key, ".")+1:]
		if !strings.Contains(uncommented, "\n"+name+" = ") {
			t.Errorf("%s is not in the example", s.key)
		}
		if s.help == "" {
			t.Errorf("%s has no meaning", s.key)
		}
	}
}

// The released names; taking one away breaks installations.
func TestKeys_StandAsReleased(t *testing.T) {
	known := map[string]bool{}
	for _, s := range Default().settings() {
		known[s.key] = true
		if s.secret() {
			known[s.key+fileSuffix] = true
		}
	}
	for _, key := range strings.Fields(`data_dir http.listen http.public_url http.trusted_proxies nats.url nats.listen nats.credentials_file
		nats.tls_ca_file nats.tls_cert_file nats.tls_key_file database.url database.url_file smtp.host smtp.port smtp.tls smtp.username
		smtp.password smtp.password_file smtp.connections smtp.max_per_second smtp.max_per_minute_per_domain mail.from mail.reply_to
		mail.brand mail.imprint mail.bounce_address mail.dkim_domain mail.dkim_selector mail.dkim_key_file inbound.listen digest.timezone
		digest.max_postings digest.instant_hold digest.cadences canary.schedule canary.address canary.overdue postings.lifetime archive.max_postings retention.postings
		retention.match_log retention.digests retention.outbox retention.consents log.level log.format`) {
		if !known[key] {
			t.Errorf("%s is gone", key)
		}
	}
}

func TestLoad_FileThenEnvironment(t *testing.T) {
	c := load(t, `
data_dir = "/srv/jobs"
[http]
listen = ":8080"
trusted_proxies = ["10.0.0.0/8", "::1"]
[smtp]
connections = 3
hold_unknown = true
timeout = "1h30m"
max_per_minute_per_domain = { "gmail.com" = 600, "*" = 300 }
[digest]
max_postings = 7
[digest.cadences]
workdays = "0 7 * * 1-5"
`, "JOBALERTD_DIGEST__MAX_POSTINGS=9", "JOBALERTD_DATA_DIR=/var/lib/jobs", "JOBALERTD_DIGEST__CADENCES__NOON=0 12 * * *",
		"PATH=/bin", "JOBALERTD_REQUIRE=postgres", "JOBALERTD_RETENTION__OUTBOX=2d", "JOBALERTD_HTTP__TRUSTED_PROXIES=10.1.2.3, 10.1.2.4")

	want := Default()
	want.DataDir = "/var/lib/jobs"
	want.HTTP.Listen, want.HTTP.TrustedProxies = ":8080", []string{"10.1.2.3", "10.1.2.4"}
	want.SMTP.Connections, want.SMTP.HoldUnknown = 3, true
	want.SMTP.MaxPerMinutePerDomain = DomainRates{"gmail.com": 600, "*": 300}
	want.SMTP.Timeout, want.Digest.MaxPostings = 90*time.Minute, 9
	want.Digest.Cadences = map[string]string{"workdays": "0 7 * * 1-5", "noon": "0 12 * * *"}
	want.Retention.Outbox = 48 * time.Hour
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
}

func TestLoad_DomainRatesFromTheEnvironment(t *testing.T) {
	for text, want := range map[string]DomainRates{
		"300":                  {"*": 300},
		"gmail.com=600, *=300": {"gmail.com": 600, "*": 300},
	} {
		c := load(t, "", "JOBALERTD_SMTP__MAX_PER_MINUTE_PER_DOMAIN="+text)
		if diff := cmp.Diff(want, c.SMTP.MaxPerMinutePerDomain); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoad_WithoutANameReadsTheFileThatIsThere(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), c); diff != "" {
		t.Errorf("without a file (-default +got):\n%s", diff)
	}
	if err := os.WriteFile(DefaultFile, []byte(`data_dir = "here"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = Load("", nil); err != nil || c.DataDir != "here" {
		t.Errorf("got %+v, %v; want the file's data_dir", c, err)
	}
	if _, err := Load("missing.toml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a named file that is missing: got %v", err)
	}
}

func TestLoad_ReportsEveryFaultAtOnceWithItsPlace(t *testing.T) {
	path := write(t, `data_dir = 7
[http]
listen = "everywhere"
pubic_url = "http://localhost"

[smtp]
host = "mail.example.org"
port = "25"
connections = 0
password = "sesame"
password_file = "/run/secrets/smtp"
[mail]
dkim_key_file = "/nowhere/dkim.pem"
[digest]
instant_hold = "soon"
cadences = { daily = "0 7 * * *", monthly = "TZ=", rare = "0 7 30 2 *" }
[colours]
link = "blue"
`)
	_, err := Load(path, []string{"JOBALERTD_LOG__LEVEL=loud", "JOBALERTD_LOG=x", "JOBALERTD_LISTEN=:1", "JOBALERTD_ARCHIVE__MAX_POSTINGS=many"})
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want *Faults", err)
	}
	got := strings.ReplaceAll(err.Error(), path, "FILE")
	for _, want := range []string{
		"FILE:1: data_dir: must be text in quotes",
		`FILE:3: http.listen: "everywhere" must be HOST:PORT`,
		"FILE:4: http.pubic_url: unknown key; did you mean http.public_url?",
		"FILE:8: smtp.port: must be a whole number",
		"FILE:9: smtp.connections: 0 must be from 1 to 1000",
		"FILE:11: smtp.password_file: stands beside smtp.password",
		"FILE:13: mail.dkim_key_file: open /nowhere/dkim.pem",
		`FILE:15: digest.instant_hold: "soon" must be a duration`,
		`FILE:16: digest.cadences.daily: must have a name of its own`,
		`FILE:16: digest.cadences.monthly: "TZ=" must be a cron line`,
		`FILE:16: digest.cadences.rare: "0 7 30 2 *" names a day that never comes`,
		"FILE:18: colours.link: unknown key; jobalertd config example",
		`JOBALERTD_LOG__LEVEL: log.level: "loud" must be one of: debug`,
		"JOBALERTD_LOG: log: is a section",
		"JOBALERTD_LISTEN: listen: unknown key; did you mean http.listen?",
		"JOBALERTD_ARCHIVE__MAX_POSTINGS: archive.max_postings: must be a whole number",
		"mail.imprint: must be given once smtp.host is set",
		`mail.from: "alerts@localhost" must be an address that can be answered`,
		"mail.dkim_domain: goes together",
	} {
		if !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("missing %q in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "sesame") {
		t.Errorf("the password is told:\n%s", got)
	}
	var one *Fault
	if !errors.As(err, &one) || one.Key != "data_dir" {
		t.Errorf("the first fault is %+v, want the file's first", one)
	}
}

func TestLoad_SaysWhereTheFileIsNotTOML(t *testing.T) {
	path := write(t, "data_dir = \"x\"\n[http\n")
	_, err := Load(path, []string{"JOBALERTD_LOG__LEVEL=loud"})
	if err == nil || !strings.Contains(err.Error(), path+":2: not TOML") || !strings.Contains(err.Error(), "log.level") {
		t.Errorf("got %v, want the line and the environment's fault too", err)
	}
}

func TestLoad_SecretsFromFiles(t *testing.T) {
	file := writeFile(t, "password", "open sesame\n")
	relay := "[smtp]\nusername = \"me\"\n"
	for what, c := range map[string]*Config{
		"file of the file":        load(t, relay+`password_file = "`+file+`"`),
		"file of the environment": load(t, relay+`password = "old"`, "JOBALERTD_SMTP__PASSWORD_FILE="+file),
		"environment over a file": load(t, relay+`password_file = "/nowhere"`, "JOBALERTD_SMTP__PASSWORD=open sesame"),
		"empty twin":              load(t, relay+`password = "open sesame"`, "JOBALERTD_SMTP__PASSWORD_FILE="),
	} {
		if got := c.SMTP.Password.Reveal(); got != "open sesame" {
			t.Errorf("%s: got %q", what, got)
		}
	}
	_, err := Load(write(t, relay+`password_file = "/nowhere"`), nil)
	if err == nil || !strings.Contains(err.Error(), "smtp.password_file: open /nowhere") {
		t.Errorf("got %v, want the missing file", err)
	}
}

func TestDuration_WrittenAndReadAgainIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(60000*day)).Draw(t, "duration"))
		got, err := parseDuration(formatDuration(d))
		if err != nil || got != d {
			t.Fatalf("%v written as %q is read as %v, %v", d, formatDuration(d), got, err)
		}
	})
	for text, want := range map[string]time.Duration{"60d": 60 * day, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0d": 0, "2m0s": 2 * time.Minute} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s read as %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "60", "1h1d", "-5m", "99999999d", "1d-1h", "1d1d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q read as %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{60 * day: "60d", 2 * time.Minute: "2m", 36 * time.Hour: "1d12h", 0: "0s", 90 * time.Second: "1m30s", time.Hour: "1h"} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v written as %q, want %q", d, got, want)
		}
	}
}

// Whatever stands in the file or the environment, Load answers with settings
// that are valid or with faults.
func FuzzLoad(f *testing.F) {
	f.Add(Example(), "JOBALERTD_LOG__LEVEL=debug")
	f.Add("[smtp]\nhost = 'x'\n[[http]]\n", "JOBALERTD_SMTP=")
	f.Add("digest.cadences = {}\nsmtp.max_per_minute_per_domain.\"gmail.com\" = 3\n[http.listen]", "JOBALERTD___=x")
	f.Add("a.b.c = 1979-05-27\n'' = 1", "JOBALERTD_DIGEST__CADENCES__A=TZ=0 0 * * *")
	f.Fuzz(func(t *testing.T, text, variable string) {
		path := filepath.Join(t.TempDir(), "x.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, []string{variable})
		var faults *Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("got %v, want *Faults", err)
		}
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("loaded settings have faults: %v", err)
		}
	})
}

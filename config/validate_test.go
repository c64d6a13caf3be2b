package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

// serving returns settings of a public installation without a fault.
func serving() *Config {
	c := Default()
	c.HTTP.PublicURL = "https://jobs.example.org"
	c.SMTP.Host, c.SMTP.Username, c.SMTP.Password = "mail.example.org", "jobs", "sesame"
	c.Mail.From, c.Mail.Imprint = "Stellen <stellen@example.org>", "Beispiel GmbH, Hauptstraße 1, 45879 Gelsenkirchen"
	return c
}

func TestValidate_AcceptsWhatOperatorsRun(t *testing.T) {
	for what, change := range map[string]func(*Config){
		"public":            func(*Config) {},
		"relay here":        func(c *Config) { c.SMTP.Host, c.SMTP.TLS = "127.0.0.1", NoTLS },
		"IPv6 relay":        func(c *Config) { c.SMTP.Host = "2001:db8::25" },
		"container":         func(c *Config) { c.HTTP.Listen = ":8080" },
		"trailing slash":    func(c *Config) { c.HTTP.PublicURL += "/" },
		"local with relay":  func(c *Config) { c.HTTP.PublicURL = "http://localhost:8080" },
		"cluster":           func(c *Config) { c.NATS.URL, c.NATS.Replicas = "nats://a:4222, tls://b:4222", 3 },
		"no recruiters":     func(c *Config) { c.NATS.Listen = "" },
		"all interfaces":    func(c *Config) { c.NATS.Listen = "[::]:4222" },
		"PostgreSQL":        func(c *Config) { c.Database.URL = "postgres://me:p%40ss@db/jobs?sslmode=verify-full" },
		"PostgreSQL socket": func(c *Config) { c.Database.URL = "postgres://me@/jobs?host=/run/postgresql" },
		"SQLite elsewhere":  func(c *Config) { c.Database.URL = "sqlite:/srv/jobs.db" },
		"bounces":           func(c *Config) { c.Inbound.Listen, c.Mail.BounceAddress = ":25", "bounces@example.org" },
		"theme":             func(c *Config) { c.HTTP.ThemeDir = "." },
		"proxies":           func(c *Config) { c.HTTP.TrustedProxies = []string{"10.0.0.0/8", "::1"} },
	} {
		c := serving()
		change(c)
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestValidate_RefusesWithTheKeyAndWhatIsAllowed(t *testing.T) {
	noKey := writeFile(t, "dkim.pem", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
	for what, c := range map[string]struct {
		change func(*Config)
		want   string // the fault begins so
	}{
		"no data folder":       {func(c *Config) { c.DataDir = "" }, "data_dir: must name"},
		"listen without port":  {func(c *Config) { c.HTTP.Listen = "localhost" }, `http.listen: "localhost"`},
		"listen beyond ports":  {func(c *Config) { c.HTTP.Listen = ":65536" }, `http.listen: ":65536"`},
		"URL without scheme":   {func(c *Config) { c.HTTP.PublicURL = "jobs.example.org" }, "http.public_url: "},
		"URL with a path":      {func(c *Config) { c.HTTP.PublicURL += "/jobs" }, `http.public_url: "https://jobs.example.org/jobs" must end`},
		"public without TLS":   {func(c *Config) { c.HTTP.PublicURL = "http://jobs.example.org" }, "http.public_url: \"http://jobs.example.org\" must be https"},
		"public without relay": {func(c *Config) { c.SMTP = Default().SMTP }, "http.public_url: \"https://jobs.example.org\" is public, but smtp.host is empty"},
		"theme elsewhere":      {func(c *Config) { c.HTTP.ThemeDir = "/nowhere/at/all" }, `http.theme_dir: "/nowhere/at/all"`},
		"theme in a file":      {func(c *Config) { c.HTTP.ThemeDir = "validate_test.go" }, `http.theme_dir: "validate_test.go"`},
		"proxy by name":        {func(c *Config) { c.HTTP.TrustedProxies = []string{"proxy"} }, `http.trusted_proxies: "proxy"`},
		"NATS by HTTP":         {func(c *Config) { c.NATS.URL = "nats://a,http://b" }, "nats.url: each address"},
		"embedded with creds":  {func(c *Config) { c.NATS.CredentialsFile = noKey }, "nats.credentials_file: is for a remote"},
		"embedded cluster":     {func(c *Config) { c.NATS.Replicas = 3 }, "nats.replicas: 3: the embedded"},
		"two replicas":         {func(c *Config) { c.NATS.URL, c.NATS.Replicas = "nats://a", 2 }, "nats.replicas: 2 must be"},
		"half a certificate":   {func(c *Config) { c.NATS.TLSCertFile = noKey }, "nats.tls_cert_file: goes together"},
		"folder as file":       {func(c *Config) { c.Text.VocabularyFile = os.TempDir() }, "text.vocabulary_file: "},
		"database in memory":   {func(c *Config) { c.Database.URL = "sqlite::memory:" }, "database.url: sqlite: needs"},
		"unknown database":     {func(c *Config) { c.Database.URL = "mysql://me:sesame@db/x" }, "database.url: must read"},
		"broken database URL":  {func(c *Config) { c.Database.URL = "postgres://me:sesame@db:port/x" }, "database.url: must read"},
		"relay with port":      {func(c *Config) { c.SMTP.Host = "mail.example.org:25" }, `smtp.host: "mail.example.org:25"`},
		"password in clear":    {func(c *Config) { c.SMTP.TLS = NoTLS }, "smtp.tls: none would send"},
		"TLS mode":             {func(c *Config) { c.SMTP.TLS = "ssl" }, `smtp.tls: "ssl" must be one of: starttls`},
		"login half":           {func(c *Config) { c.SMTP.Password = "" }, "smtp.username: goes together"},
		"rate of nobody":       {func(c *Config) { c.SMTP.MaxPerMinutePerDomain = DomainRates{"gmail": 3} }, `smtp.max_per_minute_per_domain.gmail: must`},
		"rate of nothing":      {func(c *Config) { c.SMTP.MaxPerMinutePerDomain = DomainRates{"*": 0} }, "smtp.max_per_minute_per_domain.*: 0"},
		"sender":               {func(c *Config) { c.Mail.From = "nobody" }, `mail.from: "nobody"`},
		"sender with a header": {func(c *Config) { c.Mail.From = "a@example.org\r\nBcc: b@example.org" }, "mail.from: "},
		"brand of two lines":   {func(c *Config) { c.Mail.Brand = "a\nb" }, "mail.brand: "},
		"no imprint":           {func(c *Config) { c.Mail.Imprint = " " }, "mail.imprint: must be given"},
		"bounces with a name":  {func(c *Config) { c.Mail.BounceAddress = "Us <b@example.org>" }, "mail.bounce_address: "},
		"bounces with a plus":  {func(c *Config) { c.Mail.BounceAddress = "b+c@example.org" }, "mail.bounce_address: "},
		"inbound to nobody":    {func(c *Config) { c.Inbound.Listen = ":25" }, "mail.bounce_address: must be given"},
		"DKIM half":            {func(c *Config) { c.Mail.DKIMDomain = "example.org" }, "mail.dkim_domain: goes together"},
		"DKIM without a key": {func(c *Config) {
			c.Mail.DKIMDomain, c.Mail.DKIMSelector, c.Mail.DKIMKeyFile = "example.org", "jobs", noKey
		}, "mail.dkim_key_file: "},
		"a second DKIM key alone":        {func(c *Config) { c.Mail.DKIMSecondSelector, c.Mail.DKIMSecondKeyFile = "two", noKey }, "mail.dkim_second_key_file: is for a key beside"},
		"half a second DKIM key":         {func(c *Config) { c.Mail.DKIMSecondSelector = "two" }, "mail.dkim_second_selector: goes together"},
		"half an inbound certificate":    {func(c *Config) { c.Inbound.TLSKeyFile = noKey }, "inbound.tls_cert_file: goes together"},
		"an inbound certificate missing": {func(c *Config) { c.Inbound.TLSCertFile, c.Inbound.TLSKeyFile = noKey+".missing", noKey }, "inbound.tls_cert_file: "},
		"zone":                           {func(c *Config) { c.Digest.Timezone = "Mars/Olympus" }, `digest.timezone: "Mars/Olympus"`},
		"zone of here":                   {func(c *Config) { c.Digest.Timezone = "Local" }, `digest.timezone: "Local"`},
		"no postings":                    {func(c *Config) { c.Digest.MaxPostings = 0 }, "digest.max_postings: 0 must be from 1"},
		"hold of a week":                 {func(c *Config) { c.Digest.InstantHold = 7 * day }, "digest.instant_hold: 7d must be at most 1d"},
		"cron with zone":                 {func(c *Config) { c.Digest.Cadences = map[string]string{"x": "CRON_TZ=Europe/Berlin 0 7 * * *"} }, "digest.cadences.x: "},
		"cron that panics":               {func(c *Config) { c.Digest.Cadences = map[string]string{"x": "TZ= 0 7 * *"} }, "digest.cadences.x: "},
		"cron by interval":               {func(c *Config) { c.Digest.Cadences = map[string]string{"x": "@every 1h"} }, "digest.cadences.x: "},
		"cron twice a day":               {func(c *Config) { c.Digest.Cadences = map[string]string{"x": "0 6,18 * * 1-5"} }, "digest.cadences.x: "},
		"cron of six":                    {func(c *Config) { c.Digest.Cadences = map[string]string{"x": "0 0 7 * * *"} }, "digest.cadences.x: "},
		"cadence's name":                 {func(c *Config) { c.Digest.Cadences = map[string]string{"Work Days": "0 7 * * 1-5"} }, `digest.cadences.Work Days: must have`},
		"canary's line":                  {func(c *Config) { c.Canary.Schedule, c.Canary.Address = "@every 1m", "canary@jobs.example" }, "canary.schedule: "},
		"canary nowhere":                 {func(c *Config) { c.Canary.Schedule = "0 * * * *" }, "canary.address: "},
		"canary in haste": {func(c *Config) {
			c.Canary = Canary{Schedule: "0 * * * *", Address: "canary@jobs.example", Overdue: 2 * time.Minute}
		}, "canary.overdue: "},
		"short memory": {func(c *Config) { c.Retention.Digests = day }, "retention.digests: 1d must be at least 15d"},
		"no time":      {func(c *Config) { c.SMTP.Timeout = time.Millisecond }, "smtp.timeout: 1ms must be at least 1s"},
		"log":          {func(c *Config) { c.Log.Format = "xml" }, `log.format: "xml" must be one of: text, json`},
	} {
		t.Run(what, func(t *testing.T) {
			settings := serving()
			c.change(settings)
			err := settings.Validate()
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains("\n"+err.Error(), "\n"+c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func TestSecret_IsNeverPrinted(t *testing.T) {
	c := serving()
	c.Database.URL = "postgres://me:sesame@db/jobs"
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("settings", "password", c.SMTP.Password, "all", c)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"fmt":  fmt.Sprintf("%v %+v %#v %s %q %x", c, *c, c, c.SMTP.Password, c.SMTP.Password, c.SMTP.Password),
		"slog": logged.String(), "json": string(encoded), "errors": fmt.Sprint(fmt.Errorf("x: %v", c.SMTP.Password)),
	} {
		if strings.Contains(text, "sesame") || strings.Contains(text, fmt.Sprintf("%x", "sesame")) {
			t.Errorf("%s tells it: %s", what, text)
		}
		if !strings.Contains(text, redacted) {
			t.Errorf("%s does not even say that it is set: %s", what, text)
		}
	}
	if got := fmt.Sprint(Secret("")); got != "" {
		t.Errorf("an empty secret prints %q", got)
	}
}

func TestDatabaseURL_DefaultsToTheDataFolder(t *testing.T) {
	c := Default()
	if got := c.DatabaseURL(); got != "sqlite:data/jobalertd.db" {
		t.Errorf("got %s", got)
	}
	c.Database.URL = "postgres://me@db/jobs"
	if got := c.DatabaseURL(); got != "postgres://me@db/jobs" {
		t.Errorf("got %s", got)
	}
}

func TestLockDataDir_HoldsUntilReleased(t *testing.T) {
	dir := t.TempDir() + "/new/data"
	release, err := LockDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = LockDataDir(dir)
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("got %v, want ErrLocked with the process", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; want mode 700", info, err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := LockDataDir(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
	if _, err := LockDataDir(writeFile(t, "file", "")); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("a file in the way: got %v", err)
	}
}

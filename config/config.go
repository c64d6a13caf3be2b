// Package config reads the operator's settings: defaults, then one TOML file,
// then the environment. It reports every fault at once, in the operator's
// words, and never prints a secret.
//
// It opens no database and no socket; of the disk it reads the files that the
// settings name, and it locks the data folder. Only cmd imports it: every
// other part gets its own small options.
package config

import (
	"path/filepath"
	"time"
)

// Config is every setting. Its struct tags are the one list of keys and their
// meanings, from which reading, checking and Example work: a nested struct is
// a section. Lists and maps of a loaded Config are its own.
type Config struct {
	DataDir string `koanf:"data_dir" help:"folder of the embedded stores, captured mail and the lock; made if missing"`

	HTTP      HTTP      `koanf:"http"`
	NATS      NATS      `koanf:"nats"`
	Database  Database  `koanf:"database"`
	SMTP      SMTP      `koanf:"smtp"`
	Mail      Mail      `koanf:"mail"`
	Inbound   Inbound   `koanf:"inbound"`
	Digest    Digest    `koanf:"digest"`
	Canary    Canary    `koanf:"canary"`
	Postings  Postings  `koanf:"postings"`
	Text      Text      `koanf:"text"`
	Archive   Archive   `koanf:"archive"`
	Retention Retention `koanf:"retention"`
	Log       Log       `koanf:"log"`
}

// HTTP is about pages and the API.
type HTTP struct {
	Listen         string   `koanf:"listen" help:"HOST:PORT where pages and the API are served"`
	PublicURL      string   `koanf:"public_url" help:"how visitors reach them: the beginning of every link in a mail; https unless it is this machine"`
	RecordIP       bool     `koanf:"record_ip" help:"true: keep a visitor's IP address in the record of her consent"`
	TrustedProxies []string `koanf:"trusted_proxies" help:"addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For counts"`
	ThemeDir       string   `koanf:"theme_dir" help:"folder with templates, texts and colours that take the place of the built-in ones, for pages and mails; empty: none"`
}

// NATS is about the broker, embedded or remote.
type NATS struct {
	URL             Secret `koanf:"url" help:"remote servers, nats://HOST:PORT or tls://HOST:PORT, separated by commas; empty: the embedded server"`
	CredentialsFile string `koanf:"credentials_file" help:"user credentials (.creds) for a remote server"`
	TLSCAFile       string `koanf:"tls_ca_file" help:"PEM file of the authorities to trust for a remote server, instead of the system's"`
	TLSCertFile     string `koanf:"tls_cert_file" help:"PEM certificate: the embedded server's own for its listener, or ours towards a remote one"`
	TLSKeyFile      string `koanf:"tls_key_file" help:"the certificate's key, PEM"`
	Listen          string `koanf:"listen" help:"HOST:PORT where the embedded server listens for recruiters; empty: nowhere; beyond loopback only once a recruiter exists"`
	MaxStoreMB      int    `koanf:"max_store_mb" help:"disk in MiB for all streams together; when three quarters of it hold postings, publishers are refused"`
	Replicas        int    `koanf:"replicas" help:"copies of each stream in a remote cluster, 1, 3 or 5; 0: as the streams are, 1 for new ones"`
}

// Database is about the SQL database.
type Database struct {
	URL            Secret `koanf:"url" help:"postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH; empty: SQLite in data_dir"`
	MaxConnections int    `koanf:"max_connections" help:"most connections to PostgreSQL, or most readers of SQLite"`
}

// TLS modes of SMTP.
const (
	StartTLS    = "starttls"
	ImplicitTLS = "implicit"
	NoTLS       = "none"
)

// SMTP is about the relay that takes our mail.
type SMTP struct {
	Host                  string        `koanf:"host" help:"the relay; empty: mails are kept as .eml in data_dir/mail and shown at /dev/mail to this machine alone"`
	Port                  int           `koanf:"port" help:"its port"`
	TLS                   string        `koanf:"tls" help:"starttls (required), implicit or none"`
	TLSCAFile             string        `koanf:"tls_ca_file" help:"PEM file of the authorities to trust for the relay, instead of the system's"`
	Username              string        `koanf:"username" help:"login; empty: none"`
	Password              Secret        `koanf:"password" help:"its password"`
	Hello                 string        `koanf:"hello" help:"the name we greet the relay with; empty: the host of http.public_url"`
	Timeout               time.Duration `koanf:"timeout" help:"longest wait for one answer of the relay"`
	Connections           int           `koanf:"connections" help:"connections to the relay at once"`
	MaxPerSecond          int           `koanf:"max_per_second" help:"most mails a second, all replicas together; 0: no limit"`
	MaxPerMinutePerDomain DomainRates   `koanf:"max_per_minute_per_domain" help:"most mails a minute to a recipient's domain, such as { \"gmail.com\" = 600, \"*\" = 300 }; \"*\" is every other domain"`
	HoldUnknown           bool          `koanf:"hold_unknown" help:"true: a mail that the relay neither took nor refused is held for the operator, never sent twice; false: it is sent again under the same Message-ID"`
}

// DomainRates is a number for each recipient's domain, lower case; "*" is
// every other. Nil means no limits.
type DomainRates map[string]int

// Mail is who we are in mails.
type Mail struct {
	From          string `koanf:"from" help:"sender of every mail, ADDRESS or Name <ADDRESS>"`
	ReplyTo       string `koanf:"reply_to" help:"where answers go; empty: to the sender"`
	Brand         string `koanf:"brand" help:"the service's name on pages and in mails"`
	Imprint       string `koanf:"imprint" help:"name and postal address, printed under every mail and page; needed with smtp.host"`
	BounceAddress string `koanf:"bounce_address" help:"where failure reports go, LOCAL@DOMAIN: +TOKEN is put behind LOCAL; empty: to the sender"`
	DKIMDomain    string `koanf:"dkim_domain" help:"signing domain; empty: the relay signs"`
	DKIMSelector  string `koanf:"dkim_selector" help:"selector of the key in DNS"`
	DKIMKeyFile   string `koanf:"dkim_key_file" help:"private key, PEM, RSA or Ed25519"`

	DKIMSecondSelector string `koanf:"dkim_second_selector" help:"selector of a second key, by which every mail is signed too: Ed25519 beside RSA, or the next key beside the present one"`
	DKIMSecondKeyFile  string `koanf:"dkim_second_key_file" help:"the second private key, PEM"`
}

// Inbound is about mail that comes back.
type Inbound struct {
	Listen      string `koanf:"listen" help:"HOST:PORT of SMTP for bounces, complaints and unsubscribing by mail; empty: off"`
	TLSCertFile string `koanf:"tls_cert_file" help:"PEM certificate; with it STARTTLS is offered"`
	TLSKeyFile  string `koanf:"tls_key_file" help:"the certificate's key, PEM"`
}

// Digest is about what subscribers get.
type Digest struct {
	Timezone    string            `koanf:"timezone" help:"IANA time zone of subscribers who chose none"`
	MaxPostings int               `koanf:"max_postings" help:"most postings in one mail"`
	InstantHold time.Duration     `koanf:"instant_hold" help:"how long an instant alert waits for more, so that a burst makes one mail"`
	Cadences    map[string]string `koanf:"cadences" help:"further frequencies by name, each a cron line in the subscriber's time zone, such as workdays = \"0 7 * * 1-5\""`
}

// Canary is a posting and a mail of our own that go the whole way now and then.
type Canary struct {
	Schedule string        `koanf:"schedule" help:"cron line, in UTC, at which a synthetic posting is published, whose mail must arrive; empty: never"`
	Address  string        `koanf:"address" help:"where its mails go: an address of its own, which nobody subscribes with"`
	Overdue  time.Duration `koanf:"overdue" help:"how long its mail may take before it is an alarm; more than digest.instant_hold"`
}

// Postings is about what recruiters send.
type Postings struct {
	Lifetime     time.Duration `koanf:"lifetime" help:"when a posting without validThrough expires"`
	AgenciesFile string        `koanf:"agencies_file" help:"names of staffing agencies, one a line, beside those built in"`
}

// Text is about what words mean.
type Text struct {
	VocabularyFile string `koanf:"vocabulary_file" help:"the operator's own synonyms and compound parts, as text learn writes them"`
}

// Archive is the search over recent postings.
type Archive struct {
	MaxPostings int `koanf:"max_postings" help:"newest open postings kept searchable in memory"`
}

// Retention is how long what is over is kept.
type Retention struct {
	Postings time.Duration `koanf:"postings" help:"postings, after they are closed"`
	MatchLog time.Duration `koanf:"match_log" help:"which subscriptions a posting met; older windows are searched instead"`
	Digests  time.Duration `koanf:"digests" help:"who got which postings: nothing is sent again while it is known"`
	Outbox   time.Duration `koanf:"outbox" help:"envelopes that are done, with their outcome"`
	Consents time.Duration `koanf:"consents" help:"consent records after erasure, under a keyed hash"`
}

// Log is about what the daemon reports.
type Log struct {
	Level  string `koanf:"level" help:"debug, info, warn or error"`
	Format string `koanf:"format" help:"text or json; empty: text on a terminal, else json"`
}

const day = 24 * time.Hour

// Default returns the settings of an installation without a file.
func Default() *Config {
	return &Config{
		DataDir: "data",
		HTTP:    HTTP{Listen: "127.0.0.1:8080", PublicURL: "http://localhost:8080"},
		NATS:    NATS{Listen: "127.0.0.1:4222", MaxStoreMB: 8192},
		Database: Database{
			MaxConnections: 16,
		},
		SMTP: SMTP{
			Port: 587, TLS: StartTLS, Timeout: 5 * time.Minute, // RFC 5321 §4.5.3.2
			Connections: 8,
		},
		Mail:      Mail{From: "alerts@localhost", Brand: "Job alerts"},
		Digest:    Digest{Timezone: "Europe/Berlin", MaxPostings: 20, InstantHold: 2 * time.Minute},
		Canary:    Canary{Overdue: 15 * time.Minute},
		Postings:  Postings{Lifetime: 60 * day},
		Archive:   Archive{MaxPostings: 100_000},
		Retention: Retention{Postings: 90 * day, MatchLog: 40 * day, Digests: 90 * day, Outbox: 30 * day, Consents: 1095 * day},
		Log:       Log{Level: "info"},
	}
}

// DatabaseURL returns database.url, or SQLite in the data folder.
func (c *Config) DatabaseURL() string {
	if url := c.Database.URL.Reveal(); url != "" {
		return url
	}
	return "sqlite:" + filepath.Join(c.DataDir, "jobalertd.db")
}

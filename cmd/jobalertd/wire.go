package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/alerts"
	alertstore "github.com/jobalertd/jobalertd/alerts/store"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/canary"
	"github.com/jobalertd/jobalertd/mailer/compose"
	"github.com/jobalertd/jobalertd/mailer/digest"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/suppression"
	"github.com/jobalertd/jobalertd/subscriptions"
	substore "github.com/jobalertd/jobalertd/subscriptions/store"
)

// stores is everything kept in the database, and what only needs that.
type stores struct {
	config        *config.Config
	db            *database.DB
	meaning       *alerts.Meaning
	registry      *prometheus.Registry
	postings      *alertstore.Store
	subscriptions *substore.Store
	suppressions  *suppression.List
	outbox        *outbox.Store
	arrivals      *canary.Arrivals
	digests       *digest.Builder
	composer      *compose.Composer
	links         subscriptions.Links
	messageID     func(purpose string) string
	log           *slog.Logger
	now           func() time.Time
}

// Names of the installation's secrets, beside the one that addresses are hashed under.
const (
	linkSecret      = "links"
	messageIDSecret = "message-id"
)

// openStores opens the database, brings its schema up to date and builds the
// stores. The caller closes them.
func openStores(ctx context.Context, c *config.Config, m *alerts.Meaning, log *slog.Logger, now func() time.Time) (*stores, error) {
	return buildStores(ctx, c, m, log, now, false, (*database.DB).Migrate)
}

// openExisting is openStores for commands that change something, beside a daemon or
// not: PostgreSQL's schema must be up to date; SQLite's file belongs to one
// installation and is brought there, unless a daemon, then an older one, works on it.
func openExisting(ctx context.Context, c *config.Config, m *alerts.Meaning, log *slog.Logger, now func() time.Time) (*stores, error) {
	return buildStores(ctx, c, m, log, now, false, func(db *database.DB, ctx context.Context) error {
		older := db.CheckVersion(ctx)
		if db.Dialect != database.SQLite || !errors.Is(older, database.ErrSchemaOlder) {
			return older
		}
		release, err := config.LockDataDir(c.DataDir)
		if err != nil {
			return fmt.Errorf("%w; %w", older, err)
		}
		return errors.Join(db.Migrate(ctx), release())
	})
}

// openToRead opens what is there for commands that change nothing: it makes no
// folder, file or secret and migrates nothing.
func openToRead(ctx context.Context, c *config.Config, m *alerts.Meaning, log *slog.Logger, now func() time.Time) (*stores, error) {
	s, err := buildStores(ctx, c, m, log, now, true, (*database.DB).CheckVersion)
	if errors.Is(err, database.ErrNoDatabase) {
		return nil, fmt.Errorf("%w: jobalertd serve makes it; if there should be one, check --config, data_dir and database.url", err)
	}
	return s, err
}

func buildStores(ctx context.Context, c *config.Config, m *alerts.Meaning, log *slog.Logger, now func() time.Time, readOnly bool,
	schema func(*database.DB, context.Context) error) (_ *stores, err error) {
	if !readOnly {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("data_dir: %w", err)
		}
	}
	db, err := database.Open(ctx, c.DatabaseURL(), database.Options{MaxConns: c.Database.MaxConnections, ReadOnly: readOnly})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	if err := schema(db, ctx); err != nil {
		return nil, err
	}
	s := &stores{config: c, db: db, meaning: m, registry: prometheus.NewRegistry(), log: log, now: now}
	if s.postings, err = alertstore.New(db); err != nil {
		return nil, err
	}
	cadences := subscriptions.Cadences(c.Digest.Cadences)
	if s.subscriptions, err = substore.New(ctx, db, m, cadences, log); err != nil {
		return nil, err
	}
	if err := s.secrets(ctx); err != nil {
		return nil, err
	}
	s.outbox, err = outbox.NewStore(db, s.messageID, now)
	if err != nil {
		return nil, err
	}
	if s.arrivals, err = canary.Open(db); err != nil {
		return nil, err
	}
	s.digests, err = digest.New(digest.Options{
		DB: db, Postings: s.postings, Subscriptions: s.subscriptions, Outbox: s.outbox, Meaning: m, Cadences: cadences,
		Twins: twins{}, Links: s.links, MaxPostings: c.Digest.MaxPostings, Hold: c.Digest.InstantHold, MessageID: s.messageID,
		Metrics: digest.NewMetrics(s.registry), Log: log, Now: now,
	})
	return s, err
}

// secrets reads the installation's keys and builds what is made with them.
func (s *stores) secrets(ctx context.Context) error {
	addressKey, err := s.subscriptions.Secret(ctx, substore.AddressSecret)
	if err != nil {
		return err
	}
	if s.suppressions, err = suppression.New(s.db, addressKey, s.now); err != nil {
		return err
	}
	linkKey, err := s.subscriptions.Secret(ctx, linkSecret)
	if err != nil {
		return err
	}
	s.links = subscriptions.Links{Base: strings.TrimRight(s.config.HTTP.PublicURL, "/"), Signer: subscriptions.NewSigner(linkKey)}
	who, err := identity(s.config)
	if err != nil {
		return err
	}
	override, err := mailTheme(s.config)
	if err != nil {
		return fmt.Errorf("http.theme_dir: %w", err)
	}
	if s.composer, err = compose.New(who, override); err != nil {
		return fmt.Errorf("mail templates: %w", err)
	}
	seed, err := s.subscriptions.Secret(ctx, messageIDSecret)
	if err != nil {
		return err
	}
	domain := s.composer.Domain()
	s.messageID = func(purpose string) string { return mailer.MessageID(seed, purpose, domain) }
	return nil
}

// identity is who the mails come from, with the key that signs them if there is one.
func identity(c *config.Config) (compose.Identity, error) {
	id := compose.Identity{From: c.Mail.From, ReplyTo: c.Mail.ReplyTo, Brand: c.Mail.Brand, Imprint: c.Mail.Imprint, PublicURL: c.HTTP.PublicURL}
	if c.Inbound.Listen != "" {
		id.Complaints = c.Mail.BounceAddress
	}
	if c.Mail.DKIMDomain == "" {
		return id, nil
	}
	for _, key := range dkimKeys(c) {
		text, err := os.ReadFile(key.path)
		if err != nil {
			return id, fmt.Errorf("%s: %w", key.setting, err)
		}
		signer, err := compose.NewSigner(c.Mail.DKIMDomain, key.selector, text)
		if err != nil {
			return id, fmt.Errorf("%s: %w", key.setting, err)
		}
		if id.Signer != nil {
			signer = id.Signer.Beside(signer)
		}
		id.Signer = signer
	}
	return id, nil
}

// dkimKey is a key that mails are signed by.
type dkimKey struct{ setting, selector, path string }

func dkimKeys(c *config.Config) []dkimKey {
	keys := []dkimKey{{"mail.dkim_key_file", c.Mail.DKIMSelector, c.Mail.DKIMKeyFile}}
	if c.Mail.DKIMSecondKeyFile != "" {
		keys = append(keys, dkimKey{"mail.dkim_second_key_file", c.Mail.DKIMSecondSelector, c.Mail.DKIMSecondKeyFile})
	}
	return keys
}

func (s *stores) close() error { return s.db.Close() }

// adoptAnalysis puts this program's vocabulary into force where none is, or,
// when it is allowed to, in place of another. The change takes the clock:
// everything logged before it counts as not covered.
func (s *stores) adoptAnalysis(ctx context.Context, replace bool) error {
	hash := s.meaning.Text.Hash()
	inForce, err := s.postings.Analysis(ctx, s.db.Reader)
	if err != nil {
		return err
	}
	if inForce.Hash == hash || inForce.Hash != "" && !replace {
		return nil
	}
	return s.db.Tx(ctx, func(tx *sqlx.Tx) error {
		position, err := database.Advance(ctx, tx, 1)
		if err != nil {
			return err
		}
		now, err := s.postings.Analysis(ctx, tx)
		switch {
		case err != nil:
			return err
		case now.Hash == hash:
			return nil // another replica was quicker
		case now.Hash == "":
			position = 0 // nothing was ever matched with another
		default:
			s.log.InfoContext(ctx, "another vocabulary comes into force; windows up to here are searched instead of read from the match log", "position", position)
		}
		return s.postings.SetAnalysis(ctx, tx, hash, position, s.now())
	})
}

// mailHost is the name we greet the relay with. An IP address is no name: it is
// written as an address literal (RFC 5321 section 4.1.3).
func mailHost(c *config.Config) string {
	host := cmp.Or(c.SMTP.Hello, publicHost(c))
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return host
	case ip.Is4():
		return "[" + host + "]"
	}
	return "[IPv6:" + ip.WithZone("").String() + "]"
}

// publicHost is the host of http.public_url; "" if that is no URL.
func publicHost(c *config.Config) string {
	u, err := url.Parse(c.HTTP.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

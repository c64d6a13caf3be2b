package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known on every machine

	"github.com/robfig/cron/v3"
)

// Validate returns every fault of c in one *Faults, or nil. It reads the
// files that c names, but reaches for no service; that is what doctor does.
func (c *Config) Validate() error {
	return (&Faults{List: pointers(c.check())}).err()
}

func pointers(list []Fault) []*Fault {
	faults := make([]*Fault, len(list))
	for i := range list {
		faults[i] = &list[i]
	}
	return faults
}

// checker gathers faults. Its methods take the key and the value.
type checker struct{ faults []Fault }

func (k *checker) fault(key, format string, args ...any) {
	k.faults = append(k.faults, Fault{Key: key, Problem: fmt.Sprintf(format, args...)})
}

func (c *Config) check() []Fault {
	var k checker
	if c.DataDir == "" {
		k.fault("data_dir", "must name a folder")
	}
	c.checkHTTP(&k)
	c.checkNATS(&k)
	c.checkDatabase(&k)
	c.checkSMTP(&k)
	c.checkMail(&k)
	k.optionalListen("inbound.listen", c.Inbound.Listen)
	c.checkDigest(&k)
	c.checkCanary(&k)
	c.checkKeeping(&k)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "", "text", "json")
	return k.faults
}

func (c *Config) checkHTTP(k *checker) {
	k.listen("http.listen", c.HTTP.Listen)
	for _, proxy := range c.HTTP.TrustedProxies {
		if _, err := ParseNetwork(proxy); err != nil {
			k.fault("http.trusted_proxies", "%q must be an address or a network such as 10.0.0.0/8", proxy)
		}
	}
	if dir := c.HTTP.ThemeDir; dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			k.fault("http.theme_dir", "%q is no folder that can be read", dir)
		}
	}
	u, err := url.Parse(c.HTTP.PublicURL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		k.fault("http.public_url", "%q must be an address such as https://jobs.example.org", c.HTTP.PublicURL)
		return
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		k.fault("http.public_url", "%q must end after the host: pages are served at its root", c.HTTP.PublicURL)
	}
	if LoopbackHost(u.Hostname()) {
		return
	}
	if c.SMTP.Host == "" {
		k.fault("http.public_url", "%q is public, but smtp.host is empty: confirmations would reach nobody; set the relay, or use http://localhost", c.HTTP.PublicURL)
	} else if u.Scheme != "https" {
		k.fault("http.public_url", "%q must be https once mails go out: its links let their bearer in", c.HTTP.PublicURL)
	}
}

func (c *Config) checkNATS(k *checker) {
	if urls := c.NATS.URL.Reveal(); urls != "" {
		for item := range strings.SplitSeq(urls, ",") {
			u, err := url.Parse(strings.TrimSpace(item))
			if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
				k.fault("nats.url", "each address must read nats://HOST:PORT or tls://HOST:PORT")
			}
		}
	} else {
		if c.NATS.CredentialsFile != "" {
			k.fault("nats.credentials_file", "is for a remote server: set nats.url, or leave it empty")
		}
		if c.NATS.TLSCAFile != "" {
			k.fault("nats.tls_ca_file", "is for a remote server: set nats.url, or leave it empty")
		}
		if c.NATS.Replicas > 1 {
			k.fault("nats.replicas", "%d: the embedded server keeps one copy; set nats.url to use a cluster", c.NATS.Replicas)
		}
		k.optionalListen("nats.listen", c.NATS.Listen)
	}
	k.readable("nats.credentials_file", c.NATS.CredentialsFile)
	k.readable("nats.tls_ca_file", c.NATS.TLSCAFile)
	k.readable("nats.tls_cert_file", c.NATS.TLSCertFile)
	k.readable("nats.tls_key_file", c.NATS.TLSKeyFile)
	if (c.NATS.TLSCertFile == "") != (c.NATS.TLSKeyFile == "") {
		k.fault("nats.tls_cert_file", "goes together with nats.tls_key_file: give both or neither")
	}
	k.atLeast("nats.max_store_mb", c.NATS.MaxStoreMB, 64)
	if !slices.Contains([]int{0, 1, 3, 5}, c.NATS.Replicas) {
		k.fault("nats.replicas", "%d must be 0, 1, 3 or 5", c.NATS.Replicas)
	}
}

func (c *Config) checkDatabase(k *checker) {
	k.atLeast("database.max_connections", c.Database.MaxConnections, 2)
	address := c.Database.URL.Reveal()
	if address == "" {
		return
	}
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		if file == "" || strings.HasPrefix(file, ":memory:") || strings.HasPrefix(file, "file:") {
			k.fault("database.url", "sqlite: needs the path of a file, such as sqlite:data/jobalertd.db")
		}
		return
	}
	u, err := url.Parse(address) // its error would quote the password
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		k.fault("database.url", "must read postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH")
	}
}

func (c *Config) checkDigest(k *checker) {
	if _, err := time.LoadLocation(c.Digest.Timezone); err != nil || c.Digest.Timezone == "" || c.Digest.Timezone == "Local" {
		k.fault("digest.timezone", "%q must be a zone such as Europe/Berlin", c.Digest.Timezone)
	}
	k.between("digest.max_postings", c.Digest.MaxPostings, 1, 500)
	if c.Digest.InstantHold < 0 || c.Digest.InstantHold > day {
		k.fault("digest.instant_hold", "%s must be at most 1d", formatDuration(c.Digest.InstantHold))
	}
	for name, line := range c.Digest.Cadences {
		key := "digest.cadences." + name
		if !isName(name) || slices.Contains([]string{"daily", "weekly", "instant"}, name) {
			k.fault(key, "must have a name of its own of a-z, 0-9 and -")
		}
		if err := checkCronLine(line); err != nil {
			k.fault(key, "%q %v", line, err)
		} else if twiceADay(line) {
			k.fault(key, "%q occurs more than once a day: a subscriber gets one digest a day, or every posting at once (instant)", line)
		}
	}
}

// twiceADay reports whether a cron line occurs more than once on some day, of the
// first hundred on which it does.
func twiceADay(line string) bool {
	schedule, err := cron.ParseStandard(line)
	if err != nil {
		return false
	}
	at := schedule.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Second))
	for range 100 {
		next := schedule.Next(at)
		if next.IsZero() {
			return false
		}
		if next.YearDay() == at.YearDay() && next.Year() == at.Year() {
			return true
		}
		at = next
	}
	return false
}

func (c *Config) checkCanary(k *checker) {
	if c.Canary.Schedule == "" {
		return
	}
	if err := checkCronLine(c.Canary.Schedule); err != nil {
		k.fault("canary.schedule", "%q %v", c.Canary.Schedule, err)
	}
	if a, err := mail.ParseAddress(c.Canary.Address); err != nil || a.Address != c.Canary.Address {
		k.fault("canary.address", "%q must be an address for the canary's mails, since canary.schedule is set", c.Canary.Address)
	}
	if c.Canary.Overdue < c.Digest.InstantHold+time.Minute || c.Canary.Overdue > day {
		k.fault("canary.overdue", "%s must be longer than digest.instant_hold (%s) by a minute, and at most 1d", formatDuration(c.Canary.Overdue), formatDuration(c.Digest.InstantHold))
	}
}

// checkCronLine accepts minute, hour, day of month, month and day of week.
// The library panics on a zone without a line behind it, so zones are refused
// before it sees them; they are the subscriber's anyway.
func checkCronLine(line string) error {
	if strings.ContainsAny(line, "=@") || len(strings.Fields(line)) != 5 {
		return errors.New("must be a cron line of five fields, such as 0 7 * * 1-5, without a zone")
	}
	schedule, err := cron.ParseStandard(line)
	if err != nil {
		return fmt.Errorf("must be a cron line of five fields, such as 0 7 * * 1-5: %w", err)
	}
	// The library looks five years ahead; from here it meets a leap year.
	if schedule.Next(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return errors.New("names a day that never comes")
	}
	return nil
}

// checkKeeping is about how long and how much is kept.
func (c *Config) checkKeeping(k *checker) {
	k.readable("postings.agencies_file", c.Postings.AgenciesFile)
	k.readable("text.vocabulary_file", c.Text.VocabularyFile)
	k.atLeast("archive.max_postings", c.Archive.MaxPostings, 1)
	k.lasting("postings.lifetime", c.Postings.Lifetime, day)
	// The stream keeps 14 days and may be read again after a restore: what it
	// brings must still be known.
	k.lasting("retention.postings", c.Retention.Postings, 15*day)
	k.lasting("retention.digests", c.Retention.Digests, 15*day)
	k.lasting("retention.match_log", c.Retention.MatchLog, day)
	k.lasting("retention.outbox", c.Retention.Outbox, day)
	k.lasting("retention.consents", c.Retention.Consents, day)
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		words := strings.Join(allowed, ", ")
		k.fault(key, "%q must be one of: %s", value, strings.TrimPrefix(words, ", "))
	}
}

func (k *checker) atLeast(key string, value, least int) {
	if value < least {
		k.fault(key, "%d must be at least %d", value, least)
	}
}

func (k *checker) between(key string, value, least, most int) {
	if value < least || value > most {
		k.fault(key, "%d must be from %d to %d", value, least, most)
	}
}

func (k *checker) lasting(key string, value, least time.Duration) {
	if value < least {
		k.fault(key, "%s must be at least %s", formatDuration(value), formatDuration(least))
	}
}

func (k *checker) listen(key, value string) {
	host, port, err := net.SplitHostPort(value)
	_, numErr := strconv.ParseUint(port, 10, 16) // 0 lets the system choose
	if err != nil || numErr != nil || strings.ContainsAny(host, " /") {
		k.fault(key, "%q must be HOST:PORT, such as 127.0.0.1:8080 or :8080", value)
	}
}

func (k *checker) optionalListen(key, value string) {
	if value != "" {
		k.listen(key, value)
	}
}

// readable tries to open the file, if one is named.
func (k *checker) readable(key, file string) {
	if file == "" {
		return
	}
	f, err := os.Open(file)
	if err != nil {
		k.fault(key, "%v", err)
		return
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		k.fault(key, "%q is not a file", file)
	}
}

// ParseNetwork reads an address, as a network of itself alone, or a network.
func ParseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("read network: %w", err)
	}
	return network.Masked(), nil
}

// LoopbackHost reports whether host, a name or an address without a port,
// is this machine.
func LoopbackHost(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") // RFC 6761 §6.3
}

func isName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

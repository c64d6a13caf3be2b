package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/broker"
)

// installation is what an operator has: a folder, a settings file, a relay.
type installation struct {
	t        testing.TB
	dir      string
	settings string // path of the TOML file
	nats     string // where recruiters connect
	pages    string
	relay    *inbox
}

// relayConnections is how many connections the tests' daemons have to the relay.
const relayConnections = 3

// newInstallation makes one on a fresh folder and free ports. more is appended to
// the settings; a first line of it may give keys of section [nats].
func newInstallation(t testing.TB, databaseURL, natsKeys, more string) *installation {
	t.Helper()
	return newReplica(t, databaseURL, natsKeys, more, newInbox(t, ""))
}

func newReplica(t testing.TB, databaseURL, natsKeys, more string, relay *inbox) *installation {
	t.Helper()
	in := &installation{t: t, dir: t.TempDir(), nats: steadyAddress(t), pages: steadyAddress(t), relay: relay}
	in.settings = filepath.Join(in.dir, "jobalertd.toml")
	text := fmt.Sprintf(`data_dir = %q
[http]
listen = %q
public_url = "http://%s"
[nats]
listen = %q
%s
[database]
url = %q
max_connections = 8
[smtp]
host = %q
port = %d
tls = "none"
connections = %d
[mail]
from = "Stellenalarm <alerts@jobs.example.org>"
imprint = "Stellenalarm, Musterstraße 1, 45879 Gelsenkirchen"
[digest]
max_postings = %d
instant_hold = "1s"
[log]
format = "json"
%s
`, filepath.Join(in.dir, "data"), in.pages, in.pages, in.nats, natsKeys, databaseURL, relay.Host, relay.Port, relayConnections, mailHolds, more)
	if err := os.WriteFile(in.settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return in
}

// mailHolds is the most postings that one mail shows.
const mailHolds = 36

// steadyAddresses are those that this process's tests have.
var steadyAddresses sync.Map

// steadyAddress finds a port that is free and, lying below those the system hands
// out by itself, stays so while a daemon is down.
func steadyAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000))
		if _, another := steadyAddresses.LoadOrStore(address, true); another {
			continue // whose daemon may be down for the moment
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return address
	}
	t.Fatal("no free port found")
	return ""
}

// start starts the daemon and waits until it serves.
func (in *installation) start(ahead time.Duration) *child {
	in.t.Helper()
	return startReady(in.t, in.settings, ahead)
}

// result is what a command left behind.
type result struct {
	status      int
	out, errOut string
}

// command runs a command on the installation's settings.
func (in *installation) command(args ...string) result {
	in.t.Helper()
	return runCommand(in.t, "", append(args, "--config", in.settings)...)
}

// runCommand is the program with standard input, in this process.
func runCommand(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	status := run(ctx, args, nil, strings.NewReader(stdin), &out, &errOut)
	return result{status, out.String(), errOut.String()}
}

// must runs a command that has to succeed and returns its output.
func (in *installation) must(args ...string) string {
	in.t.Helper()
	r := in.command(args...)
	if r.status != exitDone {
		in.t.Fatalf("jobalertd %s ended with %d: %s%s", strings.Join(args, " "), r.status, r.out, r.errOut)
	}
	return r.out
}

// importLines imports subscriptions from a file.
func (in *installation) importLines(lines []json.RawMessage) {
	in.t.Helper()
	path := filepath.Join(in.dir, "subscriptions.jsonl")
	if err := os.WriteFile(path, append(bytes.Join(rawLines(lines), []byte("\n")), '\n'), 0o600); err != nil {
		in.t.Fatal(err)
	}
	in.must("subscriptions", "import", path)
}

func rawLines(lines []json.RawMessage) [][]byte {
	out := make([][]byte, len(lines))
	for i, l := range lines {
		out[i] = l
	}
	return out
}

// config is the installation's, as the daemon reads it.
func (in *installation) config() *config.Config {
	in.t.Helper()
	c, err := config.Load(in.settings, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	return c
}

// stores opens the database beside a running daemon, as commands do.
func (in *installation) stores() *stores {
	in.t.Helper()
	m, err := testMeaning()
	if err != nil {
		in.t.Fatal(err)
	}
	st, err := openStores(in.t.Context(), in.config(), m, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = st.close() })
	return st
}

// operator connects to NATS with all rights.
func (in *installation) operator() *broker.Broker {
	in.t.Helper()
	b, err := broker.Connect(in.t.Context(), brokerOptions(in.config(), nil, slog.New(slog.DiscardHandler)))
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { b.Conn().Close() })
	return b
}

// eventually waits for something that other processes bring about.
func eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	if !comesTrue(t, within, holds) {
		t.Fatalf("not within %s: %s", within, what)
	}
}

func comesTrue(t testing.TB, within time.Duration, holds func() bool) bool {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		case <-t.Context().Done():
			return false
		}
	}
	return true
}

package broker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// startAt starts an embedded broker on dir, listening on a free port.
func startAt(t *testing.T, dir string, users ...User) *Broker {
	t.Helper()
	b, err := Start(t.Context(), Options{Listen: "127.0.0.1:0", DataDir: dir, Users: users})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, b) })
	return b
}

func start(t *testing.T, users ...User) *Broker {
	t.Helper()
	return startAt(t, t.TempDir(), users...)
}

// stop closes b; a second time does nothing.
func stop(t *testing.T, b *Broker) {
	t.Helper()
	if b.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		t.Error(err)
	}
}

// recruiter makes a user and its password.
func recruiter(t *testing.T, source string) (User, string) {
	t.Helper()
	password, hash, err := NewPassword()
	if err != nil {
		t.Fatal(err)
	}
	return User{Source: source, PasswordHash: hash}, password
}

// login connects as a recruiter would, from outside. Errors that the server reports
// later arrive in the channel.
func login(t *testing.T, b *Broker, source, password string) (*nats.Conn, chan error) {
	t.Helper()
	faults := make(chan error, 100)
	nc, err := nats.Connect(b.ClientURL(), nats.UserInfo(source, password), nats.CustomInboxPrefix("_INBOX_"+source),
		nats.NoReconnect(), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { faults <- err }))
	if err != nil {
		t.Fatalf("log in as %s: %v", source, err)
	}
	t.Cleanup(nc.Close)
	return nc, faults
}

func TestStart_KeepsWhatWasAcknowledged(t *testing.T) {
	dir := t.TempDir()
	b := startAt(t, dir)
	ensure(t, b)
	if _, err := b.JetStream().Publish(t.Context(), "postings.published.acme", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	stop(t, b)

	again := startAt(t, dir)
	ensure(t, again)
	stream, err := again.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 1 {
		t.Errorf("%d messages after the restart, want 1", got)
	}
}

func TestStart_RefusesToListenBeyondLoopbackWithoutRecruiters(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:4222"} {
		b, err := Start(t.Context(), Options{Listen: listen, DataDir: t.TempDir()})
		if !errors.Is(err, ErrExposed) || !strings.Contains(err.Error(), "recruiters add") {
			t.Errorf("%s: got %v, want ErrExposed with what to do", listen, err)
		}
		if err == nil {
			stop(t, b)
		}
	}
	user, password := recruiter(t, "acme")
	b, err := Start(t.Context(), Options{Listen: "0.0.0.0:0", DataDir: t.TempDir(), Users: []User{user}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, b)
	if nc, _ := login(t, b, "acme", password); !nc.IsConnected() {
		t.Error("the recruiter cannot connect")
	}
}

func TestStart_HasNothingToWarnOf(t *testing.T) {
	var log bytes.Buffer
	acme, _ := recruiter(t, "acme")
	b, err := Start(t.Context(), Options{
		Listen: "127.0.0.1:0", DataDir: t.TempDir(), Users: []User{acme},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ensure(t, b)
	if err := b.SetUsers(nil); err != nil {
		t.Error(err)
	}
	stop(t, b)
	if log.Len() > 0 {
		t.Errorf("an ordinary life is reported as:\n%s", &log)
	}
}

func TestStart_SaysThatTheAddressIsTaken(t *testing.T) {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, err = Start(t.Context(), Options{Listen: l.Addr().String(), DataDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "nats.listen") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want that nats.listen is in use", err)
	}
}

func TestStart_WithoutListeningServesThisProcessAlone(t *testing.T) {
	dir := t.TempDir()
	b, err := Start(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, b)
	ensure(t, b)
	if got := b.ClientURL(); got != "" {
		t.Errorf("reached at %s, want nowhere", got)
	}
	if _, err := OperatorURL(dir); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("got %v, want ErrNoDaemon", err)
	}
}

func TestConnect_BesideARunningDaemonHasAllRights(t *testing.T) {
	dir := t.TempDir()
	if _, err := Connect(t.Context(), Options{DataDir: dir}); !errors.Is(err, ErrNoDaemon) || !strings.Contains(err.Error(), "jobalertd serve") {
		t.Errorf("before: got %v, want ErrNoDaemon with what to do", err)
	}
	b := startAt(t, dir)
	ensure(t, b)
	file := filepath.Join(dir, "nats-operator")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("credential has mode %o, want 600", got)
	}
	stale, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	beside, err := Connect(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, beside)
	if _, err := beside.JetStream().Publish(t.Context(), "postings.published.any", []byte("{}")); err != nil {
		t.Error(err)
	}
	if beside.Embedded() {
		t.Error("the command claims to run the server")
	}
	stop(t, beside)
	stop(t, b)
	if _, err := Connect(t.Context(), Options{DataDir: dir}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("after an orderly stop: got %v, want ErrNoDaemon", err)
	}
	if err := os.WriteFile(file, stale, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Connect(t.Context(), Options{DataDir: dir}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("after a crash: got %v, want ErrNoDaemon", err)
	}
}

func TestStart_RemoteServer(t *testing.T) {
	user, password := recruiter(t, "acme")
	host := start(t, user)
	url, err := OperatorURL(host.opts.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Start(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, b)
	ensure(t, b)
	if strings.Contains(b.ClientURL(), operator) {
		t.Errorf("%s tells the credentials", b.ClientURL())
	}
	if err := b.SetUsers(nil); err != nil {
		t.Error(err)
	}
	if nc, _ := login(t, host, "acme", password); !nc.IsConnected() {
		t.Error("SetUsers reached a remote server")
	}

	wrong := strings.Replace(url, host.secret, "guess", 1)
	_, err = Start(t.Context(), Options{URL: wrong})
	if !errors.Is(err, nats.ErrAuthorization) || strings.Contains(err.Error(), "guess") {
		t.Errorf("got %v, want an authorization error without the password", err)
	}
}

func TestStart_GivesUpWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{URL: "nats://127.0.0.1:1"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func ensure(t *testing.T, b *Broker) {
	t.Helper()
	if err := EnsureStreams(t.Context(), b.JetStream(), StreamOptions{}); err != nil {
		t.Fatal(err)
	}
}

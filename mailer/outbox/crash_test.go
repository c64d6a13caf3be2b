package outbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

// These tell this binary, run again by a test, to send what is due in the database
// to the server until it is killed.
const (
	crashURL  = "OUTBOX_TEST_CRASH_URL"
	crashPort = "OUTBOX_TEST_CRASH_PORT"
	crashHold = "OUTBOX_TEST_CRASH_HOLD"
)

const crashConnections = 4

func sendUntilKilled() error {
	ctx := context.Background()
	db, err := database.Open(ctx, os.Getenv(crashURL), database.Options{})
	if err != nil {
		return err
	}
	store, err := outbox.NewStore(db, messageID, time.Now)
	if err != nil {
		return err
	}
	suppressions, err := suppression.New(db, []byte("key"), time.Now)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(os.Getenv(crashPort))
	if err != nil {
		return err
	}
	hold := os.Getenv(crashHold) != ""
	if _, err := store.Reclaim(ctx, "crasher", hold); err != nil {
		return err
	}
	relay := outbox.New(outbox.Options{Store: store, Composer: letters, Transport: &relayServer{options: smtpOptions("127.0.0.1", port)},
		Suppressions: suppressions, Reader: db.Reader, Connections: crashConnections, Name: "crasher", HoldUnknown: hold,
		Metrics: outbox.NewMetrics(prometheus.NewRegistry(), store), Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: rand.Float64})
	return relay.Run(ctx)
}

func TestCrash_LosesNothingAndDoublesOnlyTheWire(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for _, hold := range []bool{false, true} {
		t.Run(fmt.Sprintf("hold=%v", hold), func(t *testing.T) {
			for dialect, url := range map[string]func(testing.TB) string{"sqlite": migratedSQLite, "postgres": databasetest.PostgresURL} {
				t.Run(dialect, func(t *testing.T) { crash(t, url(t), hold) })
			}
		})
	}
}

func migratedSQLite(t testing.TB) string {
	url := databasetest.SQLiteURL(t)
	databasetest.Migrate(t, databasetest.Open(t, url, database.Options{}))
	return url
}

func crash(t *testing.T, url string, hold bool) {
	const n, kills = 3000, 10
	db := databasetest.Open(t, url, database.Options{})
	r := newRig(t, db, nil)
	r.enqueue(t, mailer.Digest, 1, n)
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	for range kills {
		child := startChild(t, url, r.server, hold)
		enough := len(r.server.Mails()) + 1 + random.IntN(n/kills)
		for len(r.server.Mails()) < enough && child.ProcessState == nil {
			if summary(r.all(t))["waiting/"] == 0 {
				break
			}
			<-time.After(time.Millisecond)
		}
		kill(t, child)
	}
	child := startChild(t, url, r.server, hold)
	by := r.until(t, "nothing is due after the last start", r.settled)
	if hold {
		held := 0
		for _, e := range by {
			if e.Outcome == mailer.Unknown {
				held++
			}
		}
		got := received(t, r.server.Mails())
		for to, copies := range got {
			if copies > 1 {
				t.Errorf("%s got %d copies though unknown ones are held", to, copies)
			}
		}
		t.Logf("%d envelopes, %d kills: %d sent, %d held, 0 doubled", n, kills, len(got), held)
		if most := kills * crashConnections * 2; held > most || len(got)+held < n {
			t.Errorf("%d sent and %d held of %d; want at most %d held", len(got), held, n, most)
		}
		if _, err := r.store.Retry(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	r.until(t, "all are done", done)
	kill(t, child)
	mails := r.server.Mails()
	got := received(t, mails)
	if len(got) != n {
		t.Errorf("%d of %d addresses were reached", len(got), n)
	}
	if doubled := len(mails) - n; !hold {
		t.Logf("%d envelopes, %d kills: 0 lost, %d doubled", n, kills, doubled)
		if doubled > kills*crashConnections {
			t.Errorf("%d doubled, want at most one a connection and kill", doubled)
		}
	}
}

func startChild(t *testing.T, url string, s *smtptest.Server, hold bool) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashURL+"="+url, fmt.Sprintf("%s=%d", crashPort, s.Port))
	if hold {
		c.Env = append(c.Env, crashHold+"=1")
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(t, c) })
	return c
}

func kill(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if c.ProcessState != nil {
		return
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}

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
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
	"github.com/jobalertd/jobalertd/mailer/suppression"
)

// These tell this binary, run again by a test, to send what is due in the database
// to the server until it is killed.
const (
	crashURL  = "OUTBOX_TEST_CRASH_URL"
	crashPort = "OUTBOX_TEST_CRASH_PORT"
	crashHold = "OUTBOX_TEST_CRASH_HOLD"
	crashName = "OUTBOX_TEST_CRASH_NAME"
	// The pace in all a second, and of the domain a minute; 0 for none.
	crashPace       = "OUTBOX_TEST_CRASH_PACE"
	crashDomainPace = "OUTBOX_TEST_CRASH_DOMAIN_PACE"
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
	hold, name := os.Getenv(crashHold) != "", os.Getenv(crashName)
	if _, err := store.Reclaim(ctx, name, hold); err != nil {
		return err
	}
	total, _ := strconv.Atoi(os.Getenv(crashPace))
	domain, _ := strconv.Atoi(os.Getenv(crashDomainPace))
	limiter := smtp.NewLimiter(smtp.LimiterOptions{PerSecond: float64(total), PerMinute: map[string]int{"*": domain}, Slots: slots{store}})
	to := smtpOptions("127.0.0.1", port)
	to.Pace = limiter
	relay := outbox.New(outbox.Options{Store: store, Composer: letters, Transport: &relayServer{options: to}, Pacer: limiter,
		Suppressions: suppressions, Reader: db.Reader, Connections: crashConnections, Name: name, HoldUnknown: hold,
		Metrics: outbox.NewMetrics(prometheus.NewRegistry(), store), Log: slog.New(slog.DiscardHandler), Now: time.Now, Jitter: rand.Float64})
	return relay.Run(ctx)
}

// slots are those of all replicas, as cmd shares them.
type slots struct{ store *outbox.Store }

func (s slots) Reserve(ctx context.Context, c smtp.SlotClaim) (time.Time, bool, error) {
	return s.store.Reserve(ctx, outbox.Place{Pace: c.Key, Count: c.Count, Interval: c.Interval, Now: c.Now, Since: c.Since, Latest: c.Latest})
}

func TestCrash_LosesNothingAndDoublesOnlyTheWire(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	for _, hold := range []bool{false, true} {
		t.Run(fmt.Sprintf("hold=%v", hold), func(t *testing.T) {
			for dialect, url := range map[string]func(testing.TB) string{"sqlite": databasetest.MigratedSQLiteURL, "postgres": databasetest.PostgresURL} {
				t.Run(dialect, func(t *testing.T) { crash(t, url(t), hold) })
			}
		})
	}
}

// sized is a number that a larger run by hand sets: OUTBOX_TEST_MAILS=10000
// OUTBOX_TEST_KILLS=20 go test -run Crash.
func sized(name string, ordinary int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return ordinary
}

func crash(t *testing.T, url string, hold bool) {
	n, kills := sized("OUTBOX_TEST_MAILS", 1500), sized("OUTBOX_TEST_KILLS", 10)
	db := databasetest.Open(t, url, database.Options{})
	r := newRig(t, db, nil)
	r.enqueue(t, mailer.Digest, 1, int64(n))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var settings []string
	if hold {
		settings = append(settings, crashHold+"=1")
	}
	for i := range kills {
		child := startChild(t, url, r.server, settings...)
		enough := len(r.server.Mails()) + 1 + random.IntN(2*(n-len(r.server.Mails()))/(kills-i+1)+1)
		for len(r.server.Mails()) < enough && !child.ended() {
			if left, err := r.store.Unfinished(t.Context(), false); err != nil || left == 0 {
				break
			}
			<-time.After(time.Millisecond)
		}
		if child.ended() {
			t.Fatalf("the relay ended by itself: %v", child.err)
		}
		<-time.After(time.Duration(random.IntN(3000)) * time.Microsecond) // at any point of the next mail's way
		child.kill()
	}
	child := startChild(t, url, r.server, settings...)
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
	child.kill()
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

// child is this binary as a relay in a process of its own.
type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // read after done
}

// startChild starts one; settings are added to its environment.
func startChild(t *testing.T, url string, s *smtptest.Server, settings ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0]), done: make(chan struct{})}
	c.cmd.Env = append(append(os.Environ(), crashURL+"="+url, fmt.Sprintf("%s=%d", crashPort, s.Port), crashName+"=crasher"), settings...)
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		c.err = c.cmd.Wait()
	}()
	t.Cleanup(c.kill)
	return c
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

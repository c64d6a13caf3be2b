package outbox_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config/database"
	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/outbox"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

func TestRelays_ShareOneDatabase(t *testing.T) {
	t.Parallel()
	const n = 2000
	databaseURL := databasetest.PostgresURL(t)
	a := newRig(t, databasetest.Open(t, databaseURL, database.Options{}), nil)
	b := newRig(t, databasetest.Open(t, databaseURL, database.Options{}), func(o *outbox.Options) { o.Name = "r2" })
	a.enqueue(t, mailer.Digest, 1, n)
	a.start(t)
	b.start(t)
	a.until(t, "all are done", done)
	inA, inB := a.server.Mails(), b.server.Mails()
	got := received(t, append(inA, inB...))
	if len(got) != n || len(inA)+len(inB) != n {
		t.Errorf("%d addresses got %d and %d mails, want %d in all", len(got), len(inA), len(inB), n)
	}
	if len(inA) == 0 || len(inB) == 0 {
		t.Errorf("one relay sent %d, the other %d: both should work", len(inA), len(inB))
	}
}

func TestRelay_TakesOverWhatADeadRelayHeld(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		dead := newRig(t, db, func(o *outbox.Options) { o.Name = "dead" })
		hold := make(chan struct{})
		defer close(hold)
		for who := int64(1); who <= 100; who++ {
			dead.server.On(address(who), smtptest.Action{At: "rcpt", Hold: hold})
		}
		dead.enqueue(t, mailer.Digest, 1, 100)
		dead.start(t)
		dead.until(t, "it holds all", func(by map[int64]mailer.Envelope) bool { return summary(by)["claimed/"] == 100 })

		heir := newRig(t, db, func(o *outbox.Options) { o.Name = "heir" })
		heir.clock.advance(outbox.DefaultLease + time.Second)
		heir.start(t)
		by := heir.until(t, "the heir has sent all", done)
		if got := received(t, heir.server.Mails()); len(got) != 100 {
			t.Errorf("the heir reached %d addresses, want 100; %v", len(got), summary(by))
		}
	})
}

func TestReclaim_HoldsWhatWasOnTheWire(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		r := newRig(t, db, nil)
		r.enqueue(t, mailer.Digest, 1, 2)
		_, err := db.ExecContext(t.Context(), "UPDATE outbox SET state = 'claimed', claimed_by = 'r1', attempts = 1, lease_until_ms = 9000000000000")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE outbox SET outcome = 'unknown' WHERE subscriber_id = 1"); err != nil {
			t.Fatal(err)
		}
		if n, err := r.store.Reclaim(t.Context(), "r1", true); n != 2 || err != nil {
			t.Fatalf("reclaimed %d, %v", n, err)
		}
		r.start(t)
		by := r.until(t, "nothing is due", r.settled)
		if by[1].State != mailer.Waiting || by[1].Outcome != mailer.Unknown || by[2].Outcome != mailer.Accepted {
			t.Errorf("on the wire: %s/%s, not begun: %s", by[1].State, by[1].Outcome, by[2].Outcome)
		}
	})
}

func TestRelay_RemembersOutcomesWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	real, err := url.Parse(databasetest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "px") // short: a socket's path has room for 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	proxy := newProxy(t, "unix", filepath.Join(dir, ".s.PGSQL.5432"), filepath.Join(real.Query().Get("host"), ".s.PGSQL.5432"))
	through := *real
	query := real.Query()
	query.Set("host", dir)
	through.RawQuery = query.Encode()

	direct := newRig(t, databasetest.Open(t, real.String(), database.Options{}), nil)
	r := newRig(t, databasetest.Open(t, through.String(), database.Options{}), nil)
	answer := make(chan struct{})
	for who := int64(1); who <= 4; who++ {
		r.server.On(address(who), smtptest.Action{At: "dot", Hold: answer})
	}
	direct.enqueue(t, mailer.Digest, 1, 100)
	r.start(t)
	for len(r.server.Mails()) < 4 {
		<-time.After(time.Millisecond)
	}
	proxy.cut()
	close(answer) // four mails are taken and cannot be recorded
	for proxy.refusals() < 5 {
		<-time.After(time.Millisecond)
	}
	proxy.mend()
	direct.until(t, "all are done", done)
	mails := r.server.Mails()
	if got := received(t, mails); len(got) != 100 || len(mails) != 100 {
		t.Errorf("%d addresses got %d mails, want 100 each", len(got), len(mails))
	}
}

// proxy stands between a relay and its database or mail server and can be cut.
type proxy struct {
	network, target string
	listener        net.Listener
	mu              sync.Mutex
	away            bool
	refused         int
	conns           map[net.Conn]struct{}
	wg              sync.WaitGroup
}

func newProxy(t *testing.T, network, address, target string) *proxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{network: network, target: target, listener: l, conns: map[net.Conn]struct{}{}}
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) carry(in net.Conn) {
	defer in.Close()
	out, err := new(net.Dialer).DialContext(context.Background(), p.network, p.target)
	if err != nil {
		return
	}
	defer out.Close()
	if !p.admit(in, out) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
	wg.Go(func() { _, _ = io.Copy(in, out); _ = in.Close() })
	wg.Wait()
	p.mu.Lock()
	delete(p.conns, in)
	delete(p.conns, out)
	p.mu.Unlock()
}

func (p *proxy) admit(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		p.refused++
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

func (p *proxy) refusals() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

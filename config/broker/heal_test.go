package broker

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// A disk that was full is only heard of in the server's words; the whole of it is
// tested with a small file system in cmd.
func TestBroker_StartsItsServerAnewWhenItCannotWrite(t *testing.T) {
	user, password := recruiter(t, "acme")
	b := start(t, user)
	ensure(t, b)
	publish(t, b, 10)
	consumer := intake(t, b, 0)
	work(t, consumer, 4)
	reconnected := make(chan struct{}, 1)
	b.Conn().SetReconnectHandler(func(*nats.Conn) { reconnected <- struct{}{} })
	url, before := b.ClientURL(), b.server

	trouble := make(chan struct{}, 1)
	b.stopHealing()
	b.watch(trouble)
	if !b.Storing() {
		t.Fatal("is in trouble from the beginning")
	}
	(&serverLog{log: b.log, trouble: trouble}).Errorf("JetStream stream '%s > %s' critical write error: %v", "$G", Postings, "no space left on device")
	select {
	case <-reconnected:
	case <-time.After(patience):
		t.Fatal("no other server came in its place")
	}
	for deadline := time.Now().Add(patience); !b.Storing(); {
		if time.Now().After(deadline) {
			t.Fatal("still not storing")
		}
	}
	b.mu.Lock()
	if b.server == before {
		t.Error("it is the same server")
	}
	b.mu.Unlock()
	if got := b.ClientURL(); got != url {
		t.Errorf("recruiters connect to %s now, to %s before", got, url)
	}
	login(t, b, "acme", password)
	publish(t, b, 1)
	if first := work(t, consumer, 7); first != 5 {
		t.Errorf("went on at %d, want 5", first)
	}
	if err := b.SetUsers(nil); err != nil {
		t.Errorf("change the users afterwards: %v", err)
	}
}

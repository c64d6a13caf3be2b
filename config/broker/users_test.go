package broker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// patience bounds waits that end by an event; no test waits it out.
const patience = 10 * time.Second

func TestUser_PublishesItsOwnAndReadsItsOwn(t *testing.T) {
	acme, password := recruiter(t, "acme")
	b := start(t, acme)
	ensure(t, b)
	nc, _ := login(t, b, "acme", password)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"postings.published.acme", "postings.withdrawn.acme"} {
		if _, err := js.Publish(t.Context(), subject, []byte("{}")); err != nil {
			t.Errorf("publish %s: %v", subject, err)
		}
	}
	for _, subject := range []string{"receipts.acme", "rejections.acme"} {
		sub, err := nc.SubscribeSync(subject)
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := b.Conn().Publish(subject, []byte("for you")); err != nil {
			t.Fatal(err)
		}
		if _, err := sub.NextMsg(patience); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	if _, err := b.Conn().Subscribe("jobalertd.postings.check.acme", func(m *nats.Msg) { _ = m.Respond([]byte("fine")) }); err != nil {
		t.Fatal(err)
	}
	if err := b.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request("jobalertd.postings.check.acme", []byte("{}"), patience); err != nil {
		t.Errorf("have a posting checked: %v", err)
	}
}

func TestUser_IsRefusedEverythingElse(t *testing.T) {
	acme, password := recruiter(t, "acme")
	other, _ := recruiter(t, "other")
	b := start(t, acme, other)
	ensure(t, b)
	nc, faults := login(t, b, "acme", password)
	for _, subject := range []string{
		"postings.published.other", "postings.published.acme.deeper", "receipts.acme", "rejections.acme", "subscriptions.changed",
		"jobalertd.postings.check.other", "$JS.API.STREAM.PURGE.POSTINGS", "$JS.API.STREAM.INFO.POSTINGS", "$SYS.REQ.SERVER.PING",
		"$JS.ACK.POSTINGS.intake.1.1.1.1.0", "_INBOX_OPERATOR.x", "_INBOX.x",
	} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		requireRefusal(t, faults, "publish "+subject)
	}
	for _, subject := range []string{
		">", "*.*", "postings.>", "postings.published.acme", "receipts.*", "receipts.other", "rejections.>",
		"_INBOX.>", "_INBOX_OPERATOR.>", "_INBOX_other.>", "$SYS.>", "$JS.EVENT.>", "subscriptions.changed",
	} {
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		requireRefusal(t, faults, "subscribe "+subject)
	}
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 0 {
		t.Errorf("%d messages got through", got)
	}
}

func requireRefusal(t *testing.T, faults <-chan error, what string) {
	t.Helper()
	select {
	case err := <-faults:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: got %v, want a permissions violation", what, err)
		}
	case <-time.After(patience):
		t.Errorf("%s: not refused", what)
	}
}

// The server acknowledges to whatever subject the publisher names for the
// answer. That must not lend a recruiter the server's own rights.
func TestUser_AnswerSubjectLendsNoRights(t *testing.T) {
	acme, password := recruiter(t, "acme")
	b := start(t, acme)
	ensure(t, b)
	if _, err := b.JetStream().Publish(t.Context(), "postings.published.other", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	requests, err := b.Conn().SubscribeSync("$JS.API.STREAM.*.*")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Conn().Flush(); err != nil {
		t.Fatal(err)
	}
	nc, _ := login(t, b, "acme", password)
	for _, answer := range []string{"$JS.API.STREAM.PURGE.POSTINGS", "$JS.API.STREAM.DELETE.RECEIPTS"} {
		if err := nc.PublishRequest("postings.published.acme", answer, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		// The acknowledgement arrives there, so the server had it in hand.
		if msg, err := requests.NextMsg(patience); err != nil || msg.Subject != answer {
			t.Fatalf("no acknowledgement on %s: %v", answer, err)
		}
	}
	if err := requests.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	stream, err := b.JetStream().Stream(t.Context(), Postings)
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.FirstSeq; got != 1 {
		t.Errorf("first message is now %d: the recruiter purged the stream", got)
	}
	if _, err := b.JetStream().Stream(t.Context(), Receipts); err != nil {
		t.Errorf("the recruiter deleted a stream: %v", err)
	}
}

func TestSetUsers_TakesEffectAtOnceAndClosesWhoLeft(t *testing.T) {
	acme, acmePassword := recruiter(t, "acme")
	other, otherPassword := recruiter(t, "other")
	b := start(t, acme)
	ensure(t, b)
	leaving, _ := login(t, b, "acme", acmePassword)
	ended := make(chan struct{})
	leaving.SetClosedHandler(func(*nats.Conn) { close(ended) })

	set := func(users ...User) {
		t.Helper()
		if err := b.SetUsers(users); err != nil {
			t.Fatal(err)
		}
	}
	set(other, acme)
	staying, _ := login(t, b, "other", otherPassword)
	if leaving.IsClosed() {
		t.Error("adding a recruiter closed another's connection")
	}
	set(other)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the revoked recruiter is still connected")
	}
	if _, err := nats.Connect(b.ClientURL(), nats.UserInfo("acme", acmePassword)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("the revoked recruiter logs in: %v", err)
	}
	if err := staying.FlushTimeout(patience); err != nil {
		t.Errorf("the other recruiter was cut off: %v", err)
	}
	if _, err := b.JetStream().AccountInfo(t.Context()); err != nil {
		t.Errorf("the daemon was cut off: %v", err)
	}
	set()
	if _, err := nats.Connect(b.ClientURL()); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("anybody logs in once the last recruiter left: %v", err)
	}
}

func TestSetUsers_RefusesFaultsAndKeepsWhatWas(t *testing.T) {
	acme, password := recruiter(t, "acme")
	b := start(t, acme)
	for _, users := range [][]User{
		{{"acme.other", acme.PasswordHash}},
		{{"*", acme.PasswordHash}},
		{{"", acme.PasswordHash}},
		{{"OPERATOR", acme.PasswordHash}},
		{{"acme", "in the clear"}},
		{acme, acme},
	} {
		if err := b.SetUsers(users); err == nil {
			t.Errorf("accepted %q", users)
		}
		if bad, err := Start(t.Context(), Options{DataDir: t.TempDir(), Users: users}); err == nil {
			t.Errorf("started with %q", users)
			stop(t, bad)
		}
	}
	if nc, _ := login(t, b, "acme", password); !nc.IsConnected() {
		t.Error("a refused change cut off who was there")
	}
}

func TestNewPassword_IsRandomAndLong(t *testing.T) {
	one, hash, err := NewPassword()
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := NewPassword()
	if err != nil {
		t.Fatal(err)
	}
	if one == two || len(one) < 26 || strings.Contains(hash, one) {
		t.Errorf("got %q with hash %q and %q", one, hash, two)
	}
}

func TestOptions_OnErrorHearsWhatIsRefused(t *testing.T) {
	acme, password := recruiter(t, "acme")
	host := start(t, acme)
	ensure(t, host)
	heard := make(chan error, 10)
	limited := newBroker(Options{OnError: func(err error) { heard <- err }})
	// AccountInfo is denied to a recruiter, so Start itself would fail: only
	// the connection's handler is of interest here.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := limited.connect(ctx, host.ClientURL(), nats.UserInfo("acme", password))
	if err == nil {
		t.Fatal("a recruiter may ask for the account's information")
	}
	requireRefusal(t, heard, "subscribe or ask")
	<-limited.closed
}

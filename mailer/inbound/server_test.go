package inbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jobalertd/jobalertd/mailer/inbound"
)

// recorder keeps what it is told.
type recorder struct {
	mu    sync.Mutex
	told  []string
	fail  error
	block chan struct{}
	began chan struct{}
}

func (h *recorder) record(format string, args ...any) error {
	h.mu.Lock()
	fail := h.fail
	if fail == nil {
		h.told = append(h.told, fmt.Sprintf(format, args...))
	}
	h.mu.Unlock()
	if h.block != nil {
		close(h.began)
		<-h.block
	}
	return fail
}

func (h *recorder) Report(_ context.Context, reports []inbound.Report) error {
	var words []string
	for _, r := range reports {
		words = append(words, fmt.Sprintf("%s %s %s", r.Kind, r.Recipient, r.Token))
	}
	return h.record("report %s", strings.Join(words, ", "))
}

func (h *recorder) Unsubscribe(_ context.Context, token string) error {
	return h.record("unsubscribe %s", token)
}

func (h *recorder) Subscribe(_ context.Context, s inbound.SubscribeRequest) error {
	if s.Subject == "" {
		return &inbound.NotUnderstood{Advice: "write a subject"}
	}
	return h.record("subscribe %s %q %s%s", s.From, s.Subject, s.Remote, s.Locale)
}

func (h *recorder) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// serve runs a server until the test ends; stop ends it sooner.
func serve(t *testing.T, o inbound.Options, h inbound.Handler) (address string, stop func()) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.BounceAddress, o.UnsubscribeAddress, o.SubscribeAddress = "bounces@jobs.example", "unsubscribe@jobs.example", "subscribe@jobs.example"
	o.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- inbound.NewServer(o, h).Run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func send(t *testing.T, address, from, to, data string) error {
	t.Helper()
	return smtp.SendMail(address, nil, from, []string{to}, []byte(strings.ReplaceAll(data, "\n", "\r\n")))
}

func code(err error) int {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return 0
}

const bounce = "From: MAILER-DAEMON@mx.example\nTo: bounces+other@jobs.example\nSubject: failure notice\n\n<a@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n"

func TestServer_HandsMailsToWhomTheyAreFor(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{}, h)
	for _, m := range []struct{ from, to, data string }{
		{"", "bounces+T0ken@jobs.example", bounce},
		{"", "Bounces@JOBS.example", bounce},
		{"a@example.org", "unsubscribe+abc.def@jobs.example", "From: a@example.org\nSubject: unsubscribe\n\n"},
		{"a@example.org", "subscribe@jobs.example", "From: \"A. B.\" <a@example.org>\nContent-Language: en-US\nSubject: =?utf-8?Q?Re=3A_Medizininformatiker_K=C3=B6ln?= 25 km\n\nHallo\n"},
	} {
		if err := send(t, address, m.from, m.to, m.data); err != nil {
			t.Errorf("%s: %v", m.to, err)
		}
	}
	want := []string{
		"report hard a@example.org T0ken",
		"report hard a@example.org other",
		"unsubscribe abc.def",
		`subscribe a@example.org "Medizininformatiker Köln 25 km" 127.0.0.1en`,
	}
	if got := h.all(); !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestServer_ActsOnNoMachineWhereAPersonIsExpected(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{}, h)
	for name, m := range map[string]struct{ from, to, data string }{
		"null sender":  {"", "subscribe@jobs.example", "From: a@example.org\nSubject: x\n\n"},
		"bounce":       {"", "unsubscribe+abc@jobs.example", bounce},
		"vacation":     {"a@example.org", "unsubscribe+abc@jobs.example", "From: a@example.org\nAuto-Submitted: auto-replied\nSubject: away\n\n"},
		"mailing list": {"l@example.org", "subscribe@jobs.example", "From: l@example.org\nList-Id: <l.example.org>\nSubject: x\n\n"},
		"automatic":    {"a@example.org", "subscribe@jobs.example", "From: a@example.org\nAuto-Submitted: auto-generated\nSubject: x\n\n"},
		"ourselves":    {"a@example.org", "subscribe@jobs.example", "From: subscribe@jobs.example\nSubject: x\n\n"},
		"nobody":       {"a@example.org", "subscribe@jobs.example", "Subject: x\n\n"},
	} {
		if err := send(t, address, m.from, m.to, m.data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := h.all(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

// A refusal is told by the writer's own server; where the sender is another, or
// the same again and again, somebody else would be told.
func TestServer_RefusesWithAdviceWhatIsNotUnderstood(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{}, h)
	const to, mail = "subscribe@jobs.example", "From: Ada <a@example.org>\n\nHallo\n"
	if err := send(t, address, "b@example.net", to, mail); err != nil {
		t.Errorf("a mail whose sender is another than its writer: %v", err)
	}
	for i := range 5 {
		err := send(t, address, "A@example.org", to, mail)
		if i < 3 && (code(err) != 550 || !strings.Contains(err.Error(), "5.6.0 write a subject")) || i >= 3 && err != nil {
			t.Errorf("mail %d: %v", i+1, err)
		}
	}
	if got := h.all(); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

func TestServer_OffersSTARTTLS(t *testing.T) {
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	defer pair.Close()
	h := new(recorder)
	address, _ := serve(t, inbound.Options{TLS: pair.TLS}, h)
	client, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	roots := x509.NewCertPool()
	roots.AddCert(pair.Certificate())
	if err := client.StartTLS(&tls.Config{RootCAs: roots, ServerName: "example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(client.Mail(""), client.Rcpt("bounces+T@jobs.example")); err != nil {
		t.Fatal(err)
	}
	w, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(bounce)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), client.Quit()); err != nil {
		t.Fatal(err)
	}
	if got := h.all(); !slices.Equal(got, []string{"report hard a@example.org T"}) {
		t.Errorf("told %q", got)
	}
}

func TestServer_RefusesOtherAddresses(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{}, h)
	for _, to := range []string{
		"someone@jobs.example", "bounces@other.example", "unsubscribe@jobs.example", "subscribe+x@jobs.example",
		"bounces+" + strings.Repeat("x", 129) + "@jobs.example",
	} {
		if err := send(t, address, "", to, bounce); code(err) != 550 {
			t.Errorf("%s: %v, want 550", to, err)
		}
	}
}

func TestServer_KeepsToItsLimits(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{MaxBytes: 2000, MaxPerMinute: 1_000_000}, h)
	if err := send(t, address, "", "bounces@jobs.example", bounce+strings.Repeat("line\n", 1000)); code(err) != 552 {
		t.Errorf("large mail: %v, want 552", err)
	}
	paced, _ := serve(t, inbound.Options{MaxPerMinute: 3}, h)
	refused := 0
	for range 8 { // a minute may end in between, so 3 or 6 are taken
		if code(send(t, paced, "", "bounces@jobs.example", bounce)) == 450 {
			refused++
		}
	}
	if refused != 5 && refused != 2 {
		t.Errorf("%d of 8 refused, want 5", refused)
	}
	narrow, _ := serve(t, inbound.Options{MaxConnections: 1}, h)
	first, err := smtp.Dial(narrow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := smtp.Dial(narrow); code(err) != 421 {
		t.Errorf("second connection: %v, want 421", err)
	}
	_ = first.Close()
}

func TestServer_AsksToComeAgainWhenTheHandlerFails(t *testing.T) {
	h := &recorder{fail: errors.New("database is away")}
	address, _ := serve(t, inbound.Options{}, h)
	if err := send(t, address, "", "bounces+x@jobs.example", bounce); code(err) != 451 {
		t.Errorf("got %v, want 451", err)
	}
}

func TestServer_FinishesWhatItHandsOverBeforeItStops(t *testing.T) {
	h := &recorder{block: make(chan struct{}), began: make(chan struct{})}
	address, stop := serve(t, inbound.Options{}, h)
	sent := make(chan error, 1)
	go func() { sent <- send(t, address, "", "bounces+x@jobs.example", bounce) }() // answered, or cut off
	<-h.began
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	if err := <-sent; err == nil {
		t.Error("the mail was confirmed while the handler was at work")
	}
	select {
	case <-stopped:
		t.Error("stopped while the handler was at work")
	default:
	}
	close(h.block)
	<-stopped
	if got := h.all(); len(got) != 1 {
		t.Errorf("told %q", got)
	}
}

func TestServer_StopsAtOnceWhenItsTimeHasPassed(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := inbound.Options{BounceAddress: "bounces@jobs.example", Log: slog.New(slog.DiscardHandler)}
	if err := inbound.NewServer(o, new(recorder)).Run(ctx, l); err != nil {
		t.Errorf("run: %v", err)
	}
	if _, err := smtp.Dial(l.Addr().String()); err == nil {
		t.Error("still listening")
	}
}

package capture_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const mail = "Message-ID: <0123abcd@jobs.example>\r\nTo: a@example.org\r\nSubject: =?utf-8?q?Neue_Stellen_f=C3=BCr_Sie?=\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<!doctype html><html><head><title>x</title></head><body><a href=\"http://localhost/confirm/x\">Best\u00e4tigen</a><script>x</script></body></html>\r\n--b--\r\n"

func open(t *testing.T, o capture.Options) *capture.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = filepath.Join(t.TempDir(), "mail")
	}
	s, err := capture.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func send(t *testing.T, s *capture.Store, to string) string {
	t.Helper()
	id, err := s.Send(t.Context(), mailer.Message{From: "b+token@bounce.example", To: to, Data: []byte(mail)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSend_KeepsTheMailWithItsEnvelope(t *testing.T) {
	dir := t.TempDir()
	s := open(t, capture.Options{Dir: dir})
	id := send(t, s, "a@example.org")
	raw, err := os.ReadFile(filepath.Join(dir, id+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Return-Path: <b+token@bounce.example>\r\nDelivered-To: a@example.org\r\n" + mail; string(raw) != want {
		t.Errorf("file holds\n%s", raw)
	}
	m, err := s.Read(id + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Neue Stellen für Sie" || m.To != "a@example.org" || m.Return != "b+token@bounce.example" ||
		m.Text != "Grüße" || !strings.Contains(m.HTML, "Bestätigen") || len(m.Headers) != 7 {
		t.Errorf("read %+v", m)
	}
}

func TestSend_NamesFilesWithoutAddressesAndInOrder(t *testing.T) {
	dir := t.TempDir()
	frozen := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	s := open(t, capture.Options{Dir: dir, Now: func() time.Time { return frozen }})
	const n = 50
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := s.Send(context.Background(), mailer.Message{To: fmt.Sprintf("person%d@example.org", i), Data: []byte(mail)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != n {
		t.Fatalf("%d files, %v; want %d", len(entries), err, n)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), "person") || strings.Contains(e.Name(), "@") || !strings.HasPrefix(e.Name(), "20260301T070000.") {
			t.Errorf("file name %q", e.Name())
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	again := open(t, capture.Options{Dir: dir})
	list, err := again.List(1000, "")
	if err != nil || len(list) != n {
		t.Fatalf("a second start lists %d, %v; want %d", len(list), err, n)
	}
	for i := range list[1:] {
		if list[i].Name <= list[i+1].Name {
			t.Errorf("%s is listed before %s", list[i].Name, list[i+1].Name)
		}
	}
	rest, err := again.List(1000, list[9].Name)
	if err != nil || len(rest) != n-10 || rest[0] != list[10] {
		t.Errorf("paging gave %d, %v", len(rest), err)
	}
}

func TestSend_DropsTheOldest(t *testing.T) {
	now := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s := open(t, capture.Options{Dir: dir, MaxMails: 3, MaxAge: time.Hour, Now: func() time.Time { return now }})
	var last string
	for range 5 {
		last = send(t, s, "a@example.org")
		now = now.Add(time.Minute)
	}
	if list, err := s.List(100, ""); err != nil || len(list) != 3 || list[0].Name != last+".eml" {
		t.Errorf("kept %v, %v; want the newest three", list, err)
	}
	now = now.Add(58*time.Minute + 30*time.Second) // the fourth is now older than an hour
	send(t, s, "a@example.org")
	list, err := s.List(100, "")
	if err != nil || len(list) != 2 {
		t.Errorf("kept %v, %v; want the fifth and the sixth", list, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != len(list) {
		t.Errorf("%d files for %d mails", len(entries), len(list))
	}
}

func TestOpen_RemovesWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".writing-123", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := open(t, capture.Options{Dir: dir}).List(10, ""); err != nil || len(list) != 0 {
		t.Errorf("listed %v, %v", list, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 || entries[0].Name() != "notes.txt" {
		t.Errorf("folder holds %v, want the foreign file alone", entries)
	}
}

func TestRead_TakesOnlyItsOwnNames(t *testing.T) {
	s := open(t, capture.Options{})
	for _, name := range []string{"", "../capture_test.go", "/etc/passwd", "20260301T070000.000000000Z-0123456789abcdef.eml", "20260301T070000.000000000Z-../../../passwd.eml"} {
		if _, err := s.Read(name); !errors.Is(err, capture.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSend_RefusesLineBreakInEnvelope(t *testing.T) {
	s := open(t, capture.Options{})
	if _, err := s.Send(t.Context(), mailer.Message{To: "a@example.org\r\nBcc: b@example.org", Data: []byte(mail)}); err == nil {
		t.Error("taken")
	}
}

func TestSession_KeepsWhatItIsGiven(t *testing.T) {
	s := open(t, capture.Options{})
	waiting := []mailer.Message{
		{Envelope: 1, To: "a@example.org", Data: []byte(mail)},
		{Envelope: 2, To: "b@example.org", Data: []byte(mail)},
	}
	next := func() (mailer.Message, bool) {
		if len(waiting) == 0 {
			return mailer.Message{}, false
		}
		m := waiting[0]
		waiting = waiting[1:]
		return m, true
	}
	var got []mailer.Attempt
	err := s.Session().Stream(t.Context(), next, func(a mailer.Attempt) error { got = append(got, a); return nil })
	list, _ := s.List(10, "")
	if err != nil || len(got) != 2 || got[1].Envelope != 2 || got[1].Verdict != mailer.Taken || got[1].QueueID+".eml" != list[0].Name {
		t.Errorf("%+v, %v; listed %v", got, err, list)
	}
}

func TestSession_MessageThatCannotBeKeptIsNotTried(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s := open(t, capture.Options{Dir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var got []mailer.Attempt
	err := s.Session().Stream(t.Context(), func() (mailer.Message, bool) { return mailer.Message{Envelope: 7, Data: []byte(mail)}, true },
		func(a mailer.Attempt) error { got = append(got, a); return nil })
	if err == nil || len(got) != 1 || got[0].Verdict != mailer.NotTried || got[0].Envelope != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

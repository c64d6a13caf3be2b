package inbound_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/mailer/inbound"
)

// Whatever clients say, the server answers or hangs up, and takes the next mail.
func TestServer_SurvivesHostileClients(t *testing.T) {
	h := new(recorder)
	address, _ := serve(t, inbound.Options{MaxConnections: 4, MaxBytes: 200_000, MaxPerMinute: 1_000_000, Timeout: 300 * time.Millisecond}, h)
	const envelope = "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bounces+T@jobs.example>\r\nDATA\r\n"
	noise := make([]byte, 50_000)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(source.Uint32())
	}
	for name, said := range map[string]string{
		"nothing":               "",
		"noise":                 string(noise),
		"a line without end":    "EHLO " + strings.Repeat("x", 300_000),
		"commands out of order": "DATA\r\nRCPT TO:<a@b>\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nBDAT 5 LAST\r\nhello\r\nQUIT\r\n",
		"a chunk that lies":     "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bounces@jobs.example>\r\nBDAT 99999999999999999999 LAST\r\n" + strings.Repeat("x", 1000),
		"an address of noise":   "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + string(noise[:2000]) + ">\r\nQUIT\r\n",
		"many recipients":       "EHLO x\r\nMAIL FROM:<>\r\n" + strings.Repeat("RCPT TO:<bounces@jobs.example>\r\n", 500) + "DATA\r\n" + "x\r\n.\r\nQUIT\r\n",
		"too large":             envelope + strings.Repeat(strings.Repeat("y", 70)+"\r\n", 10_000) + ".\r\nQUIT\r\n",
		"a mail of noise":       envelope + string(noise) + "\r\n.\r\nQUIT\r\n",
		"a mail cut off":        envelope + "Subject: failure notice\r\n",
		"headers without end":   envelope + strings.Repeat("X: y\r\n", 20_000) + "\r\n.\r\nQUIT\r\n",
		"parts within parts":    envelope + strings.Repeat("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n", 2000) + ".\r\nQUIT\r\n",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		go func() { _, _ = io.WriteString(conn, said) }() // it may hang up in between
		if _, err := io.Copy(io.Discard, conn); err != nil && isTimeout(err) {
			t.Errorf("%s: neither answered to the end nor hung up on", name)
		}
		_ = conn.Close()
	}
	if err := send(t, address, "", "bounces+T@jobs.example", bounce); err != nil {
		t.Errorf("the next mail: %v", err)
	}
	if got := h.all(); !slices.Contains(got, "report hard a@example.org T") {
		t.Errorf("told %q", got)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

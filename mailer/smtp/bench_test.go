package smtp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/smtp"
	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

// BenchmarkStream sends mails of 35 KB, the size of a digest of ten jobs. It
// goes against a RawSink, or against the server named HOST:PORT in
// JOBALERTD_SMTP_SINK.
func BenchmarkStream(b *testing.B) {
	data := bytes.Repeat([]byte(strings.Repeat("a", 74)+"\r\n"), 460)
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		for _, conns := range []int{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("delay=%v/conns=%d", delay, conns), func(b *testing.B) {
				host, port, stop := sinkFor(b, delay)
				defer stop()
				stream(b, host, port, conns, data)
			})
		}
	}
}

func sinkFor(b *testing.B, delay time.Duration) (host string, port int, stop func()) {
	if external := os.Getenv("JOBALERTD_SMTP_SINK"); external != "" {
		if delay > 0 {
			b.Skip("an outside server is not slowed down")
		}
		host, text, _ := strings.Cut(external, ":")
		port, _ := strconv.Atoi(text)
		return host, port, func() {}
	}
	sink, err := smtptest.StartRawSink(smtptest.SinkOptions{Delay: delay})
	if err != nil {
		b.Fatal(err)
	}
	return sink.Host, sink.Port, sink.Close
}

func stream(b *testing.B, host string, port, conns int, data []byte) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range conns {
		wg.Go(func() {
			c, err := smtp.Dial(context.Background(), smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone})
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = c.Close(context.Background()) }()
			err = c.Stream(context.Background(), func() (mailer.Message, bool) {
				return mailer.Message{From: "b@x.example", To: "a@y.example", Data: data}, left.Add(-1) >= 0
			}, func(a mailer.Attempt) error {
				if a.Verdict != mailer.Taken {
					return fmt.Errorf("%s: %d %s", a.Verdict, a.Code, a.Text)
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

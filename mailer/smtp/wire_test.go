package smtp

import (
	"bufio"
	"bytes"
	"io"
	"net/textproto"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/jobalertd/jobalertd/mailer"
)

// The standard library's reader of dotted text gives back what was stuffed.
func TestAppendStuffed_RoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[.a]{0,5}`)
		data := strings.Join(rapid.SliceOfN(line, 1, 20).Draw(t, "lines"), "\r\n") + "\r\n"
		wire := appendStuffed(nil, []byte(data))
		r := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(wire, "QUIT\r\n"...))))
		got, err := io.ReadAll(r.DotReader())
		if err != nil || string(got) != strings.ReplaceAll(data, "\r\n", "\n") {
			t.Fatalf("%q became %q, read as %q, %v", data, wire, got, err)
		}
		if rest, err := r.ReadLine(); err != nil || rest != "QUIT" {
			t.Fatalf("%q became %q, followed by %q, %v", data, wire, rest, err)
		}
	})
}

func TestAppendStuffed_EndsALastLineWithoutBreak(t *testing.T) {
	if got := string(appendStuffed(nil, []byte("a\r\n.b"))); got != "a\r\n..b\r\n.\r\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add("a@example.org", "b@example.org", []byte("a\r\n"))
	f.Add("\"a b\"@example.org", "", []byte(".\r\n"))
	f.Add("info@münchen.example", "a\\@b@[192.0.2.1]", []byte("ü\r\n"))
	f.Fuzz(func(t *testing.T, from, to string, data []byte) {
		ext := extensions{pipelining: true, size: true, eightBit: true, utf8: true}
		p, err := prepare(mailer.Message{From: from, To: to, Data: data}, ext)
		if err != nil {
			return
		}
		envelope := appendEnvelope(nil, &p, ext)
		if n := bytes.Count(envelope, []byte("\n")); n != 3 || bytes.Count(envelope, []byte("\r")) != 3 || bytes.IndexByte(envelope, 0) >= 0 {
			t.Errorf("%q and %q made %q", from, to, envelope)
		}
		wire := appendStuffed(nil, p.Data)
		if end := bytes.Index(append([]byte("\r\n"), wire...), []byte("\r\n.\r\n")); end != len(wire)-3 {
			t.Errorf("%q became %q, which ends early", data, wire)
		}
	})
}

func BenchmarkWire(b *testing.B) {
	data := bytes.Repeat([]byte(strings.Repeat("a", 74)+"\r\n"), 460)
	out := make([]byte, 0, 64<<10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := prepare(mailer.Message{From: "b@x.example", To: "a@y.example", Data: data}, extensions{})
		if err != nil {
			b.Fatal(err)
		}
		out = appendStuffed(out[:0], p.Data)
	}
}

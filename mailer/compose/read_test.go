package compose_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
)

// opened is a mail as a reader sees it.
type opened struct {
	mail.Header
	subject    string
	text, html string
	encoded    int // bytes of the HTML part on the wire
}

// open reads a mail with the standard library and checks its form: line ends, line
// lengths, both parts.
func open(t testing.TB, raw []byte) opened {
	t.Helper()
	for _, line := range strings.Split(string(raw), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("a line of %d bytes, or a bare line end in %q", len(line), line)
		}
		for i := range len(line) {
			if line[i] >= 0x80 {
				t.Fatalf("a line is not ASCII: %q", line)
			}
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("read the mail: %v", err)
	}
	o := opened{Header: m.Header}
	if o.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatalf("subject: %v", err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for i, want := range []string{"text/plain; charset=utf-8", "text/html; charset=utf-8"} {
		part, err := r.NextRawPart()
		if err != nil || part.Header.Get("Content-Type") != want || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("part %d: %v, %v", i, part, err)
		}
		encoded, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
		if err != nil {
			t.Fatalf("part %d is not quoted-printable: %v", i, err)
		}
		for _, line := range strings.Split(string(encoded), "\r\n") {
			if len(line) > 76 {
				t.Fatalf("an encoded line of %d bytes: %q", len(line), line)
			}
		}
		decoded := strings.ReplaceAll(string(body), "\r\n", "\n")
		if i == 0 {
			o.text = decoded
			continue
		}
		o.html, o.encoded = decoded, len(encoded)
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		t.Fatalf("more than two parts: %v", err)
	}
	return o
}

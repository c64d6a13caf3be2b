package compose_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/jobalertd/jobalertd/config/database/databasetest"
	"github.com/jobalertd/jobalertd/mailer/compose"
)

// newKey makes a key of a kind, in PEM, and its record for DNS.
func newKey(t testing.TB, kind string) (key []byte, record string) {
	t.Helper()
	var private crypto.Signer
	var err error
	if kind == "ed25519" {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	} else {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	record = "v=DKIM1; k=ed25519; p="
	public, _ := private.Public().(ed25519.PublicKey)
	if kind != "ed25519" {
		record = "v=DKIM1; k=rsa; p="
		if public, err = x509.MarshalPKIXPublicKey(private.Public()); err != nil {
			t.Fatal(err)
		}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), record + base64.StdEncoding.EncodeToString(public)
}

func TestSigner_SignsSoThatOthersVerify(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			key, record := newKey(t, kind)
			id := identity
			var err error
			if id.Signer, err = compose.NewSigner("jobs.example", "s1", key); err != nil {
				t.Fatal(err)
			}
			c, err := compose.New(id, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, raw := range samples(t, c) {
				verify(t, name, raw, record)
				if name == "digest.de" || name == "confirmation.en" {
					if got := independent(t, raw, record, 0); got != "verified" && got != "" {
						t.Errorf("%s: an independent verifier says %q", name, got)
					}
				}
				changed := bytes.Replace(raw, []byte("List-Unsubscribe-Post: List"), []byte("List-Unsubscribe-Post: Lost"), 1)
				if !bytes.Equal(changed, raw) {
					if vs, err := dkim.VerifyWithOptions(bytes.NewReader(changed), lookup(record)); err != nil || vs[0].Err == nil {
						t.Errorf("%s: verifies though an unsubscribe header was changed", name)
					}
				}
			}
		})
	}
}

// Two keys sign side by side, and each signature stands by itself.
func TestSigner_SignsByTwoKeysSideBySide(t *testing.T) {
	rsaKey, rsaRecord := newKey(t, "rsa-2048")
	edKey, edRecord := newKey(t, "ed25519")
	first, err := compose.NewSigner("jobs.example", "r", rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	second, err := compose.NewSigner("jobs.example", "e", edKey)
	if err != nil {
		t.Fatal(err)
	}
	id := identity
	id.Signer = first.Beside(second)
	c, err := compose.New(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := samples(t, c)["digest.de"]
	records := map[string]string{"r._domainkey.jobs.example": rsaRecord, "e._domainkey.jobs.example": edRecord}
	vs, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
	if err != nil || len(vs) != 2 || vs[0].Err != nil || vs[1].Err != nil {
		t.Fatalf("%+v, %v", vs, err)
	}
	for i, record := range []string{rsaRecord, edRecord} {
		if got := independent(t, raw, record, i); got != "verified" && got != "" {
			t.Errorf("signature %d: an independent verifier says %q", i, got)
		}
	}
}

// What is put on top on the way, where readers and mailbox programs look first,
// breaks the signature.
func TestSigner_LetsNoHeaderBeAdded(t *testing.T) {
	key, record := newKey(t, "ed25519")
	id := identity
	var err error
	if id.Signer, err = compose.NewSigner("jobs.example", "s1", key); err != nil {
		t.Fatal(err)
	}
	c, err := compose.New(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := samples(t, c)["digest.en"]
	for _, header := range []string{"From: bank@example.net", "Subject: Win", "Reply-To: x@example.net", "List-Unsubscribe: <https://example.net/>"} {
		changed := append([]byte(header+"\r\n"), raw...)
		if vs, err := dkim.VerifyWithOptions(bytes.NewReader(changed), lookup(record)); err != nil || vs[0].Err == nil {
			t.Errorf("verifies with %q added", header)
		}
		if got := independent(t, changed, record, 0); got != "not verified" && got != "" {
			t.Errorf("%q added: an independent verifier says %q", header, got)
		}
	}
}

func lookup(record string) *dkim.VerifyOptions {
	return &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) { return []string{record}, nil }}
}

func verify(t *testing.T, name string, raw []byte, record string) {
	t.Helper()
	vs, err := dkim.VerifyWithOptions(bytes.NewReader(raw), lookup(record))
	if err != nil || len(vs) != 1 || vs[0].Err != nil || vs[0].Domain != "jobs.example" {
		t.Fatalf("%s: %+v, %v", name, vs, err)
	}
	covered := strings.ToLower(strings.Join(vs[0].HeaderKeys, " "))
	for _, header := range []string{"from", "subject", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "reply-to", "cfbl-address", "date", "message-id"} {
		if !strings.Contains(" "+covered+" ", " "+header+" ") {
			t.Errorf("%s: the signature does not cover %s", name, header)
		}
	}
}

// independent asks Debian's python3-dkim about one of a mail's signatures, from the
// top; "" where it is not installed and need not be.
func independent(t *testing.T, raw []byte, record string, signature int) string {
	t.Helper()
	const program = `import sys, dkim
record = sys.argv[1].encode()
mail = dkim.DKIM(sys.stdin.buffer.read())
print("verified" if mail.verify(idx=int(sys.argv[2]), dnsfunc=lambda name, timeout=5: record) else "not verified")`
	if !foreignVerifier() {
		if slices.Contains(strings.Split(os.Getenv(databasetest.RequireEnv), ","), "dkim") {
			t.Fatal("dkim is required: install python3-dkim and python3-nacl")
		}
		t.Log("python3-dkim and python3-nacl are not installed: only go-msgauth verified")
		return ""
	}
	cmd := exec.Command("/usr/bin/python3", "-c", program, record, strconv.Itoa(signature))
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("python3-dkim: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

var foreignVerifier = sync.OnceValue(func() bool {
	return exec.Command("/usr/bin/python3", "-c", "import dkim, nacl").Run() == nil
})

func TestNewSigner_RefusesKeysThatReceiversDoNot(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(short)})
	good, _ := newKey(t, "ed25519")
	for name, c := range map[string]struct {
		domain, selector string
		key              []byte
	}{
		"1024 bits":   {"jobs.example", "s1", pkcs1},
		"no PEM":      {"jobs.example", "s1", []byte("key")},
		"no key":      {"jobs.example", "s1", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})},
		"no domain":   {"", "s1", good},
		"no selector": {"jobs.example", "", good},
		"line break":  {"jobs.example", "s1\r\n", good},
	} {
		if _, err := compose.NewSigner(c.domain, c.selector, c.key); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

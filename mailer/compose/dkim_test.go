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
	"os/exec"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

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
					if got := independent(t, raw, record); got != "verified" && got != "" {
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
	for _, header := range []string{"from", "subject", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"} {
		if !strings.Contains(" "+covered+" ", " "+header+" ") {
			t.Errorf("%s: the signature does not cover %s", name, header)
		}
	}
}

// independent asks Debian's python3-dkim, where it is installed.
func independent(t *testing.T, raw []byte, record string) string {
	t.Helper()
	const program = `import sys, dkim
record = sys.argv[1].encode()
print("verified" if dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: record) else "not verified")`
	if exec.Command("/usr/bin/python3", "-c", "import dkim, nacl").Run() != nil {
		t.Log("python3-dkim and python3-nacl are not installed: only go-msgauth verified")
		return ""
	}
	cmd := exec.Command("/usr/bin/python3", "-c", program, record)
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("python3-dkim: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

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

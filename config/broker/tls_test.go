package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// selfSigned writes a certificate for host and its key.
func selfSigned(t *testing.T, host string) TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	names := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &names, &names, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{
		files.CertFile: {Type: "CERTIFICATE", Bytes: certificate},
		files.KeyFile:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestTLS_SecuresTheListenerAndCommandsBesideIt(t *testing.T) {
	acme, password := recruiter(t, "acme")
	files, dir := selfSigned(t, "localhost"), t.TempDir()
	b, err := Start(t.Context(), Options{Listen: "127.0.0.1:0", DataDir: dir, TLS: files, Users: []User{acme}})
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, b)
	ensure(t, b)

	url := strings.Replace(b.ClientURL(), "127.0.0.1", "localhost", 1)
	nc, err := nats.Connect(url, nats.UserInfo("acme", password), nats.RootCAs(files.CertFile))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	plain := strings.Replace(url, "tls://", "nats://", 1)
	if _, err := nats.Connect(plain, nats.UserInfo("acme", password), nats.RootCAs(os.DevNull)); err == nil {
		t.Error("connected without the certificate's authority")
	}

	beside, err := Connect(t.Context(), Options{DataDir: dir, TLS: files})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, beside)
	if _, err := Connect(t.Context(), Options{DataDir: dir, TLS: selfSigned(t, "localhost")}); err == nil || !strings.Contains(err.Error(), "another certificate") {
		t.Errorf("another certificate: got %v, want a refusal", err)
	}

	// A remote daemon trusts the authority's file.
	remote, err := OperatorURL(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Start(t.Context(), Options{URL: strings.Replace(remote, "127.0.0.1", "localhost", 1), TLS: TLS{CAFile: files.CertFile}})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, other)

	if err := b.SetUsers(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := nats.Connect(url, nats.UserInfo("acme", password), nats.RootCAs(files.CertFile)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("the revoked recruiter logs in: %v", err)
	}
}

func TestTLS_RefusesHalfAPair(t *testing.T) {
	half := TLS{CertFile: selfSigned(t, "localhost").CertFile}
	for _, opts := range []Options{
		{DataDir: t.TempDir(), Listen: "127.0.0.1:0", TLS: half},
		{URL: "nats://127.0.0.1:1", TLS: half},
	} {
		if _, err := Start(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "go together") {
			t.Errorf("got %v, want that both are needed", err)
		}
	}
}

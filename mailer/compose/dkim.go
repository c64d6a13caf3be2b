package compose

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer signs mails (DKIM, RFC 6376; Ed25519 by RFC 8463). It is safe for
// concurrent use. RSA-2048 costs a millisecond of CPU a mail, more than all else;
// relays usually sign.
type Signer struct{ options dkim.SignOptions }

// minRSA is the shortest RSA key in bits that receivers respect (RFC 8301 asks for
// 1024 and recommends this).
const minRSA = 2048

// signed are the headers a signature covers: RFC 8058 section 4 asks for both
// unsubscribe headers. They are signed whether or not a mail has them, so that none
// can be added on the way.
var signed = []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted"}

// NewSigner reads a private key, RSA of 2048 bits or more or Ed25519, in PEM (PKCS #8
// or PKCS #1), whose public half stands in DNS under SELECTOR._domainkey.DOMAIN.
func NewSigner(domain, selector string, key []byte) (*Signer, error) {
	if domain == "" || selector == "" || !headerSafe(domain+selector) {
		return nil, errors.New("DKIM needs a domain and a selector")
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errors.New("the DKIM key is not in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		var pkcs1 error
		if parsed, pkcs1 = x509.ParsePKCS1PrivateKey(block.Bytes); pkcs1 != nil {
			return nil, errors.New("the DKIM key is neither PKCS #8 nor PKCS #1; convert it with: openssl pkcs8 -topk8 -nocrypt")
		}
	}
	switch k := parsed.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return nil, fmt.Errorf("the DKIM key has %d bits, at least %d are needed", k.N.BitLen(), minRSA)
		}
	case ed25519.PrivateKey:
	default:
		return nil, fmt.Errorf("the DKIM key is a %T, not RSA or Ed25519", parsed)
	}
	return &Signer{dkim.SignOptions{Domain: domain, Selector: selector, Signer: parsed.(crypto.Signer), Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed, HeaderKeys: signed}}, nil
}

// sign returns a copy of the mail with its signature on top.
func (s *Signer) sign(mail []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(mail) + 1024)
	options := s.options
	if err := dkim.Sign(&b, bytes.NewReader(mail), &options); err != nil {
		return nil, fmt.Errorf("sign the mail: %w", err)
	}
	return b.Bytes(), nil
}

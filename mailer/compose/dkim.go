package compose

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer signs mails (DKIM, RFC 6376; Ed25519 by RFC 8463), by one key or by
// several side by side. It is safe for concurrent use. RSA-2048 costs a
// millisecond of CPU a mail, more than all else; relays usually sign.
type Signer struct{ keys []dkim.SignOptions }

// minRSA is the shortest RSA key in bits that receivers respect (RFC 8301 asks for
// 1024 and recommends this).
const minRSA = 2048

// signed are the headers a signature covers: RFC 8058 section 4 asks for both
// unsubscribe headers, RFC 9477 for CFBL-Address. They are signed whether or not a
// mail has them. Those that readers see or act on are named once more than they
// stand in the mail, so that none can be added on the way (RFC 6376 section 8.15).
var signed = []string{"From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Auto-Submitted", "CFBL-Address",
	"From", "To", "Subject", "Date", "Reply-To", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"}

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
	return &Signer{[]dkim.SignOptions{{Domain: domain, Selector: selector, Signer: parsed.(crypto.Signer), Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed, HeaderKeys: signed}}}, nil
}

// Beside returns a Signer that signs by the keys of both: Ed25519 beside RSA, or
// the next key beside the one it replaces. Receivers take any that they can verify
// (RFC 8463 section 3).
func (s *Signer) Beside(other *Signer) *Signer {
	return &Signer{append(slices.Clip(s.keys), other.keys...)}
}

// sign returns a copy of the mail with its signatures on top.
func (s *Signer) sign(mail []byte) ([]byte, error) {
	b := make([]byte, 0, len(mail)+1024*len(s.keys))
	for i := range s.keys {
		options := s.keys[i]
		signer, err := dkim.NewSigner(&options)
		if err == nil {
			_, err = signer.Write(mail)
			err = errors.Join(err, signer.Close())
		}
		if err != nil {
			return nil, fmt.Errorf("sign the mail: %w", err)
		}
		b = append(b, signer.Signature()...)
	}
	return append(b, mail...), nil
}

package broker

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// TLS names PEM files. A certificate and its key go together.
type TLS struct {
	CAFile, CertFile, KeyFile string
}

// clientOptions are those of a connection to a server with TLS.
func (t TLS) clientOptions() ([]nats.Option, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	var options []nats.Option
	if t.CAFile != "" {
		options = append(options, nats.RootCAs(t.CAFile))
	}
	if t.CertFile != "" {
		options = append(options, nats.ClientCert(t.CertFile, t.KeyFile))
	}
	return options, nil
}

func (t TLS) check() error {
	if (t.CertFile == "") != (t.KeyFile == "") {
		return errors.New("nats.tls_cert_file and nats.tls_key_file go together")
	}
	return nil
}

// serverConfig is that of the embedded server's listener.
func (t TLS) serverConfig() (*tls.Config, error) {
	config, err := server.GenTLSConfig(&server.TLSConfigOpts{
		CertFile: t.CertFile, KeyFile: t.KeyFile, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		return nil, fmt.Errorf("nats.tls_cert_file: %w", err)
	}
	return config, nil
}

// pinned accepts the embedded server's own certificate and no other. Its
// names cannot be checked: it is issued for recruiters, not for 127.0.0.1.
func (t TLS) pinned() (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("nats.tls_cert_file: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // verified below, by identity instead of by name
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, own.Certificate[0]) {
				return errors.New("the server shows another certificate than nats.tls_cert_file; restart the daemon after a renewal")
			}
			return nil
		},
	}, nil
}

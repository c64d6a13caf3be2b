package broker

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// credentialFile holds the URL, password included, by which commands on this
// machine reach the daemon's embedded server with all rights.
const credentialFile = "nats-operator"

// OperatorURL returns how to reach, as its operator, the embedded server of
// the daemon that runs on dataDir. ErrNoDaemon if there is none.
func OperatorURL(dataDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, credentialFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", noDaemon(nil)
	}
	if err != nil {
		return "", fmt.Errorf("read the operator's NATS credential: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// noDaemon says how to start one.
func noDaemon(cause error) error {
	err := fmt.Errorf("%w: start it with: jobalertd serve", ErrNoDaemon)
	if cause != nil {
		err = fmt.Errorf("%w (%w)", err, cause)
	}
	return err
}

// writeCredential makes the file readable by the daemon's user alone, and
// whole at once, since a command may be reading it.
func (b *Broker) writeCredential() error {
	address := b.listenURL()
	address.User = url.UserPassword(operator, b.secret)
	temp, err := os.CreateTemp(b.opts.DataDir, credentialFile+"-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the operator's NATS credential: %w", err)
	}
	_, err = temp.WriteString(address.String() + "\n")
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), filepath.Join(b.opts.DataDir, credentialFile))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the operator's NATS credential: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

// removeCredential leaves nothing that leads to whoever takes the port next.
func (b *Broker) removeCredential() {
	err := os.Remove(filepath.Join(b.opts.DataDir, credentialFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.log.Warn("operator's nats credential not removed", "err", err)
	}
}

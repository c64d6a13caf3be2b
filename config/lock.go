package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// ErrLocked means that another daemon works on the data folder.
var ErrLocked = errors.New("data folder is in use")

const lockFile = "lock"

// LockDataDir makes the folder if it is missing, readable by its owner alone,
// and locks it for this process until release is called or the process ends,
// however it ends. ErrLocked, with the other's process ID, if it is taken.
func LockDataDir(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data_dir: %w", err)
	}
	path := filepath.Join(dir, lockFile)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data_dir: %w", err)
	}
	if !locked {
		return nil, errors.Join(heldBy(dir, path), lock.Close())
	}
	// The file stays when the lock goes: removing it would let two processes
	// lock two files of one name.
	if err := os.WriteFile(path, fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock of data_dir: %w", err), lock.Close())
	}
	return lock.Close, nil
}

// heldBy says who holds the lock and what to do.
func heldBy(dir, path string) error {
	who := "another process"
	text, err := os.ReadFile(path)
	if pid, numErr := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && numErr == nil {
		who = fmt.Sprintf("process %d", pid)
	}
	return fmt.Errorf("%w: %s works on %s; stop it first, or give this one another data_dir", ErrLocked, who, dir)
}

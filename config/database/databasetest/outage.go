package databasetest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Outage is a PostgreSQL server of one test's own, which can go away and come
// back with what it stored.
type Outage struct {
	t testing.TB
	s *server
}

// NewOutage starts one; it is taken away when t ends. Without a PostgreSQL
// installation it skips t.
func NewOutage(t testing.TB) *Outage {
	t.Helper()
	require(t) // says why there is none
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.alive.Close() })
	return &Outage{t: t, s: s}
}

// URL addresses its one database, which is empty at first.
func (o *Outage) URL() string { return o.s.url("postgres") }

// Stop shuts the server down in the way of a restart: sessions are ended.
func (o *Outage) Stop() {
	o.t.Helper()
	o.control("-m", "fast", "-w", "stop")
}

// Start brings it back.
func (o *Outage) Start() {
	o.t.Helper()
	o.control("-w", "-t", "60", "-l", filepath.Join(o.s.dir, "log"), "-o", o.s.options, "start")
}

func (o *Outage) control(args ...string) {
	o.t.Helper()
	cmd := exec.Command(filepath.Join(o.s.bin, "pg_ctl"), append([]string{"-D", filepath.Join(o.s.dir, "data")}, args...)...)
	cmd.Dir = o.s.dir
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	// Output is not collected: the server it starts would keep a pipe open.
	if err := cmd.Run(); err != nil {
		log, readErr := os.ReadFile(filepath.Join(o.s.dir, "log"))
		o.t.Fatalf("pg_ctl %v: %v\n%s", args, errors.Join(err, readErr), log)
	}
}

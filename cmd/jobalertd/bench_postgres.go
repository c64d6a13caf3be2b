package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// privateServer is a PostgreSQL server that lives as long as a bench, reached by
// a Unix socket alone.
type privateServer struct {
	dir   string
	url   string
	alive *os.File // closing it ends the supervising shell, and that the server
	done  chan struct{}
}

// How a private server treats the disk.
const (
	durable  = "" // as PostgreSQL does by default: a commit is synced
	volatile = " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
)

// supervise starts the server, says so, waits until its standard input closes,
// also because this process was killed, and takes everything away.
const supervise = `
bin=$1 dir=$2
cd "$dir" || exit 1
if "$bin/initdb" -D "$dir/data" -U jobalertd -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 &&
   "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o "$3" start >>"$dir/log" 2>&1
then echo ready
else tail -n 5 "$dir/log" | tr '\n' ' '; echo
fi
read -r _
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
cd / && rm -rf "$dir"
`

// nobody runs the server when this process is root, which PostgreSQL refuses to be.
const nobody = 65534

func startPrivatePostgres(disk string) (*privateServer, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg") // short: a socket's path has room for 107 bytes
	if err != nil {
		return nil, err
	}
	settings := "-k " + dir + " -c listen_addresses='' -c max_connections=64 -c shared_buffers=2GB -c jit=off -c max_wal_size=4GB" + disk
	shell := exec.Command("/bin/sh", "-c", supervise, "sh", bin, dir, settings)
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt at the terminal is ours to deal with
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, err
		}
		shell.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	s := &privateServer{dir: dir, done: make(chan struct{})}
	s.url = (&url.URL{Scheme: "postgres", User: url.User("jobalertd"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}).String()
	if err := s.run(shell); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL from %s: %w", bin, err), os.RemoveAll(dir))
	}
	return s, nil
}

func (s *privateServer) run(shell *exec.Cmd) error {
	stdin, alive, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	out, err := shell.StdoutPipe()
	if err != nil {
		return errors.Join(err, alive.Close())
	}
	shell.Stdin = stdin
	if err := shell.Start(); err != nil {
		return errors.Join(err, alive.Close())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		return errors.Join(fmt.Errorf("not ready: %s", strings.TrimSpace(line)), alive.Close())
	}
	s.alive = alive
	go func() {
		defer close(s.done)
		_ = shell.Wait() // it ends when alive is closed; its status says nothing
	}()
	return nil
}

// stop ends the server and waits until its folder is gone.
func (s *privateServer) stop() {
	_ = s.alive.Close()
	<-s.done
}

// postgresBinaries is the folder of initdb and pg_ctl: PG_BIN, else the newest
// of Debian's folders, else wherever PATH finds them.
func postgresBinaries() (string, error) {
	if bin := os.Getenv("PG_BIN"); bin != "" {
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err != nil {
			return "", fmt.Errorf("PG_BIN: %w", err)
		}
		return bin, nil
	}
	installed, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(installed) > 0 {
		slices.SortFunc(installed, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
		return filepath.Dir(installed[len(installed)-1]), nil
	}
	found, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL is installed here (initdb); name its folder in PG_BIN, or give a URL")
	}
	return filepath.Dir(found), nil
}

// cpu is the processor time of the server's processes so far, those that have ended
// included; 0 where the system does not tell.
func (s *privateServer) cpu() time.Duration {
	b, err := os.ReadFile(filepath.Join(s.dir, "data", "postmaster.pid"))
	if err != nil {
		return 0
	}
	server, _, _ := strings.Cut(string(b), "\n")
	var ticks int64
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The name, in brackets, may hold anything; the parent stands second behind it.
		rest := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(rest) < 15 {
			continue
		}
		own := strings.HasPrefix(string(b), server+" ")
		if !own && rest[1] != server {
			continue
		}
		times := rest[11:13] // user and system
		if own {
			times = rest[11:15] // and those of children that have ended
		}
		for _, t := range times {
			n, _ := strconv.ParseInt(t, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * (time.Second / userHertz)
}

// userHertz is the unit in which Linux tells processes' times on every machine.
const userHertz = 100

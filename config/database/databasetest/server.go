package databasetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/jobalertd/jobalertd/config/database"
)

// template is what a new database is copied from.
type template string

const (
	empty    template = "template0"
	migrated template = "template_migrated"

	nobody = 65534 // initdb and postgres refuse to run as root
)

// server is one private PostgreSQL server, reached by a Unix socket alone.
type server struct {
	bin     string // folder of the binaries
	dir     string
	options string // the server's own
	created atomic.Int64
	migrate func() error // fills the template, once

	// alive is the pipe whose other end the supervising shell reads: it
	// closes when this process ends, however it ends.
	alive *os.File
}

// shared starts the server of this test binary on first use. Being shared by
// all tests of the binary is its purpose, so it is kept in a variable.
var shared = sync.OnceValues(start)

// supervise starts the server, says so, waits until its standard input closes,
// and takes everything away. It is given the folder of binaries and of data.
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

func start() (*server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg") // short: a socket's path has room for 107 bytes
	if err != nil {
		return nil, err
	}
	settings := "-k " + dir + " -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off" +
		" -c max_connections=200 -c shared_buffers=32MB -c autovacuum=off"
	shell := exec.Command("/bin/sh", "-c", supervise, "sh", bin, dir, settings)
	// A session of its own keeps an interrupt at the terminal from the shell,
	// which still has to clear up.
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, err
		}
		shell.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	s := &server{bin: bin, dir: dir, options: settings}
	if err := s.run(shell); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL from %s: %w", bin, err), os.RemoveAll(dir))
	}
	s.migrate = sync.OnceValue(s.fillTemplate)
	return s, nil
}

// run starts the shell and waits for its first line. The process is not
// waited for: it outlives this one by a moment.
func (s *server) run(shell *exec.Cmd) error {
	stdin, alive, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = stdin.Close() }()
	out, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	shell.Stdin, shell.Stdout = stdin, stdout
	err = shell.Start()
	_ = stdout.Close()
	if err != nil {
		return errors.Join(err, alive.Close())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		return errors.Join(fmt.Errorf("not ready: %s", strings.TrimSpace(line)), err, alive.Close())
	}
	s.alive = alive
	return nil
}

// findBinaries returns the folder of initdb and pg_ctl: PG_BIN, else the
// newest of Debian's folders, else wherever PATH finds them.
func findBinaries() (string, error) {
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
		newest := slices.MaxFunc(installed, func(a, b string) int { return majorVersion(a) - majorVersion(b) })
		return filepath.Dir(newest), nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no initdb in PG_BIN, /usr/lib/postgresql or PATH")
	}
	return filepath.Dir(initdb), nil
}

// majorVersion reads 15 from /usr/lib/postgresql/15/bin/initdb; 0 if it does
// not say.
func majorVersion(initdb string) int {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return version
}

// url addresses one database of the server.
func (s *server) url(name string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.User("jobalertd"), Host: "", Path: "/" + name,
		RawQuery: url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode(),
	}).String()
}

// create makes a database from a template for the length of t.
func (s *server) create(t testing.TB, from template) string {
	t.Helper()
	if from == migrated {
		if err := s.migrate(); err != nil {
			t.Fatalf("migrate the template of test databases: %v", err)
		}
	}
	name := fmt.Sprintf("test_%d", s.created.Add(1))
	if err := s.administer(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+string(from)); err != nil {
		t.Fatalf("create the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.administer(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.url(name)
}

func (s *server) fillTemplate() error {
	ctx := context.Background() // belongs to all tests, not to the first
	if err := s.administer(ctx, "CREATE DATABASE "+string(migrated)+" TEMPLATE "+string(empty)); err != nil {
		return err
	}
	db, err := database.Open(ctx, s.url(string(migrated)), database.Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

func (s *server) administer(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jobalertd/jobalertd/config"
)

// Run again by a test, this binary is a daemon on the settings file that
// childSettings names, with its clock ahead by childAhead.
const (
	childSettings = "TEST_SERVE_SETTINGS"
	childAhead    = "TEST_SERVE_AHEAD"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childSettings); path != "" {
		os.Exit(serveAsChild(path))
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("8") // most tests here wait for other processes
	}
	os.Exit(m.Run())
}

func serveAsChild(path string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the test has ended, however
		os.Exit(exitFailed)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ahead, err := time.ParseDuration(os.Getenv(childAhead))
	if err == nil && ahead == 0 {
		return run(ctx, []string{"serve", "--config", path}, nil, nil, os.Stdout, os.Stderr)
	}
	if err == nil {
		err = serveAhead(ctx, path, ahead)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitDone
}

// serveAhead is serve with another clock: a day must not take a day.
func serveAhead(ctx context.Context, path string, ahead time.Duration) error {
	s := &session{configPath: path, stdout: os.Stdout, stderr: os.Stderr}
	c, err := s.config()
	if err != nil {
		return err
	}
	m, err := s.meaning(c)
	if err != nil {
		return err
	}
	release, err := config.LockDataDir(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = release() }()
	d, err := newDaemon(ctx, c, m, s.logger(c), func() time.Time { return time.Now().Add(ahead) })
	if err != nil {
		return err
	}
	return d.run(ctx)
}

// child is a daemon in a process of its own.
type child struct {
	t     testing.TB
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended and its log is read
	err   error         // of Wait; read after ended
	shot  atomic.Bool   // killed already

	mu    sync.Mutex
	lines []string
	seen  map[string]chan struct{} // by message
}

// startChild starts a daemon and returns at once; the process ends with the test.
func startChild(t testing.TB, settings string, ahead time.Duration) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0]), ended: make(chan struct{}), seen: map[string]chan struct{}{}}
	c.cmd.Env = append(os.Environ(), childSettings+"="+settings, childAhead+"="+ahead.String())
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		c.read(log)
		c.err = c.cmd.Wait()
		_ = stdin.Close()
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
	})
	return c
}

// startReady starts a daemon and waits until it serves.
func startReady(t testing.TB, settings string, ahead time.Duration) *child {
	t.Helper()
	c := startChild(t, settings, ahead)
	select {
	case <-c.saw("ready"):
	case <-c.ended:
		t.Fatalf("the daemon ended instead of serving: %v\n%s", c.err, c.log())
	case <-time.After(time.Minute):
		t.Fatalf("the daemon did not serve within a minute\n%s", c.log())
	}
	return c
}

func (c *child) read(log io.Reader) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		c.mu.Lock()
		c.lines = append(c.lines, line)
		for message, ch := range c.seen {
			if strings.Contains(line, `"msg":"`+message+`"`) {
				closeOnce(ch)
			}
		}
		c.mu.Unlock()
	}
}

func closeOnce(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// saw is closed once the daemon has logged a message, also when that was before.
func (c *child) saw(message string) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch, ok := c.seen[message]
	if !ok {
		ch = make(chan struct{})
		c.seen[message] = ch
		for _, line := range c.lines {
			if strings.Contains(line, `"msg":"`+message+`"`) {
				closeOnce(ch)
			}
		}
	}
	return ch
}

// log is what the daemon wrote to stderr.
func (c *child) log() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}

// kill ends the daemon as a power cut would end the process: SIGKILL.
func (c *child) kill() {
	c.t.Helper()
	if err := c.shoot(); err != nil {
		c.t.Fatalf("the daemon had ended already: %v\n%s", err, c.log())
	}
	<-c.ended
}

// shoot is kill that does not wait; a second time it does nothing.
func (c *child) shoot() error {
	if c.shot.Swap(true) {
		return nil
	}
	return c.cmd.Process.Kill()
}

// stop ends the daemon in order, which it must manage within its own bound.
func (c *child) stop() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatalf("the daemon had ended already: %v\n%s", err, c.log())
	}
	select {
	case <-c.ended:
	case <-time.After(stopWithin + 5*time.Second):
		c.t.Fatalf("the daemon did not stop within %s\n%s", stopWithin, c.log())
	}
	if c.err != nil {
		c.t.Fatalf("the daemon stopped with %v\n%s", c.err, c.log())
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/database"
)

// benchCmd measures. Every command makes its own load by seed or reads it, checks
// what came out before it reports, and prints one JSON object.
type benchCmd struct {
	Match  benchMatchCmd  `cmd:"" help:"Percolation alone: build, bytes a subscription, postings a second, latency."`
	Intake benchIntakeCmd `cmd:"" help:"Postings from NATS publish to commit and acknowledgement."`
	Digest benchDigestCmd `cmd:"" help:"A digest run over everybody, built and recorded, not sent."`
	Mail   benchMailCmd   `cmd:"" help:"Digests composed and handed to a real SMTP server."`
	Sink   benchSinkCmd   `cmd:"" help:"An SMTP server that throws mail away, for bench mail."`
	Search benchSearchCmd `cmd:"" help:"Page searches over the archive of recent postings: latency and memory."`
	Signup benchSignupCmd `cmd:"" help:"Visitors who sign up at once, and whether the answers' times tell who is known."`
}

// machine is where a figure was measured.
type machine struct {
	Cores     int    `json:"cores"`
	GoVersion string `json:"go_version"`
	OS        string `json:"os"`
}

func thisMachine() machine {
	return machine{Cores: runtime.NumCPU(), GoVersion: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
}

// spent is what a measured span cost this process.
type spent struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // user and system, of this process alone
	PeakRSS    int64   `json:"peak_rss_bytes"`
}

// meter measures a span.
type meter struct {
	began time.Time
	cpu   time.Duration
}

// startMeter begins a span. The peak of memory begins anew where the system can
// do that, and else counts from the start of the process.
func startMeter() meter {
	runtime.GC()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux alone: resets VmHWM
	return meter{began: time.Now(), cpu: cpuTime()}
}

func (m meter) stop() spent {
	return spent{Seconds: time.Since(m.began).Seconds(), CPUSeconds: (cpuTime() - m.cpu).Seconds(), PeakRSS: peakRSS()}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakRSS is the most memory that was resident, in bytes; 0 where the system
// does not tell.
func peakRSS() int64 { return procStatus("VmHWM:") }

// residentBytes is the memory resident now.
func residentBytes() int64 { return procStatus("VmRSS:") }

func procStatus(field string) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}

// latencies are spans that were measured one by one.
type latencies []time.Duration

// quantile is the value below which a part q of them lie; 0 of none.
func (l latencies) quantile(q float64) time.Duration {
	if len(l) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// benchRoom is where a bench keeps its data: a temporary folder and a database of
// its own, gone afterwards.
type benchRoom struct {
	config *config.Config
	server *privateServer // nil: none of its own
	close  func()
}

// databaseCPU is the processor time that the room's own server has used so far.
func (r *benchRoom) databaseCPU() time.Duration {
	if r.server == nil {
		return 0
	}
	return r.server.cpu()
}

// privatePostgres is the --database value that starts a server for the bench alone.
const privatePostgres = "postgres"

// newRoom makes a folder and settings for a bench. database is empty for SQLite
// in that folder, "postgres" for a private server, or the URL of a database that
// must be empty.
func newRoom(database string) (*benchRoom, error) {
	dir, err := os.MkdirTemp("", "jobalertd-bench-")
	if err != nil {
		return nil, err
	}
	r := &benchRoom{config: config.Default(), close: func() { _ = os.RemoveAll(dir) }}
	r.config.DataDir = dir
	r.config.NATS.Listen = ""
	r.config.HTTP.Listen = "127.0.0.1:0"
	r.config.Database.URL = config.Secret(database)
	if database == privatePostgres {
		server, err := startPrivatePostgres(durable)
		if err != nil {
			r.close()
			return nil, err
		}
		r.server = server
		r.config.Database.URL = config.Secret(server.url)
		r.close = func() { server.stop(); _ = os.RemoveAll(dir) }
	}
	return r, nil
}

// checkPrepared refuses --prepared beside a --database: what is kept is a file.
func checkPrepared(prepared, database string) error {
	if prepared != "" && database != "" {
		return usagef("--prepared is for SQLite alone")
	}
	return nil
}

// fill has the room's database filled and keeps a copy of it in prepared, or takes
// the one that was kept there. Without prepared it is only filled.
func (r *benchRoom) fill(prepared string, fill func() error) error {
	if prepared == "" {
		return fill()
	}
	file := filepath.Join(r.config.DataDir, "jobalertd.db")
	r.config.Database.URL = config.Secret("sqlite:" + file)
	if _, err := os.Stat(prepared); err == nil {
		return copyFile(file, prepared)
	}
	if err := fill(); err != nil {
		return err
	}
	return copyFile(prepared, file)
}

// settle lets the room's own server do now what it would have done in its own time
// before morning: clean up after the import, collect statistics, write what it has changed.
func (r *benchRoom) settle(ctx context.Context) error {
	if r.server == nil {
		return nil
	}
	db, err := database.Open(ctx, r.config.DatabaseURL(), database.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// kind is how the report calls the room's database.
func (r *benchRoom) kind() string {
	if strings.HasPrefix(r.config.DatabaseURL(), "sqlite:") {
		return "sqlite"
	}
	return "postgres"
}

// say tells on a terminal what a bench is doing; its answer goes to stdout.
func (s *session) say(format string, args ...any) {
	if isTerminal(s.stderr) {
		fmt.Fprintf(s.stderr, format+"\n", args...)
	}
}

// report prints a bench's one JSON object: on one line for scripts, indented for
// people at a terminal.
func (s *session) report(v any, oneLine bool) error {
	if oneLine || !isTerminal(s.stdout) {
		return s.printJSON(v)
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	s.printf("%s\n", pretty)
	return nil
}

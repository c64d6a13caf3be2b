package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jobalertd/jobalertd/config"
)

// doctorCmd looks at everything a daemon needs, and changes nothing that is kept.
type doctorCmd struct {
	JSON bool `help:"One JSON object a line." name:"json"`
}

func (doctorCmd) Help() string {
	return "Example:\n  jobalertd doctor --config /etc/jobalertd.toml\n\nEach line says ok, warn or fail, what was looked at, and what to do. Status 1 if any fails."
}

// Health is what a look at something found.
type health string

const (
	healthy  health = "ok"
	doubtful health = "warn" // works, or could not be found out
	failing  health = "fail" // the daemon will not do its work
)

// symptom is one line of the doctor's.
type symptom struct {
	Status health `json:"status"`
	What   string `json:"what"`
	Found  string `json:"found"`
	Do     string `json:"do,omitempty"`
}

// doctor looks at one installation.
type doctor struct {
	session *session
	config  *config.Config
	dns     resolver
	tell    func(symptom) error
	failed  bool
	err     error // of telling
}

// lookTime bounds each look at something that may not answer.
const lookTime = 10 * time.Second

// Run looks at everything, one thing after the other, and tells at once.
func (c doctorCmd) Run(ctx context.Context, s *session) error {
	d := &doctor{session: s, dns: net.DefaultResolver, tell: func(one symptom) error { return s.printSymptom(one, c.JSON) }}
	d.examine(ctx)
	if d.err != nil {
		return d.err
	}
	if d.failed {
		return errFailed
	}
	return nil
}

func (d *doctor) examine(ctx context.Context) {
	var err error
	if d.config, err = d.session.config(); err != nil {
		d.say(failing, "configuration", err.Error(), "mend the settings named; jobalertd config example prints every key")
		return
	}
	d.say(healthy, "configuration", "every setting is valid", "")
	if _, err := d.session.meaning(d.config); err != nil {
		d.say(failing, "vocabulary", err.Error(), "mend text.vocabulary_file")
	}
	for _, look := range []func(context.Context){d.lookAtDaemon, d.lookAtDisk, d.lookAtDatabase, d.lookAtStreams, d.lookAtRelay, d.lookAtDNS, d.lookAtBounces} {
		within, cancel := context.WithTimeout(ctx, 3*lookTime)
		look(within)
		cancel()
	}
}

func (d *doctor) say(status health, what, found, do string) {
	d.failed = d.failed || status == failing
	d.err = errors.Join(d.err, d.tell(symptom{status, what, found, do}))
}

func (s *session) printSymptom(one symptom, asJSON bool) error {
	if asJSON {
		return s.printJSON(one)
	}
	s.printf("%-4s  %-14s  %s\n", one.Status, one.What, one.Found)
	if one.Do != "" {
		s.printf("%24s%s\n", "", one.Do)
	}
	return nil
}

// lookAtDaemon says whether one runs on the data folder, and whether it is ready.
func (d *doctor) lookAtDaemon(ctx context.Context) {
	if _, err := os.Stat(d.config.DataDir); errors.Is(err, os.ErrNotExist) {
		d.say(healthy, "daemon", "none has run on "+d.config.DataDir+" yet", "start one with: jobalertd serve")
		return
	}
	release, err := config.LockDataDir(d.config.DataDir)
	if err == nil {
		_ = release()
		d.say(doubtful, "daemon", "none is running on "+d.config.DataDir, "start one with: jobalertd serve")
		return
	}
	if !errors.Is(err, config.ErrLocked) {
		d.say(failing, "daemon", err.Error(), "give the daemon's user the data folder: it must be able to write there")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(d.config.HTTP.Listen)+"/readyz", nil)
	if err != nil {
		d.say(failing, "daemon", "http.listen: "+err.Error(), "")
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.say(failing, "daemon", "one runs, but its pages do not answer: "+err.Error(), "look into its log; does it run with these settings?")
		return
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		d.say(doubtful, "daemon", "one runs, but is not ready", "it may be starting; http://"+d.config.HTTP.Listen+"/readyz says what it waits for")
		return
	}
	d.say(healthy, "daemon", "one runs and is ready", "")
}

// reachable is where to reach something that listens at address on this machine.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// Disk that should be free: below the first the daemon soon stops, below the
// second an operator should look.
const (
	diskTooLittle = 100 << 20
	diskLittle    = 1 << 30
)

// lookAtDisk looks at the file system of data_dir, or of where it will be.
func (d *doctor) lookAtDisk(context.Context) {
	dir, err := filepath.Abs(d.config.DataDir)
	if err != nil {
		d.say(failing, "disk", err.Error(), "")
		return
	}
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		d.say(doubtful, "disk", fmt.Sprintf("cannot ask how much of %s is free: %v", dir, err), "")
		return
	}
	free := int64(fs.Bavail) * int64(fs.Bsize) //nolint:unconvert // uint32 on macOS
	found := fmt.Sprintf("%.1f GiB free for %s", float64(free)/(1<<30), d.config.DataDir)
	switch {
	case free < diskTooLittle:
		d.say(failing, "disk", found, "make room: publishers are refused and nothing can be stored when it is full")
	case free < diskLittle:
		d.say(doubtful, "disk", found, "make room, or lower nats.max_store_mb and the retention settings")
	default:
		d.say(healthy, "disk", found, "")
	}
}

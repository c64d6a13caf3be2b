package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/config"
	"github.com/jobalertd/jobalertd/config/broker"
)

// demoCmd shows the whole path on sample data.
type demoCmd struct {
	Exit bool   `help:"End when the mails are there; status 0 only if each holds just what its subscriber's criteria match."`
	Keep string `help:"Folder to work in and keep; a temporary one if empty." placeholder:"DIR" type:"path"`
	JSON bool   `help:"End with one JSON object of what happened." name:"json"`
}

func (demoCmd) Help() string {
	return "Example:\n  jobalertd demo\n  jobalertd demo --exit --keep /tmp/demo\n\nEverything is embedded: NATS, the database, the mails. Nothing leaves this machine."
}

// demoWithin bounds the story.
const demoWithin = 2 * time.Minute

// Run tells the story: three people sign up and confirm through the pages, 200
// postings come in over NATS, a digest run is due, the mails are there.
func (c demoCmd) Run(ctx context.Context, s *session) error {
	dir := c.Keep
	if dir == "" {
		tmp, err := os.MkdirTemp("", "jobalertd-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	cfg, err := demoConfig(dir)
	if err != nil {
		return err
	}
	story := &demo{session: s, config: cfg, started: time.Now()}
	if err := story.begin(ctx); err != nil {
		return err
	}
	defer story.end()
	result, err := story.tell(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := s.printJSON(result); err != nil {
			return err
		}
	}
	if !result.Correct {
		return errors.New("the mails are not what the subscribers' criteria match")
	}
	if c.Exit {
		return nil
	}
	s.printf("\nEverything stays up until Ctrl-C.\n")
	select {
	case <-ctx.Done():
		return nil
	case err := <-story.died:
		return err
	}
}

// demoConfig is an installation of its own on free ports.
func demoConfig(dir string) (*config.Config, error) {
	pages, err := freePort()
	if err != nil {
		return nil, err
	}
	c := config.Default()
	c.DataDir = dir
	c.HTTP.Listen = pages
	c.HTTP.PublicURL = "http://" + pages
	c.NATS.Listen = "127.0.0.1:0"
	c.Mail.Brand = "Stellenalarm (demo)"
	c.Mail.From = "Stellenalarm <alerts@jobs.example.org>"
	c.Mail.Imprint = "Stellenalarm, a demonstration\nMusterstraße 1, 45879 Gelsenkirchen"
	c.Digest.InstantHold = time.Second
	return c, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// demo is one telling.
type demo struct {
	*session
	config  *config.Config
	daemon  *daemon
	stop    context.CancelFunc
	died    chan error
	once    sync.Once
	release func() error
	started time.Time
}

// begin starts the daemon and waits until it is ready.
func (d *demo) begin(ctx context.Context) error {
	d.say("Starting NATS, a database and the pages in %s", d.config.DataDir)
	m, err := d.meaning(d.config)
	if err != nil {
		return err
	}
	if d.release, err = config.LockDataDir(d.config.DataDir); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(d.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if d.daemon, err = newDaemon(ctx, d.config, m, log, time.Now); err != nil {
		_ = d.release()
		return err
	}
	run, stop := context.WithCancel(ctx)
	d.stop, d.died = stop, make(chan error, 1)
	go func() { d.died <- d.daemon.run(run) }()
	return d.until(ctx, "the daemon is ready", func() (bool, error) { return d.daemon.ready.ready.Load(), nil })
}

// end stops the daemon in order.
func (d *demo) end() {
	d.once.Do(func() {
		d.stop()
		select {
		case err := <-d.died:
			if err != nil {
				d.say("The daemon stopped with: %v", err)
			}
		case <-time.After(stopWithin):
			d.say("The daemon did not stop within %s", stopWithin)
		}
		_ = d.release() // the process ends anyway
	})
}

// say tells one step, with the seconds since the beginning.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out(), "%5.1fs  %s\n", time.Since(d.started).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) out() io.Writer { return d.stdout }

// until waits for something to come true.
func (d *demo) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, demoWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds()
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting: %s", what)
		case err := <-d.died:
			return errors.Join(errors.New("the daemon stopped"), err)
		case <-tick.C:
		}
	}
}

// publish sends the sample over NATS as a recruiter's client would, and waits for
// each receipt.
func (d *demo) publish(ctx context.Context) (map[alerts.Status]int, error) {
	postings, err := sample(time.Now())
	if err != nil {
		return nil, err
	}
	b, err := broker.Connect(ctx, brokerOptions(d.config, nil, d.quiet()))
	if err != nil {
		return nil, err
	}
	defer b.Close(context.WithoutCancel(ctx))
	p, err := newPublisher(b, demoSource)
	if err != nil {
		return nil, err
	}
	defer p.close()
	counts := map[alerts.Status]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	for _, raw := range postings {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			a := p.send(ctx, raw, 30*time.Second)
			mu.Lock()
			defer mu.Unlock()
			counts[a.Status]++
			for _, e := range a.Errors {
				d.say("  refused %s: %s: %s", a.Identifier, fieldName(e.Field), e.Message)
			}
		})
	}
	wg.Wait()
	return counts, nil
}

// demoSource is the source the sample is published under.
const demoSource = "demo"

// demoResult is what happened, for scripts.
type demoResult struct {
	Stored   int            `json:"stored"`
	Rejected int            `json:"rejected"`
	Mails    []demoMail     `json:"mails"`
	Correct  bool           `json:"correct"`
	Seconds  float64        `json:"seconds"`
	Pages    string         `json:"pages"`
	Counts   map[string]int `json:"-"`
}

// demoMail is one digest as it arrived, beside what should be in it.
type demoMail struct {
	Subscriber string   `json:"subscriber"`
	Alert      string   `json:"alert"`
	Postings   []string `json:"postings"`
	Expected   int      `json:"expected"`
	Link       string   `json:"link"`
}

// title is a posting's for the table: short enough for a line.
func title(p *alerts.Posting) string {
	t := []rune(p.Title)
	if len(t) > 52 {
		return string(t[:51]) + "…"
	}
	return p.Title
}

func placeNames(p *alerts.Posting) string {
	var names []string
	for _, l := range p.Locations {
		names = append(names, l.Name)
	}
	if p.Remote {
		names = append(names, "remote")
	}
	return strings.Join(names, ", ")
}

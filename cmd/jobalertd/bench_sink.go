package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/jobalertd/jobalertd/mailer/smtp/smtptest"
)

type benchSinkCmd struct {
	Listen string        `help:"Address; a free port of loopback if not given." placeholder:"HOST:PORT"`
	Delay  time.Duration `help:"Hold each answer back so long, as a relay far away would."`
	JSON   bool          `help:"One JSON object a line." name:"json"`
}

func (benchSinkCmd) Help() string {
	return "Takes mail and throws it away until its standard input ends; then it says how many there were.\n\nExample:\n  jobalertd bench sink --listen 127.0.0.1:2525 --delay 20ms"
}

// sinkCounts is what a sink says when it ends; at first it gives its address alone.
type sinkCounts struct {
	Address  string `json:"address"`
	Mails    int64  `json:"mails"`
	Distinct int64  `json:"distinct"` // by Message-ID
	Bytes    int64  `json:"bytes"`
}

func (c benchSinkCmd) Run(ctx context.Context, s *session) error {
	sink, err := smtptest.StartRawSink(smtptest.SinkOptions{Address: c.Listen, Delay: c.Delay, Count: true})
	if err != nil {
		return err
	}
	defer sink.Close()
	counts := sinkCounts{Address: fmt.Sprintf("%s:%d", sink.Host, sink.Port)}
	if c.JSON {
		err = s.printJSON(counts)
	} else {
		s.printf("listening on %s\n", counts.Address)
	}
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, s.stdin)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	counts.Mails, counts.Distinct, counts.Bytes = sink.Mails(), sink.Distinct(), sink.Bytes()
	if c.JSON {
		return s.printJSON(counts)
	}
	s.printf("%d mails, %d different, %d bytes\n", counts.Mails, counts.Distinct, counts.Bytes)
	return nil
}

// sinkProcess is bench sink as a process of its own, whose CPU is not ours.
type sinkProcess struct {
	address string
	cmd     *exec.Cmd
	stdin   io.Closer
	stdout  *bufio.Scanner
}

func startSink(ctx context.Context, delay time.Duration) (*sinkProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start a sink: %w", err)
	}
	p := &sinkProcess{cmd: exec.CommandContext(ctx, self, "bench", "sink", "--json", "--delay", delay.String())}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start a sink: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start a sink: %w", err)
	}
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a sink: %w", err)
	}
	p.stdin, p.stdout = in, bufio.NewScanner(out)
	counts, err := p.read()
	if err != nil {
		p.kill()
		return nil, err
	}
	p.address = counts.Address
	return p, nil
}

func (p *sinkProcess) read() (c sinkCounts, err error) {
	if !p.stdout.Scan() {
		return c, errors.Join(errors.New("the sink ended without a word"), p.stdout.Err())
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &c); err != nil {
		return c, fmt.Errorf("the sink said %q: %w", p.stdout.Text(), err)
	}
	return c, nil
}

// stop ends it and returns what it took.
func (p *sinkProcess) stop() (sinkCounts, error) {
	if err := p.stdin.Close(); err != nil {
		return sinkCounts{}, fmt.Errorf("end the sink: %w", err)
	}
	return p.read()
}

// kill ends it for good, whatever it is doing.
func (p *sinkProcess) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/jobalertd/jobalertd/mailer/smtp"
)

type benchMailCmd struct {
	To          string        `help:"The SMTP server; it gets the mails, so let it be one that throws them away, such as smtp-sink. Without it a sink that only finds the final dot is started as a process of its own." placeholder:"HOST:PORT"`
	Delay       time.Duration `help:"Hold each answer of the own sink back so long, as a relay far away would." placeholder:"20ms"`
	Count       int           `help:"Mails a round, each a digest of ten postings." default:"10000"`
	Connections int           `help:"At once." default:"8"`
	Subscribers int           `help:"Whose digests these are; where there are fewer than mails, each gets several." default:"2000"`
	Rounds      int           `help:"The report is the median one." default:"3"`
	Waiting     int           `help:"Further envelopes that are due meanwhile and wait behind those of each round." default:"0"`
	Peers       []string      `help:"plain: html/template, go-mail's Msg and SendWithSMTPClient, without a database, after each round." enum:"plain"`
	Raw         bool          `help:"One ready mail over and over without composing and without a database: what the sender alone can do."`
	Database    string        `help:"An empty database's URL, or postgres for a private server; SQLite if not given." placeholder:"URL"`
	Profile     string        `help:"Write a CPU profile of our rounds." placeholder:"FILE"`
	JSON        bool          `help:"On one line at a terminal too." name:"json"`
}

func (benchMailCmd) Help() string {
	return "Example:\n  smtp-sink 127.0.0.1:2525 1000 &\n  jobalertd bench mail --to 127.0.0.1:2525 --count 10000 --connections 8 --peers plain"
}

// mailFigures are the answer of bench mail.
type mailFigures struct {
	machine
	Database     string `json:"database,omitempty"`
	Raw          bool   `json:"raw,omitempty"`
	Count        int    `json:"count"`
	Waiting      int    `json:"waiting,omitempty"`
	Connections  int    `json:"connections"`
	Accepted     int    `json:"accepted"` // in all rounds
	BytesPerMail int    `json:"bytes_per_mail"`
	mailRound           // the median by rate
	// AboveIdle is the peak of memory in any round above what was resident before.
	AboveIdle int64       `json:"peak_above_idle_bytes,omitempty"`
	Rounds    []mailRound `json:"rounds"`

	Peers map[string]mailPeer `json:"peers,omitempty"`
}

// mailRound is one round's.
type mailRound struct {
	EnvelopesPerSecond float64 `json:"envelopes_per_second"`
	CPUPerThousand     float64 `json:"cpu_seconds_per_1000"`
	spent
}

// mailPeer is another sender's, and ours against it.
type mailPeer struct {
	mailRound
	Rounds []mailRound `json:"rounds"`
	Times  float64     `json:"times_its_rate"`
}

func newMailRound(n int, s spent) mailRound {
	return mailRound{EnvelopesPerSecond: float64(n) / s.Seconds, CPUPerThousand: s.CPUSeconds / float64(n) * 1000, spent: s}
}

func medianRound(rounds []mailRound) mailRound {
	sorted := slices.SortedFunc(slices.Values(rounds), func(a, b mailRound) int { return cmp.Compare(a.EnvelopesPerSecond, b.EnvelopesPerSecond) })
	return sorted[len(sorted)/2]
}

// Run sends, and fails unless the server took every mail, once.
func (c benchMailCmd) Run(ctx context.Context, s *session) error {
	if c.Count < 1 || c.Connections < 1 || c.Subscribers < 1 || c.Rounds < 1 || c.Waiting < 0 {
		return usagef("--count, --connections, --subscribers and --rounds must be at least 1")
	}
	if c.To != "" && c.Delay > 0 {
		return usagef("--delay is the own sink's; leave --to out")
	}
	to, sink, err := c.server(ctx)
	if err != nil {
		return err
	}
	if sink != nil {
		defer sink.kill()
	}
	f := mailFigures{machine: thisMachine(), Raw: c.Raw, Count: c.Count, Waiting: c.Waiting, Connections: c.Connections}
	sent := 0 // Message-IDs that a sink of ours must know afterwards
	if c.Raw {
		sent, err = c.rawRounds(ctx, s, to, &f)
	} else {
		sent, err = c.digestRounds(ctx, s, to, &f)
	}
	if err != nil {
		return err
	}
	f.mailRound = medianRound(f.Rounds)
	if err := s.report(f, c.JSON); err != nil {
		return err
	}
	if f.Accepted != c.Count*c.Rounds {
		return fmt.Errorf("the server took %d of %d mails", f.Accepted, c.Count*c.Rounds)
	}
	if sink == nil || sent == 0 {
		return nil
	}
	counts, err := sink.stop()
	if err == nil && counts.Distinct != int64(sent) {
		err = fmt.Errorf("the sink saw %d different mails, want %d: the figures mean nothing", counts.Distinct, sent)
	}
	return err
}

// server is where the mails go, and our own sink if it is that.
func (c benchMailCmd) server(ctx context.Context) (smtp.Options, *sinkProcess, error) {
	address, sink := c.To, (*sinkProcess)(nil)
	if address == "" {
		var err error
		if sink, err = startSink(ctx, c.Delay); err != nil {
			return smtp.Options{}, nil, err
		}
		address = sink.address
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return smtp.Options{}, nil, usagef("--to %q is not HOST:PORT", c.To)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return smtp.Options{}, nil, usagef("--to needs a numeric port")
	}
	to := smtp.Options{Host: host, Port: port, TLS: smtp.TLSNone, HelloName: "bench.example.org", MaxPerConnection: envelopesAConnection}
	conn, err := smtp.Dial(ctx, to) // before minutes go into preparing
	if err != nil {
		return to, nil, fmt.Errorf("%s: %w; start a server there, such as smtp-sink", address, err)
	}
	return to, sink, conn.Close(ctx)
}

func (c benchMailCmd) rawRounds(ctx context.Context, s *session, to smtp.Options, f *mailFigures) (int, error) {
	for range c.Rounds {
		n, cost, err := c.sendRaw(ctx, s, to, f)
		if err != nil {
			return 0, err
		}
		f.Accepted += n
		f.Rounds = append(f.Rounds, newMailRound(n, cost))
	}
	return 0, nil
}

// digestRounds makes the load and sends it round after round, each followed by the
// peers'. It returns how many different mails went out.
func (c benchMailCmd) digestRounds(ctx context.Context, s *session, to smtp.Options, f *mailFigures) (int, error) {
	room, err := newRoom(c.Database)
	if err != nil {
		return 0, err
	}
	defer room.close()
	f.Database = room.kind()
	l, err := c.prepare(ctx, s, room)
	if err != nil {
		return 0, err
	}
	defer l.stores.close()
	if err := l.warmUp(ctx, to, c.Connections); err != nil {
		return 0, err
	}
	if err := l.enqueue(ctx, "waiting", c.Waiting, 0); err != nil {
		return 0, err
	}
	stopProfile, err := c.profile()
	if err != nil {
		return 0, err
	}
	peer := mailPeer{}
	for i := range c.Rounds {
		if err := l.enqueue(ctx, strconv.Itoa(i), c.Count, time.Hour); err != nil {
			return 0, err
		}
		s.say("sending, round %d", i+1)
		debug.FreeOSMemory()
		idle := residentBytes()
		cost, err := l.send(ctx, to, c.Connections, c.Count)
		if err != nil {
			return 0, err
		}
		f.Accepted += c.Count
		f.Rounds = append(f.Rounds, newMailRound(c.Count, cost))
		f.AboveIdle = max(f.AboveIdle, cost.PeakRSS-idle)
		if slices.Contains(c.Peers, "plain") {
			s.say("the same with go-mail used plainly")
			stopProfile()
			cost, err := l.sendPlainly(ctx, to, c.Connections, c.Count)
			if err != nil {
				return 0, fmt.Errorf("go-mail used plainly: %w", err)
			}
			peer.Rounds = append(peer.Rounds, newMailRound(c.Count, cost))
		}
	}
	stopProfile()
	if len(peer.Rounds) > 0 {
		peer.mailRound = medianRound(peer.Rounds)
		peer.Times = medianRound(f.Rounds).EnvelopesPerSecond / peer.EnvelopesPerSecond
		f.Peers = map[string]mailPeer{"plain": peer}
	}
	f.BytesPerMail = l.bytesPerMail()
	taken, err := l.check(ctx)
	return taken + len(peer.Rounds)*c.Count, err
}

// profile begins one; it ends with the first call of stop.
func (c benchMailCmd) profile() (stop func(), err error) {
	if c.Profile == "" {
		return func() {}, nil
	}
	file, err := os.Create(c.Profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, nil
}

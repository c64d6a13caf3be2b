// Command jobalertd matches job postings published on NATS against the criteria
// that subscribers have stored, and mails them digests on their own schedule.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // subscribers' time zones, on machines without the database

	"github.com/alecthomas/kong"
)

// Exit statuses (docs/operations.md).
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errFailed ends a command with status 1 when it has said why itself.
var errFailed = errors.New("failed")

// commands are the command line. Every command's Run gets a *session.
type commands struct {
	Config string `help:"Settings file (TOML). Without it ./jobalertd.toml if that exists, else defaults." placeholder:"FILE" type:"path"`

	Serve         serveCmd         `cmd:"" help:"Run the daemon until SIGINT or SIGTERM."`
	Demo          demoCmd          `cmd:"" help:"Show the whole path on sample data: NATS, matching, a digest by mail."`
	Postings      postingsCmd      `cmd:"" help:"Publish, check, withdraw and look at postings."`
	Subscriptions subscriptionsCmd `cmd:"" help:"Add, import, list, export and erase subscriptions."`
	Match         matchCmd         `cmd:"" help:"Say for each posting of files whether criteria match it, and why."`
	Relevance     relevanceCmd     `cmd:"" help:"Judge a list of queries and postings: precision, recall, failures."`
	Places        placesCmd        `cmd:"" help:"Look up what the gazetteer understands."`
	Text          textCmd          `cmd:"" help:"Show what analysis makes of words; learn compound parts."`
	Pay           payCmd           `cmd:"" help:"Read the pay that a text states."`
	Digests       digestsCmd       `cmd:"" help:"Build, preview and look at digests."`
	Outbox        outboxCmd        `cmd:"" help:"Look at envelopes and retry them."`
	Suppressions  suppressionsCmd  `cmd:"" help:"Look at and change whom nothing is sent to."`
	Recruiters    recruitersCmd    `cmd:"" help:"Give sources their accounts."`
	Settings      configCmd        `cmd:"" name:"config" help:"Print and check settings."`
	Bench         benchCmd         `cmd:"" help:"Measure this program on this machine."`
	Verify        verifyCmd        `cmd:"" help:"Prove the promises on what is stored, or list what breaks them."`
	Bounces       bouncesCmd       `cmd:"" help:"Read and act on mails that came back."`
	Doctor        doctorCmd        `cmd:"" help:"Look at everything a daemon needs, and say what to do."`
	Migrate       migrateCmd       `cmd:"" help:"Bring the database's schema up to date and put this program's vocabulary into force."`
	Version       versionCmd       `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal exits at once: the first one's handler is gone by then.
	context.AfterFunc(ctx, stop)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run is main with everything it touches passed in, and returns the exit status.
func run(ctx context.Context, args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("jobalertd"),
		kong.Description("Job alerts: postings from NATS, matched against subscribers' criteria, digests by e-mail."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code; panic(exitNow{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic("command line: " + err.Error()) // a mistake in the structs above
	}
	kctx, err := parse(parser, args)
	if exited >= 0 {
		return exited // --help
	}
	if err != nil {
		fmt.Fprintf(stderr, "jobalertd: %v\nTry jobalertd --help.\n", err)
		return exitUsage
	}
	s := &session{configPath: cli.Config, environ: environ, stdin: stdin, stdout: stdout, stderr: stderr}
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run(s)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "jobalertd: %v\n", err)
		return exitUsage
	case !errors.Is(err, errFailed):
		fmt.Fprintf(stderr, "jobalertd: %v\n", err)
	}
	return exitFailed
}

// exitNow unwinds kong's parsing when it has printed help.
type exitNow struct{}

func parse(p *kong.Kong, args []string) (kctx *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exitNow); !ok {
				panic(r)
			}
		}
	}()
	return p.Parse(args)
}

// usageError is a command line that cannot be meant (status 2).
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

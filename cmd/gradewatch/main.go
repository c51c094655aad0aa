// Old servers are looked at too: certificates with odd serial numbers or short
// keys, and handshakes signed with SHA-1, must not stop the HTTP walk. Whether
// they are any good is judged from the chain as sent.

//go:debug tlssha1=1
//go:debug rsa1024min=0
//go:debug x509negativeserial=1

// Command gradewatch watches registered URLs from the outside.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // quiet hours and maintenance are in people's zones, also where the system knows none

	"github.com/alecthomas/kong"
)

// Exit codes of every subcommand; check adds its own.
const (
	exitGood  = 0
	exitFault = 1
	exitUsage = 2
)

// commandLine is everything that can be typed.
type commandLine struct {
	Serve      serveCommand      `cmd:"" help:"Run everything: pages, a worker and, without DATABASE_URL, a private Postgres."`
	Demo       demoCommand       `cmd:"" help:"Run everything beside local servers of different quality, to try it out."`
	Web        webCommand        `cmd:"" help:"Run the pages only."`
	Worker     workerCommand     `cmd:"" help:"Run a worker only. Any number of them share the work."`
	Check      checkCommand      `cmd:"" help:"Look at URLs once and print what was seen and what it means."`
	SignInLink signInLinkCommand `cmd:"" help:"Print a link that signs a person in once."`
	Bounce     bounceCommand     `cmd:"" help:"Take a mail that came back, from standard input, and note it of its delivery."`
	Regrade    regradeCommand    `cmd:"" help:"Grade what is stored again under other criteria, and report what would change."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the database to the newest schema."`
	Health     healthCommand     `cmd:"" help:"Ask the program on this machine whether it serves."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// terminal is what a subcommand reads from and writes to.
type terminal struct {
	in  io.Reader // nil: there is none
	out io.Writer
	err io.Writer
	env func(name string) string
}

// usageError is a fault in what was typed.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// exitError ends the program with a code and says nothing more.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv})
	stop()
	os.Exit(code)
}

// run reads the arguments, runs the subcommand and returns the exit code.
func run(ctx context.Context, arguments []string, term *terminal) (code int) {
	defer func() {
		fault := recover()
		if wanted, ok := fault.(exitError); ok { // kong ends --help this way
			code = int(wanted)
		} else if fault != nil {
			panic(fault)
		}
	}()
	parser, err := kong.New(&commandLine{},
		kong.Name("gradewatch"),
		kong.Description("Continuous external monitoring of TLS endpoints."),
		kong.Writers(term.out, term.err),
		kong.Exit(func(code int) { panic(exitError(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(term),
		checkHelp(),
	)
	if err != nil {
		_, _ = fmt.Fprintf(term.err, "gradewatch: %v\n", err)
		return exitFault
	}
	parsed, err := parser.Parse(arguments)
	if err != nil {
		_, _ = fmt.Fprintf(term.err, "gradewatch: %v\nRun 'gradewatch --help' to see how it is used.\n", err)
		return exitUsage
	}
	return exitCode(parsed.Run(), term)
}

func exitCode(err error, term *terminal) int {
	if err == nil {
		return exitGood
	}
	if wanted, ok := errors.AsType[exitError](err); ok {
		return int(wanted)
	}
	_, _ = fmt.Fprintf(term.err, "gradewatch: %v\n", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFault
}

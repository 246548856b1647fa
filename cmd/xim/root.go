package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/xim-monitor/xim/cmd/xim/internal/output"
)

// Exit codes. Bad input is counted and changes none of them.
const (
	exitFailed      = 1 // something failed on the way: a source, the store, standard output
	exitUsage       = 2 // the command line or the configuration is wrong
	exitStart       = 3 // a source, an address or the store cannot be opened
	exitUndelivered = 4 // flows that were to be forwarded are lost
)

// exitError is an error with the exit code it stands for.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func cannotStart(err error) error { return exitError{exitStart, err} }

// logf prints a message. Parts of it may be foreign, so all of it is escaped.
func logf(format string, args ...any) {
	fmt.Fprintln(os.Stderr, "xim: "+output.Text(fmt.Sprintf(format, args...)))
}

// run is the command; it returns the exit code.
func run(args []string) int {
	root := rootCommand()
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	logf("%v", err)
	var exit exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	fmt.Fprintf(os.Stderr, "See %q.\n", cmd.CommandPath()+" --help")
	return exitUsage
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "xim",
		Short: "Show which flows cross a border on this machine",
		Long: `xim watches this machine, or reads Falco's alerts, keeps each flow (writer, path,
reader) once, prints it, and passes it on.

  xim run                                      this machine, now; as root
  falco -o json_output=true ... | xim watch    alerts from standard input
  xim watch --listen 127.0.0.1:2802            alerts from Falco's http_output
  xim flows --state /var/lib/xim/flows.db      what was seen so far`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionLine(), // for --version
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(runCommand(), watchCommand(), flowsCommand(), versionCommand(), exitCodesTopic())
	return root
}

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What xim's exit codes mean",
		Long: `0  all went well, or a signal ended it; bad input is counted and changes nothing
1  something failed on the way: a source, the store, standard output
2  the command line or the configuration is wrong
3  it could not start: a file, an address, a certificate or the store cannot be
   opened, the kernel sensor cannot run here, or there is no Falco
4  flows that were to be forwarded were not delivered and are lost`,
	}
}

// complete makes shells offer the values of a flag. It panics for a flag that is
// not there, which any test shows.
func complete(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

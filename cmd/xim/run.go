package main

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/plugin/flow"
)

// runOptions are the flags of "xim run", those of both engines first.
type runOptions struct {
	deliveryOptions
	engine      string
	granularity string
	all         bool
	runFor      span
	debug       bool

	excludeUsers     []string
	excludeProcesses []string
	excludePaths     []string
	process          string
	maxObjects       int
	maxWriters       int

	kernel kernelOptions
	falco  falcoOptions
}

// engines are where accesses can be seen, and what opens one.
var engines = map[string]func(*runOptions) (*origin, error){
	"kernel": (*runOptions).openKernel,
	"falco":  (*runOptions).openFalco,
}

func runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Watch this machine, and print each flow once",
		Long: `run watches this machine until Ctrl-C, and prints each flow the first time it is
seen, as "xim watch" does:

  WARNING: 2024-01-30 14:48:10 - Cross-process flow: cron -> /run/motd -> sshd

By itself (--engine kernel) it needs no Falco: a sensor in the kernel (eBPF) hands
over the first of the reads and writes that matter. It wants root, or CAP_BPF and
CAP_PERFMON, and gives up all but CAP_BPF once it runs. A flow's count is of such
first reads: a read that repeats an earlier one stays in the kernel. If accesses
are lost there, a larger --ring loses fewer.

With --engine falco it runs Falco, with the plugin and its rules, instead.

What container runtimes do by themselves (runc's exec.fifo, /etc/hosts, secrets
that the kubelet mounts) is left out; --all shows it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(cmd.Flags(), "run"); err != nil {
				return err
			}
			if err := o.check(cmd.Flags()); err != nil {
				return err
			}
			return o.deliver(func() (*origin, error) { return engines[o.engine](&o) }, false, time.Duration(o.runFor))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.granularity, "granularity", "g", "process", "what is one side of a border: process, container or pod")
	f.StringVar(&o.engine, "engine", "kernel", "who watches: kernel (xIM's own sensor) or falco")
	f.Var(&o.runFor, "for", "end after `TIME`; 0 means at a signal")
	f.BoolVar(&o.all, "all", false, "print what container runtimes do by themselves too")
	f.BoolVarP(&o.debug, "debug", "d", false, "say what is attached, found and counted")
	f.StringArrayVar(&o.excludeUsers, "exclude-user", nil, "leave out what `USER` (name or number) does (may be repeated)")
	f.StringArrayVar(&o.excludeProcesses, "exclude-process", nil, "leave out what processes named `NAME` do (may be repeated)")
	f.StringArrayVar(&o.excludePaths, "exclude-path", nil, "leave out accesses to `PATH` and all below it (may be repeated)")
	f.StringVar(&o.process, "process-identity", "comm", "what tells processes apart: comm, exe_path or pid")
	f.IntVar(&o.maxObjects, "max-objects", 0, "remember at most `N` written files; 0 means the engine's default")
	f.IntVar(&o.maxWriters, "max-writers", 0, "remember at most `N` writers of a file; 0 means the engine's default")
	o.kernel.register(f)
	o.falco.register(f)
	o.deliveryOptions.register(cmd, 32768)
	complete(cmd, "granularity", "process", "container", "pod")
	complete(cmd, "engine", "kernel", "falco")
	complete(cmd, "process-identity", "comm", "exe_path", "pid")
	complete(cmd, "attach", "auto", "functions", "tracepoint")
	return cmd
}

// maxLimit is the most that --max-objects and --max-writers take.
const maxLimit = 1 << 26

// check refuses what cannot be meant, before anything runs.
func (o *runOptions) check(flags *pflag.FlagSet) error {
	if _, ok := flow.ParseGranularity(o.granularity); !ok {
		return usage("unknown granularity %q: it is process, container or pod", o.granularity)
	}
	if engines[o.engine] == nil {
		return usage("unknown engine %q: it is kernel or falco", o.engine)
	}
	switch o.process {
	case "comm", "exe_path", "pid":
	default:
		return usage("unknown process identity %q: it is comm, exe_path or pid", o.process)
	}
	for _, limit := range []struct {
		flag string
		n    int
	}{{"max-objects", o.maxObjects}, {"max-writers", o.maxWriters}} {
		if limit.n < 0 || limit.n > maxLimit {
			return usage("--%s is %d: it takes 0 to %d", limit.flag, limit.n, maxLimit)
		}
	}
	for i, path := range o.excludePaths {
		if !strings.HasPrefix(path, "/") {
			return usage("--exclude-path %q: it takes an absolute path", path)
		}
		if o.excludePaths[i] = strings.TrimRight(path, "/"); o.excludePaths[i] == "" {
			return usage("--exclude-path %q: that is everything", path)
		}
	}
	for engine, of := range map[string]*pflag.FlagSet{"kernel": o.kernel.flags, "falco": o.falco.flags} {
		var err error
		of.VisitAll(func(f *pflag.Flag) {
			if err == nil && engine != o.engine && f.Value.String() != f.DefValue {
				err = usage("--%s does nothing without --engine %s", f.Name, engine)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// uids are the numbers of the excluded users.
func (o *runOptions) uids() (uids []uint32, err error) {
	for _, name := range o.excludeUsers {
		number := name
		if u, err := user.Lookup(name); err == nil {
			number = u.Uid
		} else if unknown := user.UnknownUserError(""); !errors.As(err, &unknown) {
			return nil, cannotStart(fmt.Errorf("--exclude-user %s: %w", name, err))
		}
		uid, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return nil, usage("--exclude-user %q: there is no such user here", name)
		}
		uids = append(uids, uint32(uid))
	}
	return uids, nil
}

// debugf prints a message that only helps to find errors, if that is wanted.
func (o *runOptions) debugf(format string, args ...any) {
	if o.debug {
		logf("debug: "+format, args...)
	}
}

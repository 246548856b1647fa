package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/xim-monitor/xim/cmd/xim/internal/output"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// grace is how long the end may take once a signal came.
const grace = 600 * time.Millisecond

type watchOptions struct {
	sourceOptions
	forward forwardOptions
	metrics string
	config  string
	output  string
	color   string
	all     bool
	max     int
	forget  span
	summary span
	state   string
}

func watchCommand() *cobra.Command {
	o := watchOptions{summary: span(10 * time.Minute)}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print each flow once, as alerts come in",
		Long: `watch reads alerts from every source that is named, or from standard input if
none is, and prints each flow the first time it is seen:

  WARNING: 2024-01-30 14:48:10 - Cross-pod flow: oran/ran-ctl -> /srv/b/key -> oran/xapp-1

The time is the alert's, in UTC. Messages and counts go to standard error. Names
are shown with a backslash before every backslash and every "->" in them, and
with what does not print as \x1b or \u202e.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := readConfig(cmd.Flags(), o.config); err != nil {
				return err
			}
			if err := checkParts(cmd.Flags()); err != nil {
				return err
			}
			return watch(&o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.sourceOptions.register(f)
	f.StringVarP(&o.output, "output", "o", "line", "how a flow is printed: line, wide or json")
	f.StringVar(&o.color, "color", "auto", "colour: auto (on a terminal, without NO_COLOR), always or never")
	f.BoolVar(&o.all, "all", false, "print alerts that are not xIM's too")
	f.IntVar(&o.max, "max-flows", 65536, "remember at most `N` flows; the one seen longest ago gives way")
	f.Var(&o.forget, "forget", "a flow not seen for `TIME` (24h, 7d; by the alerts' time) is new again; 0 means never")
	f.StringVar(&o.state, "state", "", "remember flows in `FILE` across runs; without it, for this run only")
	f.Var(&o.summary, "summary", "print a line of counts every `TIME`; 0 means only at the end")
	o.forward.register(f)
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at http://`HOST:PORT`/metrics")
	f.StringVar(&o.config, configFlag, "", "take options from the YAML `FILE`: the names of these flags; flags win")
	complete(cmd, "output", "line", "wide", "json")
	complete(cmd, "color", "auto", "always", "never")
	return cmd
}

var errStuck = errors.New("standard output takes nothing, some flows were not printed")

// feed is one source, ready to run.
type feed struct {
	kind pipeline.Kind
	run  func(context.Context, *pipeline.Intake) error
}

func watch(o *watchOptions) error {
	printer, err := o.printer()
	if err != nil {
		return err
	}
	if o.max < 1 {
		return usage("--max-flows is %d: it takes 1 or more", o.max)
	}
	// A broken pipe is an error like any other, not a death on the spot.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()

	opts := pipeline.Options{
		Out:     output.Stdout{File: os.Stdout},
		Printer: printer,
		Log:     logf,
		Now:     time.Now,
		All:     o.all,
		Max:     o.max,
		Forget:  time.Duration(o.forget),
	}
	feeds, err := o.feeds()
	if err != nil {
		return err
	}
	kept, err := openState(o.state)
	if err != nil {
		return err
	}
	forwards, err := o.forward.start(&opts, kept)
	if err != nil {
		kept.close()
		return err
	}
	pipe := kept.pipeline(opts)
	if err := serveMetrics(ctx, o.metrics, pipe, kept, forwards); err != nil {
		kept.close()
		return err
	}
	err = flow(ctx, pipe, feeds, time.Duration(o.summary))
	if n := pipe.Unstored(); err == nil && n > 0 {
		err = exitError{exitFailed, fmt.Errorf("%d changes could not be stored", n)}
	}
	undelivered := forwards.finish(ctx)
	if !errors.Is(err, errStuck) { // else somebody may still be at the store, which bears a kill
		kept.close()
	}
	logf("%s", pipe.Counts())
	return cmp.Or(err, undelivered)
}

// flow runs the sources into the pipeline until all have ended, ctx ends, or the
// pipeline fails.
func flow(ctx context.Context, pipe *pipeline.Pipeline, feeds []feed, every time.Duration) error {
	sourceCtx, stopSources := context.WithCancel(ctx)
	defer stopSources()
	var sources sync.WaitGroup
	failed := make(chan error, len(feeds))
	for _, f := range feeds {
		sources.Go(func() {
			if err := f.run(sourceCtx, pipe.Intake(f.kind)); err != nil {
				logf("%v", err)
				failed <- err
			}
		})
	}
	sourcesDone := make(chan struct{})
	go func() { sources.Wait(); close(sourcesDone) }()

	written := make(chan error, 1)
	go func() { written <- pipe.Run() }()

	summary := ticker(every)
	for {
		select {
		case <-summary:
			logf("%s", pipe.Summary())
			continue
		case err := <-written: // it failed, since nobody closed it
			return exitError{exitFailed, err}
		case <-sourcesDone:
			pipe.Close()
			select {
			case err := <-written:
				return firstError(err, failed)
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
		break
	}
	// A signal: sources that can be stopped get a moment to hand over what they
	// have, then whatever was taken in is written.
	deadline := time.After(grace)
	select {
	case <-sourcesDone:
	case <-time.After(grace / 4):
	}
	pipe.Close()
	select {
	case err := <-written:
		return firstError(err, failed)
	case <-deadline:
	}
	// The writer hangs, and is left behind. The next run owes what it had.
	saved := make(chan struct{})
	go func() { pipe.Save(); close(saved) }()
	select {
	case <-saved:
	case <-time.After(grace / 4):
	}
	return exitError{exitFailed, errStuck}
}

// firstError is what the exit code speaks of: the writer's error, else that of a
// source, which was shown already.
func firstError(err error, failed <-chan error) error {
	if err != nil {
		return exitError{exitFailed, err}
	}
	select {
	case <-failed:
		return exitError{exitFailed, errors.New("a source failed")}
	default:
		return nil
	}
}

func ticker(every time.Duration) <-chan time.Time {
	if every <= 0 {
		return nil
	}
	return time.NewTicker(every).C
}

func (o *watchOptions) printer() (p output.Printer, err error) {
	if p.Format, err = output.ParseFormat(o.output); err != nil {
		return p, exitError{exitUsage, err}
	}
	switch o.color {
	case "always":
		p.Color = true
	case "never":
	case "auto":
		p.Color = term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	default:
		return p, usage("unknown colour %q: it is auto, always or never", o.color)
	}
	return p, nil
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/xim-monitor/xim/cmd/xim/internal/output"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

// deliveryOptions are the flags that say what becomes of flows, wherever they come
// from.
type deliveryOptions struct {
	forward forwardOptions
	metrics string
	config  string
	output  string
	color   string
	max     int
	forget  span
	summary span
	state   string
}

// register makes the flags; maxFlows is what --max-flows is by itself.
func (o *deliveryOptions) register(cmd *cobra.Command, maxFlows int) {
	o.summary = span(10 * time.Minute)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "line", "how a flow is printed: line, wide or json")
	f.StringVar(&o.color, "color", "auto", "colour: auto (on a terminal, without NO_COLOR), always or never")
	f.IntVar(&o.max, "max-flows", maxFlows, "remember at most `N` flows; the one seen longest ago gives way")
	f.Var(&o.forget, "forget", "a flow not seen for `TIME` (24h, 7d; by the alerts' time) is new again; 0 means never")
	f.StringVar(&o.state, "state", "", "remember flows in `FILE` across runs; without it, for this run only")
	f.Var(&o.summary, "summary", "print a line of counts every `TIME`; 0 means only at the end")
	o.forward.register(f)
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at http://`HOST:PORT`/metrics")
	f.StringVar(&o.config, configFlag, "", "take options from the YAML `FILE`: the names of these flags; flags win")
	complete(cmd, "output", "line", "wide", "json")
	complete(cmd, "color", "auto", "always", "never")
}

// read completes the flags by the configuration file.
func (o *deliveryOptions) read(flags *pflag.FlagSet, command string) error {
	if err := readConfig(flags, command, o.config); err != nil {
		return err
	}
	return checkParts(flags)
}

// origin is where alerts come from, open. All but feeds may be nil.
type origin struct {
	feeds   []feed
	ready   func() error         // everything else is open too: the last before it runs
	counts  func() string        // what a line of counts tells of it beside the pipeline's
	ended   func()               // the feeds were told to end: waits for what they leave behind
	metrics prometheus.Collector // its own
}

var errStuck = errors.New("standard output takes nothing, some flows were not printed")

// deliver opens the origin and all that takes what comes from it, and runs until the
// origin's end, a signal, or for a time that is not 0.
func (o *deliveryOptions) deliver(open func() (*origin, error), all bool, runFor time.Duration) error {
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
		All:     all,
		Max:     o.max,
		Forget:  time.Duration(o.forget),
	}
	from, err := open()
	if err != nil {
		return err
	}
	if from.ended != nil {
		defer from.ended()
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
	if err := serveMetrics(ctx, o.metrics, pipe, kept, forwards, from.metrics); err != nil {
		kept.close()
		return err
	}
	if from.ready != nil {
		if err := from.ready(); err != nil {
			kept.close()
			return err
		}
	}
	if runFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, runFor)
		defer cancel()
	}
	err = pump(ctx, pipe, from, time.Duration(o.summary))
	if n := pipe.Unstored(); err == nil && n > 0 {
		err = exitError{exitFailed, fmt.Errorf("%d changes could not be stored", n)}
	}
	undelivered := forwards.finish(ctx)
	if !errors.Is(err, errStuck) { // else somebody may still be at the store, which bears a kill
		kept.close()
	}
	logf("%s%s", pipe.Counts(), from.lost())
	return cmp.Or(err, undelivered)
}

// lost is what to add to a line of counts.
func (o *origin) lost() string {
	if o.counts == nil {
		return ""
	}
	return o.counts()
}

func (o *deliveryOptions) printer() (p output.Printer, err error) {
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

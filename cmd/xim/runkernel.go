package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/cmd/xim/internal/live"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/plugin/flow"
)

// kernelOptions are the flags of the kernel sensor alone.
type kernelOptions struct {
	flags  *pflag.FlagSet
	attach string
	ring   int
	cri    string
}

func (o *kernelOptions) register(f *pflag.FlagSet) {
	o.flags = pflag.NewFlagSet("kernel", pflag.ContinueOnError)
	o.flags.SortFlags = false
	o.flags.StringVar(&o.attach, "attach", "auto", "hang the sensor on functions (see io_uring, cost less), the tracepoint, or auto: what the kernel allows")
	o.flags.IntVar(&o.ring, "ring", 0, "hand over through a buffer of `BYTES`; 0 means 4 MiB")
	o.flags.StringVar(&o.cri, "cri", "auto", "ask the container runtime at `SOCKET` for the names of pods; auto finds it, none asks nobody")
	f.AddFlagSet(o.flags)
}

// instead is what works where the sensor does not.
const instead = `; what works without it: "xim run --engine falco" and "xim watch" with Falco's alerts, and "make run CAPTURE=FILE", which plays a recording`

func (o *runOptions) openKernel() (*origin, error) {
	switch o.kernel.attach {
	case "auto", "functions", "tracepoint":
	default:
		return nil, usage("--attach %q: it is auto, functions or tracepoint", o.kernel.attach)
	}
	if o.kernel.ring < 0 || o.kernel.ring > 1<<28 {
		return nil, usage("--ring is %d: it takes 0 to %d", o.kernel.ring, 1<<28)
	}
	if cri := o.kernel.cri; cri != "auto" && cri != "none" && !strings.HasPrefix(cri, "/") {
		return nil, usage("--cri %q: it is the absolute path of a socket, auto or none", cri)
	}
	uids, err := o.uids()
	if err != nil {
		return nil, err
	}
	granularity, _ := flow.ParseGranularity(o.granularity)
	sensor, err := live.Open(live.Options{
		Granularity: granularity, Process: o.process, Attach: o.kernel.attach, Ring: o.kernel.ring,
		MaxObjects: o.maxObjects, MaxWriters: o.maxWriters,
		Users: uids, Processes: o.excludeProcesses, Paths: o.excludePaths,
		Runtimes: o.all, CRI: o.criSocket(), Log: logf, Debug: o.debugf,
	})
	if errors.Is(err, live.ErrUnavailable) {
		err = fmt.Errorf("%w%s", err, instead)
	}
	if err != nil {
		return nil, cannotStart(err)
	}
	return &origin{
		feeds:   []feed{{pipeline.Kernel, sensor.Run}},
		counts:  sensor.Counts,
		metrics: sensor,
		ready: func() error {
			// All that needs a privilege is open by now.
			switch err := live.DropCapabilities(); {
			case errors.Is(err, syscall.ENOTSUP):
				logf("it keeps its capabilities, since it was built with cgo")
			case err != nil:
				return cannotStart(err)
			default:
				o.debugf("capabilities other than CAP_BPF are given up")
			}
			keepSmall()
			logf("watching with the kernel sensor (%s), granularity %s; %s", sensor.Attached(), o.granularity, o.until())
			return nil
		},
	}, nil
}

// keepSmall trades a little time for memory: a watcher that runs all day beside other
// work is to stay small, and collects seldom, since what repeats never reaches it. To
// load the programs took megabytes for the kernel's types, which go back at once.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(15)
	}
	debug.FreeOSMemory()
}

// criSocket is the socket of the container runtime that is asked, "" for none.
func (o *runOptions) criSocket() string {
	switch o.kernel.cri {
	case "auto":
		return live.Socket()
	case "none":
		return ""
	}
	return o.kernel.cri
}

// until says when it ends.
func (o *runOptions) until() string {
	if o.runFor == 0 {
		return "Ctrl-C ends it"
	}
	return fmt.Sprintf("it ends after %s", o.runFor.String())
}

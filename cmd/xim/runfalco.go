package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/xim-monitor/xim/cmd/xim/internal/falco"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/plugin/flow"
)

// falcoOptions are the flags of Falco alone.
type falcoOptions struct {
	flags  *pflag.FlagSet
	path   string
	plugin string
	rules  []string
}

func (o *falcoOptions) register(f *pflag.FlagSet) {
	o.flags = pflag.NewFlagSet("falco", pflag.ContinueOnError)
	o.flags.SortFlags = false
	o.flags.StringVar(&o.path, "falco", "falco", "run Falco from `PATH`")
	o.flags.StringVar(&o.plugin, "plugin", "", "load the plugin from `PATH` (libxim.so beside this program, or /usr/share/falco/plugins/libxim.so)")
	o.flags.StringArrayVar(&o.rules, "rules", nil, "load rules from `FILE` (xim_rules.yaml beside this program, in rules/ above it, or in /etc/falco; may be repeated)")
	f.AddFlagSet(o.flags)
}

func (o *runOptions) openFalco() (*origin, error) {
	granularity, _ := flow.ParseGranularity(o.granularity)
	p := &falco.Process{
		Path: o.falco.path,
		Config: falco.Config{
			Plugin: o.falco.plugin, Rules: o.falco.rules, Granularity: granularity, Runtimes: o.all,
			Process: o.process, MaxObjects: o.maxObjects, MaxWriters: o.maxWriters,
			Users: o.excludeUsers, Processes: o.excludeProcesses, Paths: o.excludePaths,
		},
		Log: logf,
	}
	if o.debug {
		p.Debug = o.debugf
	}
	if err := p.Prepare(); err != nil {
		return nil, cannotStart(fmt.Errorf("--engine falco: %w", err))
	}
	return &origin{
		feeds: []feed{{pipeline.Falco, p.Run}},
		ended: p.Close,
		ready: func() error {
			logf("watching with %s, granularity %s; %s", p.Path, o.granularity, o.until())
			return nil
		},
	}, nil
}

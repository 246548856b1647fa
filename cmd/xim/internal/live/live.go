// Package live watches this machine with the kernel sensor (plugin/kernel), and makes
// of every read that crosses a border the alert that Falco would have written of it.
//
// The sensor passes on a reader's first read since the last first write: what repeats
// is silent in the kernel, so nothing here counts it. The engine (plugin/flow) judges;
// this package leaves out what container runtimes do by themselves, as the shipped
// rules do, and names the rule that speaks of the rest.
//
// What will hurt you: a Source that is open slows down every system call of the
// machine, so Run it or Close it. DropCapabilities is for the whole process: whatever
// needs a privilege has to be open by then.
package live

import (
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
)

// ErrUnavailable says that the sensor cannot run here, whatever its settings.
var ErrUnavailable = kernel.ErrUnavailable

// Options are the settings of a Source. The zero value works.
type Options struct {
	Granularity flow.Granularity
	Process     string // what tells processes apart: comm, exe_path or pid; "" is comm
	Attach      string // where the programs hang: auto, functions or tracepoint; "" is auto
	Ring        int    // bytes of the ring buffer; 0 is the sensor's default

	MaxObjects int // written objects that are remembered; 0 is the default
	MaxWriters int // writers of one object; 0 is the default

	Users     []uint32 // whose accesses are never recorded
	Processes []string // the same, by the name of the thread group's leader
	Paths     []string // the same, by what is read or written: folders with all below them

	Runtimes bool // show what container runtimes do by themselves, too

	CRI string // the socket of the container runtime; "" for none

	Log   func(format string, args ...any) // for messages, one line each; nil for none
	Debug func(format string, args ...any) // for those that only help to find errors
}

func (o *Options) defaults() {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Debug == nil {
		o.Debug = func(string, ...any) {}
	}
}

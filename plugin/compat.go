package main

/*
#include "shim.h"
*/
import "C"

import (
	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
)

// compatAccess takes an access as xIM 0.7 did: objects are paths alone, failed
// calls count, a process is the thread's own name, and copies count as writes.
func (p *instance) compatAccess(e *event.Event, out *C.xim_outcome) {
	fd, write := e.In, false
	switch {
	case e.Mapped, e.Op == flow.OpSendfile, e.Op == flow.OpSplice:
		return
	case e.Out != event.NoFD:
		fd, write = e.Out, true
	}
	d, ok := p.descriptor(e.Thread, fd)
	if !ok || d._type != fdFile && d._type != fdDirectory && d._type != fdFileV2 {
		return
	}
	path := text(d.name, d.name_len)
	if path == "" || C.xim_look_up_thread(p.shim, C.int64_t(e.Thread)) != C.FOUND {
		return
	}
	t := &p.shim.thread
	comm := C.GoString(t.comm)
	if p.config.exclude.path(path) || p.config.exclude.who(uint32(t.uid), comm) {
		p.counts.excluded++
		return
	}
	s := p.tracker.Subject(comm, whereabouts(t))
	defer p.tracker.Release(s)
	k := p.tracker.PathKey("", path)
	if write {
		p.tracker.Write(k, s, path, e.Time)
		return
	}
	p.judge(p.tracker.Read(k, s, path, e.Op, e.Time), out)
}

package main

/*
#include "shim.h"
*/
import "C"

import (
	"errors"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
)

// parse looks at one event. What it means for the cache goes to out.
func (p *instance) parse(raw []byte, out *C.xim_outcome) {
	e := &p.event
	p.verdict = nil
	if err := event.Decode(raw, e); err != nil {
		if errors.Is(err, event.ErrIncomplete) {
			p.counts.incomplete++
		} else {
			p.counts.malformed++
		}
		return
	}
	switch e.Kind {
	case event.Access:
		if p.config.compat {
			p.compatAccess(e, out)
		} else if !e.Failed {
			p.access(e, out)
		}
	case event.Described, event.Removed:
		p.describe(e)
	case event.Crossed:
		p.crossed(e, out)
	case event.Opened, event.Executed, event.MadePipe, event.Named:
		if !p.config.compat {
			p.change(e, out)
		}
	}
}

// change takes what is not an access through a descriptor.
func (p *instance) change(e *event.Event, out *C.xim_outcome) {
	switch e.Kind {
	case event.Opened:
		p.opened(e, out)
	case event.Executed:
		p.executed(e, out)
	case event.MadePipe:
		p.madePipe(e, out)
	case event.Named:
		p.pipes.taken(string(e.Path))
		p.shim.opens = C.uint32_t(p.pipes.waiting())
	}
}

// access judges what was read and remembers what was written, in that order: a
// copy reads its input before it writes its output, and so does a mapping that
// is both.
func (p *instance) access(e *event.Event, out *C.xim_outcome) {
	who := p.actor(out.group, e.Thread, e.Time)
	if who == nil {
		return
	}
	slot := uint32(C.NO_OBJECT)
	if e.In != event.NoFD {
		if d, ok := p.object(e, who, e.In); ok {
			slot = p.slot(d.key)
			if d.doubtful || event.OwnDescriptor(d.path) {
				p.judge(p.tracker.ReadDoubtful(d.key, who.subject, d.path, e.Op, e.Time), out)
			} else {
				p.judge(p.tracker.Read(d.key, who.subject, d.path, e.Op, e.Time), out)
			}
		}
	}
	if e.Out != event.NoFD {
		if d, ok := p.object(e, who, e.Out); ok {
			slot = p.slot(d.key)
			switch {
			case !d.doubtful:
				p.tracker.Write(d.key, who.subject, d.path, e.Time)
			case who.container != "": // the host has no reason to hide
				p.tracker.WriteDoubtful(d.key, who.subject, d.path, e.Time)
			}
		}
	}
	out.cache, out.slot = 1, C.uint32_t(slot)
}

// judge notes the verdict for extraction.
func (p *instance) judge(v *flow.Verdict, out *C.xim_outcome) {
	if v == nil {
		return
	}
	p.verdict = v
	for _, g := range flow.Granularities {
		c := v.Crossing(g)
		if len(c.Writers) > 0 {
			out.verdict |= C.CROSSES_BIT << g
		}
		if c.New {
			out.verdict |= C.NEW_BIT << g
		}
	}
}

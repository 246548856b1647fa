package main

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/identity"
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

// A place is an object as one descriptor leads to it. Its path lives as long as
// the callback.
type place struct {
	key      flow.Key
	path     string
	doubtful bool // the path, and nothing else, says that it is no object
}

// Descriptor types of libscap that lead to objects, directories for compat only.
const (
	fdFile      = 1
	fdDirectory = 2
	fdPipe      = 7
	fdFileV2    = 16
)

// Open flags that a descriptor keeps.
const fdOnOverlay = 1<<15 | 1<<16

// descriptor reads a descriptor's entry into the shim.
func (p *instance) descriptor(thread, fd int64) (*C.xim_fd, bool) {
	d := &p.shim.fd
	switch C.xim_look_up_fd(p.shim, C.int64_t(thread), C.int64_t(fd)) {
	case C.FOUND:
		return d, true
	case C.NO_FD:
		p.counts.unresolvedFDs++
	default:
		p.counts.unresolvedThreads++
	}
	return d, false
}

// text is a string of the framework's: it lives as long as the callback.
func text(s *C.char, n C.uint32_t) string {
	return unsafe.String((*byte)(unsafe.Pointer(s)), int(n))
}

// object finds what a descriptor leads to, if that is an object whose accesses
// are recorded.
func (p *instance) object(e *event.Event, who *actor, fd int64) (place, bool) {
	d, ok := p.descriptor(e.Thread, fd)
	if !ok {
		return place{}, false
	}
	path := text(d.name, d.name_len)
	onPipe := d._type == fdPipe && strings.HasPrefix(path, "/")
	if d._type != fdFile && d._type != fdFileV2 && !onPipe || path == "" {
		return place{}, false
	}
	dev, overlay := uint32(d.dev), d.flags&fdOnOverlay != 0
	doubt := !overlay && p.looksPseudo(who, path, dev, e.Time)
	if !overlay && p.onPseudo(dev, e.Time) {
		return place{}, false
	}
	if who.excluded || p.config.exclude.path(path) {
		p.counts.excluded++
		return place{}, false
	}
	k := p.key(who, dev, uint64(d.ino), path)
	if overlay {
		p.tracker.Overlay(dev, who.container)
	}
	if onPipe {
		p.tracker.Pipe(k)
	}
	return place{k, path, doubt}, true
}

// key names an object by its inode, or where the capture knows none by its path.
func (p *instance) key(who *actor, dev uint32, ino uint64, path string) flow.Key {
	if ino == 0 || dev == 0 {
		return p.tracker.PathKey(who.container, path)
	}
	return flow.InodeKey(dev, ino)
}

// How many devices of procfs and sysfs are known, and for how long after the
// host's root was seen on one: a device number that is free is used again.
const (
	maxPseudo  = 64
	pseudoTime = 10 * int64(time.Second)
)

// looksPseudo tells whether a path, of a file on no overlay, says that it is on
// procfs, sysfs, cgroupfs or devtmpfs. Where the host's root says so its device is
// remembered; nobody else's word is taken for that, since in a namespace of one's
// own anything can be mounted there.
func (p *instance) looksPseudo(who *actor, path string, dev uint32, now int64) bool {
	if !event.Pseudo(path, dev, false) {
		return false
	}
	if who.hostRoot && dev != 0 && event.OnProcOrSys(path) {
		if len(p.pseudo) == maxPseudo {
			clear(p.pseudo)
		}
		p.pseudo[dev] = now
	}
	return true
}

// onPseudo tells whether a device is procfs's or sysfs's, whatever the path.
func (p *instance) onPseudo(dev uint32, now int64) bool {
	seen, ok := p.pseudo[dev]
	return ok && now-seen < pseudoTime
}

// opened takes an open that made or emptied its object, or tells of an overlay.
func (p *instance) opened(e *event.Event, out *C.xim_outcome) {
	who := p.actor(out.group, e.Thread, e.Time)
	if who == nil {
		return
	}
	if e.Overlay && e.Device != 0 {
		p.tracker.Overlay(e.Device, who.container)
	}
	k := flow.InodeKey(e.Device, e.Inode)
	if byPath := e.Inode == 0 || e.Device == 0; byPath || p.pipes.waiting() > 0 {
		d, ok := p.descriptor(e.Thread, e.FD)
		if !ok {
			return
		}
		path := text(d.name, d.name_len)
		if byPath {
			k = p.tracker.PathKey(who.container, path)
		}
		if p.pipes.found(who.container, path, e.Time) && !e.Created {
			p.tracker.Pipe(k)
		}
		p.shim.opens = C.uint32_t(p.pipes.waiting())
	}
	if e.Created {
		delete(p.pseudo, e.Device) // nobody makes files on procfs or sysfs
		p.tracker.Created(k)
	} else if e.Truncated {
		p.tracker.Truncated(k)
	}
}

// executed judges the reading of a program that is executed.
func (p *instance) executed(e *event.Event, out *C.xim_outcome) {
	who := p.actor(out.group, e.Thread, e.Time)
	if who == nil || e.FromMemfd {
		return
	}
	path := unsafe.String(unsafe.SliceData(e.Path), len(e.Path))
	if path == "" {
		path = who.exePath
	}
	if who.excluded || p.config.exclude.path(path) {
		p.counts.excluded++
		return
	}
	if e.Inode == 0 {
		p.judge(p.tracker.Read(p.tracker.PathKey(who.container, path), who.subject, path, flow.OpExec, e.Time), out)
		return
	}
	program := flow.Program{Inode: e.Inode, Overlay: e.Overlay, Container: who.container, Path: path}
	p.judge(p.tracker.Exec(program, who.subject, e.Time), out)
}

// madePipe remembers a named pipe's path until it is opened.
func (p *instance) madePipe(e *event.Event, out *C.xim_outcome) {
	if who := p.actor(out.group, e.Thread, e.Time); who != nil {
		p.pipes.expect(who.container, p.absolute(e, who), e.Time)
		p.shim.opens = C.uint32_t(p.pipes.waiting())
	}
}

// startedByHand are the runtimes whose users choose a container's labels.
var startedByHand = []string{"docker", "podman", "lxc", "libvirt-lxc", "mesos", "rkt", "bpm", "custom", "static"}

// describe takes a container's metadata.
func (p *instance) describe(e *event.Event) {
	m, err := identity.ParseMetadata(e.Data)
	if err != nil {
		p.counts.badMetadata++
		return
	}
	if e.Kind == event.Removed {
		p.tracker.Remove(m.ID)
		return
	}
	p.tracker.Describe(flow.Description{
		Place:        flow.Place{Container: m.ID, PodUID: m.PodUID},
		PodNamespace: m.PodNamespace,
		PodName:      m.PodName,
		Claimed:      slices.Contains(startedByHand, m.Type),
	})
	C.xim_cache_clear(&p.shim.cache) // who is who may have changed
}

func (x *exclusion) path(path string) bool {
	return slices.ContainsFunc(x.paths, func(prefix string) bool {
		return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
	})
}

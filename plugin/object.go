package main

/*
#include "shim.h"
*/
import "C"

import (
	"strings"
	"time"
	"unsafe"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
)

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
	doubt := p.looksPseudo(who, path, dev, overlay, e.Time)
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

// looksPseudo tells whether a path says that its file is on procfs, sysfs, cgroupfs
// or devtmpfs. Where the host's root says so its device is
// remembered; nobody else's word is taken for that, since in a namespace of one's
// own anything can be mounted there.
func (p *instance) looksPseudo(who *actor, path string, dev uint32, overlay bool, now int64) bool {
	if !event.Pseudo(path, dev, overlay) {
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

package main

/*
#include "shim.h"
*/
import "C"

import (
	"strconv"

	"github.com/elastic/go-freelru"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/identity"
)

// An actor is a thread group as it was found in the thread table.
type actor struct {
	pid       int64
	subject   flow.Subject
	container string // short id, empty on the host
	exePath   string
	excluded  bool
	hostRoot  bool // root, and in no container: it says what is procfs

	gen  C.uint32_t // the group's generation in the shim's cache
	read int64      // when the table was read, nanoseconds since the epoch
}

// maxActors is how many thread groups are known at once.
const maxActors = 4096

// actors remembers thread groups, so that the table is read once for each, and
// again when the shim's cache says that it has another program, name or user, or
// after a second.
type actors struct {
	lru *freelru.LRU[int64, *actor]
}

func newActors(p *instance) actors {
	// The size is valid, so there is no error.
	lru, _ := freelru.New[int64, *actor](maxActors, func(pid int64) uint32 { return mix(pid) })
	lru.SetOnEvict(func(_ int64, a *actor) { p.tracker.Release(a.subject) })
	return actors{lru}
}

// mix hashes a process id as the shim does (xim_mix).
func mix(pid int64) uint32 { return uint32(uint64(pid) * 0x9e3779b97f4a7c15 >> 32) }

// actor finds who the event's thread acts for, of the thread group that the shim
// found; nil where the table does not know it.
func (p *instance) actor(group C.uint32_t, thread, now int64) *actor {
	pid := int64(group)
	if pid == 0 {
		p.counts.unresolvedThreads++
		return nil
	}
	gen := p.shim.cache.groups[mix(pid)%C.GROUP_SLOTS]
	a, ok := p.actors.lru.Get(pid)
	if ok && a.gen == gen && uint64(now-a.read) < C.STALE_NS {
		return a
	}
	fresh, found := p.readActor(pid, thread)
	if !found {
		p.counts.unresolvedThreads++
		return nil
	}
	if ok {
		p.tracker.Release(a.subject)
	} else {
		a = &actor{}
		p.actors.lru.Add(pid, a)
	}
	fresh.gen, fresh.read = gen, now
	*a = fresh
	return a
}

// readActor reads the group's leader, or where that is gone the thread itself.
func (p *instance) readActor(pid, thread int64) (actor, bool) {
	t := &p.shim.thread
	if C.xim_look_up_thread(p.shim, C.int64_t(pid)) != C.FOUND {
		if pid == thread || C.xim_look_up_thread(p.shim, C.int64_t(thread)) != C.FOUND {
			return actor{}, false
		}
	}
	name := p.processName(pid, C.GoString(t.comm), C.GoString(t.exe_path))
	at := whereabouts(t)
	return actor{
		pid:       pid,
		subject:   p.tracker.Subject(name, at),
		container: at.Container,
		exePath:   C.GoString(t.exe_path),
		excluded:  p.config.exclude.who(uint32(t.uid), name),
		hostRoot:  at.Container == "" && t.uid == 0,
	}, true
}

func (p *instance) processName(pid int64, comm, exePath string) string {
	switch p.config.process {
	case byExePath:
		if exePath != "" {
			return exePath
		}
	case byPID:
		return strconv.FormatInt(pid, 10)
	}
	return comm
}

// whereabouts finds the container that a thread is in. The container plugin's
// word goes first; the cgroup path may know it too, and the pod's uid.
func whereabouts(t *C.xim_thread) flow.Place {
	at := flow.Place{Container: C.GoString(t.container_id)}
	if at.Container == flow.HostName {
		return flow.Place{}
	}
	for _, path := range t.cgroups[:t.ncgroups] {
		c, ok := identity.FromCgroup(C.GoString(path))
		if !ok || c.ID == "" || at.Container != "" && c.ID != at.Container {
			continue
		}
		at.Container = c.ID
		if c.PodUID != "" {
			at.PodUID = c.PodUID
			break
		}
	}
	return at
}

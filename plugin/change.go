package main

/*
#include "shim.h"
*/
import "C"

import (
	"slices"
	"unsafe"

	"github.com/xim-monitor/xim/plugin/event"
	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/identity"
)

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
	byPath := e.Inode == 0 || e.Device == 0
	if byPath || p.pipes.waiting() > 0 {
		d, ok := p.descriptor(e.Thread, e.FD)
		if byPath {
			if !ok {
				return
			}
			k = p.tracker.PathKey(who.container, text(d.name, d.name_len))
		}
		if ok && p.pipes.found(who.container, text(d.name, d.name_len), e.Time) && !e.Created {
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

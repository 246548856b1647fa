package main

/*
#include "shim.h"
*/
import "C"

import (
	"path"

	"github.com/elastic/go-freelru"

	"github.com/xim-monitor/xim/plugin/event"
)

// maxExpected is how many named pipes are waited for.
const maxExpected = 256

// pipes are the named pipes that were made and not opened yet. An open does not
// say that it opened a pipe, and a mknod does not say which inode it made: the
// path, in one container, joins the two.
type pipes struct {
	lru *freelru.LRU[pipe, struct{}]
}

type pipe struct{ container, path string }

func newPipes() pipes {
	// The size is valid, so there is no error.
	lru, _ := freelru.New[pipe, struct{}](maxExpected, func(k pipe) uint32 {
		h := uint32(2166136261)
		for _, c := range []byte(k.path) {
			h = (h ^ uint32(c)) * 16777619
		}
		return h
	})
	return pipes{lru}
}

func (s *pipes) expect(container, path string) { s.lru.Add(pipe{container, path}, struct{}{}) }

func (s *pipes) waiting() int { return s.lru.Len() }

// found tells whether a pipe was made at the path, and waits for it no longer.
func (s *pipes) found(container, path string) bool { return s.lru.Remove(pipe{container, path}) }

// absolute makes the path of a new pipe absolute.
func (p *instance) absolute(e *event.Event, who *actor) string {
	name := string(e.Path)
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	dir := ""
	if e.DirFD != event.AtCwd {
		if d, ok := p.descriptor(e.Thread, e.DirFD); ok {
			dir = text(d.name, d.name_len)
		}
	} else if C.xim_look_up_thread(p.shim, C.int64_t(who.pid)) == C.FOUND {
		dir = C.GoString(p.shim.thread.cwd)
	}
	return path.Join(dir, name)
}

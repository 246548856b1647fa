package main

/*
#include "shim.h"
*/
import "C"

import (
	"path"
	"time"

	"github.com/xim-monitor/xim/plugin/event"
)

// How many named pipes are waited for, and how long: every open on the machine is
// looked at in the meantime.
const (
	maxExpected  = 256
	expectedTime = 60 * int64(time.Second)
)

// pipes are the named pipes that were made and not opened yet, and when. An open
// does not say that it opened a pipe, and a mknod does not say which inode it
// made: the path, in one container, joins the two, unless another file took the
// name in between.
type pipes struct {
	made map[pipe]int64
}

type pipe struct{ container, path string }

func newPipes() pipes { return pipes{map[pipe]int64{}} }

// expect waits for a pipe. Where there is no room, one goes of the container that
// has the most, so that no container crowds another out.
func (s *pipes) expect(container, path string, now int64) {
	if len(s.made) == maxExpected {
		waiting := map[string]int{}
		for k := range s.made {
			waiting[k.container]++
		}
		var worst pipe
		for k := range s.made {
			if waiting[k.container] > waiting[worst.container] {
				worst = k
			}
		}
		delete(s.made, worst)
	}
	s.made[pipe{container, path}] = now
}

func (s *pipes) waiting() int { return len(s.made) }

// found tells whether a pipe was made at the path, and waits for it no longer, nor
// for those that were made too long ago.
func (s *pipes) found(container, path string, now int64) bool {
	for k, made := range s.made {
		if now-made > expectedTime {
			delete(s.made, k)
		}
	}
	k := pipe{container, path}
	_, ok := s.made[k]
	delete(s.made, k)
	return ok
}

// taken says that something has a new name, of which the last element is enough:
// no pipe is waited for under such a name any more.
func (s *pipes) taken(name string) {
	for k := range s.made {
		if path.Base(k.path) == path.Base(name) {
			delete(s.made, k)
		}
	}
}

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

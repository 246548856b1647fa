package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// TestCacheOnRandomStories drives few processes, threads, descriptors and files
// through opens, duplicates, forks, execs, exits, closes (some of which are never
// told) and accesses, so that everything is used again all the time, and asks for
// the same verdicts with the cache and without.
func TestCacheOnRandomStories(t *testing.T) {
	const format = "%evt.num %xim.process.writers %xim.container.writers %xim.pod.writers %xim.reader %xim.path %xim.op %xim.process.new"
	for seed := range uint64(6) {
		file := tell(t, func(w *scap.Writer) { randomStory(w, rand.New(rand.NewPCG(seed, 3))) })
		on := play(t, file, `{}`, format, "xim.process.crossflow=true")
		off := play(t, file, `{"cache":false}`, format, "xim.process.crossflow=true")
		if len(on) < 100 {
			t.Errorf("seed %d: only %d reads crossed a border", seed, len(on))
		}
		sortWriters(on)
		sortWriters(off)
		equal(t, on, off)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

type storyTeller struct {
	*scap.Writer
	*rand.Rand
	alive map[int64]scap.Proc // leaders, by pid
	tids  map[int64]int64     // every thread: its pid
}

func randomStory(w *scap.Writer, r *rand.Rand) {
	s := &storyTeller{w, r, map[int64]scap.Proc{}, map[int64]int64{}}
	for pid := int64(100); pid < 104; pid++ {
		p := s.proc(pid)
		leader := w.Process(p)
		leader.HasThread(pid + 50)
		s.alive[pid], s.tids[pid], s.tids[pid+50] = p, pid, pid
	}
	for range 20000 {
		s.step()
	}
}

func (s *storyTeller) proc(pid int64) scap.Proc {
	return proc(pid, fmt.Sprint("p", s.IntN(4)), []string{"", "a", "b"}[s.IntN(3)])
}

func (s *storyTeller) pid() int64 {
	n := s.IntN(len(s.alive))
	for pid := int64(100); ; pid++ { // in order: maps have none
		if _, ok := s.alive[pid]; ok {
			if n == 0 {
				return pid
			}
			n--
		}
	}
}

// tid is a living process's leader, or its other thread if it has one.
func (s *storyTeller) tid() int64 {
	pid := s.pid()
	if _, ok := s.tids[pid+50]; ok && s.IntN(2) == 0 {
		return pid + 50
	}
	return pid
}

func (s *storyTeller) fd() int64 { return int64(3 + s.IntN(3)) }

func (s *storyTeller) open(flags scap.OpenFlags) {
	ino := uint64(1 + s.IntN(5))
	s.Openat(s.tid(), s.fd(), scap.AtFdcwd, fmt.Sprint("/f", ino), flags, disk, ino)
}

func (s *storyTeller) step() {
	switch n := s.IntN(1000); {
	case n < 400:
		s.Read(s.tid(), s.fd(), int64(s.IntN(3)))
	case n < 800:
		s.Write(s.tid(), s.fd(), int64(s.IntN(3)))
	case n < 900:
		s.open(scap.ORdwr)
	case n < 910:
		s.open(scap.ORdwr | scap.OTrunc)
	case n < 915:
		s.open(scap.ORdwr | scap.OCreat | scap.OCreated)
	case n < 940:
		s.Close(s.tid(), s.fd(), 0)
	case n < 960:
		fd := s.fd()
		s.Dup2(s.tid(), s.fd(), fd, fd)
	case n < 965:
		s.Fcntl(s.tid(), s.fd(), scap.FDupfd, s.fd())
	case n < 975:
		s.exec()
	case n < 985:
		s.fork()
	case n < 990:
		s.exit()
	case n < 995:
		s.Mmap(s.tid(), s.fd(), scap.ProtRead|scap.ProtWrite, scap.MapShared, scap.MapAddr)
	default:
		s.Sendfile(s.tid(), s.fd(), s.fd(), 1)
	}
}

func (s *storyTeller) exec() {
	pid := s.pid()
	p := s.proc(pid)
	delete(s.tids, pid+50) // an exec ends the other threads
	s.alive[pid] = p
	s.Execve(scap.Exec{Proc: p})
}

// fork makes a process of an id that may have been used before.
func (s *storyTeller) fork() {
	pid := int64(100 + s.IntN(8))
	if _, ok := s.alive[pid]; ok {
		return
	}
	parent := s.alive[s.pid()]
	child := parent
	child.PID, child.TID, child.PPID = pid, pid, parent.PID
	s.Fork(parent, child)
	s.alive[pid], s.tids[pid] = child, pid
}

func (s *storyTeller) exit() {
	if len(s.alive) < 3 {
		return
	}
	pid := s.pid()
	s.Procexit(pid, 1)
	if _, ok := s.tids[pid+50]; ok {
		s.Procexit(pid+50, 1)
	}
	delete(s.alive, pid)
	delete(s.tids, pid)
	delete(s.tids, pid+50)
}

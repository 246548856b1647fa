package scap

import (
	"maps"
	"path"
)

// Process is a process of the scenario; its methods are its leader's.
type Process struct {
	*Thread
	fds map[int64]bool // open, for the number of the next one
}

// Thread is one thread of a process.
type Thread struct {
	w       *Writer
	p       Proc
	process *Process
}

// An Actor is who does something: a [Process], by its leader, or a [Thread].
type Actor interface{ thread() *Thread }

func (t *Thread) thread() *Thread { return t }

// Proc describes the thread as it is now, everything filled in.
func (t *Thread) Proc() Proc { return t.p }

// TID is the thread's id.
func (t *Thread) TID() int64 { return t.p.TID }

// Process adds a process that was there before the capture began.
func (w *Writer) Process(p Proc) *Process {
	return w.process(w.list(p), map[int64]bool{0: true, 1: true, 2: true})
}

func (w *Writer) process(p Proc, fds map[int64]bool) *Process {
	process := &Process{fds: fds}
	process.Thread = &Thread{w: w, p: p, process: process}
	return process
}

// HasThread adds another thread of the process that was there before the capture.
func (p *Process) HasThread(tid int64) *Thread {
	self := p.p
	self.TID, self.VTID = tid, 0
	return &Thread{w: p.w, p: p.w.list(self), process: p}
}

// NewThread starts another thread of the process with a clone3.
func (t *Thread) NewThread(tid int64) *Thread {
	self := t.p
	self.TID, self.VTID = tid, 0
	self = t.w.fill(self)
	t.w.Clone3(t.p, self, ThreadFlags)
	return &Thread{w: t.w, p: self, process: t.process}
}

// Fork starts a process; what child leaves out it has from the thread, open fds too.
func (t *Thread) Fork(child Proc) *Process {
	child = t.heir(child)
	t.w.Fork(t.p, child)
	return t.born(child)
}

// Vfork is [Thread.Fork] by vfork.
func (t *Thread) Vfork(child Proc) *Process {
	child = t.heir(child)
	t.w.Vfork(t.p, child)
	return t.born(child)
}

// Clone is [Thread.Fork] by clone.
func (t *Thread) Clone(child Proc, flags CloneFlags) *Process {
	child = t.heir(child)
	t.w.Clone(t.p, child, flags)
	return t.born(child)
}

// Clone3 is [Thread.Fork] by clone3.
func (t *Thread) Clone3(child Proc, flags CloneFlags) *Process {
	child = t.heir(child)
	t.w.Clone3(t.p, child, flags)
	return t.born(child)
}

// heir fills a new process from the one that makes it.
func (t *Thread) heir(child Proc) Proc {
	heir := t.p
	heir.PID, heir.TID, heir.VPID, heir.VTID = child.PID, child.PID, child.VPID, child.VTID
	heir.PPID = t.p.PID
	if child.PPID != 0 {
		heir.PPID = child.PPID
	}
	if child.Comm != "" {
		heir.Comm = child.Comm
	}
	if child.Exe != "" {
		heir.Exe = child.Exe
	}
	if child.ExePath != "" {
		heir.ExePath = child.ExePath
	}
	if child.Args != nil {
		heir.Args = child.Args
	}
	if child.UID != 0 || child.GID != 0 {
		heir.UID, heir.GID = child.UID, child.GID
	}
	if child.Container != "" || child.Cgroup != "" {
		heir.Container, heir.Pod, heir.Cgroup = child.Container, child.Pod, child.Cgroup
	}
	return t.w.fill(heir)
}

func (t *Thread) born(child Proc) *Process {
	return t.w.process(child, maps.Clone(t.process.fds))
}

// Exec starts the program at file, whose inode is ino, in the thread's process. The
// process is called by the program's base name from then on.
func (t *Thread) Exec(file string, ino uint64, flags ExecFlags, args ...string) int {
	return t.ExecAs(Proc{Comm: path.Base(file), Exe: file, ExePath: file, Args: args, ExeIno: ino, ExeFlags: flags})
}

// ExecAs is [Thread.Exec] of a program described in full; ids, user, container and
// directory stay the thread's.
func (t *Thread) ExecAs(p Proc) int {
	self := t.p
	self.Comm, self.Exe, self.ExePath, self.Args = p.Comm, p.Exe, p.ExePath, p.Args
	self.ExeIno, self.ExeFlags = p.ExeIno, p.ExeFlags
	self.TID, self.VTID = self.PID, self.VPID // whoever calls it becomes the leader
	t.p = t.w.fill(self)
	t.process.Thread = t
	return t.w.Execve(Exec{Proc: t.p})
}

// Exit ends the thread.
func (t *Thread) Exit() int { return t.w.Procexit(t.p.TID, 0) }

// Rename adds a successful rename.
func (t *Thread) Rename(from, to string) int { return t.w.Rename(t.p.TID, from, to, 0) }

// Link adds a successful link: to is the new name.
func (t *Thread) Link(from, to string) int { return t.w.Link(t.p.TID, from, to, 0) }

// Unlink adds a successful unlink.
func (t *Thread) Unlink(path string) int { return t.w.Unlink(t.p.TID, path, 0) }

// Mkfifo makes a named pipe, with mknodat as the C library does.
func (t *Thread) Mkfifo(path string) int {
	return t.w.Mknodat(t.p.TID, AtFdcwd, path, ModeFIFO|0o644, 0, 0)
}

// Chdir adds a successful chdir.
func (t *Thread) Chdir(path string) int { return t.w.Chdir(t.p.TID, path, 0) }

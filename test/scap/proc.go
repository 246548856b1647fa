package scap

import "slices"

// Proc describes a process, or one thread of it. What is left out gets a likely value.
type Proc struct {
	PID  int64 // TID, if left out
	TID  int64 // PID, if left out
	PPID int64 // 1
	VPID int64 // as seen in its container, where they count from 1; PID on the host
	VTID int64 // likewise

	Comm    string   // required; the kernel keeps 15 bytes, libsinsp any number
	Exe     string   // the first argument; Comm
	ExePath string   // /usr/bin/Comm
	Args    []string // the further arguments
	Env     []string
	Cwd     string // /
	UID     uint32
	GID     uint32

	Container string // 64 hex digits, see [ID]; empty on the host
	Pod       string // the pod's uid, see [UID]; empty outside a pod
	Cgroup    string // the cgroup path, literally, instead of one made of the two

	ExeIno   uint64
	ExeFlags ExecFlags
}

// task is a Proc with everything filled in.
type task struct {
	Proc
	flags CloneFlags
}

// Limits of libscap in bytes, for one string and for a whole list.
const (
	maxPath = 1023
	maxList = 4096
)

// Flags that libsinsp puts on every thread that was there before the capture.
const listedFlags CloneFlags = 1<<17 | 1<<19

// fill gives what was left out its value, and complains about what cannot be.
func (w *Writer) fill(p Proc) Proc {
	if p.PID == 0 {
		p.PID = p.TID
	}
	if p.TID == 0 {
		p.TID = p.PID
	}
	if p.PPID == 0 && p.PID != 1 {
		p.PPID = 1
	}
	if p.PID == 0 || p.Comm == "" {
		w.fail("process %q, pid %d: both are needed", p.Comm, p.PID)
	}
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&p.Exe, p.Comm)
	set(&p.ExePath, "/usr/bin/"+p.Comm)
	set(&p.Cwd, "/")
	set(&p.Cgroup, CgroupPath(p.Container, p.Pod))
	if p.VPID == 0 {
		p.VPID = w.virtual(p, p.PID)
	}
	if p.VTID == 0 {
		p.VTID = p.VPID
		if p.TID != p.PID {
			p.VTID = w.virtual(p, p.TID)
		}
	}
	for _, s := range []string{p.Comm, p.Exe, p.ExePath, p.Cwd} {
		if len(s) > maxPath {
			w.fail("process %d: %w", p.PID, tooLong("string", len(s), maxPath))
		}
	}
	for _, list := range [][]byte{Strs(p.Args...), Strs(p.Env...), cgroups(p.Cgroup)} {
		if len(list) > maxList {
			w.fail("process %d: %w", p.PID, tooLong("list", len(list), maxList))
		}
	}
	return p
}

// virtual is the id inside a container of what the host calls id.
func (w *Writer) virtual(p Proc, id int64) int64 {
	if p.Container == "" {
		return id
	}
	w.vpids[p.Container]++
	return w.vpids[p.Container]
}

// list puts a thread into the process list.
func (w *Writer) list(p Proc) Proc {
	t := task{Proc: w.fill(p), flags: listedFlags}
	if t.TID != t.PID {
		t.flags |= CloneThread | CloneFiles
	}
	if slices.ContainsFunc(w.procs, func(o task) bool { return o.TID == t.TID }) {
		w.fail("thread %d is listed twice", t.TID)
	}
	w.procs = append(w.procs, t)
	return t.Proc
}

func processesBody(procs []task) []byte {
	var b []byte
	for _, t := range procs {
		b = append(b, withLength(t.entry())...)
	}
	return b
}

// entry is a thread in the process list, without its length.
func (t task) entry() []byte {
	has := func(f ExecFlags) []byte {
		if t.ExeFlags&f != 0 {
			return U8(1)
		}
		return U8(0)
	}
	const (
		none    = 0
		fdLimit = 1024
		noUser  = 1<<32 - 1
	)
	var b []byte
	add := func(parts ...[]byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
	}
	add(I64(t.TID), I64(t.PID), I64(t.PPID))
	add(I64(none), I64(none)) // session, virtual process group
	b = appendShort(b, t.Comm)
	b = appendShort(b, t.Exe)
	b = appendShort(b, t.ExePath)
	b = appendShort(b, string(Strs(t.Args...)))
	b = appendShort(b, t.Cwd)
	add(U64(fdLimit), U32(uint32(t.flags)), U32(t.UID), U32(t.GID))
	add(U32(none), U32(none), U32(none)) // memory: size, resident, swapped
	add(U64(none), U64(none))            // page faults: major, minor
	b = appendShort(b, string(Strs(t.Env...)))
	add(I64(t.VTID), I64(t.VPID))
	b = appendShort(b, string(cgroups(t.Cgroup)))
	b = appendShort(b, "/") // root
	add(U64(none))          // start of the process id namespace
	add(U32(none), U32(noUser))
	add(has(ExeWritable))
	add(U64(none), U64(none), U64(none)) // capabilities
	add(has(ExeUpperLayer), U64(t.ExeIno), U64(none), U64(none))
	add(has(ExeMemfd), has(ExeLowerLayer))
	add(I64(none)) // process group
	return b
}

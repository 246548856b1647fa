package scap

// Exec is the start of a program: Proc is what the thread is from then on. The inode,
// path and layers of the executable are the Proc's ExeIno, ExePath and ExeFlags.
type Exec struct {
	Proc
	Filename string // the argument of execve; ExePath, if left out
	Res      int64  // 0, or a negative errno
}

// Execve adds an execve.
func (w *Writer) Execve(e Exec) int {
	e.Proc = w.fill(e.Proc)
	if e.Filename == "" {
		e.Filename = e.ExePath
	}
	return w.Raw(EvExecve, e.TID, append(e.params(), Str(e.Filename))...)
}

// Execveat adds an execveat, whose event has no file name. On most machines only one
// that failed has an event of its own: one that succeeded is seen as an execve.
func (w *Writer) Execveat(e Exec) int {
	e.Proc = w.fill(e.Proc)
	return w.Raw(EvExecveat, e.TID, e.params()...)
}

// params are the thirty parameters that both have.
func (e Exec) params() [][]byte {
	const (
		fdLimit = 1024
		noUser  = 1<<32 - 1
		none    = 0
	)
	return [][]byte{
		I64(e.Res), Str(e.Exe), Strs(e.Args...), I64(e.TID), I64(e.PID), I64(e.PPID),
		noCwd, U64(fdLimit), U64(none), U64(none), U32(none), U32(none), U32(none),
		Str(e.Comm), cgroups(e.Cgroup), Strs(e.Env...), U32(none), I64(none), U32(noUser),
		U32(uint32(e.ExeFlags)), U64(none), U64(none), U64(none),
		U64(e.ExeIno), U64(none), U64(none),
		U32(e.UID), Str(e.ExePath), I64(none), U32(e.GID),
	}
}

// Prctl adds a prctl: its second argument is str for [PrSetName], num for most others.
// libsinsp does not follow a change of name.
func (w *Writer) Prctl(tid int64, option uint32, str string, num, res int64) int {
	return w.Raw(EvPrctl, tid, I64(res), U32(option), Str(str), I64(num))
}

package scap

// A clone is two events: one of the caller, whose result is the child's id as the caller
// sees it, and one of the child, whose result is 0. They come in either order; from
// inside a container libsinsp makes the child of the child's event only.

// Clone adds both sides of a clone, the caller's first. With [CloneThread] in flags,
// child is another thread of the caller's process; what of it is left out gets the
// default of a [Proc], not the caller's.
func (w *Writer) Clone(caller, child Proc, flags CloneFlags) (callerNum, childNum int) {
	return w.clone(EvClone, caller, child, flags)
}

// Clone3 is [Writer.Clone] by clone3.
func (w *Writer) Clone3(caller, child Proc, flags CloneFlags) (callerNum, childNum int) {
	return w.clone(EvClone3, caller, child, flags)
}

// Fork adds both sides of a fork.
func (w *Writer) Fork(caller, child Proc) (callerNum, childNum int) {
	return w.clone(EvFork, caller, child, 0)
}

// Vfork adds both sides of a vfork, the child's first: the caller waits.
func (w *Writer) Vfork(caller, child Proc) (callerNum, childNum int) {
	return w.clone(EvVfork, caller, child, CloneVM|CloneVfork)
}

func (w *Writer) clone(typ uint16, caller, child Proc, flags CloneFlags) (callerNum, childNum int) {
	caller, child = w.fill(caller), w.fill(child)
	res := child.TID
	switch {
	case caller.TID != caller.VTID:
		flags |= CloneChildInPidns
		res = child.VTID
	case child.TID != child.VTID:
		flags |= CloneNewPID
	}
	if typ == EvVfork {
		childNum = w.CloneSide(typ, child, flags, 0)
		return w.CloneSide(typ, caller, flags, res), childNum
	}
	callerNum = w.CloneSide(typ, caller, flags, res)
	return callerNum, w.CloneSide(typ, child, flags, 0)
}

// CloneSide adds one side alone: of the child where res is 0, of the caller where it is
// the child's id, or a failure. typ is [EvClone], [EvClone3], [EvFork] or [EvVfork].
func (w *Writer) CloneSide(typ uint16, self Proc, flags CloneFlags, res int64) int {
	const fdLimit, none = 1024, 0
	p := w.fill(self)
	return w.Raw(typ, p.TID, I64(res), Str(p.Exe), Strs(p.Args...), I64(p.TID), I64(p.PID), I64(p.PPID),
		noCwd, I64(fdLimit), U64(none), U64(none), U32(none), U32(none), U32(none),
		Str(p.Comm), cgroups(p.Cgroup), U32(uint32(flags)), U32(p.UID), U32(p.GID),
		I64(p.VTID), I64(p.VPID), U64(none))
}

// noCwd is the current directory, which drivers send no more.
var noCwd []byte

// Procexit adds the end of a thread. The driver also knows the reaper of the children;
// 0 is none.
func (w *Writer) Procexit(tid, reaper int64) int {
	const status, ret, sig, core = 0, 0, 0, 0
	return w.Raw(EvProcexit, tid, I64(status), I64(ret), U8(sig), U8(core), I64(reaper))
}

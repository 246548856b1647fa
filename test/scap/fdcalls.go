package scap

// Calls that change the fd table without opening a file.

// Close adds a close.
func (w *Writer) Close(tid, fd, res int64) int {
	return w.Raw(EvClose, tid, I64(res), I64(fd))
}

// Dup adds a dup; res is the new fd.
func (w *Writer) Dup(tid, oldfd, res int64) int {
	return w.Raw(EvDup, tid, I64(res), I64(oldfd))
}

// Dup2 adds a dup2.
func (w *Writer) Dup2(tid, oldfd, newfd, res int64) int {
	return w.Raw(EvDup2, tid, I64(res), I64(oldfd), I64(newfd))
}

// Dup3 adds a dup3.
func (w *Writer) Dup3(tid, oldfd, newfd int64, flags OpenFlags, res int64) int {
	return w.Raw(EvDup3, tid, I64(res), I64(oldfd), I64(newfd), U32(uint32(flags)))
}

// Fcntl adds a fcntl; for [FDupfd] res is the new fd.
func (w *Writer) Fcntl(tid, fd int64, cmd uint8, res int64) int {
	return w.Raw(EvFcntl, tid, I64(res), I64(fd), U8(cmd))
}

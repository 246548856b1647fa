package scap

// The open calls. Their result is fd: a negative one is an errno.

// noMode is the mode argument; nothing here depends on it.
const noMode = 0

// Open adds an open.
func (w *Writer) Open(tid, fd int64, path string, flags OpenFlags, dev uint32, ino uint64) int {
	return w.Raw(EvOpen, tid, I64(fd), Str(path), U32(uint32(flags)), U32(noMode), U32(dev), U64(ino))
}

// Openat adds an openat; dirfd may be [AtFdcwd].
func (w *Writer) Openat(tid, fd, dirfd int64, path string, flags OpenFlags, dev uint32, ino uint64) int {
	return w.Raw(EvOpenat, tid, I64(fd), I64(dirfd), Str(path), U32(uint32(flags)), U32(noMode), U32(dev), U64(ino))
}

// Openat2 adds an openat2.
func (w *Writer) Openat2(tid, fd, dirfd int64, path string, flags OpenFlags, dev uint32, ino uint64) int {
	const resolve = 0
	return w.Raw(EvOpenat2, tid, I64(fd), I64(dirfd), Str(path), U32(uint32(flags)), U32(noMode), U32(resolve), U32(dev), U64(ino))
}

// Creat adds a creat, of whose flags only [UpperLayer] and [LowerLayer] are kept.
func (w *Writer) Creat(tid, fd int64, path string, flags OpenFlags, dev uint32, ino uint64) int {
	var layers uint16
	if flags&UpperLayer != 0 {
		layers |= 1 << 0
	}
	if flags&LowerLayer != 0 {
		layers |= 1 << 1
	}
	return w.Raw(EvCreat, tid, I64(fd), Str(path), U32(noMode), U32(dev), U64(ino), U16(layers))
}

// OpenByHandleAt adds an open_by_handle_at. The path is the one that the driver finds
// for the open file, absolute.
func (w *Writer) OpenByHandleAt(tid, fd, mountfd int64, path string, flags OpenFlags, dev uint32, ino uint64) int {
	return w.Raw(EvOpenByHandleAt, tid, I64(fd), I64(mountfd), U32(uint32(flags)), Str(path), U32(dev), U64(ino))
}

// MemfdCreate adds a memfd_create.
func (w *Writer) MemfdCreate(tid, fd int64, name string) int {
	return w.Raw(EvMemfdCreate, tid, I64(fd), Str(name), U32(0))
}

// Pipe2 adds a successful pipe2: an anonymous pipe.
func (w *Writer) Pipe2(tid, readFD, writeFD int64, ino uint64) int {
	return w.Raw(EvPipe2, tid, I64(0), I64(readFD), I64(writeFD), U64(ino), U32(0))
}

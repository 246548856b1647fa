package scap

// Reads and writes. res is the number of bytes that moved, or a negative errno; what was
// asked for is as much, or a page where nothing moved.

func asked(res int64) []byte {
	if res > 0 {
		return U32(uint32(res))
	}
	return U32(4096)
}

// Read adds a read.
func (w *Writer) Read(tid, fd, res int64) int {
	return w.Raw(EvRead, tid, I64(res), data(res), I64(fd), asked(res))
}

// Write adds a write.
func (w *Writer) Write(tid, fd, res int64) int {
	return w.Raw(EvWrite, tid, I64(res), data(res), I64(fd), asked(res))
}

// Pread adds a pread64 at position pos, in bytes.
func (w *Writer) Pread(tid, fd int64, pos uint64, res int64) int {
	return w.Raw(EvPread, tid, I64(res), data(res), I64(fd), asked(res), U64(pos))
}

// Pwrite adds a pwrite64 at position pos, in bytes.
func (w *Writer) Pwrite(tid, fd int64, pos uint64, res int64) int {
	return w.Raw(EvPwrite, tid, I64(res), data(res), I64(fd), asked(res), U64(pos))
}

// Readv adds a readv.
func (w *Writer) Readv(tid, fd, res int64) int {
	return w.Raw(EvReadv, tid, I64(res), asked(res), data(res), I64(fd))
}

// Writev adds a writev.
func (w *Writer) Writev(tid, fd, res int64) int {
	return w.Raw(EvWritev, tid, I64(res), data(res), I64(fd), asked(res))
}

// Preadv adds a preadv at position pos, in bytes.
func (w *Writer) Preadv(tid, fd int64, pos uint64, res int64) int {
	return w.Raw(EvPreadv, tid, I64(res), asked(res), data(res), I64(fd), U64(pos))
}

// Pwritev adds a pwritev at position pos, in bytes.
func (w *Writer) Pwritev(tid, fd int64, pos uint64, res int64) int {
	return w.Raw(EvPwritev, tid, I64(res), data(res), I64(fd), asked(res), U64(pos))
}

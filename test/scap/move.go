package scap

// Calls that move data between two fds, their arguments in the order of each call.

// Sendfile adds a sendfile.
func (w *Writer) Sendfile(tid, out, in, res int64) int {
	const offset = 0
	return w.Raw(EvSendfile, tid, I64(res), U64(offset), I64(out), I64(in), I64(max(res, 0)))
}

// Splice adds a splice.
func (w *Writer) Splice(tid, in, out, res int64) int {
	return w.Raw(EvSplice, tid, I64(res), I64(in), I64(out), I64(max(res, 0)), U32(0))
}

// CopyFileRange adds a copy_file_range.
func (w *Writer) CopyFileRange(tid, in, out, res int64) int {
	const offset = 0
	return w.Raw(EvCopyFileRange, tid, I64(res), I64(out), U64(offset), I64(in), U64(offset), I64(max(res, 0)))
}

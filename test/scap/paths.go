package scap

// Calls that work on paths. res is 0 or a negative errno.

// Mknod adds a mknod: mode is [ModeFIFO] or another kind, with permissions; dev is the
// device that a device file stands for.
func (w *Writer) Mknod(tid int64, path string, mode, dev uint32, res int64) int {
	return w.Raw(EvMknod, tid, I64(res), Str(path), U32(mode), U32(dev))
}

// Mknodat adds a mknodat, which is what mkfifo is made of.
func (w *Writer) Mknodat(tid, dirfd int64, path string, mode, dev uint32, res int64) int {
	return w.Raw(EvMknodat, tid, I64(res), I64(dirfd), Str(path), U32(mode), U32(dev))
}

// Rename adds a rename.
func (w *Writer) Rename(tid int64, from, to string, res int64) int {
	return w.Raw(EvRename, tid, I64(res), Str(from), Str(to))
}

// Renameat adds a renameat.
func (w *Writer) Renameat(tid, fromDir int64, from string, toDir int64, to string, res int64) int {
	return w.Raw(EvRenameat, tid, I64(res), I64(fromDir), Str(from), I64(toDir), Str(to))
}

// Renameat2 adds a renameat2 without flags.
func (w *Writer) Renameat2(tid, fromDir int64, from string, toDir int64, to string, res int64) int {
	return w.Raw(EvRenameat2, tid, I64(res), I64(fromDir), Str(from), I64(toDir), Str(to), U32(0))
}

// Link adds a link: to is the new name.
func (w *Writer) Link(tid int64, from, to string, res int64) int {
	return w.Raw(EvLink, tid, I64(res), Str(from), Str(to))
}

// Linkat adds a linkat without flags.
func (w *Writer) Linkat(tid, fromDir int64, from string, toDir int64, to string, res int64) int {
	return w.Raw(EvLinkat, tid, I64(res), I64(fromDir), Str(from), I64(toDir), Str(to), U32(0))
}

// Unlink adds an unlink.
func (w *Writer) Unlink(tid int64, path string, res int64) int {
	return w.Raw(EvUnlink, tid, I64(res), Str(path))
}

// Unlinkat adds an unlinkat without flags.
func (w *Writer) Unlinkat(tid, dirfd int64, path string, res int64) int {
	return w.Raw(EvUnlinkat, tid, I64(res), I64(dirfd), Str(path), U32(0))
}

// Chdir adds a chdir.
func (w *Writer) Chdir(tid int64, path string, res int64) int {
	return w.Raw(EvChdir, tid, I64(res), Str(path))
}

package scap

// File is an open fd and who uses it.
type File struct {
	FD  int64
	Num int // of the event that opened it; 0 if it was open before the capture

	by *Thread
}

// nextFD takes the lowest fd that is free, as the kernel does.
func (p *Process) nextFD() int64 {
	fd := int64(0)
	for p.fds[fd] {
		fd++
	}
	p.fds[fd] = true
	return fd
}

// file is a newly taken fd, and num the event that opens it.
func (t *Thread) file(open func(fd int64) int) *File {
	fd := t.process.nextFD()
	return &File{FD: fd, Num: open(fd), by: t}
}

// Has gives the process an fd that was open before the capture. The number is the next
// free one, unless it is named.
func (p *Process) Has(fd FD) *File {
	if fd.FD == 0 {
		fd.FD = p.nextFD()
	}
	p.fds[fd.FD] = true
	p.w.HasFD(p.p.PID, fd)
	return &File{FD: fd.FD, by: p.Thread}
}

// HasFile gives the process a file that was open before the capture.
func (p *Process) HasFile(name string, flags OpenFlags, dev uint32, ino uint64) *File {
	return p.Has(FD{Name: name, Flags: flags, Dev: dev, Ino: ino})
}

// Open opens a file.
func (t *Thread) Open(path string, flags OpenFlags, dev uint32, ino uint64) *File {
	return t.file(func(fd int64) int { return t.w.Open(t.p.TID, fd, path, flags, dev, ino) })
}

// Openat opens a file with openat, from the current directory.
func (t *Thread) Openat(path string, flags OpenFlags, dev uint32, ino uint64) *File {
	return t.file(func(fd int64) int { return t.w.Openat(t.p.TID, fd, AtFdcwd, path, flags, dev, ino) })
}

// Openat2 opens a file with openat2, from the current directory.
func (t *Thread) Openat2(path string, flags OpenFlags, dev uint32, ino uint64) *File {
	return t.file(func(fd int64) int { return t.w.Openat2(t.p.TID, fd, AtFdcwd, path, flags, dev, ino) })
}

// Creat opens a file with creat: it is new, or empty.
func (t *Thread) Creat(path string, flags OpenFlags, dev uint32, ino uint64) *File {
	return t.file(func(fd int64) int { return t.w.Creat(t.p.TID, fd, path, flags, dev, ino) })
}

// OpenByHandle opens a file with open_by_handle_at.
func (t *Thread) OpenByHandle(path string, flags OpenFlags, dev uint32, ino uint64) *File {
	return t.file(func(fd int64) int { return t.w.OpenByHandleAt(t.p.TID, fd, AtFdcwd, path, flags, dev, ino) })
}

// By is the same fd used by another: a thread of the process, or a process forked since.
func (f *File) By(a Actor) *File { return &File{FD: f.FD, Num: f.Num, by: a.thread()} }

// Read reads; like all below it takes and returns what the [Writer]'s method does.
func (f *File) Read(res int64) int { return f.by.w.Read(f.by.p.TID, f.FD, res) }

// Write writes.
func (f *File) Write(res int64) int { return f.by.w.Write(f.by.p.TID, f.FD, res) }

// Pread reads with pread64, at position 0.
func (f *File) Pread(res int64) int { return f.by.w.Pread(f.by.p.TID, f.FD, 0, res) }

// Pwrite writes with pwrite64, at position 0.
func (f *File) Pwrite(res int64) int { return f.by.w.Pwrite(f.by.p.TID, f.FD, 0, res) }

// Readv reads with readv.
func (f *File) Readv(res int64) int { return f.by.w.Readv(f.by.p.TID, f.FD, res) }

// Writev writes with writev.
func (f *File) Writev(res int64) int { return f.by.w.Writev(f.by.p.TID, f.FD, res) }

// Preadv reads with preadv, at position 0.
func (f *File) Preadv(res int64) int { return f.by.w.Preadv(f.by.p.TID, f.FD, 0, res) }

// Pwritev writes with pwritev, at position 0.
func (f *File) Pwritev(res int64) int { return f.by.w.Pwritev(f.by.p.TID, f.FD, 0, res) }

// SendfileTo copies from f to another open file with sendfile.
func (f *File) SendfileTo(out *File, res int64) int {
	return f.by.w.Sendfile(f.by.p.TID, out.FD, f.FD, res)
}

// SpliceTo copies from f to another open file with splice.
func (f *File) SpliceTo(out *File, res int64) int {
	return f.by.w.Splice(f.by.p.TID, f.FD, out.FD, res)
}

// CopyTo copies from f to another open file with copy_file_range.
func (f *File) CopyTo(out *File, res int64) int {
	return f.by.w.CopyFileRange(f.by.p.TID, f.FD, out.FD, res)
}

// Mmap maps the file.
func (f *File) Mmap(prot Prot, flags MapFlags) int {
	return f.by.w.Mmap(f.by.p.TID, f.FD, prot, flags, MapAddr)
}

// Mmap2 maps the file with mmap2.
func (f *File) Mmap2(prot Prot, flags MapFlags) int {
	return f.by.w.Mmap2(f.by.p.TID, f.FD, prot, flags, MapAddr)
}

// Dup makes a second fd with dup.
func (f *File) Dup() *File {
	return f.by.file(func(fd int64) int { return f.by.w.Dup(f.by.p.TID, f.FD, fd) })
}

// Dup2 makes newfd another fd of the file, as a shell does to redirect.
func (f *File) Dup2(newfd int64) *File {
	f.by.process.fds[newfd] = true
	return &File{FD: newfd, Num: f.by.w.Dup2(f.by.p.TID, f.FD, newfd, newfd), by: f.by}
}

// Close closes the fd.
func (f *File) Close() int {
	delete(f.by.process.fds, f.FD)
	return f.by.w.Close(f.by.p.TID, f.FD, 0)
}

package e2e

import (
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

const (
	disk  = 0xfe00 // a volume
	disk2 = 0xfe10 // another one
	tmpfs = 0x2a
)

const (
	rd     = scap.ORdonly
	wr     = scap.OWronly
	create = scap.OWronly | scap.OCreat | scap.OTrunc | scap.OCreated
)

// A stage has two containers, each a pod, that share a volume.
type stage struct {
	*scap.Writer
	a, b *scap.Process
}

func proc(pid int64, comm, name string) scap.Proc {
	p := scap.Proc{PID: pid, Comm: comm, ExePath: "/bin/" + comm}
	if name != "" {
		p.Container, p.Pod = scap.ID(name), scap.UID(name)
	}
	return p
}

func newStage(w *scap.Writer) *stage {
	return &stage{w, w.Process(proc(100, "writer", "a")), w.Process(proc(200, "reader", "b"))}
}

// write makes a file on the volume and leaves it written by a.
func (s *stage) write(ino uint64) {
	f := s.a.Openat("/a/x", create, disk, ino)
	f.Write(5)
	f.Close()
}

func (s *stage) in(ino uint64) *scap.File  { return s.b.Openat("/b/x", rd, disk, ino) }
func (s *stage) out(ino uint64) *scap.File { return s.a.Openat("/a/x", wr, disk, ino) }

// flows plays a story and returns its flows between processes, with how they
// were read.
func flows(t *testing.T, config string, story func(*stage)) []string {
	t.Helper()
	file := tell(t, func(w *scap.Writer) { story(newStage(w)) })
	return play(t, file, config, "%xim.op: %xim.process.flows", "xim.process.new=true")
}

// Every operation is found where it is the only one.
func TestReads(t *testing.T) {
	for op, read := range map[string]func(*stage, *scap.File){
		"read":            func(_ *stage, f *scap.File) { f.Read(1) },
		"pread":           func(_ *stage, f *scap.File) { f.Pread(1) },
		"readv":           func(_ *stage, f *scap.File) { f.Readv(1) },
		"preadv":          func(_ *stage, f *scap.File) { f.Preadv(1) },
		"sendfile":        func(s *stage, f *scap.File) { f.SendfileTo(s.b.Openat("/tmp/o", create, disk2, 1), 1) },
		"splice":          func(s *stage, f *scap.File) { f.SpliceTo(s.b.Openat("/tmp/o", create, disk2, 1), 1) },
		"copy_file_range": func(s *stage, f *scap.File) { f.CopyTo(s.b.Openat("/tmp/o", create, disk2, 1), 1) },
		"mmap":            func(_ *stage, f *scap.File) { f.Mmap(scap.ProtRead, scap.MapPrivate) },
	} {
		got := flows(t, `{}`, func(s *stage) {
			s.write(7)
			read(s, s.in(7))
		})
		equal(t, got, []string{op + ": (writer -> /b/x -> reader)"})
	}
	got := flows(t, `{}`, func(s *stage) {
		s.write(7)
		s.in(7).Mmap2(scap.ProtExec, scap.MapPrivate)
	})
	equal(t, got, []string{"mmap: (writer -> /b/x -> reader)"})
}

func TestWrites(t *testing.T) {
	for _, write := range []func(*stage, *scap.File){
		func(_ *stage, f *scap.File) { f.Write(1) },
		func(_ *stage, f *scap.File) { f.Pwrite(1) },
		func(_ *stage, f *scap.File) { f.Writev(1) },
		func(_ *stage, f *scap.File) { f.Pwritev(1) },
		func(s *stage, f *scap.File) { s.a.Openat("/tmp/i", rd, disk2, 1).SendfileTo(f, 1) },
		func(s *stage, f *scap.File) { s.a.Openat("/tmp/i", rd, disk2, 1).SpliceTo(f, 1) },
		func(s *stage, f *scap.File) { s.a.Openat("/tmp/i", rd, disk2, 1).CopyTo(f, 1) },
		func(_ *stage, f *scap.File) { f.Mmap(scap.ProtWrite, scap.MapShared) },
		func(_ *stage, f *scap.File) { f.Mmap2(scap.ProtRead|scap.ProtWrite, scap.MapShared) },
	} {
		got := flows(t, `{}`, func(s *stage) {
			write(s, s.out(7))
			s.in(7).Read(1)
		})
		equal(t, got, []string{"read: (writer -> /b/x -> reader)"})
	}
}

// What an open does to the writers, by every call that opens.
func TestOpens(t *testing.T) {
	const flow = "read: (writer -> /b/x -> reader)"
	for _, c := range []struct {
		name string
		open func(*stage)
		want []string
	}{
		{"open", func(s *stage) { s.b.Open("/b/x", wr, disk, 7) }, []string{flow}},
		{"open O_TRUNC", func(s *stage) { s.b.Open("/b/x", wr|scap.OTrunc, disk, 7) }, nil},
		{"open created", func(s *stage) { s.b.Open("/b/x", wr|scap.OCreat|scap.OCreated, disk, 7) }, nil},
		{"openat O_TRUNC", func(s *stage) { s.b.Openat("/b/x", wr|scap.OTrunc, disk, 7) }, nil},
		{"openat2 O_TRUNC", func(s *stage) { s.b.Openat2("/b/x", wr|scap.OTrunc, disk, 7) }, nil},
		{"openat2 created", func(s *stage) { s.b.Openat2("/b/x", wr|scap.OCreat|scap.OCreated, disk, 7) }, nil},
		{"open_by_handle_at O_TRUNC", func(s *stage) { s.b.OpenByHandle("/b/x", wr|scap.OTrunc, disk, 7) }, nil},
		{"creat", func(s *stage) { s.b.Creat("/b/x", 0, disk, 7) }, nil},
		{"open O_TRUNC that failed", func(s *stage) { s.Openat(200, -13, scap.AtFdcwd, "/b/x", wr|scap.OTrunc, disk, 7) }, []string{flow}},
		{"open O_TRUNC of another file", func(s *stage) { s.b.Open("/b/y", wr|scap.OTrunc, disk, 8) }, []string{flow}},
		{"open O_TRUNC on another device", func(s *stage) { s.b.Open("/b/y", wr|scap.OTrunc, disk2, 7) }, []string{flow}},
	} {
		t.Run(c.name, func(t *testing.T) {
			equal(t, flows(t, `{}`, func(s *stage) {
				s.write(7)
				in := s.in(7)
				c.open(s)
				in.Read(1)
			}), c.want)
		})
	}
}

func TestNoFlow(t *testing.T) {
	for name, story := range map[string]func(*stage){
		"failed write":       func(s *stage) { s.out(7).Write(-28); s.in(7).Read(1) },
		"empty write":        func(s *stage) { s.out(7).Write(0); s.in(7).Read(1) },
		"failed read":        func(s *stage) { s.write(7); s.in(7).Read(-5) },
		"end of file":        func(s *stage) { s.write(7); s.in(7).Read(0) },
		"own file":           func(s *stage) { s.write(7); s.a.Openat("/a/x", rd, disk, 7).Read(1) },
		"own thread":         func(s *stage) { s.write(7); s.a.Openat("/a/x", rd, disk, 7).By(s.a.HasThread(101)).Read(1) },
		"another inode":      func(s *stage) { s.write(7); s.in(8).Read(1) },
		"another device":     func(s *stage) { s.write(7); s.b.Openat("/a/x", rd, disk2, 7).Read(1) },
		"private mapping":    func(s *stage) { s.out(7).Mmap(scap.ProtWrite, scap.MapPrivate); s.in(7).Read(1) },
		"mapping of nothing": func(s *stage) { s.write(7); s.in(7).Mmap(0, scap.MapPrivate) },
		"procfs": func(s *stage) {
			s.a.Openat("/proc/sys/kernel/core_pattern", wr, 0x16, 7).Write(1)
			s.b.Openat("/proc/sys/kernel/core_pattern", rd, 0x16, 7).Read(1)
		},
		"cgroupfs": func(s *stage) {
			s.a.Openat("/sys/fs/cgroup/x/cpu.max", wr, 0x17, 7).Write(1)
			s.b.Openat("/sys/fs/cgroup/x/cpu.max", rd, 0x17, 7).Read(1)
		},
		"terminal": func(s *stage) {
			s.a.Openat("/dev/pts/3", wr, 0x18, 7).Write(1)
			s.b.Openat("/dev/pts/3", rd, 0x18, 7).Read(1)
		},
	} {
		t.Run(name, func(t *testing.T) { equal(t, flows(t, `{}`, story), nil) })
	}
}

func TestObjects(t *testing.T) {
	for _, c := range []struct {
		name  string
		story func(*stage)
		want  []string
	}{
		{"renamed", func(s *stage) {
			s.write(7)
			s.a.Rename("/a/x", "/a/y")
			s.b.Openat("/b/y", rd, disk, 7).Read(1)
		}, []string{"read: (writer -> /b/y -> reader)"}},
		{"shared memory", func(s *stage) {
			s.a.Openat("/dev/shm/x", create, tmpfs, 7).Mmap(scap.ProtRead|scap.ProtWrite, scap.MapShared)
			s.b.Openat("/dev/shm/x", scap.ORdwr, tmpfs, 7).Mmap(scap.ProtRead|scap.ProtWrite, scap.MapShared)
		}, []string{"mmap: (writer -> /dev/shm/x -> reader)"}},
		{"through /proc/PID/root", func(s *stage) {
			s.write(7)
			s.b.Openat("/proc/100/root/a/x", rd, tmpfs, 9)
			s.b.Openat("/proc/100/root/a/x", rd, disk, 7).Read(1)
		}, []string{"read: (writer -> /proc/100/root/a/x -> reader)"}},
		{"a volume below /sys", func(s *stage) {
			s.write(7)
			s.b.Openat("/sys/x", rd, disk, 7).Read(1)
		}, []string{"read: (writer -> /sys/x -> reader)"}},
		{"a volume below /dev", func(s *stage) {
			s.a.Openat("/dev/vol/x", create, tmpfs, 7).Write(1)
			s.b.Openat("/dev/vol/x", rd, tmpfs, 7).Read(1)
		}, []string{"read: (writer -> /dev/vol/x -> reader)"}},
		{"named pipe, emptied by every open", func(s *stage) {
			s.a.Mkfifo("/a/pipe")
			s.a.Openat("/a/pipe", wr|scap.OTrunc, disk, 7).Write(1)
			s.a.Openat("/a/pipe", wr|scap.OTrunc, disk, 7)
			s.b.Openat("/b/pipe", rd, disk, 7).Read(1)
		}, []string{"read: (writer -> /b/pipe -> reader)"}},
		{"named pipe by a relative path", func(s *stage) {
			s.a.Chdir("/a")
			s.Mknodat(100, scap.AtFdcwd, "pipe", scap.ModeFIFO, 0, 0)
			s.a.Openat("/a/pipe", wr|scap.OTrunc, disk, 7).Write(1)
			s.a.Openat("/a/pipe", wr|scap.OTrunc, disk, 7)
			s.b.Openat("/b/pipe", rd, disk, 7).Read(1)
		}, []string{"read: (writer -> /b/pipe -> reader)"}},
		{"open before the start", func(s *stage) {
			in := s.b.HasFile("/b/x", rd, disk, 7)
			s.a.HasFile("/a/x", wr, disk, 7).Write(1)
			in.Read(1)
		}, []string{"read: (writer -> /b/x -> reader)"}},
		{"two appenders", func(s *stage) {
			c := s.Process(proc(300, "other", "c"))
			in := s.in(7)
			s.a.Openat("/a/x", wr|scap.OAppend, disk, 7).Write(1)
			c.Openat("/c/x", wr|scap.OAppend, disk, 7).Write(1)
			in.Read(1)
		}, []string{"read: (other -> /b/x -> reader,writer -> /b/x -> reader)"}},
		{"duplicated descriptors", func(s *stage) {
			s.out(7).Dup2(1).Write(1)
			s.in(7).Dup().Read(1)
		}, []string{"read: (writer -> /b/x -> reader)"}},
		{"descriptor used again", func(s *stage) {
			s.write(7)
			s.in(8).Read(1)
			f := s.in(9)
			f.Read(1)
			f.Close()
			s.in(7).Read(1)
		}, []string{"read: (writer -> /b/x -> reader)"}},
		{"inherited descriptor", func(s *stage) {
			f := s.out(7)
			child := s.a.Fork(scap.Proc{PID: 110})
			child.ExecAs(proc(110, "child", "a"))
			f.By(child).Write(1)
			s.in(7).Read(1)
		}, []string{"read: (child -> /b/x -> reader)"}},
		{"names with separators", func(s *stage) {
			f := s.a.Openat("/a/x", wr, disk, 7)
			f.Write(1)
			s.b.Openat("/b/x -> (y,z)", rd, disk, 7).Read(1)
		}, []string{`read: (writer -> /b/x \-> \(y\,z\) -> reader)`}},
	} {
		t.Run(c.name, func(t *testing.T) { equal(t, flows(t, `{}`, c.story), c.want) })
	}
}

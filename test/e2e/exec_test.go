package e2e

import (
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// An exec tells its inode and no device; what it may be is told apart by layers,
// by name, and by where devices were seen.
func TestExecutedPrograms(t *testing.T) {
	const flow = "exec: (writer -> /b/tool -> tool)"
	run := func(s *stage, flags scap.ExecFlags) { s.b.Exec("/b/tool", 7, flags) }
	drop := func(s *stage, path string, dev uint32) {
		f := s.a.Openat(path, create, dev, 7)
		f.Write(5)
		f.Close()
	}
	for _, c := range []struct {
		name  string
		story func(*stage)
		want  []string
	}{
		{"written by another", func(s *stage) { drop(s, "/a/tool", disk); run(s, scap.ExeWritable) }, []string{flow}},
		{"renamed in between", func(s *stage) { drop(s, "/a/.tool.tmp", disk); run(s, 0) }, []string{flow}},
		{"written by sendfile", func(s *stage) {
			in := s.a.Openat("/bin/busybox", rd, disk2, 3)
			in.SendfileTo(s.a.Openat("/a/tool", create, disk, 7), 9)
			run(s, 0)
		}, []string{flow}},
		{"execveat", func(s *stage) {
			drop(s, "/a/tool", disk)
			p := proc(200, "tool", "b")
			p.ExePath, p.ExeIno = "/b/tool", 7
			s.Execveat(scap.Exec{Proc: p})
		}, []string{flow}},
		{"that failed", func(s *stage) {
			drop(s, "/a/tool", disk)
			p := proc(200, "tool", "b")
			p.ExePath, p.ExeIno = "/b/tool", 7
			s.Execve(scap.Exec{Proc: p, Res: -13})
		}, nil},
		{"from the image, same inode", func(s *stage) { drop(s, "/a/tool", disk); run(s, scap.ExeLowerLayer) }, nil},
		{"another file of that inode, seen only elsewhere", func(s *stage) {
			drop(s, "/a/data", tmpfs)
			s.b.Openat("/run/data", rd, tmpfs, 8).Read(0)
			s.b.Openat("/run/data", rd, tmpfs, 8).Read(1)
			run(s, 0)
		}, nil},
		{"one of two, by its name", func(s *stage) {
			drop(s, "/a/tool", disk)
			drop(s, "/c/other", disk2)
			run(s, 0)
		}, []string{flow}},
		{"one of two, unclear", func(s *stage) {
			drop(s, "/a/x", disk)
			drop(s, "/c/y", disk2)
			run(s, 0)
		}, nil},
		{"renamed, where another volume has a folder of the same top", func(s *stage) {
			s.b.Openat("/b/log/x", rd, disk2, 9).Read(1)
			drop(s, "/a/.tool.tmp", disk)
			s.b.Exec("/b/bin/tool", 7, 0)
		}, []string{"exec: (writer -> /b/bin/tool -> tool)"}},
		{"a file of procfs of that inode", func(s *stage) {
			s.a.Openat("/proc/self/attr/exec", wr, tmpfs, 7).Write(1)
			run(s, 0)
		}, nil},
		{"from a memfd", func(s *stage) { drop(s, "/a/tool", disk); run(s, scap.ExeMemfd) }, nil},
		{"in the container's own layer, written from outside", func(s *stage) {
			const overlay = 0x2b
			host := s.Process(proc(300, "writer", ""))
			s.b.Openat("/etc/x", rd|scap.UpperLayer, overlay, 9).Read(1)
			host.Openat("/proc/200/root/b/tool", create|scap.UpperLayer, overlay, 7).Write(1)
			run(s, scap.ExeUpperLayer)
		}, []string{flow}},
	} {
		t.Run(c.name, func(t *testing.T) { equal(t, flows(t, `{}`, c.story), c.want) })
	}
}

package e2e

import (
	"fmt"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// Ways to hide a flow, or to have one invented, that are none.
func TestNoWayAround(t *testing.T) {
	const flow = "read: (writer -> /b/x -> reader)"
	for _, c := range []struct {
		name  string
		story func(*stage)
		want  []string
	}{
		{"a device number that procfs had before", func(s *stage) {
			root := s.Process(proc(300, "ps", ""))
			root.Openat("/proc/1/stat", rd, tmpfs, 33).Read(1)
			s.a.Openat("/a/x", create, tmpfs, 7).Write(1)
			s.b.Openat("/b/x", rd, tmpfs, 7).Read(1)
		}, []string{flow}},
		{"a writer in a root of its own, below which the volume is /sys", func(s *stage) {
			s.a.Openat("/sys/x", create, tmpfs, 7).Write(1)
			s.b.Openat("/b/x", rd, tmpfs, 7).Read(1)
		}, []string{flow}},
		{"a reader in a root of its own, below which the volume is /dev", func(s *stage) {
			s.a.Openat("/a/x", create, tmpfs, 7).Write(1)
			s.b.Openat("/dev/x", rd, tmpfs, 7).Read(1)
		}, []string{"read: (writer -> /dev/x -> reader)"}},
		{"a terminal, by the name of a descriptor", func(s *stage) {
			s.a.Openat("/dev/pts/0", wr, tmpfs, 7).Write(1)
			s.b.Openat("/dev/stdin", rd, tmpfs, 7).Read(1)
		}, nil},
		{"procfs under another name", func(s *stage) {
			root := s.Process(proc(300, "ps", ""))
			root.Openat("/proc/1/stat", rd, tmpfs, 33).Read(1)
			s.a.Openat("/host/proc/sys/x", wr, tmpfs, 7).Write(1)
			s.b.Openat("/host/proc/sys/x", rd, tmpfs, 7).Read(1)
		}, nil},
		{"a file that takes a pipe's name", func(s *stage) {
			s.write(7)
			s.a.Mkfifo("/a/pipe")
			s.a.Rename("/a/x", "/a/pipe")
			s.a.Openat("/a/pipe", rd, disk, 7)
			s.in(7).Read(1)
		}, []string{flow}},
		{"a file linked to a pipe's name", func(s *stage) {
			s.write(7)
			s.a.Mkfifo("/a/pipe")
			s.a.Unlink("/a/pipe")
			s.a.Link("/a/x", "/a/pipe")
			s.a.Openat("/a/pipe", rd, disk, 7)
			s.in(7).Read(1)
		}, []string{flow}},
		{"a container that makes pipes without end", func(s *stage) {
			for i := range 300 {
				s.a.Mkfifo(fmt.Sprint("/a/", i))
			}
			s.b.Mkfifo("/b/pipe")
			s.b.Openat("/b/pipe", scap.ORdwr, disk, 7)
			s.out(7).Write(1)
			s.b.Openat("/b/pipe", rd|scap.OTrunc, disk, 7).Read(1)
		}, []string{"read: (writer -> /b/pipe -> reader)"}},
		{"a program of the same inode on a disk that was never seen there", func(s *stage) {
			s.write(7)
			host := s.Process(proc(300, "sh", ""))
			host.Openat("/usr/lib/libc.so", rd, disk2, 9).Mmap(scap.ProtRead, scap.MapPrivate)
			host.Exec("/usr/bin/ls", 7, 0)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) { equal(t, flows(t, `{}`, c.story), c.want) })
	}
}

// A reader that goes on reading what another wrote is looked at once, and every
// event says who wrote.
func TestEveryReadOfAFlow(t *testing.T) {
	file := tell(t, func(w *scap.Writer) {
		s := newStage(w)
		s.write(7)
		in := s.in(7)
		for range 4 {
			in.Read(1)
		}
		other := s.Process(proc(300, "other", "c"))
		other.Openat("/c/x", wr, disk, 7).Write(1)
		in.Read(1)
		in.Read(1)
	})
	const first, both = "(writer -> /b/x -> reader)", "(other -> /b/x -> reader,writer -> /b/x -> reader)"
	equal(t, play(t, file, `{}`, "%xim.new %xim.process.flows %xim.container.crossflow", "xim.crossflow=true"), []string{
		"true " + first + " true", "false " + first + " true", "false " + first + " true", "false " + first + " true",
		"true " + both + " true", "false " + both + " true",
	})
}

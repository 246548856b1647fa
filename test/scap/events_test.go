package scap_test

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

var update = flag.Bool("update", false, "write testdata anew")

// everyEvent uses every method of the Writer once or more.
func everyEvent() story {
	s := newStory()
	s.User(scap.User{UID: 1000, GID: 1000, Name: "alice", Home: "/home/alice", Shell: "/bin/sh"})
	s.Container(scap.Container{ID: scap.ID("web")}) // at the head: consumed, not shown
	tool := s.Process(scap.Proc{PID: 200, Comm: "tool", Cwd: "/srv", UID: 1000})
	tool.HasThread(201)
	web := s.Process(scap.Proc{PID: 100, Comm: "web", Container: scap.ID("web"), Pod: scap.UID("web")})

	s.HasFD(200, scap.FD{FD: 20, Name: "/srv/old", Flags: scap.OWronly, Dev: dev, Ino: 20})
	s.HasFD(200, scap.FD{FD: 21, Type: scap.FDFifo, Name: "pipe:[21]", Ino: 21})
	s.HasFD(200, scap.FD{FD: 22, Type: scap.FDDirectory, Name: "/srv", Ino: 22})
	s.HasFD(200, scap.FD{FD: 23, Type: scap.FDIPv4, Ino: 23,
		Local: netip.MustParseAddrPort("10.0.0.1:1000"), Remote: netip.MustParseAddrPort("10.0.0.2:80")})
	s.HasFD(200, scap.FD{FD: 24, Type: scap.FDUnix, Name: "/run/s", Ino: 24})
	s.HasFD(200, scap.FD{FD: 25, Type: scap.FDFileOld, Name: "/dev/console", Ino: 25})
	s.HasFD(200, scap.FD{FD: 26, Type: scap.FDMemfd, Name: "memfd:m", Ino: 26})
	s.HasFD(200, scap.FD{FD: 27, Type: scap.FDEvent, Name: "event", Ino: 27})

	s.sees(s.Write(201, 20, 1), "write tool 201 20 /srv/old 800010:20")
	s.sees(s.Write(201, 21, 1), "write tool 201 21 pipe:[21] 0:21")
	s.sees(s.Read(201, 22, -21), "read tool 201 22 /srv 0:22")
	s.sees(s.Read(201, 23, 1), "read tool 201 23 10.0.0.1:1000->10.0.0.2:80 0:23")
	s.sees(s.Read(201, 24, 1), "read tool 201 24 /run/s 0:24")
	s.sees(s.Read(201, 25, 1), "read tool 201 25 /dev/console 0:25")
	s.sees(s.Read(201, 26, 1), "read tool 201 26 memfd:m 0:26")
	s.sees(s.Read(201, 27, 8), "read tool 201 27 event 0:27")

	s.sees(s.Open(200, 3, "/srv/x", scap.ORdwr|scap.OCreat|scap.OCreated, dev, 3), "open tool 200 3 /srv/x 800010:3")
	s.sees(s.Openat(201, 4, 22, "y", scap.ORdonly, dev, 4), "openat tool 201 4 /srv/y 800010:4")
	s.sees(s.Openat2(200, 5, scap.AtFdcwd, "z", scap.OWronly|scap.OTrunc|scap.UpperLayer, dev, 5), "openat2 tool 200 5 /srv/z 800010:5")
	s.sees(s.Creat(200, 6, "c", scap.LowerLayer, dev, 6), "creat tool 200 6 /srv/c 800010:6")
	s.sees(s.OpenByHandleAt(200, 7, 22, "/srv/h", scap.ORdonly, dev, 7), "open_by_handle_at tool 200 7 /srv/h 800010:7")
	s.sees(s.MemfdCreate(200, 8, "m"), "memfd_create tool 200 8 m 0:0")
	s.sees(s.Pipe2(200, 9, 10, 999), "pipe2 tool 200 10  0:999")
	s.sees(s.Open(200, -2, "/srv/none", scap.ORdonly, 0, 0), "open tool 200 -1 ?")

	s.sees(s.Read(200, 3, 10), "read tool 200 3 /srv/x 800010:3")
	s.sees(s.Write(200, 3, 10000), "write tool 200 3 /srv/x 800010:3")
	s.sees(s.Pread(200, 3, 7, 10), "pread tool 200 3 /srv/x 800010:3")
	s.sees(s.Pwrite(200, 3, 7, 10), "pwrite tool 200 3 /srv/x 800010:3")
	s.sees(s.Readv(200, 3, 10), "readv tool 200 3 /srv/x 800010:3")
	s.sees(s.Writev(200, 3, 10), "writev tool 200 3 /srv/x 800010:3")
	s.sees(s.Preadv(200, 3, 7, 10), "preadv tool 200 3 /srv/x 800010:3")
	s.sees(s.Pwritev(200, 3, 7, 10), "pwritev tool 200 3 /srv/x 800010:3")
	// The host's fd of an event with two is the one that is written.
	s.sees(s.Sendfile(200, 3, 4, 10), "sendfile tool 200 3 /srv/x 800010:3")
	s.sees(s.Splice(200, 4, 3, 10), "splice tool 200 3 /srv/x 800010:3")
	s.sees(s.CopyFileRange(200, 4, 3, 10), "copy_file_range tool 200 3 /srv/x 800010:3")
	s.sees(s.Mmap(200, 3, scap.ProtRead|scap.ProtWrite, scap.MapShared, scap.MapAddr), "mmap tool 200 3 /srv/x 800010:3")
	s.sees(s.Mmap2(200, 3, scap.ProtExec, scap.MapPrivate, -13), "mmap2 tool 200 3 /srv/x 800010:3")

	s.sees(s.Dup(200, 3, 11), "dup tool 200 11 /srv/x 800010:3")
	s.sees(s.Dup2(200, 3, 12, 12), "dup2 tool 200 12 /srv/x 800010:3")
	s.sees(s.Dup3(200, 3, 13, scap.OCloexec, 13), "dup3 tool 200 13 /srv/x 800010:3")
	s.sees(s.Fcntl(200, 3, scap.FDupfd, 14), "fcntl tool 200 14 /srv/x 800010:3")
	s.sees(s.Read(200, 14, 1), "read tool 200 14 /srv/x 800010:3")
	s.sees(s.Close(200, 14, 0), "close tool 200 14 /srv/x 800010:3")
	s.sees(s.Read(200, 14, 1), "read tool 200 14 ?")

	s.sees(s.Mknod(200, "/srv/p", scap.ModeFIFO|0o644, 0, 0), "mknod tool 200")
	s.sees(s.Mknodat(200, 22, "p", scap.ModeFIFO|0o600, 0, -17), "mknodat tool 200 22 /srv 0:22")
	s.sees(s.Rename(200, "/a", "/b", 0), "rename tool 200")
	s.sees(s.Renameat(200, 22, "a", 22, "b", 0), "renameat tool 200")
	s.sees(s.Renameat2(200, 22, "a", 22, "b", 0), "renameat2 tool 200")
	s.sees(s.Link(200, "/a", "/b", 0), "link tool 200")
	s.sees(s.Linkat(200, 22, "a", 22, "b", 0), "linkat tool 200")
	s.sees(s.Unlink(200, "/a", 0), "unlink tool 200")
	s.sees(s.Unlinkat(200, 22, "a", 0), "unlinkat tool 200 22 /srv 0:22")
	s.sees(s.Chdir(200, "/new", 0), "chdir tool 200")
	s.sees(s.Open(200, 14, "x", scap.ORdonly, dev, 14), "open tool 200 14 /new/x 800010:14")
	s.sees(s.Prctl(200, scap.PrSetName, "other", 0, 0), "prctl tool 200")

	caller, child := s.Clone(tool.Proc(), scap.Proc{PID: 300, PPID: 200, Comm: "tool"}, 0)
	s.sees(caller, "clone tool 200")
	s.sees(child, "clone tool 300")
	s.sees(s.Read(300, 3, 1), "read tool 300 3 /srv/x 800010:3")
	caller, child = s.Clone3(web.Proc(), scap.Proc{PID: 301, PPID: 100, Comm: "web", Container: scap.ID("web"), Pod: scap.UID("web")}, 0)
	s.sees(caller, "clone3 web 100")
	s.sees(child, "clone3 web 301")
	caller, child = s.Fork(tool.Proc(), scap.Proc{PID: 302, PPID: 200, Comm: "tool"})
	s.sees(caller, "fork tool 200")
	s.sees(child, "fork tool 302")
	caller, child = s.Vfork(tool.Proc(), scap.Proc{PID: 303, PPID: 200, Comm: "tool"})
	s.sees(child, "vfork tool 303")
	s.sees(caller, "vfork tool 200")
	caller, child = s.Clone(tool.Proc(), scap.Proc{PID: 200, TID: 202, Comm: "tool"}, scap.ThreadFlags)
	s.sees(caller, "clone tool 200")
	s.sees(child, "clone tool 202")
	s.sees(s.Read(202, 3, 1), "read tool 202 3 /srv/x 800010:3")
	s.sees(s.CloneSide(scap.EvClone, tool.Proc(), 0, -11), "clone tool 200")

	s.sees(s.Execve(scap.Exec{Filename: "./prog", Proc: scap.Proc{
		PID: 300, PPID: 200, UID: 1000, GID: 1000, Comm: "prog", ExePath: "/srv/prog", Args: []string{"-a", "b c"},
		Env: []string{"A=b"}, ExeIno: 55, ExeFlags: scap.ExeUpperLayer | scap.ExeWritable,
	}}), "execve prog 300")
	s.sees(s.Execveat(scap.Exec{Res: -2, Proc: scap.Proc{PID: 302, PPID: 200, Comm: "tool"}}), "execveat tool 302")
	s.sees(s.Procexit(300, 1), "procexit prog 300")
	s.sees(s.Container(scap.Container{ID: scap.ID("web"), Name: "web", Labels: scap.PodLabels("shop", "web-0", scap.UID("web"))}), "container  0")
	s.sees(s.ContainerRemoved(scap.Container{ID: scap.ID("web")}), "container_removed  0")
	s.sees(s.Async("tick", "tock"), "tick  0")
	s.sees(s.Raw(scap.EvClose, 200, scap.I64(0), scap.I64(3)), "close tool 200 3 /srv/x 800010:3")
	s.CPU = 3
	s.sees(s.Open(100, 3, "/etc/x", scap.ORdonly, 0x30, 8), "open web 100 3 /etc/x 30:8")
	return s
}

func TestEveryEvent(t *testing.T) { everyEvent().check(t) }

// TestEveryParameter compares all parameters, as the host prints them, with a file that
// was checked by eye.
func TestEveryParameter(t *testing.T) {
	got := sysdig.Run(t, "-r", file(t, everyEvent().Writer), "-p",
		"*%evt.num %evt.datetime %evt.cpu %user.name %proc.pid %thread.vtid %evt.type %evt.args")
	golden := filepath.Join("testdata", "parameters.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("not as in %s (-update writes it anew); got:\n%s", golden, got)
	}
}

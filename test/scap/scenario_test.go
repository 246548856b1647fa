package scap_test

import (
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// TestScenario tells a story with every method of processes, threads and files.
func TestScenario(t *testing.T) {
	const (
		rd, wr = scap.ORdonly, scap.OWronly
		vol    = 0xfe00 // a volume's device; dev is the overlay's
	)
	s := newStory()
	pod := scap.Proc{PID: 100, Comm: "web", Container: scap.ID("web"), Pod: scap.UID("shop")}
	web := s.Process(pod)
	tool := s.Process(scap.Proc{PID: 200, Comm: "tool"})
	worker := web.HasThread(101)
	log := tool.HasFile("/vol/log", wr|scap.OAppend, vol, 9)
	fifo := tool.Has(scap.FD{Type: scap.FDFifo, Name: "/vol/fifo", Ino: 10})

	// The host writes what the pod reads, each under its own path.
	s.sees(log.Write(5), "write tool 200 3 /vol/log FE00:9")
	s.sees(fifo.Write(5), "write tool 200 4 /vol/fifo 0:10")
	in := web.Openat("/data/log", rd, vol, 9)
	s.sees(in.Num, "openat web 100 3 /data/log FE00:9")
	s.sees(in.By(worker).Read(5), "read web 101 3 /data/log FE00:9")

	// Every way to open, on the lowest free fd.
	s.sees(in.Close(), "close web 100 3 /data/log FE00:9")
	open := web.Open("/a", scap.ORdwr|scap.OCreat|scap.OCreated|scap.UpperLayer, dev, 1)
	s.sees(open.Num, "open web 100 3 /a 800010:1")
	s.sees(worker.Openat2("/b", rd, dev, 2).Num, "openat2 web 101 4 /b 800010:2")
	creat := web.Creat("/c", scap.UpperLayer, dev, 3)
	s.sees(creat.Num, "creat web 100 5 /c 800010:3")
	s.sees(web.OpenByHandle("/d", rd, dev, 4).Num, "open_by_handle_at web 100 6 /d 800010:4")

	// Every way to read, write and copy.
	s.sees(open.Read(1), "read web 100 3 /a 800010:1")
	s.sees(open.Write(1), "write web 100 3 /a 800010:1")
	s.sees(open.Pread(1), "pread web 100 3 /a 800010:1")
	s.sees(open.Pwrite(1), "pwrite web 100 3 /a 800010:1")
	s.sees(open.Readv(1), "readv web 100 3 /a 800010:1")
	s.sees(open.Writev(1), "writev web 100 3 /a 800010:1")
	s.sees(open.Preadv(1), "preadv web 100 3 /a 800010:1")
	s.sees(open.Pwritev(1), "pwritev web 100 3 /a 800010:1")
	s.sees(open.Mmap(scap.ProtRead, scap.MapPrivate), "mmap web 100 3 /a 800010:1")
	s.sees(open.Mmap2(scap.ProtRead, scap.MapPrivate), "mmap2 web 100 3 /a 800010:1")
	s.sees(open.SendfileTo(creat, 1), "sendfile web 100 5 /c 800010:3")
	s.sees(open.SpliceTo(creat, 1), "splice web 100 5 /c 800010:3")
	s.sees(open.CopyTo(creat, 1), "copy_file_range web 100 5 /c 800010:3")

	// A shell's redirection: the child's output goes to the file, and so does a program's.
	child := tool.Fork(scap.Proc{PID: 300})
	s.sees(s.Len()-1, "fork tool 200")
	s.sees(s.Len(), "fork tool 300")
	out := log.By(child).Dup2(1)
	s.sees(out.Num, "dup2 tool 300 1 /vol/log FE00:9")
	s.sees(log.By(child).Dup().Num, "dup tool 300 5 /vol/log FE00:9")
	s.sees(child.Exec("/usr/bin/echo", 77, scap.ExeLowerLayer, "hello"), "execve echo 300")
	s.sees(out.Write(6), "write echo 300 1 /vol/log FE00:9")
	s.sees(child.Exit(), "procexit echo 300")

	// A runtime puts a child into a container, and that one makes more.
	init := tool.Clone(scap.Proc{PID: 400, Comm: "runc", Container: scap.ID("new")}, scap.CloneNewPID)
	s.sees(s.Len()-1, "clone tool 200")
	s.sees(s.Len(), "clone runc 400")
	s.sees(init.Exec("/app", 78, scap.ExeUpperLayer), "execve app 400")
	s.sees(init.Openat("/x", rd, dev, 5).Read(1), "read app 400 5 /x 800010:5")
	s.sees(s.Len()-1, "openat app 400 5 /x 800010:5")
	helper := init.Clone3(scap.Proc{PID: 401}, 0)
	s.sees(s.Len()-1, "clone3 app 400")
	s.sees(s.Len(), "clone3 app 401")
	thread := helper.NewThread(402)
	s.sees(s.Len()-1, "clone3 app 401")
	s.sees(s.Len(), "clone3 app 402")
	s.sees(thread.Open("/y", wr, dev, 6).Write(1), "write app 402 6 /y 800010:6")
	s.sees(s.Len()-1, "open app 402 6 /y 800010:6")
	quick := helper.Vfork(scap.Proc{PID: 403})
	s.sees(s.Len()-1, "vfork app 403")
	s.sees(s.Len(), "vfork app 401")
	s.sees(quick.ExecAs(scap.Proc{Comm: "sh", ExePath: "/bin/busybox", Args: []string{"-c", ":"}}), "execve sh 403")
	if got := quick.Proc(); got.VPID != 4 || got.Container != scap.ID("new") {
		t.Errorf("fourth thread of the container: %+v", got)
	}

	// Paths.
	s.sees(web.Mkfifo("/data/p"), "mknodat web 100 -100 ?")
	s.sees(web.Rename("/data/p", "/data/q"), "rename web 100")
	s.sees(web.Link("/data/q", "/data/r"), "link web 100")
	s.sees(web.Unlink("/data/q"), "unlink web 100")
	s.sees(web.Chdir("/data"), "chdir web 100")
	s.sees(web.Openat("r", rd, vol, 11).Num, "openat web 100 7 /data/r FE00:11")

	s.check(t)
}

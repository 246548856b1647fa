package live

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

// A host that is told of a process knows it, its parent and its threads, as proc.*
// fields show them, until the end of each.
func TestProcessIsKnown(t *testing.T) {
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cat.Wait() })
	pid := strconv.Itoa(cat.Process.Pid)
	exe, err := os.Readlink("/proc/" + pid + "/exe")
	if err != nil {
		t.Fatal(err)
	}

	h := Start(t, "", "%thread.tid %proc.pid %proc.name %proc.pname %proc.exepath", "evt.type=chdir")
	h.Tell(cat.Process.Pid)
	const tid, of, unknown = 1<<22 + 1, 1 << 22, 1<<22 + 2
	h.Know(scap.Proc{PID: of, PPID: unknown, Comm: "web", Container: scap.ID("web")}, scap.Proc{TID: tid, PID: of, Comm: "worker"})
	at := func(tid int64) {
		h.Send(func(w *scap.Writer) { w.Chdir(tid, "/tmp", 0) })
	}
	at(int64(cat.Process.Pid))
	at(tid)
	at(unknown)
	h.Send(func(w *scap.Writer) { w.Procexit(tid, 0) })
	at(tid)
	for _, want := range []string{
		pid + " " + pid + " cat live.test " + exe,
		"4194305 4194304 worker <NA> ",
		"4194306 -1 <NA> <NA> ",
		"4194305 -1 <NA> <NA> ",
	} {
		if got := h.Line(); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if lines, _ := h.Stop(); len(lines) > 0 {
		t.Errorf("more lines: %q", lines)
	}
}

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/xim-monitor/xim/test/scap"
)

const readFlow = "read: (writer -> /b/x -> reader)"

// A clock that is set back makes no flow and hides none, and no age is negative.
func TestTimeJumpsBackward(t *testing.T) {
	file := tell(t, func(w *scap.Writer) {
		s := newStage(w)
		in, out := s.in(7), s.out(7)
		in.Read(1)
		w.Wait(-time.Hour)
		out.Write(1)
		w.Wait(-time.Hour)
		in.Read(1)
	})
	equal(t, play(t, file, `{}`, "%xim.flow %xim.age", "xim.crossflow=true"),
		[]string{"writer -> /b/x -> reader 0"})
}

// The events of two processors come a little out of order.
func TestEventsOutOfOrder(t *testing.T) {
	got := flows(t, `{}`, func(s *stage) {
		in, out := s.in(7), s.out(7)
		for range 50 {
			s.Wait(-3 * time.Millisecond)
			out.Write(1)
			s.Wait(5 * time.Millisecond)
			in.Read(1)
		}
	})
	equal(t, got, []string{readFlow})
}

// A process id that is used again is somebody else, whether the end of the first
// one was told or lost.
func TestThreadIDsReused(t *testing.T) {
	for _, told := range []bool{true, false} {
		got := flows(t, `{}`, func(s *stage) {
			parent := s.Process(proc(300, "shell", "c"))
			f := s.out(7)
			f.Write(1)
			f.Write(1) // known to the cache
			if told {
				s.a.Exit()
			}
			again := parent.Fork(scap.Proc{PID: 100})
			again.ExecAs(proc(100, "again", "c"))
			again.Openat("/c/x", wr, disk, 7).Write(1)
			s.in(7).Read(1)
		})
		equal(t, got, []string{"read: (again -> /b/x -> reader,writer -> /b/x -> reader)"})
	}
}

// In a pid namespace of its own a process has another number there than outside.
func TestPidNamespaces(t *testing.T) {
	got := flows(t, `{}`, func(s *stage) {
		runtime := s.Process(proc(300, "runc", ""))
		p := proc(400, "inside", "c")
		p.VPID = 1
		child := runtime.Clone(p, scap.CloneNewPID)
		child.ExecAs(p)
		child.Openat("/c/x", wr, disk, 7).Write(1)
		s.in(7).Read(1)
	})
	equal(t, got, []string{"read: (inside -> /b/x -> reader)"})
}

// Twenty thousand processes come and go, each a writer of its own file: those that
// are gone cost nobody else a flow.
func TestTableFullOfDeadThreads(t *testing.T) {
	const processes = 20000
	got := flows(t, `{"process_identity":"pid"}`, func(s *stage) {
		shell := s.Process(proc(300, "shell", "c"))
		var last *scap.File
		for i := range processes {
			child := shell.Fork(scap.Proc{PID: int64(1000 + i)})
			last = child.Openat("/c/x", wr, disk, uint64(1000+i))
			last.Write(1)
			child.Exit()
		}
		s.b.Openat("/b/first", rd, disk, 1000).Read(1)
		s.b.Openat("/b/last", rd, disk, 1000+processes-1).Read(1)
	})
	equal(t, got, []string{
		"read: (1000 -> /b/first -> 200)",
		fmt.Sprintf("read: (%d -> /b/last -> 200)", 1000+processes-1),
	})
}

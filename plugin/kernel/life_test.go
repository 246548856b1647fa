package kernel

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/xim-monitor/xim/plugin/flow"
)

// Nothing stays in the kernel after a hundred starts and stops.
func TestStartAndStop(t *testing.T) {
	open(t, Options{Attach: Tracepoint}).Close()
	before := inKernel(t)
	files := descriptors(t)
	for i := range number(t, "XIM_STARTS", 100) {
		o := Options{Attach: Tracepoint, Objects: 64, Deeds: 64, Ring: 4096}
		if i < 3 {
			o.Attach = Auto // many programs, where they hang on functions
		}
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); after > files {
		t.Errorf("%d descriptors are open, %d were", after, files)
	}
	eventually(t, func() bool { return inKernel(t) <= before })
}

// number is one that the environment may change, for a machine that is slow.
func number(t testing.TB, variable string, n int) int {
	t.Helper()
	if text := os.Getenv(variable); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatalf("%s: %v", variable, err)
		}
	}
	return n
}

// Two sensors do not know of each other.
func TestTwoSensors(t *testing.T) {
	a, b := watch(t, Options{}, flow.Options{}), watch(t, Options{}, flow.Options{})
	dir := scratchDir(t)
	path := file(t, dir, "f")
	newActor(t, "writer").do("write", path)
	newActor(t, "reader").do("read", path)
	for _, w := range []*watched{a, b} {
		w.want(dir, found{"writer", "f", "reader", "read"})
	}
}

// Close ends a Feed after it has read everything, and may be called twice.
func TestClose(t *testing.T) {
	w := watch(t, Options{}, flow.Options{})
	w.stop()
	if err := w.sensor.Close(); err != nil {
		t.Error(err)
	}
	if err := w.sensor.Read(&Record{}, deadline()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read of a closed sensor: %v, want %v", err, os.ErrClosed)
	}
}

// Without the capabilities the error names them.
func TestUnprivileged(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: cannot become somebody else to try it")
	}
	program := filepath.Join(scratchDir(t), "kernel.test")
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), actorVariable+"=nobody")
	cmd.SysProcAttr = asNobody()
	cmd.Stdin = strings.NewReader("open-sensor\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CAP_BPF", "CAP_PERFMON", "root"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q does not name %s", out, want)
		}
	}
}

// Options that make no sense are refused by name.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Attach: "kprobe"}, `attach is "kprobe": it takes auto, functions or tracepoint`},
		{Options{Objects: -1}, "objects is -1: it takes 1 to"},
		{Options{Ring: 1 << 40}, "ring is 1099511627776: it takes 1 to"},
	} {
		_, err := Open(c.o)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.o, err, c.want)
		}
	}
}

// inKernel counts the programs and links that anybody has there.
func inKernel(t *testing.T) (n int) {
	t.Helper()
	for id := ebpf.ProgramID(0); ; n++ {
		next, err := ebpf.ProgramGetNextID(id)
		if err != nil {
			break
		}
		id = next
	}
	for it := new(link.Iterator); it.Next(); n++ {
	}
	return n
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

// Where another plugin names the containers first, as Falco's container plugin
// does, its ids are used, and the pod's uid still comes from the cgroup path.
func TestBesidePluginThatNamesContainers(t *testing.T) {
	named := filepath.Join(t.TempDir(), "named.so")
	cc := exec.Command("cc", "-O2", "-shared", "-fPIC", "-I", filepath.Join(sysdig.Root(t), "plugin"),
		"-o", named, filepath.Join("testdata", "named.c"))
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("XIM_NAMED_100", "given0000001")
	t.Setenv("XIM_NAMED_200", scap.ID("b")[:12])
	t.Setenv("XIM_NAMED_300", scap.ID("c")[:12])
	file := tell(t, func(w *scap.Writer) {
		s := newStage(w)
		s.write(7)
		s.in(7).Read(1)
		sibling := proc(300, "sibling", "c")
		sibling.Pod = scap.UID("b")
		w.Process(sibling).Openat("/c/y", create, disk, 8).Write(1)
		s.b.Openat("/b/y", rd, disk, 8).Read(1) // of its own pod
	})
	got := sysdig.Run(t, "-r", file, "-H", named, "-H", plugin(t), "-p", "*%xim.container.flow %xim.pod.crossflow", "xim.container.new=true")
	b := scap.ID("b")[:12]
	if want := "given0000001 -> /b/x -> " + b + " true\n" + scap.ID("c")[:12] + " -> /b/y -> " + b + " false\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/containers"
)

// pods runs real pods, which the container runtime names.
func (m machine) pods(t *testing.T) {
	rt := containers.Start(t)
	shared := []containers.Mount{{Source: t.TempDir(), Target: "/shared"}}
	pods := m.watch(t, "-g", "pod", "--cri", rt.CRISocket(), "-d")
	all := m.watch(t, "-g", "container", "--cri", "none", "--all", "-o", "wide")

	first, second := rt.Pod("oran", "ran-ctl"), rt.Pod("oran", "xapp-1")
	writer := first.Container("app", shared)
	neighbour := first.Container("sidecar", shared)
	reader := second.Container("app", shared)
	for _, step := range []struct {
		in      *containers.Container
		command string
	}{
		{writer, "echo data > /shared/key"},
		{neighbour, "cat /shared/key"},
		{reader, "cat /shared/key"},
	} {
		if _, err := step.in.Exec("sh", "-c", step.command); err != nil {
			t.Fatal(err)
		}
	}
	pods.expect(`^WARNING: \S+ \S+ - Cross-pod flow: oran/ran-ctl -> /shared/key -> oran/xapp-1$`)
	all.expect(`/exec.fifo -> host `)
	all.expect(` - Cross-container flow: ` + writer.ID[:12] + ` -> /shared/key -> ` + neighbour.ID[:12] + ` `)

	all.stop("")

	// Within a pod no border is crossed, and what the runtime does is not shown.
	printed := pods.stop("")
	if strings.Count(printed, "/shared/key") != 1 || strings.Contains(printed, "exec.fifo") {
		t.Errorf("it prints\n%s", printed)
	}
	for _, said := range []string{
		"container " + reader.ID[:12] + " is in pod oran/xapp-1",
		"debug: cgroups: version ", "debug: the sensor is attached to ", "debug: io_uring is ", "debug: sensor: {",
	} {
		if text := pods.errors.all(); !strings.Contains(text, said) {
			t.Errorf("it does not say %q:\n%s", said, text)
		}
	}
}

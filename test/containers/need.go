package containers

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// newRuntime returns one that could be started, or skips the test, or fails it.
func newRuntime(t testing.TB) *Runtime {
	t.Helper()
	rt := &Runtime{t: t}
	if err := rt.findCommands(); err != nil {
		rt.unavailable(err)
	}
	return rt
}

func (rt *Runtime) unavailable(why error) {
	rt.t.Helper()
	if os.Getenv("XIM_E2E") == "required" {
		rt.t.Fatalf("no containers: %v", why)
	}
	rt.t.Skipf("no containers: %v", why)
}

func (rt *Runtime) findCommands() error {
	if os.Geteuid() != 0 {
		return errors.New("not root")
	}
	for _, command := range []struct {
		name string
		path *string
	}{
		{"containerd", &rt.commands.containerd},
		{"ctr", &rt.commands.ctr},
		{"runc", new(string)}, // containerd finds it by itself
		{"busybox", &rt.commands.busybox},
	} {
		var err error
		if *command.path, err = exec.LookPath(command.name); err != nil {
			return fmt.Errorf("%w (apt-get install containerd runc busybox-static)", err)
		}
	}
	file, err := elf.Open(rt.commands.busybox)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s needs shared libraries (apt-get install busybox-static)", rt.commands.busybox)
		}
	}
	return nil
}

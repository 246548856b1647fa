package containers

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// When the test is over nothing is left: no process, no mount, no cgroup, no file.
func TestNothingIsLeft(t *testing.T) {
	var rt *Runtime
	t.Run("runtime", func(t *testing.T) {
		rt = Start(t)
		rt.Container(nil)
		rt.Pod("blue", "shop").Container("app", nil)
		if got := commandLines(t, rt.dir); len(got) < 3 {
			t.Errorf("it runs as %q: want containerd and two shims to be found", got)
		}
	})
	if rt == nil {
		t.SkipNow() // for the reason that Start told
	}
	if got := commandLines(t, rt.dir); len(got) != 0 {
		t.Errorf("processes are left: %q", got)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); bytes.Contains(mounts, []byte(rt.dir)) || err != nil {
		t.Errorf("mounts are left: %v\n%s", err, mounts)
	}
	left := cgroups(t, rt.cgroup)
	if _, err := os.Stat(rt.dir); err == nil {
		left = append(left, rt.dir)
	}
	if len(left) != 0 {
		t.Errorf("directories are left: %q", left)
	}
}

// The same for a test that is killed, but for its directory and empty cgroups: nobody
// is there to remove them.
func TestKilled(t *testing.T) {
	const child = "XIM_CONTAINERS_CHILD"
	if os.Getenv(child) != "" {
		rt := Start(t)
		rt.Container(nil)
		rt.Pod("blue", "shop").Container("app", nil)
		os.Stdout.WriteString(ready + rt.dir + "\n")
		<-t.Context().Done() // until killed
		return
	}
	newRuntime(t) // or skip

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+t.TempDir())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	var dir string
	for lines := bufio.NewScanner(stdout); dir == "" && lines.Scan(); {
		said = append(said, lines.Text())
		_, dir, _ = strings.Cut(lines.Text(), ready)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if dir == "" {
		t.Fatalf("the test to be killed says %q", said)
	}

	var left []string
	err = poll(ctx, func() (bool, error) {
		left = commandLines(t, dir)
		return len(left) == 0, nil
	})
	if err != nil {
		t.Errorf("processes are left: %q", left)
	}
	// Nor is one in a container: a cgroup with a process in it cannot be removed.
	if err := removeCgroups(ctx, "/"+filepath.Base(dir)); err != nil {
		t.Error(err)
	}
}

// ready introduces the directory of the runtime that the test to be killed has started.
const ready = "ready in "

// commandLines are those of the processes that name dir: containerd and its shims.
func commandLines(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range paths {
		// Of a process that is gone there is none.
		text, _ := os.ReadFile(path)
		if line := string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})); strings.Contains(line, dir) {
			found = append(found, line)
		}
	}
	return found
}

// cgroups are the directories of a cgroup in all hierarchies.
func cgroups(t *testing.T, cgroup string) []string {
	t.Helper()
	dirs, err := hierarchies()
	if err != nil || len(dirs) == 0 {
		t.Fatalf("cgroups are mounted at %q, %v", dirs, err)
	}
	var found []string
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, cgroup)); err == nil {
			found = append(found, filepath.Join(dir, cgroup))
		}
	}
	return found
}

package live

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xim-monitor/xim/test/scap"
)

// An Agent is a process of a name of its own, and in a container as far as its cgroup
// says so, that writes, reads and executes what it is told. It is for tests whose host
// watches this machine's kernel.
type Agent struct {
	PID int

	t     testing.TB
	in    io.Writer
	out   *bufio.Reader
	leave []func() // its cgroups, once it has ended
}

// NewAgent starts an agent. Of the Proc it has Comm, Container and Pod.
func NewAgent(t testing.TB, p scap.Proc) *Agent {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), p.Comm)
	if err := os.Symlink(bash, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--norc")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a := &Agent{t: t, PID: cmd.Process.Pid, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
		for _, leave := range a.leave {
			leave()
		}
	})
	if p.Container != "" {
		a.enter(scap.CgroupPath(p.Container, p.Pod))
	}
	a.Do(":")
	return a
}

// Do has the agent run a line of shell. What bash has built in it does itself.
func (a *Agent) Do(line string) {
	a.t.Helper()
	fmt.Fprintf(a.in, "%s; echo done\n", line)
	if answer, err := a.out.ReadString('\n'); err != nil || answer != "done\n" {
		a.t.Fatalf("%s: %q, %v", line, answer, err)
	}
}

// Write empties a file and writes it, Append writes behind what is there, and Read
// reads its first line.
func (a *Agent) Write(path string)  { a.t.Helper(); a.Do("echo data > '" + path + "'") }
func (a *Agent) Append(path string) { a.t.Helper(); a.Do("echo data >> '" + path + "'") }
func (a *Agent) Read(path string)   { a.t.Helper(); a.Do("read -r line < '" + path + "'") }

// enter makes a cgroup and puts the agent there, in each hierarchy that has it.
func (a *Agent) enter(cgroup string) {
	a.t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		a.t.Fatal(err)
	}
	entered := 0
	var last error
	for line := range bytes.Lines(mounts) {
		f := strings.Fields(string(line))
		if !strings.HasPrefix(f[2], "cgroup") || strings.Contains(f[3], "cpuset") { // that one wants more
			continue
		}
		dir := filepath.Join(f[1], cgroup)
		if last = os.MkdirAll(dir, 0o755); last != nil {
			continue
		}
		a.leave = append(a.leave, func() { removeUpTo(dir, f[1]) })
		if last = os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(a.PID)), 0); last == nil {
			entered++
		}
	}
	if entered == 0 {
		if os.Getenv("XIM_E2E") == "required" {
			a.t.Fatalf("no cgroup can be made: %v", last)
		}
		a.t.Skipf("no cgroup can be made: %v", last)
	}
}

// removeUpTo removes a cgroup and those above it that are empty. Its processes have
// just ended, and leave it in a moment.
func removeUpTo(dir, root string) {
	for ; dir != root; dir = filepath.Dir(dir) {
		err := syscall.Rmdir(dir)
		for i := 0; errors.Is(err, syscall.EBUSY) && i < 50 && !inUse(dir); i++ {
			time.Sleep(20 * time.Millisecond)
			err = syscall.Rmdir(dir)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // another's
		}
	}
}

func inUse(dir string) bool {
	if procs, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs")); len(procs) > 0 {
		return true
	}
	entries, _ := os.ReadDir(dir)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.IsDir() })
}

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run the built command on this machine's kernel. Where that cannot be they
// are skipped, and a skipped test proves nothing: XIM_E2E=required makes it a failure.
func TestLive(t *testing.T) {
	m := machine{xim: filepath.Join(t.TempDir(), "xim")}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", m.xim, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is shipped
	runCmd(t, cmd)
	t.Run("flow", m.flow)
	t.Run("namespace", m.namespace)
	t.Run("privileges", m.privileges)
	t.Run("json", m.json)
	t.Run("exclude", m.exclude)
	t.Run("state", m.state)
	t.Run("for", m.forTime)
	t.Run("load", m.load)
	t.Run("pods", m.pods)
}

// A machine has the command that was built.
type machine struct{ xim string }

// A watcher is "xim run", once it watches.
type watcher struct {
	t           testing.TB
	cmd         *exec.Cmd
	out, errors *lineLog
	end         func() error
}

// watch starts it. What it prints can be read from the watcher.
func (m machine) watch(t testing.TB, args ...string) *watcher {
	t.Helper()
	return watching(t, exec.Command(m.xim, append([]string{"run"}, args...)...))
}

// watching starts a command that becomes "xim run".
func watching(t testing.TB, cmd *exec.Cmd) *watcher {
	t.Helper()
	w := &watcher{t: t, cmd: cmd}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stdout, w.cmd.Stderr = outW, errW
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	outW.Close()
	errW.Close()
	w.out, w.errors, w.end = collect(outR), collect(errR), sync.OnceValue(w.cmd.Wait)
	t.Cleanup(func() { w.cmd.Process.Kill(); w.end() })
	if w.errors.find(regexp.MustCompile(`^xim: watching with the kernel sensor \((functions|tracepoint)\)`)) != nil {
		return w
	}
	w.end()
	why := w.errors.all()
	if w.cmd.ProcessState.ExitCode() == exitStart && strings.Contains(why, "the kernel sensor cannot run here") && os.Getenv("XIM_E2E") != "required" {
		t.Skip(why)
	}
	t.Fatalf("it does not watch: %s", why)
	return nil
}

// expect waits for a flow's line.
func (w *watcher) expect(pattern string) {
	w.t.Helper()
	if w.out.find(regexp.MustCompile(pattern)) == nil {
		w.t.Fatalf("no line of standard output matches %s", pattern)
	}
}

// stop ends it, and gives what it printed of the files below dir.
func (w *watcher) stop(dir string) string {
	w.t.Helper()
	w.cmd.Process.Signal(syscall.SIGINT)
	w.end()
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		w.t.Errorf("exit code %d: %s", code, w.errors.all())
	}
	var printed strings.Builder
	for line := range strings.Lines(w.out.all()) {
		if strings.Contains(line, dir) {
			printed.WriteString(line)
		}
	}
	return printed.String()
}

// exchange lets one process write a file and another one read it.
func exchange(t *testing.T, path string) {
	t.Helper()
	runProgram(t, "sh", "-c", `echo data > "$1"`, "sh", path)
	runProgram(t, "cat", path)
}

func runCmd(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func runProgram(t *testing.T, name string, args ...string) {
	t.Helper()
	runCmd(t, exec.Command(name, args...))
}

func (m machine) flow(t *testing.T) {
	dir := t.TempDir()
	w := m.watch(t, "--state", filepath.Join(dir, "flows.db"))
	exchange(t, filepath.Join(dir, "file"))
	w.expect(`^WARNING: \S+ \S+ - Cross-process flow: sh -> ` + dir + `/file -> cat$`)

	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	runProgram(t, "sh", "-c", `echo data > "$1" & head -n 1 "$1"; wait`, "sh", pipe)
	w.expect(` flow: sh -> ` + pipe + ` -> head$`)

	// What xim itself wrote is nobody's flow, nor what it read.
	runProgram(t, "cat", filepath.Join(dir, "flows.db"))
	// And what happened before it was told to end is printed.
	exchange(t, filepath.Join(dir, "last"))
	if printed := w.stop(dir); strings.Count(printed, "\n") != 3 || strings.Contains(printed, "xim") {
		t.Errorf("it prints\n%s", printed)
	}
}

// Where its own number is another one, as in a container, it leaves itself out too.
func (m machine) namespace(t *testing.T) {
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.Command("sh", append([]string{"-c", `mount -t proc proc /proc && exec "$@"`, "sh"}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS}
		return cmd
	}
	if out, err := inside("true").CombinedOutput(); err != nil && os.Getenv("XIM_E2E") != "required" {
		t.Skipf("no namespace can be made here: %v\n%s", err, out)
	}
	dir := t.TempDir()
	state := filepath.Join(dir, "flows.db")
	w := watching(t, inside(m.xim, "run", "--state", state))
	exchange(t, filepath.Join(dir, "file"))
	w.expect(` flow: sh -> ` + dir + `/file -> cat$`)
	runProgram(t, "cat", state) // which xim wrote
	exchange(t, filepath.Join(dir, "last"))
	if printed := w.stop(dir); strings.Count(printed, "\n") != 2 || strings.Contains(printed, "xim") {
		t.Errorf("it prints\n%s", printed)
	}
}

// Once it watches it may do nothing that its user may not, but for calls to the sensor,
// and everything still works.
func (m machine) privileges(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "flows.db")
	bodies := make(chan string, 100)
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
	}))
	defer sink.Close()
	// Others exchange files all the time; with room for few, objects are forgotten.
	w := m.watch(t, "--state", state, "--forward", sink.URL, "--max-objects", "64", "--exclude-path", "/proc")
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/task/*/status")
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	const bpf, admin = "0000008000000000", "0000000000200000"
	for _, path := range tasks {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		has := func(name string) string {
			return regexp.MustCompile(name + `:\s*(\S+)`).FindStringSubmatch(string(text))[1]
		}
		for _, set := range []string{"CapPrm", "CapEff"} {
			if got := has(set); got != bpf && got != admin {
				t.Errorf("%s is %s", set, got)
			}
		}
		if has("CapInh")+has("CapAmb") != strings.Repeat("0", 32) || has("NoNewPrivs") != "1" {
			t.Errorf("%s:\n%s", path, text)
		}
	}

	for n := range 200 {
		runProgram(t, "sh", "-c", `echo data > "$1"`, "sh", filepath.Join(dir, strconv.Itoa(n)))
	}
	exchange(t, filepath.Join(dir, "file"))
	w.expect(` flow: sh -> ` + dir + `/file -> cat$`)
	for late, sent := time.After(patience), ""; !strings.Contains(sent, dir+"/file"); {
		select {
		case sent = <-bodies:
		case <-late:
			t.Fatal("the flow is not forwarded")
		}
		if strings.Contains(sent, dir) && !strings.Contains(sent, `"rule":"Cross-Process Flow"`) {
			t.Errorf("sent %s", sent)
		}
	}
	out, err := exec.Command(m.xim, "flows", "forget", "--state", state, "--path", dir+"/*").CombinedOutput()
	if err != nil || string(out) != "forgot 1 flows\n" {
		t.Errorf("forget says %q, %v", out, err)
	}
	w.stop(dir)
	if text := w.errors.all(); strings.Contains(text, "not permitted") || strings.Contains(text, "denied") {
		t.Errorf("it says\n%s", text)
	}
}

func (m machine) json(t *testing.T) {
	dir := t.TempDir()
	w := m.watch(t, "-o", "json", "-g", "process")
	exchange(t, filepath.Join(dir, "file"))
	w.expect(`"path":"` + dir + `/file"`)
	var got struct {
		Host, Granularity, Writer, Path, Reader, Rule, Priority string
		Age                                                     int64 `json:"age_ns"`
		Count                                                   int
	}
	if err := json.Unmarshal([]byte(w.stop(dir)), &got); err != nil {
		t.Fatal(err)
	}
	host, _ := os.Hostname()
	if got.Host != host || got.Granularity != "process" || got.Writer != "sh" || got.Reader != "cat" ||
		got.Rule != "Cross-Process Flow" || got.Priority != "Informational" || got.Age <= 0 || got.Count != 1 {
		t.Errorf("got %+v", got)
	}
}

// What is excluded comes first, so that it would have been printed before the last.
func (m machine) exclude(t *testing.T) {
	// Not the test's own folder: another user must come in.
	dir, err := os.MkdirTemp("", "xim-live-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	w := m.watch(t, "--exclude-path", filepath.Join(dir, "left-out"), "--exclude-process", "head", "--exclude-user", "65534")
	exchange(t, filepath.Join(dir, "left-out"))
	exchange(t, filepath.Join(dir, "left-out-not"))
	process, user := filepath.Join(dir, "process"), filepath.Join(dir, "user")
	runProgram(t, "sh", "-c", `echo data > "$1"`, "sh", process)
	runProgram(t, "head", process)
	if os.Geteuid() == 0 {
		cmd := exec.Command("sh", "-c", `echo data > "$1"`, "sh", user)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		runCmd(t, cmd)
		runProgram(t, "cat", user)
	}
	exchange(t, filepath.Join(dir, "last"))
	w.expect(dir + `/last -> cat$`)
	lines := strings.Split(strings.TrimSpace(w.stop(dir)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "/left-out-not ") {
		t.Errorf("it prints\n%s", strings.Join(lines, "\n"))
	}
}

func (m machine) state(t *testing.T) {
	dir, state := t.TempDir(), filepath.Join(t.TempDir(), "flows.db")
	for _, want := range []string{"first", "second"} {
		w := m.watch(t, "--state", state)
		exchange(t, filepath.Join(dir, "both"))
		exchange(t, filepath.Join(dir, want))
		w.expect(dir + `/` + want + ` -> cat$`)
		printed := w.stop(dir)
		if both := strings.Contains(printed, dir+"/both "); both != (want == "first") {
			t.Errorf("the %s run prints\n%s", want, printed)
		}
	}
}

// It ends by itself, and keeps nothing in the kernel.
func (m machine) forTime(t *testing.T) {
	w := m.watch(t, "--for", "200ms")
	w.end()
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, w.errors.all())
	}
}

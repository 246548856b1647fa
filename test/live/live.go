// Package live runs the real libsinsp host as a live one, whose only use here is that
// it takes in asynchronous events of plugins: a host that reads a capture refuses them.
// It has no system calls. Its engine (testdata/tick.c) makes time go on, and puts into
// the host's thread table what the test tells it.
//
//	h := live.Start(t, `{"sensor":"kernel"}`, "%proc.name %xim.path", "xim.crossflow=true")
//	h.Tell(reader.Process.Pid)
//	...
//	line := h.Line()
//
// What will hurt you:
//   - The host looks nothing up: it knows of no process that it was not told of
//     ([Host.Tell], [Host.Know]). Falco has read /proc when it starts, and learns the
//     rest from clone and execve. Neither looks up the thread of an asynchronous event.
//   - Time goes on with events. The engine makes up one every few milliseconds, which
//     is not shown; event numbers count it.
//   - An asynchronous event that the host has not taken when it is stopped is lost.
//     Wait for the line before [Host.Stop].
//   - libsinsp 0.23 does not survive a source plugin's clone or execve, nor anything
//     with a descriptor that it knows: [Host.Send] refuses them.
package live

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

//go:embed testdata/tick.c
var tick []byte

// patience is how long a host may take for anything before the test fails.
const patience = 20 * time.Second

// A Host is a running host. Its methods are for the test's own goroutine.
type Host struct {
	t      testing.TB
	cmd    *exec.Cmd
	engine *os.File // a socket
	lines  chan string
	stderr bytes.Buffer
	told   map[int]bool
	ended  bool
}

// Start starts a host with the built plugin, configured by config, and returns when
// its capture runs. The host writes a line in this format (without the asterisk) for
// each event that passes the filter, which may be empty. The test's end stops it.
func Start(t testing.TB, config, format, filter string) *Host {
	t.Helper()
	return StartPlugins(t, []string{filepath.Join(sysdig.Root(t), "build", "libxim.so") + ":" + config}, format, filter)
}

// StartPlugins is [Start] with plugins in this order, each as PATH or PATH:CONFIG.
func StartPlugins(t testing.TB, plugins []string, format, filter string) *Host {
	t.Helper()
	host := sysdig.Path(t)
	args := []string{"--unbuffered", "-d", "-H", build(t)}
	for _, p := range plugins {
		path, _, _ := strings.Cut(p, ":")
		_, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) && os.Getenv("XIM_E2E") != "required" {
			t.Skipf("no plugin: %v (make build builds it)", err)
		} else if err != nil {
			t.Fatalf("no plugin: %v (make build builds it)", err)
		}
		args = append(args, "-H", p)
	}
	args = append(args, "-I", "tick:3", "-p", "*"+format)
	if filter != "" {
		args = append(args, filter)
	}
	mine, theirs := socketPair(t)
	defer theirs.Close()
	h := &Host{t: t, cmd: exec.Command(host, args...), engine: mine, lines: make(chan string, 1<<16), told: map[int]bool{}}
	h.cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	h.cmd.ExtraFiles = []*os.File{theirs} // the 3 above
	h.cmd.Stderr = &h.stderr
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(h.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			h.lines <- s.Text()
		}
	}()
	t.Cleanup(h.end)
	h.wait(1)
	return h
}

// PID is the host's process id.
func (h *Host) PID() int { return h.cmd.Process.Pid }

// Send sends the events of a story, now, whatever time they have in it, and returns
// when the host is done with them: ends of threads, metadata of containers. What the
// story says of the state before its first event is not sent.
func (h *Host) Send(story func(w *scap.Writer)) {
	h.t.Helper()
	w := scap.New()
	story(w)
	capture, err := w.Bytes()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range events(capture) {
		switch typ := binary.LittleEndian.Uint16(e[20:]); typ {
		case scap.EvAsync, scap.EvChdir, scap.EvPrctl, scap.EvProcexit:
		default:
			h.fail("an event of type %d, which libsinsp may not survive here", typ)
		}
		if _, err := h.engine.Write(e); err != nil {
			h.fail("send an event: %v", err)
		}
		h.wait(1)
	}
}

// Line returns the next line.
func (h *Host) Line() string {
	h.t.Helper()
	select {
	case line, ok := <-h.lines:
		if !ok {
			h.fail("the host ended")
		}
		return line
	case <-time.After(patience):
		h.fail("no line in %v", patience)
	}
	return ""
}

// Stop ends the capture, as the end of a live source does, waits for the host and
// returns the lines that were not taken, and what it said on standard error. Any exit
// status but 0 fails the test.
func (h *Host) Stop() (lines []string, stderr string) {
	h.t.Helper()
	h.ended = true
	h.engine.Close()
	kill := time.AfterFunc(patience, func() { h.cmd.Process.Kill() })
	defer kill.Stop()
	for line := range h.lines {
		lines = append(lines, line)
	}
	if err := h.cmd.Wait(); err != nil {
		h.t.Fatalf("the host: %v\n%s", err, &h.stderr)
	}
	return lines, h.stderr.String()
}

// end is for a test that did not stop the host, or failed.
func (h *Host) end() {
	if h.ended {
		return
	}
	h.ended = true
	h.engine.Close()
	kill := time.AfterFunc(patience, func() { h.cmd.Process.Kill() })
	defer kill.Stop()
	for range h.lines {
	}
	if err := h.cmd.Wait(); err != nil && !h.t.Failed() {
		h.t.Errorf("the host: %v\n%s", err, &h.stderr)
	}
}

// wait waits for so many bytes of the engine.
func (h *Host) wait(n int) {
	h.t.Helper()
	h.engine.SetReadDeadline(time.Now().Add(patience))
	for b := make([]byte, 1); n > 0; n-- {
		if _, err := h.engine.Read(b); err != nil {
			h.fail("the engine: %v", err)
		}
	}
}

// fail ends the test with all that the host said on standard error.
func (h *Host) fail(format string, args ...any) {
	h.t.Helper()
	h.ended = true
	h.engine.Close()
	kill := time.AfterFunc(time.Second, func() { h.cmd.Process.Kill() })
	defer kill.Stop()
	for range h.lines {
	}
	err := h.cmd.Wait()
	h.t.Fatalf(format+"\nthe host: %v\n%s", append(args, err, &h.stderr)...)
}

// build compiles the engine.
func build(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	source, library := filepath.Join(dir, "tick.c"), filepath.Join(dir, "libtick.so")
	if err := os.WriteFile(source, tick, 0o644); err != nil {
		t.Fatal(err)
	}
	cc := exec.Command("cc", "-O2", "-Wall", "-shared", "-fPIC", "-I", filepath.Join(sysdig.Root(t), "plugin"), "-o", library, source)
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return library
}

func socketPair(t testing.TB) (mine, theirs *os.File) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.SetNonblock(fds[0], true) // for deadlines
	return os.NewFile(uintptr(fds[0]), "engine"), os.NewFile(uintptr(fds[1]), "engine")
}

// events cuts the events out of a capture: blocks of a type and a length, which is
// that of the whole block, and in an event's block two bytes before the event.
func events(capture []byte) (all [][]byte) {
	const event, large = 0x216, 0x221
	for len(capture) > 0 {
		kind, length := binary.LittleEndian.Uint32(capture), binary.LittleEndian.Uint32(capture[4:])
		if kind == event || kind == large {
			e := capture[10 : length-4]
			e = e[:binary.LittleEndian.Uint32(e[16:])] // padding off
			binary.LittleEndian.PutUint64(e, 1<<64-1)  // the host's engine puts the time in
			all = append(all, e)
		}
		capture = capture[length:]
	}
	return all
}

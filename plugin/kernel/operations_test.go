package kernel

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xim-monitor/xim/plugin/flow"
)

// ways runs a test at each place where this kernel lets the programs hang: some refuse
// them on functions, and there it is not a test that is left out.
func ways(t *testing.T, test func(t *testing.T, at Attach)) {
	places := []Attach{Tracepoint}
	if err := functionsHere(); err == nil {
		places = append(places, Functions)
	} else {
		t.Log("not on functions: ", err)
	}
	for _, at := range places {
		t.Run(string(at), func(t *testing.T) { test(t, at) })
	}
}

// functionsHere tells whether this kernel allows programs on functions, and has them.
func functionsHere() error {
	spec, err := variant()
	if err != nil {
		return err
	}
	if err := functionsAllowed(spec.Programs[directProgCallExit]); err != nil {
		return err
	}
	_, err = callFunctions()
	return err
}

// Each way to read, and each to write, alone.
func TestOperations(t *testing.T) {
	ways(t, func(t *testing.T, at Attach) {
		w := watch(t, Options{Attach: at}, flow.Options{})
		dir := scratchDir(t)
		writer, reader := newActor(t, "writer"), newActor(t, "reader")
		var want []found
		for _, op := range slices.Sorted(maps.Keys(readers)) {
			path := file(t, dir, "by-"+op)
			writer.do("write", path)
			if !tryUring(t, reader, op, path) {
				continue
			}
			if op != "io_uring" || w.sensor.SeesIOUring() {
				want = append(want, found{"writer", "by-" + op, "reader", op})
			}
		}
		for _, op := range slices.Sorted(maps.Keys(writers)) {
			path := file(t, dir, "to-"+op)
			if !tryUring(t, writer, op, path) {
				continue
			}
			reader.try("read", path) // nothing is left of a file that was emptied
			if op != "ftruncate" && (op != "io_uring-write" || w.sensor.SeesIOUring()) {
				want = append(want, found{"writer", "to-" + op, "reader", "read"})
			}
		}
		w.want(dir, want...)
	})
}

// tryUring has an actor do something, and tells false where that is io_uring and the
// machine has none.
func tryUring(t *testing.T, a *actor, op, path string) bool {
	answer := a.try(op, path)
	if strings.HasPrefix(op, "io_uring") && answer != "ok" {
		t.Logf("%s: %s", op, answer)
		return false
	}
	if answer != "ok" {
		t.Fatalf("%s: %s", op, answer)
	}
	return true
}

// A program that another process wrote is read by what it becomes.
func TestExec(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	writer, starter := newActor(t, "writer"), newActor(t, "starter")
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, program32([]uint32{20}), 0o700); err != nil {
		t.Fatal(err)
	}
	file(t, dir, "f")
	writer.do("touch-up", program)
	starter.try("exec", program)
	w.want(dir, found{"writer", "program", "program", "exec"})
}

// The same calls by a program of 32 bits.
func TestCalls32(t *testing.T) {
	ways(t, func(t *testing.T, at Attach) {
		w := watch(t, Options{Attach: at}, flow.Options{})
		starter, other := newActor(t, "starter"), newActor(t, "other")
		for _, call := range slices.Sorted(maps.Keys(calls32)) {
			dir := scratchDir(t)
			path := file(t, dir, "f")
			op := map[string]string{"old_mmap": "mmap"}[call]
			if op == "" {
				op = call
			}
			program := "p32-" + call
			want := []found{{"starter", program, program, "exec"}}
			switch {
			case call == "ftruncate":
				other.do("write", path)
				starter.do("exec32", dir, call)
				other.do("write", path) // of its own, alone
				starter.do("read", path)
				want = append(want, found{"other", "f", "starter", "read"})
			case strings.Contains(call, "write"):
				starter.do("exec32", dir, call)
				other.do("read", path)
				want = append(want, found{program, "f", "other", "read"})
			default:
				other.do("write", path)
				starter.do("exec32", dir, call)
				want = append(want, found{"other", "f", program, op})
			}
			w.want(dir, want...)
		}
	})
}

// A file without a path, and one in shared memory.
func TestMemory(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	fd, err := unix.MemfdCreate("shared", 0)
	if err != nil {
		t.Fatal(err)
	}
	memfd := os.NewFile(uintptr(fd), "memfd")
	defer memfd.Close()
	if err := memfd.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	newActor(t, "writer", memfd).do("pwrite", "3")
	newActor(t, "reader", memfd).do("pread", "3")
	w.await(func(f found) bool { return f == found{"writer", "memfd:shared", "reader", "pread"} })

	dir, err := os.MkdirTemp("/dev/shm", "xim-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := file(t, dir, "segment")
	newActor(t, "writer").do("mmap-shared", path)
	newActor(t, "reader").do("mmap", path)
	w.want(dir, found{"writer", "segment", "reader", "mmap"})
}

// The programs' numbers of operations are the engine's.
func TestOps(t *testing.T) {
	for op, name := range []string{
		"read", "readv", "pread", "preadv", "sendfile", "splice", "copy_file_range", "mmap", "exec", "preadv2", "io_uring", "aio",
	} {
		if got := flow.Op(op).String(); got != name {
			t.Errorf("operation %d is %s for the engine, %s for the programs", op, got, name)
		}
	}
}

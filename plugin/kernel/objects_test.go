package kernel

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A file keeps its writers under another name, and by another link.
func TestRenamedAndLinked(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	path := file(t, dir, "a")
	writer.do("write", path)
	writer.do("rename", path, filepath.Join(dir, "b"))
	reader.do("read", filepath.Join(dir, "b"))
	writer.do("link", filepath.Join(dir, "b"), filepath.Join(dir, "c"))
	reader.do("pread", filepath.Join(dir, "c"))
	reader.do("read", filepath.Join(dir, "b"))
	w.want(dir, found{"writer", "b", "reader", "read"}, found{"writer", "c", "reader", "pread"})
}

// What emptied a file, or put another one in its place, took its writers away.
func TestEmptied(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	first, second, reader := newActor(t, "first"), newActor(t, "second"), newActor(t, "reader")
	var want []found
	for _, how := range slices.Sorted(maps.Keys(openers)) {
		path := file(t, dir, how)
		first.do("write", path)
		second.do(how, path)
		second.do("write", path)
		reader.do("read", path)
		if how == "create" { // it was there and is not empty
			want = append(want, found{"first", how, "reader", "read"})
		}
		want = append(want, found{"second", how, "reader", "read"})
	}
	path := file(t, dir, "ftruncate")
	first.do("write", path)
	second.do("ftruncate", path)
	second.do("write", path)
	reader.do("read", path)
	want = append(want, found{"second", "ftruncate", "reader", "read"})

	path = file(t, dir, "again")
	first.do("write", path)
	for range 20 { // until a number is used again
		second.do("remove", path)
		second.do("create", path)
		second.do("write", path)
	}
	reader.do("read", path)
	want = append(want, found{"second", "again", "reader", "read"})
	w.want(dir, want...)
}

// Two who append by turns are two writers, and silent from their second write on.
func TestTwoAppenders(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	path := file(t, dir, "log")
	a, b, reader := newActor(t, "a"), newActor(t, "b"), newActor(t, "reader")
	before := w.stats().PassedWrites
	for range 50 {
		a.do("write", path)
		b.do("write", path)
	}
	if passed := w.stats().PassedWrites - before; passed < 2 || passed > 10 {
		t.Errorf("%d writes were passed on, want 2 and what else happens on the machine", passed)
	}
	reader.do("read", path)
	w.want(dir, found{"a", "log", "reader", "read"}, found{"b", "log", "reader", "read"})
}

// Who was pushed out by max_writers others is a writer again when it writes again.
func TestMaxWriters(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint, MaxWriters: 2}, flow.Options{MaxWriters: 2})
	dir := scratchDir(t)
	path := file(t, dir, "f")
	for i, name := range []string{"a", "b", "c", "d"} {
		newActor(t, name).do("write", path)
		newActor(t, fmt.Sprint("r", i)).do("read", path)
	}
	a := newActor(t, "a")
	a.do("write", path)
	newActor(t, "last").do("read", path)
	w.want(dir,
		found{"a", "f", "r0", "read"},
		found{"a", "f", "r1", "read"}, found{"b", "f", "r1", "read"},
		found{"b", "f", "r2", "read"}, found{"c", "f", "r2", "read"},
		found{"c", "f", "r3", "read"}, found{"d", "f", "r3", "read"},
		found{"d", "f", "last", "read"}, found{"a", "f", "last", "read"},
	)
}

// A file that the engine forgot for want of room is written anew for it.
func TestEvictedByTheEngine(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{MaxObjects: 8})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	path := file(t, dir, "first")
	writer.do("write", path)
	for i := range 200 {
		writer.do("write", file(t, dir, fmt.Sprint("other-", i)))
	}
	w.settle()
	w.await(func(found) bool {
		return w.tracker.Stats().ObjectsEvicted > evictedBatch && len(w.feed.evicted) <= evictedBatch
	})
	writer.do("write", path)
	reader.do("read", path)
	w.want(dir, found{"writer", "first", "reader", "read"})
}

// Files that the kernel's maps have long lost are found all the same.
func TestEvictedByTheKernel(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint, Objects: 64, Deeds: 64}, flow.Options{})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	var want []found
	for i := range 2000 {
		writer.do("write", file(t, dir, fmt.Sprint(i)))
		want = append(want, found{"writer", fmt.Sprint(i), "reader", "read"})
	}
	for i := range 2000 {
		reader.do("read", filepath.Join(dir, fmt.Sprint(i)))
	}
	w.want(dir, want...)
}

// The leader's name is the process's, whichever of its threads write.
func TestThreads(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	path := file(t, dir, "f")
	newActor(t, "writer").do("write-threads", path)
	newActor(t, "reader").do("read", path)
	w.want(dir, found{"writer", "f", "reader", "read"})
}

// A named pipe's reader is often back before its writer.
func TestPipe(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	var want []found
	for i := range 50 {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := os.OpenFile(path, os.O_RDWR, 0) // else the writer may be gone before the reader comes
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { reader.try("read", path); close(done) }()
		writer.do("write", path)
		<-done
		kept.Close()
		want = append(want, found{"writer", fmt.Sprint(i), "reader", "read"})
	}
	w.want(dir, want...)
}

// What says what the kernel knows, and what leads nowhere, is no object.
func TestNoObjects(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	path := "/proc/sys/kernel/domainname"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writer.do("write", path)
	reader.do("read", path)
	if err := os.WriteFile(path, text, 0); err != nil {
		t.Fatal(err)
	}
	w.want("/proc")
	w.want("/sys")
	w.want("/dev")
}

// What was open and mapped before the sensor counts.
func TestBefore(t *testing.T) {
	dir := scratchDir(t)
	path := file(t, dir, "f")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	segment := file(t, dir, "segment")
	if err := os.Truncate(segment, 4096); err != nil {
		t.Fatal(err)
	}
	writer, reader := newActor(t, "writer", f), newActor(t, "reader", f)
	other := newActor(t, "other")
	writer.do("keep-shared", segment)
	other.do("keep-shared", segment)
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	writer.do("pwrite", "3")
	reader.do("pread", "3")
	reader.do("read", segment)
	w.want(dir,
		found{"writer", "f", "reader", "pread"},
		found{"writer", "segment", "reader", "read"}, found{"other", "segment", "reader", "read"},
		found{"writer", "segment", "other", "mmap"}, found{"other", "segment", "writer", "mmap"},
	)
}

// Who is excluded is never recorded; nor is the process that opened the sensor.
func TestExcluded(t *testing.T) {
	s := open(t, Options{Attach: Tracepoint, Processes: []string{"secret"}, Users: []uint32{4321}})
	w := watchWith(t, s, s, FeedOptions{Excluded: func(path string) bool { return filepath.Base(path) == "hidden" }}, flow.Options{})
	dir := scratchDir(t)
	path, hidden, users := file(t, dir, "f"), file(t, dir, "hidden"), file(t, dir, "users")
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	newActor(t, "secret").do("write", path)
	reader.do("read", path)
	writer.do("write", path)
	newActor(t, "secret").do("read", path)
	reader.do("pread", path)
	writer.do("write", hidden)
	reader.do("read", hidden)
	user := newActor(t, "writer")
	user.do("write-as", users, "4321")
	reader.do("read", users)
	w.want(dir, found{"writer", "f", "reader", "pread"})
}

// Processes can be told apart by their program, and by their number.
func TestProcessIdentity(t *testing.T) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	if cat, err = filepath.EvalSymlinks(cat); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by   Process
		want func(writer, reader *actor) []found
	}{
		{ByExePath, func(_, _ *actor) []found { return []found{{program, "f", cat, ""}} }},
		{ByPID, func(a, b *actor) []found {
			return []found{{fmt.Sprint(a.cmd.Process.Pid), "f", fmt.Sprint(b.cmd.Process.Pid), ""}}
		}},
	} {
		t.Run(fmt.Sprint(c.by), func(t *testing.T) {
			w := watch(t, Options{Attach: Tracepoint, Process: c.by}, flow.Options{})
			dir := scratchDir(t)
			path := file(t, dir, "f")
			a, b := newActor(t, "same"), newActor(t, "same")
			a.do("write", path)
			if c.by == ByPID {
				b.do("read", path)
			} else {
				b.do("cat", path)
			}
			if got, want := anyOp(w.flows(dir)), c.want(a, b); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
		})
	}
}

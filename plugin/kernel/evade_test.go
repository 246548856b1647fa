package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xim-monitor/xim/plugin/flow"
)

// Ways around that were found in reviews, each with what is to be seen.

// A page that can be written can be read.
func TestMappedToWriteAlone(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	path := file(t, dir, "f")
	newActor(t, "writer").do("write", path)
	newActor(t, "reader").do("mmap-private", path)
	w.want(dir, found{"writer", "f", "reader", "mmap"})
}

// Pages go into and out of named pipes without being copied.
func TestPagesOfPipes(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	var want []found
	for name, ops := range map[string][2]string{"a": {"vmsplice-to", "read"}, "b": {"write", "vmsplice"}, "c": {"write", "tee"}} {
		path := filepath.Join(dir, name)
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer kept.Close()
		writer.do(ops[0], path)
		reader.do(ops[1], path)
		op := "splice"
		if ops[1] == "read" {
			op = "read"
		}
		want = append(want, found{"writer", name, "reader", op})
	}
	w.want(dir, want...)
}

// A file by another mount is read by another path.
func TestBindMount(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	path, bound := file(t, dir, "f"), file(t, dir, "bound")
	if err := unix.Mount(path, bound, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(bound, 0)
	reader := newActor(t, "reader")
	newActor(t, "writer").do("write", path)
	reader.do("read", path)
	reader.do("read", bound)
	w.want(dir, found{"writer", "f", "reader", "read"}, found{"writer", "bound", "reader", "read"})
}

// The next container has the device's number of the last one, and the same image.
func TestOverlayNumberIsUsedAgain(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(dir, 0)
	for _, d := range []string{"image", "upper1", "work1", "upper2", "work2", "root"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	file(t, filepath.Join(dir, "image"), "f")
	root := filepath.Join(dir, "root")
	for i, do := range []func(path string){
		func(path string) { newActor(t, "first").do("write", path); newActor(t, "reader").do("read", path) },
		func(path string) { newActor(t, "second").do("read", path) },
	} {
		o := fmt.Sprintf("lowerdir=%s/image,upperdir=%s/upper%d,workdir=%s/work%d", dir, dir, i+1, dir, i+1)
		if err := unix.Mount("overlay", root, "overlay", 0, o); err != nil {
			t.Skip("no overlayfs: ", err)
		}
		do(filepath.Join(root, "f"))
		if err := unix.Unmount(root, 0); err != nil {
			t.Fatal(err)
		}
	}
	w.want(root, found{"first", "f", "reader", "read"})
}

// Who has an emptied file mapped to write goes on being its writer.
func TestEmptiedWhileMapped(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	path := file(t, dir, "f")
	writer := newActor(t, "writer")
	writer.do("keep-shared", path)
	writer.do("ftruncate", path)
	newActor(t, "other").do("write", path)
	newActor(t, "reader").do("read", path)
	w.want(dir, found{"writer", "f", "reader", "read"}, found{"other", "f", "reader", "read"})
}

// A known writer that writes while another one empties the file is either emptied too,
// and nothing can be read, or still a writer.
func TestEmptiedWhileWritten(t *testing.T) {
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{})
	dir := scratchDir(t)
	writer, emptier, reader := newActor(t, "writer"), newActor(t, "emptier"), newActor(t, "reader")
	var want []found
	for i := range number(t, "XIM_STEPS", 3000) {
		path := file(t, dir, fmt.Sprint(i))
		writer.do("write", path)
		var both sync.WaitGroup
		both.Go(func() { writer.try("pwrite", path) })
		both.Go(func() { emptier.try("ftruncate", path) })
		both.Wait()
		if reader.try("read", path) == "ok" {
			want = append(want, found{"writer", fmt.Sprint(i), "reader", "read"})
		}
	}
	if missing := difference(want, w.flows(dir)); len(missing) > 0 {
		t.Errorf("of %d that could be read, missing %v; %+v", len(want), missing, w.stats())
	}
}

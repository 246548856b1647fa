package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// beLoad makes the test binary write files, or read them, as fast as it can.
const beLoad = "XIM_TEST_BE_LOAD"

// load opens files of a folder by number, from one up to another, and writes or reads
// each once.
func load(what, dir, from, to string) {
	first, err := strconv.Atoi(from)
	if err != nil {
		panic(err)
	}
	end, err := strconv.Atoi(to)
	if err != nil {
		panic(err)
	}
	flags, access := syscall.O_RDONLY, syscall.Read
	if what == "write" {
		flags, access = syscall.O_WRONLY|syscall.O_CREAT, syscall.Write
	}
	data := []byte("data")
	for n := first; n < end; n++ {
		fd, err := syscall.Open(loadFile(dir, n), flags, 0o600)
		if err != nil {
			panic(err)
		}
		if _, err := access(fd, data); err != nil {
			panic(err)
		}
		syscall.Close(fd)
	}
}

func loadFile(dir string, n int) string { return fmt.Sprintf("%s/%07d", dir, n) }

// An exchanger lets one process write many files and another one read them. They are in
// memory: the disk is not to be what limits them.
type exchanger struct {
	tb             testing.TB
	dir            string
	writer, reader string // this test binary, by these names
	files          int    // so far
}

func newExchanger(tb testing.TB) *exchanger {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("/dev/shm", "xim-load-")
	if err != nil {
		tb.Skipf("no memory to write files to: %v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	x := &exchanger{tb: tb, dir: dir, writer: filepath.Join(tb.TempDir(), "writer"), reader: filepath.Join(tb.TempDir(), "reader")}
	for _, link := range []string{x.writer, x.reader} {
		if err := os.Symlink(self, link); err != nil {
			tb.Fatal(err)
		}
	}
	return x
}

// exchange makes more files and tells how long each side took.
func (x *exchanger) exchange(files int) (writing, reading time.Duration) {
	x.tb.Helper()
	from, to := strconv.Itoa(x.files), strconv.Itoa(x.files+files)
	for _, side := range []struct {
		name, what string
		took       *time.Duration
	}{{x.writer, "write", &writing}, {x.reader, "read", &reading}} {
		cmd := exec.Command(side.name, x.dir, from, to)
		cmd.Env = append(os.Environ(), beLoad+"="+side.what)
		start := time.Now()
		runCmd(x.tb, cmd)
		*side.took = time.Since(start)
	}
	x.files += files
	return writing, reading
}

// settle makes one more flow and waits until it is printed, by which time all before it
// were. If it is lost it makes another one.
func (x *exchanger) settle(w *watcher) {
	x.tb.Helper()
	for range 3 {
		last := regexp.MustCompile(regexp.QuoteMeta(loadFile(x.dir, x.files)))
		x.exchange(1)
		if w.out.find(last) != nil {
			return
		}
	}
	x.tb.Fatal("what is new is printed no longer")
}

// filesOf is how many files a test exchanges: few, but for those who ask for more.
func filesOf(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("XIM_FILES")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatalf("XIM_FILES is %q: it takes a number", text)
	}
	return n
}

// Each of many flows is printed, or it was counted that an access was lost: at full
// speed, too.
//
//	XIM_FILES=1000000 XIM_E2E=required go test -run Live/load -v ./cmd/xim
func (m machine) load(t *testing.T) {
	x, files := newExchanger(t), filesOf(t)
	room := strconv.Itoa(2 * files)
	w := m.watch(t, "--max-objects", room, "--max-flows", room)
	writing, reading := x.exchange(files)
	start := time.Now()
	x.settle(w)
	t.Logf("written in %v, read in %v, printed %v later", writing, reading, time.Since(start))

	told := map[string]bool{}
	for line := range strings.Lines(w.stop(x.dir)) {
		_, flow, _ := strings.Cut(line, " flow: ")
		told[flow] = true
		if !strings.HasPrefix(flow, "writer -> "+x.dir+"/") || !strings.HasSuffix(flow, " -> reader\n") {
			t.Fatalf("it prints %q", line)
		}
	}
	lost := 0
	if said := regexp.MustCompile(`(\d+) accesses lost in the kernel`).FindStringSubmatch(w.errors.all()); said != nil {
		lost, _ = strconv.Atoi(said[1])
	}
	t.Logf("of %d flows %d are printed, %d accesses are lost", x.files, len(told), lost)
	// What others do may be lost too.
	if len(told) > x.files || len(told)+lost < x.files {
		t.Errorf("%d flows are neither printed nor lost", x.files-len(told)-lost)
	}
}

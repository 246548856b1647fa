package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
)

// Where the ring is too small losses are counted, and what was lost is found the next
// time: nothing was written down as passed on.
func TestRingTooSmall(t *testing.T) {
	const files = 2000
	s := open(t, Options{Attach: Tracepoint, Ring: 4096})
	dir := scratchDir(t)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	for i := range files {
		file(t, dir, fmt.Sprint(i))
	}
	all := func(a *actor, what string) { a.do("all", what, dir, fmt.Sprint(files)) }
	all(writer, "write") // nobody reads the ring
	all(reader, "read")
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if stats.LostWrites < files/2 || stats.PassedWrites+stats.LostWrites < files {
		t.Errorf("passed on %d writes and lost %d, want %d together", stats.PassedWrites, stats.LostWrites, files)
	}
	w := watchWith(t, s, s, FeedOptions{}, flow.Options{})
	eventually(t, func() bool { return s.reader.AvailableBytes() == 0 })
	// One after the other, each within the ring's room.
	var want []found
	for i := range 200 {
		path := filepath.Join(dir, fmt.Sprint(i))
		writer.do("write", path)
		reader.do("read", path)
		want = append(want, found{"writer", fmt.Sprint(i), "reader", "read"})
		if i%8 == 7 {
			eventually(t, func() bool { return s.reader.AvailableBytes() == 0 })
		}
	}
	w.want(dir, want...)
}

// Emptying that could not be told is told with what comes next.
func TestEmptiedAndLost(t *testing.T) {
	s := open(t, Options{Attach: Tracepoint, Ring: 4096})
	dir := scratchDir(t)
	first, second, reader := newActor(t, "first"), newActor(t, "second"), newActor(t, "reader")
	path := file(t, dir, "f")
	w := watchWith(t, s, s, FeedOptions{}, flow.Options{})
	first.do("write", path)
	w.settle()
	w.mu.Lock() // now nobody takes anything in
	for i := range 200 {
		second.do("write", file(t, dir, fmt.Sprint(i)))
	}
	second.do("truncate", path)
	stats, err := s.Stats()
	w.mu.Unlock()
	eventually(t, func() bool { return s.reader.AvailableBytes() == 0 })
	if err != nil || stats.LostEmptied == 0 {
		t.Fatalf("lost %d, want one at least: %v", stats.LostEmptied, err)
	}
	w.settle()
	second.do("write", path)
	reader.do("read", path)
	w.want(dir, found{"second", "f", "reader", "read"})
}

// Many files, each written by one process and read by another: what was found and
// what was lost is all of them.
func TestManyFiles(t *testing.T) {
	files := number(t, "XIM_FILES", 100_000)
	w := watch(t, Options{Attach: Tracepoint}, flow.Options{MaxObjects: 2 * files, MaxFlows: 2 * files})
	dir, err := os.MkdirTemp("/dev/shm", "xim-kernel-") // fast
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	writer, reader := newActor(t, "writer"), newActor(t, "reader")
	before := w.stats()
	start := time.Now()
	writer.do("all", "write", dir, fmt.Sprint(files))
	written := time.Since(start)
	reader.do("all", "read", dir, fmt.Sprint(files))
	read := time.Since(start) - written
	found := len(w.flows(dir))
	t.Logf("written in %v, read in %v, taken in %v later", written, read, time.Since(start)-written-read)
	after := w.stats()
	lost := int(after.LostWrites + after.LostReads - before.LostWrites - before.LostReads)
	t.Logf("%d files: %d flows, %d lost; %+v", files, found, lost, after)
	if found > files || found+lost < files {
		t.Errorf("found %d and lost %d of %d", found, lost, files)
	}
}

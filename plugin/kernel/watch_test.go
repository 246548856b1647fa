package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A watched machine: a sensor, an engine, and what they found.
type watched struct {
	t       testing.TB
	sensor  *Sensor
	feed    *Feed
	tracker *flow.Tracker
	done    chan error

	mu    sync.Mutex // over the tracker too
	more  *sync.Cond
	found []found

	markers int
	marker  *actor
}

// found is one flow at the granularity of processes.
type found struct{ writer, path, reader, op string }

func (f found) String() string { return f.writer + " -> " + f.path + " -> " + f.reader + " " + f.op }

// watch starts it. Every test that uses it is skipped where the kernel or the user
// does not allow it, which with XIM_E2E=required is a failure.
func watch(t testing.TB, o Options, limits flow.Options) *watched {
	t.Helper()
	s := open(t, o)
	return watchWith(t, s, s, FeedOptions{Process: o.Process}, limits)
}

func watchWith(t testing.TB, s *Sensor, from Source, fo FeedOptions, limits flow.Options) *watched {
	t.Helper()
	w := &watched{t: t, sensor: s, done: make(chan error, 1)}
	w.more = sync.NewCond(&w.mu)
	limits.Evicted = func(k flow.Key) { w.feed.Evicted(k) }
	tracker, err := flow.New(limits)
	if err != nil {
		t.Fatal(err)
	}
	fo.Tracker, fo.Lock, fo.Log = tracker, &w.mu, t.Logf
	w.tracker, w.feed = tracker, NewFeed(from, fo)
	go func() { w.done <- w.feed.Run(w.take) }()
	t.Cleanup(w.stop)
	return w
}

func open(t testing.TB, o Options) *Sensor {
	t.Helper()
	s, err := Open(o)
	if errors.Is(err, ErrUnavailable) && os.Getenv("XIM_E2E") != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (w *watched) take(v *flow.Verdict, _ *Record) {
	c := v.Crossing(flow.Process)
	for i := range c.Writers {
		w.found = append(w.found, found{c.Writers[i].Domain, v.Path, v.ReaderDomain(flow.Process), v.Op.String()})
	}
	w.more.Broadcast()
}

func (w *watched) stop() {
	w.sensor.Close()
	if w.done == nil {
		return
	}
	if err := <-w.done; err != nil {
		w.t.Error(err)
	}
	w.done = nil
}

// settle waits until everything that was done before has been taken in: a file that
// an actor of its own writes, and a program reads, comes last.
func (w *watched) settle() {
	w.t.Helper()
	if w.marker == nil {
		w.marker = newActor(w.t, "marker")
	}
	w.markers++
	path := filepath.Join(scratchDir(w.t), fmt.Sprintf("marker-%d", w.markers))
	if err := os.WriteFile(path, buffer(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.marker.do("write", path)
	w.marker.do("cat", path)
	w.await(func(f found) bool { return f.path == path })
}

// await waits until a flow was found.
func (w *watched) await(is func(found) bool) {
	w.t.Helper()
	late := time.AfterFunc(20*time.Second, func() { w.more.Broadcast() })
	defer late.Stop()
	deadline := time.Now().Add(20 * time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	for from := 0; ; {
		for ; from < len(w.found); from++ {
			if is(w.found[from]) {
				return
			}
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("not found within 20 s; found: %v", w.found)
		}
		w.more.Wait()
	}
}

// flows tells what was found below a directory, each flow once, in order.
func (w *watched) flows(dir string) (all []found) {
	w.t.Helper()
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[found]bool{}
	for _, f := range w.found {
		path, below := strings.CutPrefix(f.path, dir+"/")
		if f.path = path; below && !seen[f] {
			seen[f] = true
			all = append(all, f)
		}
	}
	return all
}

func (w *watched) stats() Stats {
	w.t.Helper()
	s, err := w.sensor.Stats()
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// want compares what was found below a directory with what is true.
func (w *watched) want(dir string, want ...found) {
	w.t.Helper()
	got := w.flows(dir)
	missing, extra := difference(want, got), difference(got, want)
	if len(missing)+len(extra) > 0 {
		w.t.Errorf("missing %v, invented %v; found %v, stats %+v", missing, extra, got, w.stats())
	}
}

// difference lists what is in a and not in b.
func difference(a, b []found) (rest []found) {
	in := map[found]bool{}
	for _, f := range b {
		in[f] = true
	}
	for _, f := range a {
		if !in[f] {
			rest = append(rest, f)
		}
	}
	return rest
}

// file makes a file that nobody wrote, as far as the sensor knows: the process that
// opened it is left out.
func file(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, buffer(), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

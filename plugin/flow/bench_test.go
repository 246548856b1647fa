package flow

import (
	"fmt"
	"runtime"
	"testing"
)

// What one access costs with so many objects remembered, in no order that a
// processor's caches could guess. Each size is filled once.
func BenchmarkAccess(b *testing.B) {
	for _, size := range []struct {
		name    string
		objects int
	}{{"10k", 10_000}, {"1M", 1_000_000}, {"10M", 10_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			if testing.Short() && size.objects > 1_000_000 {
				b.Skip("takes gigabytes")
			}
			benchmarkAccess(newCrowd(b, size.objects))(b)
		})
	}
}

func benchmarkAccess(c *crowd) func(*testing.B) {
	tr, at := c.tracker, int64(0)
	return func(b *testing.B) {
		for _, bench := range []struct {
			name string
			do   func(object int)
		}{
			{"write-again", func(i int) { tr.Write(c.key(i), c.writer(i), c.path(i), at) }},
			{"read-own", func(i int) { tr.Read(c.key(i), c.writer(i), c.path(i), OpRead, at) }},
			{"read-unknown", func(i int) { tr.Read(c.key(i+c.objects), c.reader, c.path(i), OpRead, at) }},
			{"read-crossing", func(i int) { tr.Read(c.key(i), c.reader, c.path(i), OpRead, at) }},
			{"write-new", func(int) { c.next++; tr.Write(c.key(c.next), c.writer(c.next), c.path(c.next), at) }},
		} {
			b.Run(bench.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					at++
					bench.do(int(uint64(at) * 0x9e3779b1 % uint64(c.objects)))
				}
			})
		}
	}
}

// A crowd is a Tracker at its limit: so many objects, 16 files to a folder, each
// with one writer of sixteen.
type crowd struct {
	tracker *Tracker
	objects int
	next    int
	writers []Subject
	reader  Subject
	paths   []string
}

func newCrowd(b *testing.B, objects int) *crowd {
	c := &crowd{tracker: newTracker(b, Options{MaxObjects: objects}), objects: objects}
	for i := range 16 {
		c.writers = append(c.writers, c.tracker.Subject(fmt.Sprint("writer", i), Place{fmt.Sprint("c", i), fmt.Sprint("u", i)}))
	}
	c.reader = c.tracker.Subject("reader", Place{"r", "ur"})
	c.paths = somePaths()
	for ; c.next < objects; c.next++ {
		c.tracker.Write(c.key(c.next), c.writer(c.next), c.path(c.next), 0)
	}
	c.next--
	runtime.GC()
	return c
}

// somePaths are as long as paths are: 45 bytes, of them 19 for the name.
func somePaths() []string {
	var paths []string
	for i := range 1024 {
		paths = append(paths, fmt.Sprintf("/var/lib/app/volumes/%04d/segment-%07d.log", i/16, i))
	}
	return paths
}

func (c *crowd) key(i int) Key        { return InodeKey(uint32(1+i%4), uint64(i)) }
func (c *crowd) writer(i int) Subject { return c.writers[i%len(c.writers)] }
func (c *crowd) path(i int) string    { return c.paths[i%len(c.paths)] }

// BenchmarkMemory says what an object with one writer takes: the growth of
// runtime.MemStats.HeapAlloc, between two collections, of a Tracker that is
// filled to its limit, less that of an empty one with room for one object; and the
// same of its labels alone, which is the part that the paths decide.
func BenchmarkMemory(b *testing.B) {
	for _, objects := range []int{262_144, 1_000_000} {
		b.Run(fmt.Sprint(objects), func(b *testing.B) {
			for b.Loop() {
				fixed := heapOf(func() any { return newTracker(b, Options{MaxObjects: 1}) })
				all := heapOf(func() any { return newCrowd(b, objects) }) - fixed
				paths := somePaths()
				names := heapOf(func() any {
					l := newLabels()
					for i := range objects {
						l.add(paths[i%len(paths)])
					}
					return &l
				})
				b.ReportMetric(all/float64(objects), "B/object")
				b.ReportMetric((all-names)/float64(objects), "B/object-without-labels")
				b.ReportMetric(fixed, "B-fixed")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func heapOf(do func() any) float64 {
	before := heapAlloc()
	kept := do()
	after := heapAlloc()
	runtime.KeepAlive(kept)
	return float64(after) - float64(before)
}

func heapAlloc() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one's sweep left
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkExec: an exec looks on every device where the program may be.
func BenchmarkExec(b *testing.B) {
	for _, devices := range []int{10, 1000, maxDevices} {
		b.Run(fmt.Sprint(devices), func(b *testing.B) {
			tr := newTracker(b, Options{})
			w, r := tr.Subject("A", Place{}), tr.Subject("B", Place{})
			for i := range devices {
				tr.Write(InodeKey(uint32(1+i), uint64(i)), w, "/bin/x", 1)
			}
			b.ReportAllocs()
			for b.Loop() {
				tr.Exec(Program{Inode: 5, Path: "/bin/x"}, r, 2)
			}
		})
	}
}

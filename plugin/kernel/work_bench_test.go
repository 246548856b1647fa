package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"github.com/xim-monitor/xim/plugin/flow"
)

// BenchmarkWork compares what whole pieces of work take with the sensor, with an empty
// program on every system call's exit, and without, by turns, in one run. The metrics
// are medians: the processor time without, its ratios, and what the sensor's own
// process took of one processor.
func BenchmarkWork(b *testing.B) {
	for _, w := range []struct {
		name    string
		prepare func(b *testing.B, dir string)
		command string
	}{
		{"build", someSources, "for f in *.c; do cc -O1 -c $f -o ${f%.c}.o || exit 1; done; cc -o program *.o"},
		{"sqlite", transactions(1000, "full"), database},
		{"sqlite-unsynced", transactions(5000, "off"), database}, // all system calls, no disk
		{"tar-gzip", noPreparation, "tar -cf - -C /usr/share/doc . | gzip -1 > archive"},
	} {
		b.Run(w.name, func(b *testing.B) {
			dir := b.TempDir()
			w.prepare(b, dir)
			compareWork(b, func() float64 { return cpuOf(b, dir, w.command) })
		})
	}
}

func noPreparation(*testing.B, string) {}

// someSources makes 40 C files with a header in common.
func someSources(b *testing.B, dir string) {
	write(b, dir, "common.h", "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/types.h>\n")
	main := "#include \"common.h\"\nint main(void) { return 0; }\n"
	write(b, dir, "main.c", main)
	for i := range 40 {
		write(b, dir, fmt.Sprintf("part%d.c", i),
			fmt.Sprintf("#include \"common.h\"\nint part%d(int n) { char s[64]; snprintf(s, sizeof s, \"%%d\", n); return atoi(s) + strlen(s); }\n", i))
	}
}

const database = `rm -f db; sqlite3 db "create table t (a, b)"; sqlite3 db < transactions > results`

// transactions makes n of them, each of a write and a query.
func transactions(n int, synchronous string) func(*testing.B, string) {
	return func(b *testing.B, dir string) {
		var all strings.Builder
		fmt.Fprintf(&all, "pragma synchronous = %s;\n", synchronous)
		for i := range n {
			fmt.Fprintf(&all, "begin; insert into t values (%d, 'some text'); commit; select count(*) from t where a = %d;\n", i, i)
		}
		write(b, dir, "transactions", all.String())
	}
}

func write(b *testing.B, dir, name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// cpuOf runs a shell command and returns the processor time of all its processes, in
// seconds.
func cpuOf(b *testing.B, dir, command string) float64 {
	b.Helper()
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	s := cmd.ProcessState
	return (s.UserTime() + s.SystemTime()).Seconds()
}

func compareWork(b *testing.B, work func() float64) {
	const rounds = 11
	var bare, empty, ratios, own []float64
	work() // the files are in memory from here on
	var stats Stats
	for b.Loop() {
		for range rounds {
			without := work()
			detach := attachNothing(b, Tracepoint)
			nothing := work()
			detach()
			s, end := attachCounted(b)
			before, start := ownCPU(b), time.Now()
			with := work()
			own = append(own, 100*(ownCPU(b)-before)/time.Since(start).Seconds())
			stats, _ = s.Stats()
			end()
			bare, empty, ratios = append(bare, without), append(empty, nothing/without), append(ratios, with/without)
		}
	}
	b.ReportMetric(median(bare), "bare-s")
	b.ReportMetric(median(empty), "empty/bare")
	b.ReportMetric(median(ratios), "sensor/bare")
	b.ReportMetric(median(own), "own-cpu-%")
	b.ReportMetric(float64(stats.PassedReads+stats.PassedWrites), "passed")
	b.ReportMetric(float64(stats.Lost()), "lost")
	b.ReportMetric(0, "ns/op")
}

func attachCounted(b *testing.B) (*Sensor, func()) {
	s, err := Open(Options{})
	if err != nil {
		b.Fatal(err)
	}
	return s, feedFrom(b, s)
}

// ownCPU is the processor time of this process, in seconds.
func ownCPU(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// BenchmarkMemory tells what a sensor and its engine take when both are full, at their
// default sizes: in the kernel's maps, and in this process.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		s, err := Open(Options{})
		if err != nil {
			b.Fatal(err)
		}
		tracker, err := flow.New(flow.Options{})
		if err != nil {
			b.Fatal(err)
		}
		who := tracker.Subject("writer", flow.Place{})
		for i := range flow.DefaultMaxObjects {
			tracker.Write(flow.FileKey(1, 7, uint64(i)), who, fmt.Sprintf("/some/folder-%d/of/a/file-%d", i%500, i), int64(i))
		}
		runtime.GC()
		b.ReportMetric(float64(inMaps(b, s))/(1<<20), "maps-MiB")
		b.ReportMetric(float64(resident(b))/(1<<20), "process-MiB")
		runtime.KeepAlive(tracker)
		s.Close()
	}
	b.ReportMetric(0, "ns/op")
}

// inMaps is what the kernel says that the maps take, in bytes.
func inMaps(b *testing.B, s *Sensor) (sum uint64) {
	b.Helper()
	for name, m := range s.objects.Maps {
		info, err := m.Info()
		if err != nil {
			b.Fatal(err)
		}
		n, ok := info.Memlock()
		if !ok {
			b.Fatalf("the kernel does not say what the map %s takes", name)
		}
		sum += n
		if m.Type() == ebpf.RingBuf {
			b.ReportMetric(float64(n)/(1<<20), "ring-MiB")
		}
	}
	return sum
}

func resident(b *testing.B) uint64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	var size, rss uint64
	if _, err := fmt.Sscan(string(text), &size, &rss); err != nil {
		b.Fatal(err)
	}
	return rss * uint64(os.Getpagesize())
}

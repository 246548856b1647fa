package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/xim-monitor/xim/plugin/flow"
)

// BenchmarkCall compares what a call costs: bare, with an empty program on the
// sensor's attach point, and with the sensor; by turns, in one run, for each attach
// point that this kernel allows. The metrics are medians: nanoseconds a call, and the
// ratios to the bare one and to the empty one.
func BenchmarkCall(b *testing.B) {
	for _, at := range []Attach{Tracepoint, Functions} {
		s, err := Open(Options{Attach: at})
		if err != nil {
			b.Logf("%s: %v", at, err)
			continue
		}
		s.Close()
		for _, c := range []struct {
			name    string
			loop    string
			crossed bool // another subject wrote the file
		}{
			{"pread-1/unwritten", "pread", false},
			{"pread-1/crossing", "pread", true},
			{"write-512", "write", false},
		} {
			b.Run(string(at)+"/"+c.name, func(b *testing.B) {
				path := filepath.Join(b.TempDir(), "file")
				if err := os.WriteFile(path, make([]byte, 512), 0o600); err != nil {
					b.Fatal(err)
				}
				compareCalls(b, at, startLoop(b, c.loop, path), func() {
					if c.crossed {
						writeAs(b, path)
					}
				})
			})
		}
	}
}

// writeAs writes a file as another process.
func writeAs(b *testing.B, path string) {
	b.Helper()
	p, err := os.StartProcess("/bin/dd", []string{"dd", "if=/dev/zero", "of=" + path, "bs=512", "count=1", "conv=notrunc", "status=none"}, &os.ProcAttr{})
	if err != nil {
		b.Fatal(err)
	}
	if s, err := p.Wait(); err != nil || !s.Success() {
		b.Fatal(s, err)
	}
}

func compareCalls(b *testing.B, at Attach, loop func(int) float64, prepare func()) {
	rounds, calls := number(b, "XIM_ROUNDS", 15), 200_000
	var bare, empty, sensor []float64
	for b.Loop() {
		for range rounds {
			bare = append(bare, loop(calls))
			end := attachNothing(b, at)
			empty = append(empty, loop(calls))
			end()
			end = attachSensor(b, at)
			prepare()
			loop(10)
			sensor = append(sensor, loop(calls))
			end()
		}
	}
	m, e, s := median(bare), median(empty), median(sensor)
	b.ReportMetric(m, "bare-ns")
	b.ReportMetric(s, "sensor-ns")
	b.ReportMetric(e/m, "empty/bare")
	b.ReportMetric(s/m, "sensor/bare")
	b.ReportMetric(s/e, "sensor/empty")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// attachNothing hangs an empty program on every system call's exit, or on those two
// whose calls are measured.
func attachNothing(b *testing.B, at Attach) (end func()) {
	b.Helper()
	if at == Tracepoint {
		return attachEmpty(b, ebpf.AttachTraceRawTp, "sys_exit")
	}
	read := attachEmpty(b, ebpf.AttachTraceFExit, "__x64_sys_pread64")
	write := attachEmpty(b, ebpf.AttachTraceFExit, "__x64_sys_pwrite64")
	return func() { read(); write() }
}

func attachEmpty(b *testing.B, as ebpf.AttachType, to string) (end func()) {
	b.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Tracing, AttachType: as, AttachTo: to,
		Instructions: nothing(), License: "Dual BSD/GPL",
	})
	if err != nil {
		b.Fatal(err)
	}
	l, err := link.AttachTracing(link.TracingOptions{Program: p, AttachType: as})
	if err != nil {
		b.Fatal(err)
	}
	return func() { l.Close(); p.Close() }
}

func attachSensor(b *testing.B, at Attach) (end func()) {
	b.Helper()
	s, err := Open(Options{Attach: at})
	if err != nil {
		b.Fatal(err)
	}
	return feedFrom(b, s)
}

func feedFrom(b *testing.B, s *Sensor) (end func()) {
	b.Helper()
	t, err := flow.New(flow.Options{})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- NewFeed(s, FeedOptions{Tracker: t}).Run(func(*flow.Verdict, *Record) {}) }()
	return func() {
		s.Close()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

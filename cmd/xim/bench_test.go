package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	benchAlerts = 1_000_000
	benchFlows  = 10_000
)

// BenchmarkWatch runs the built command over a million alerts that tell of ten
// thousand flows, once without and once with a store, and jq over the same file:
//
//	go test -run '^$' -bench Watch -benchtime 1x ./cmd/xim
func BenchmarkWatch(b *testing.B) {
	dir := b.TempDir()
	alerts := filepath.Join(dir, "alerts.jsonl")
	writeAlerts(b, alerts)
	xim := filepath.Join(dir, "xim")
	if out, err := exec.Command("go", "build", "-o", xim, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	jq := timed(b, "jq", "-c", ".", alerts)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"memory", nil},
		{"store", []string{"--state", filepath.Join(dir, "flows.db")}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took time.Duration
			var peak int64
			for b.Loop() {
				os.Remove(filepath.Join(dir, "flows.db"))
				u := timed(b, xim, append([]string{"watch", "--file", alerts}, c.args...)...)
				took += u.took
				peak = max(peak, u.peak)
			}
			took /= time.Duration(b.N)
			b.ReportMetric(benchAlerts/took.Seconds(), "alerts/s")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
			if jq.took > 0 {
				b.ReportMetric(jq.took.Seconds()/took.Seconds(), "times-jq")
				b.ReportMetric(jq.took.Seconds(), "jq-s")
			}
		})
	}
}

type used struct {
	took time.Duration
	peak int64 // KiB
}

// timed runs a command to its end. One that is not installed took no time.
func timed(b *testing.B, name string, args ...string) (u used) {
	if _, err := exec.LookPath(name); err != nil {
		b.Logf("without %s: %v", name, err)
		return u
	}
	cmd := exec.Command(name, args...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	u.took = time.Since(start)
	u.peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return u
}

// writeAlerts writes alerts as the shipped rules make them, flows in any order.
func writeAlerts(b *testing.B, path string) {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2024, 1, 30, 14, 0, 0, 0, time.UTC)
	for n := range benchAlerts {
		id := n
		if n >= benchFlows {
			id = random.IntN(benchFlows)
		}
		at = at.Add(time.Millisecond)
		stamp := at.Format("2006-01-02T15:04:05.000000000Z")
		pod := fmt.Sprintf("team-%d/app-%d-5c9f7d6b8-x%04d", id%17, id%97, id%10000)
		path := fmt.Sprintf("/var/lib/shared/volume-%d/data/%08x.json", id%31, id*2654435761)
		fmt.Fprintf(w, `{"hostname":"node-%d","output":"%s: Warning Data of another pod was read | flow=(team-1/writer -> %s -> %s) op=read process=reader command=reader --in %s container_id=%012x image=registry.local/app:1.2","output_fields":{"container.id":"%012x","container.image.repository":"registry.local/app","container.image.tag":"1.2","evt.time":%d,"evt.type":"read","k8s.ns.name":"team-%d","k8s.pod.name":"app-%d","proc.cmdline":"reader --in %s","proc.name":"reader","user.name":"root","xim.age":%d,"xim.op":"read","xim.path":"%s","xim.pod.reader":"%s","xim.pod.writers":["team-1/writer"]},"priority":"Warning","rule":"Data of another pod was read","source":"syscall","tags":["container","k8s","xim"],"time":"%s"}`+"\n",
			id%3, stamp, path, pod, path, id, id, at.UnixNano(), id%17, id%97, path, random.IntN(1e9), path, pod, stamp)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	info, _ := os.Stat(path)
	b.Logf("%d alerts, %d bytes", benchAlerts, info.Size())
}

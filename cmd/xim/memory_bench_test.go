package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// benchBatch is how many files are written before they are read.
const benchBatch = 20_000

// BenchmarkMemory tells what "xim run" takes at its default sizes, in MiB: at rest, and
// when it remembers all that it may and has forgotten more, since one process wrote
// 300,000 files (XIM_FILES) and another one read them.
//
//	go test -run '^$' -bench Memory -benchtime 1x ./cmd/xim
//
// Of the process that is its own memory (process) and what of the program's file is in
// memory (file), of the kernel the sensor's maps (maps), which the process has in its
// address space too: here they count once.
func BenchmarkMemory(b *testing.B) {
	files := 300_000
	if os.Getenv("XIM_FILES") != "" {
		files = filesOf(b)
	}
	m := machine{xim: filepath.Join(b.TempDir(), "xim")}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", m.xim, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	runCmd(b, cmd)
	for b.Loop() {
		x := newExchanger(b)
		w := m.watch(b)
		x.exchange(1)
		x.settle(w)
		reportMemory(b, "rest", w.cmd.Process.Pid)
		for done := 0; done < files; done += benchBatch {
			x.exchange(min(benchBatch, files-done)) // what is written is read before the engine forgets it
		}
		x.settle(w)
		reportMemory(b, "full", w.cmd.Process.Pid)
		w.stop(x.dir)
		b.Log(w.errors.all())
		os.RemoveAll(x.dir)
	}
	b.ReportMetric(0, "ns/op")
}

func reportMemory(b *testing.B, when string, pid int) {
	b.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	kinds := map[string]uint64{"maps": mapsOf(b, proc)}
	text, err := os.ReadFile(filepath.Join(proc, "smaps"))
	if err != nil {
		b.Fatal(err)
	}
	kind := ""
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case strings.HasSuffix(f[0], ":") && f[0] != "Anonymous:" && f[0] != "Rss:":
		case f[0] == "Rss:" && kind == "file":
			kinds["file"] += kib(b, f[1])
		case f[0] == "Anonymous:" && kind != "maps":
			kinds["process"] += kib(b, f[1])
			if kind == "file" { // a page of the file that was written to is the process's own
				kinds["file"] -= kib(b, f[1])
			}
		case len(f) > 5 && strings.HasPrefix(f[5], "anon_inode:"):
			kind = "maps"
		case len(f) > 5 && strings.HasPrefix(f[5], "/"):
			kind = "file"
		case !strings.HasSuffix(f[0], ":"):
			kind = "own"
		}
	}
	sum := uint64(0)
	for kind, n := range kinds {
		b.ReportMetric(float64(n)/(1<<20), when+"-"+kind+"-MiB")
		sum += n
	}
	b.ReportMetric(float64(sum)/(1<<20), when+"-MiB")
}

func kib(b *testing.B, text string) uint64 {
	b.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n << 10
}

// mapsOf is what the kernel says that the maps of a process take, in bytes.
func mapsOf(b *testing.B, proc string) (sum uint64) {
	b.Helper()
	open, err := filepath.Glob(filepath.Join(proc, "fdinfo", "*"))
	if err != nil || len(open) == 0 {
		b.Fatalf("no descriptors in %s: %v", proc, err)
	}
	takes, id := regexp.MustCompile(`(?m)^memlock:\s*(\d+)$`), regexp.MustCompile(`(?m)^map_id:\s*(\d+)$`)
	seen := map[string]bool{}
	for _, path := range open {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // closed meanwhile
		}
		of, n := id.FindSubmatch(text), takes.FindSubmatch(text)
		if of == nil || n == nil || seen[string(of[1])] {
			continue
		}
		seen[string(of[1])] = true
		bytes, err := strconv.ParseUint(string(n[1]), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += bytes
	}
	return sum
}

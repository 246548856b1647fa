package main

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xim-monitor/xim/test/scap"
)

// What is tested here is libxim.so as a framework sees it, through a small host in C
// (test/asan/driver.c) that is told what to do line by line.

// built holds the library and the driver, made once for all tests.
var built struct {
	dir  string
	once sync.Once
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

func buildLibrary() error {
	var err error
	if built.dir, err = os.MkdirTemp("", "xim-plugin-"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"go", "build", "-buildmode=c-shared", "-o", filepath.Join(built.dir, "libxim.so"), "."},
		{"cc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-o", filepath.Join(built.dir, "driver"),
			"../test/asan/driver.c", "-ldl", "-lpthread"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w\n%s", args, err, out)
		}
	}
	return nil
}

// drive gives the driver its commands and returns what it answers.
func drive(t *testing.T, commands ...string) string {
	t.Helper()
	built.once.Do(func() { built.err = buildLibrary() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(built.dir, "driver"), filepath.Join(built.dir, "libxim.so"))
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("driver: %v\n%s%s", err, out, &errs)
	}
	return string(out)
}

// answers compares what the driver answers, line by line.
func answers(t *testing.T, want string, commands ...string) {
	t.Helper()
	got := strings.TrimSpace(drive(t, commands...))
	if want = strings.TrimSpace(want); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A moment is a time in a story, in milliseconds from its begin.
type moment int64

// happens makes the driver's command for an event of instance 1.
func happens(at moment, typ uint16, tid int64, params ...[]byte) string {
	return happensIn(1, at, typ, tid, params...)
}

func happensIn(instance int, at moment, typ uint16, tid int64, params ...[]byte) string {
	ts := scap.Start.Add(time.Duration(at) * time.Millisecond).UnixNano()
	return fmt.Sprintf("event %d %s", instance, hex.EncodeToString(encode(uint64(ts), uint64(tid), typ, params...)))
}

// encode makes a raw event.
func encode(ts, tid uint64, typ uint16, params ...[]byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, ts)
	b = binary.LittleEndian.AppendUint64(b, tid)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint16(b, typ)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(params)))
	for _, p := range params {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(p)))
	}
	for _, p := range params {
		b = append(b, p...)
	}
	binary.LittleEndian.PutUint32(b[16:], uint32(len(b)))
	return b
}

func reads(at moment, tid, fd int64) string {
	return happens(at, scap.EvRead, tid, scap.I64(1), []byte("x"), scap.I64(fd), scap.U32(1))
}

func writes(at moment, tid, fd int64) string {
	return happens(at, scap.EvWrite, tid, scap.I64(1), []byte("x"), scap.I64(fd), scap.U32(1))
}

// What a framework asks first. A replay does not look at the schema version, and a
// live one refuses the plugin where it is missing: it is told here.
func TestAbout(t *testing.T) {
	answers(t, `
name xim
version `+pluginVersion+`
api 3.11.0
schema 4.0.0
parse-sources ["syscall"]
extract-sources ["syscall"]
async-sources ["syscall"]
async-events ["xim"]
parse-types 7 113 117 121 9 115 119 123 189 167 333 161 163 3 307 327 337 59 5 363 365 367 151 407 53 55 223 335 225 227 186 401 199 193 427 293 331 402 415 417 175 177 319 309 311
extract-types 7 113 117 121 189 167 333 161 163 293 331 402
init-schema 1 {"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}
fields 57`, "about")
}

// The framework goes by the symbols that it finds: one too many is a capability too
// many.
func TestExportedSymbols(t *testing.T) {
	drive(t)
	out, err := exec.Command("nm", "-D", "--defined-only", filepath.Join(built.dir, "libxim.so")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`(?m) T (plugin_\w+)$`).FindAllStringSubmatch(string(out), -1) {
		got = append(got, m[1])
	}
	slices.Sort(got)
	want := []string{
		"plugin_capture_close", "plugin_capture_open", "plugin_destroy", "plugin_extract_fields",
		"plugin_get_async_event_sources", "plugin_get_async_events",
		"plugin_get_contact", "plugin_get_description", "plugin_get_extract_event_sources",
		"plugin_get_extract_event_types", "plugin_get_fields", "plugin_get_init_schema",
		"plugin_get_last_error", "plugin_get_metrics", "plugin_get_name",
		"plugin_get_parse_event_sources", "plugin_get_parse_event_types",
		"plugin_get_required_api_version", "plugin_get_required_event_schema_version",
		"plugin_get_version", "plugin_init", "plugin_parse_event", "plugin_set_async_event_handler",
	}
	if !slices.Equal(got, want) {
		t.Errorf("exported:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var twoOnOneFile = []string{
	"thread 100 100 alice -", "fd 100 3 16 800001 7 /data/x",
	"thread 200 200 bob -", "fd 200 4 16 800001 7 /data/x",
}

// A framework that watches its configuration starts a second instance beside the
// first: nothing that one knows reaches the other.
func TestTwoInstances(t *testing.T) {
	read := func(instance int, at moment) string {
		return happensIn(instance, at, scap.EvRead, 200, scap.I64(1), []byte("x"), scap.I64(4), scap.U32(1))
	}
	answers(t, `
init 1 rc 0
init 2 rc 0
state 1 1
state 2 2
1 -
2 crosses [alice -> /data/x -> bob]
1 -
metric crossings 1
metric crossings 0
metric events 1
3 crosses [alice -> /data/x -> bob]
init 2 rc 0
state 2 2
1 -
4 crosses [alice -> /data/x -> bob]`,
		append(twoOnOneFile, "init 1 {}", "init 2 {}", "state 1", "state 2", "open 1", "open 2",
			writes(1, 100, 3), read(1, 2), read(2, 3),
			"metric 1 crossings", "metric 2 crossings", "metric 2 events",
			"destroy 2", read(1, 4),
			"init 2 {}", "state 2", read(2, 5), read(1, 6), "destroy 1", "destroy 2")...)
}

// A refused configuration leaves a state that says why, and that can be destroyed.
func TestRefusedConfiguration(t *testing.T) {
	answers(t, `
init 1 rc 1: configuration key "granularity": got "node", expected one of process, container, pod
state 1 1
metric events -1
init 1 rc 0
state 1 1`,
		`init 1 {"granularity":"node"}`, "state 1", "metric 1 events", "destroy 1", "init 1 {}", "state 1", "destroy 1")
}

// Handles are 1 to 255: those of destroyed instances are free again, and so is the
// memory.
func TestManyInstances(t *testing.T) {
	answers(t, "300 cycles, no memory lost", `cycle 300 {"granularity":"pod"}`)
}

// Of more instances than there are handles the last gets none, without a panic.
func TestTooManyInstances(t *testing.T) {
	var commands []string
	for i := range 256 {
		commands = append(commands, fmt.Sprintf("init %d {}", i))
	}
	got := strings.Split(strings.TrimSpace(drive(t, commands...)), "\n")
	if first, last := got[254], got[255]; first != "init 254 rc 0" || last != "init 255 rc 1 no state" {
		t.Errorf("got %q and then %q", first, last)
	}
}

// Falco installs its handlers with plain signal(): they run wherever the thread is,
// and must not run on a stack of Go's.
func TestSignals(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
handled 500 500 500 500, on a stack of Go's: 0`,
		append(twoOnOneFile, `init 1 {"cache":false}`, writes(1, 100, 3), "signals 1 500", "destroy 1")...)
}

// The web server's thread asks for metrics while events are parsed.
func TestMetricsFromAnotherThread(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
metrics asked 2000 times`,
		append(twoOnOneFile, `init 1 {"cache":false}`, writes(1, 100, 3), "metrics 1 2000", "destroy 1")...)
}

// A verdict belongs to one event, and numbers begin anew with each capture.
func TestVerdictOfOneEvent(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
2 crosses [alice -> /data/x -> bob]
3 -
1 -
2 -`,
		append(twoOnOneFile, "init 1 {}", "open 1", writes(1, 100, 3), reads(2, 200, 4), reads(3, 100, 3),
			"open 1", reads(4, 100, 3), reads(5, 100, 3), "destroy 1")...)
}

// A second instance may be made while another is destroyed. The handle of the one
// was free again before the shim had let go of it: it took the new one's state along.
func TestInitBesideDestroy(t *testing.T) {
	answers(t, "twice 2000 cycles", `cycles 2000 {"max_objects":16,"max_flows":16}`)
}

// A thread that the framework could not look up has the process id -1. Two of those
// are two, each with its own descriptors, container and name.
func TestThreadsOfUnknownProcess(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
2 -
3 -
4 -
5 crosses [host -> /data/x -> 0123456789ab]`,
		append(twoOnOneFile, "thread 300 -1 <NA> -", "fd 300 3 16 800001 9 /data/own",
			"thread 302 -1 <NA> 0123456789ab", "fd 302 3 16 800001 7 /data/x", "fd 302 4 16 800001 8 /data/own",
			`init 1 {"granularity":"container"}`,
			writes(1, 302, 4), writes(2, 300, 3), reads(3, 300, 3), writes(4, 100, 3), reads(5, 302, 3), "destroy 1")...)
}

// Descriptors come along with recvmsg, and with recvmmsg too.
func TestDescriptorsReceived(t *testing.T) {
	received := []byte("SCM_RIGHTS")
	for _, call := range []struct {
		name  string
		event string
	}{
		{"recvmsg", happens(4, 53, 200, scap.I64(1), scap.U32(1), nil, nil, received, nil)},
		{"recvmmsg", happens(4, 55, 200, scap.I64(1), scap.I64(9), scap.U32(1), nil, nil, received)},
	} {
		t.Run(call.name, func(t *testing.T) {
			answers(t, `
init 1 rc 0
1 -
2 -
3 -
4 crosses [alice -> /data/x -> bob]`,
				append(twoOnOneFile, "fd 200 4 16 800001 8 /data/own", "init 1 {}",
					writes(1, 100, 3), reads(2, 200, 4), // 4 is closed unseen
					call.event, "fd 200 4 16 800001 7 /data/x", reads(5, 200, 4), "destroy 1")...)
		})
	}
}

// /proc/PID/exe is a program's file: its device is that of a file system for data,
// whoever reads it.
func TestProgramsFileIsNotOnProcfs(t *testing.T) {
	answers(t, `
init 1 rc 0
1 -
2 -
3 -
4 crosses [alice -> /data/x -> bob]`,
		"thread 100 100 alice -", "fd 100 3 16 2f 7 /data/x", "fd 100 5 16 2f 9 /proc/self/exe",
		"thread 200 200 bob -", "fd 200 4 16 2f 7 /data/x",
		"init 1 {}", writes(1, 100, 3), reads(2, 100, 5), writes(3, 100, 3), reads(4, 200, 4), "destroy 1")
}

// The cache changes nothing but the time it takes: a recording, and lies about each of
// its events, give the same counts with and without it.
func TestCacheChangesNothing(t *testing.T) {
	capture := gunzip(t, "../test/testdata/pods.scap")
	counts := func(cache bool) string {
		return drive(t, fmt.Sprintf(`init 1 {"cache":%t}`, cache), "open 1", "replay 1 "+capture+" 1",
			"metric 1 flows_process", "metric 1 flows_container", "metric 1 flows_pod",
			"metric 1 objects", "metric 1 panics", "metric 1 cache_hits", "destroy 1")
	}
	const hits = "metric cache_hits "
	with, hit, _ := strings.Cut(counts(true), hits)
	without, miss, _ := strings.Cut(counts(false), hits)
	if with != without || strings.TrimSpace(miss) != "0" || strings.TrimSpace(hit) == "0" {
		t.Errorf("with the cache (%s hits):\n%s\nwithout (%s hits):\n%s", strings.TrimSpace(hit), with, strings.TrimSpace(miss), without)
	}
	if !strings.Contains(with, "metric panics 0") || strings.Contains(with, "metric flows_pod 0") {
		t.Errorf("%s", with)
	}
	t.Logf("%s", with)
}

// gunzip unpacks a file for the time of the test.
func gunzip(t *testing.T, path string) string {
	t.Helper()
	packed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(path)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, z); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// These run the kernel sensor inside the driver. It watches the whole machine, so a
// test goes by the paths of its own files. Those who write and read are what its "sh"
// commands start.

// sensing starts instance 1 and lets it run.
var sensing = []string{`init 1 {"sensor":"kernel"}`, "handler 1", "open 1"}

// stopped ends a capture as the framework does.
func stopped(instance int) []string {
	n := strconv.Itoa(instance)
	return []string{"nohandler " + n, "close " + n, "destroy " + n}
}

// settled waits until the instance has taken in all that was done before: what it finds
// at last in this folder was done after it.
func settled(instance int, dir string) []string {
	mark := fmt.Sprintf("%s/mark%d", dir, instance)
	return []string{write(mark), read(mark), fmt.Sprintf("taken %d 1 %s", instance, mark)}
}

func write(path string) string  { return "sh echo | dd status=none of=" + path }
func read(path string) string   { return "sh cat " + path + " > /dev/null" }
func reread(path string) string { return "sh tail " + path + " > /dev/null" }

// taken waits for an event that has the text in its data.
func taken(instance int, text string) string { return fmt.Sprintf("take %d 1 %s", instance, text) }

// watch drives, where a sensor can run here: else the test is skipped, or failed where
// nothing may be skipped.
func watch(t *testing.T, commands ...[]string) string {
	t.Helper()
	var all []string
	for _, c := range commands {
		all = append(all, c...)
	}
	got := drive(t, all...)
	if strings.Contains(got, "sensor: kernel: the kernel sensor cannot run here") && os.Getenv("XIM_E2E") != "required" {
		t.Skip(got)
	}
	return strings.TrimSpace(got)
}

// watches compares what the driver answers.
func watches(t *testing.T, want string, commands ...[]string) {
	t.Helper()
	if got := watch(t, commands...); got != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(want))
	}
}

// A crossing comes back as one event, with its fields. Its thread is made where the
// framework does not know it, and goes with the next event.
func TestSensor(t *testing.T) {
	f := filepath.Join(t.TempDir(), "f")
	watches(t, `
init 1 rc 0
thread cat of process itself, container []
crosses [dd -> `+f+` -> cat]
thread cat erased
thread tail of process itself, container []
crosses [dd -> `+f+` -> tail]
bpf
metric sensor_attached 0
metric events_lost 0
metric panics 0`,
		sensing, []string{write(f), read(f), taken(1, f), read(f), reread(f), taken(1, f)},
		[]string{"nohandler 1", "close 1", "bpf", "metric 1 sensor_attached", "metric 1 events_lost", "metric 1 panics", "destroy 1"})
}

// What the sensor has in the kernel goes with the handler, and what a second instance
// has is its own. One that is only made has nothing there.
func TestSensorLeavesNothing(t *testing.T) {
	got := watch(t, sensing, []string{
		"bpf",                                                                  // one
		`init 2 {"sensor":"kernel"}`, "bpf", "nohandler 2", "destroy 2", "bpf", // tried out
		`init 2 {"sensor":"kernel"}`, "handler 2", "open 2", "bpf", // two
	}, stopped(1), []string{"bpf"}, stopped(2), []string{"bpf"})
	var held [][]string
	for line := range strings.Lines(got) {
		if ids, ok := strings.CutPrefix(strings.TrimSpace(line), "bpf"); ok {
			held = append(held, strings.Fields(ids))
		}
	}
	if len(held) != 6 {
		t.Fatal(got)
	}
	n := len(held[0])
	for i, want := range []int{n, n, n, 2 * n, n, 0} {
		if len(held[i]) != want || n == 0 {
			t.Errorf("%d: %d of BPF, want %d", i, len(held[i]), want)
		}
	}
	for _, id := range held[3] {
		if there(t, id) {
			t.Errorf("%s is still in the kernel", id)
		}
	}
	t.Logf("each has %d: %v", n, held[0])
}

// there tells whether a program, map or link is in the kernel, which takes a moment to
// let go of it.
func there(t *testing.T, what string) bool {
	t.Helper()
	kind, number, _ := strings.Cut(what, ":")
	id, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		var err error
		var found interface{ Close() error }
		switch kind {
		case "prog":
			found, err = ebpf.NewProgramFromID(ebpf.ProgramID(id))
		case "map":
			found, err = ebpf.NewMapFromID(ebpf.MapID(id))
		case "link":
			found, err = link.NewFromID(link.ID(id))
		}
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		found.Close()
		time.Sleep(100 * time.Millisecond)
	}
	return true
}

// exchange has split write so many files, and cat read them.
func exchange(dir string, first, count int) []string {
	return []string{
		fmt.Sprintf("sh seq %d | split -l 1 -a 5 --numeric-suffixes=%d - %s/x", count, first, dir),
		fmt.Sprintf("sh cat $(seq -f %s/x%%05g %d %d) > /dev/null", dir, first, first+count-1),
	}
}

// More is found at once than may be on the way: the rest waits in the sensor's ring, and
// nothing is lost. (The sensor itself may lose some on a busy machine, which it counts.)
func TestSensorManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	const many = 5000
	got := watch(t, sensing, exchange(dir, 0, many), []string{
		"sh sleep 1", "metric 1 events_waiting",
		fmt.Sprintf("taken 1 %d %s/", many, dir),
		"nohandler 1", "metric 1 crossings", "metric 1 events_sent", "metric 1 events_lost", "metric 1 sensor_lost", "destroy 1",
	})
	m := metricsIn(t, got)
	if m["events_waiting"] < maxWaiting || m["events_waiting"] > maxWaiting+64 {
		t.Errorf("%d waited, want %d or a few more", m["events_waiting"], maxWaiting)
	}
	if !strings.Contains(got, fmt.Sprintf("took %d events with a flow", many)) && m["sensor_lost"] == 0 {
		t.Errorf("%s", got)
	}
	if m["crossings"] != m["events_sent"] || m["events_lost"] != 0 {
		t.Errorf("%v", m)
	}
}

// A hot reload while more is on the way than the framework takes: who wrote last is in
// the ring yet, and known to the next instance all the same.
func TestSensorStopsWithAFullOutbox(t *testing.T) {
	dir := t.TempDir()
	late := filepath.Join(dir, "late")
	got := watch(t, sensing, exchange(dir, 0, maxWaiting+500), []string{"sh sleep 1", "metric 1 events_waiting", write(late)}, stopped(1),
		[]string{`init 2 {"sensor":"kernel"}`, "handler 2", "open 2", read(late), taken(2, late)}, stopped(2))
	if m := metricsIn(t, got); m["events_waiting"] < maxWaiting {
		t.Errorf("%d waited, want %d or more", m["events_waiting"], maxWaiting)
	}
	if want := "crosses [dd -> " + late + " -> cat]"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

func metricsIn(t *testing.T, answer string) map[string]uint64 {
	t.Helper()
	all := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^metric (\w+) (\d+)$`).FindAllStringSubmatch(answer, -1) {
		all[m[1]], _ = strconv.ParseUint(m[2], 10, 64)
	}
	return all
}

// What the framework refuses is counted, and said once.
func TestSensorRefusedEvents(t *testing.T) {
	dir := t.TempDir()
	got := watch(t, sensing, []string{"refuse 3 " + dir}, exchange(dir, 0, 10), []string{
		"taken 1 7 " + dir + "/",
		"nohandler 1", "close 1", "metric 1 crossings", "metric 1 events_sent", "metric 1 events_lost", "destroy 1",
	})
	m := metricsIn(t, got)
	if m["events_lost"] != 3 || m["crossings"] != m["events_sent"]+3 || !strings.Contains(got, "took 7 events with a flow") {
		t.Errorf("%s", got)
	}
	if strings.Count(got, "log 3 xim: an event was not taken: 000") != 1 {
		t.Errorf("not said, or not once:\n%s", got)
	}
}

// An event that does not come back is sent again, to be handed over at once; and where
// both come, the second has no flow.
func TestSensorSendsAgain(t *testing.T) {
	f := filepath.Join(t.TempDir(), "f")
	watches(t, `
init 1 rc 0
thread cat of process itself, container []
crosses [dd -> `+f+` -> cat]
thread cat erased
thread tail of process itself, container []
crosses [dd -> `+f+` -> tail]
thread tail erased
-
metric events_lost 0`,
		sensing, []string{
			write(f), "lose 1 " + f, read(f), taken(1, f),
			reread(f), "sh sleep 1.5", taken(1, f), taken(1, f),
			"metric 1 events_lost",
		}, stopped(1))
}

// A handler is gone once it was taken away, even while crossings come thick and fast:
// the driver dies of an event after that.
func TestSensorStopsWhileItSends(t *testing.T) {
	dir := t.TempDir()
	var rounds [][]string
	for i := range 12 {
		script := exchange(dir, 1000*i, 1000)
		for j := range script {
			script[j] = strings.TrimPrefix(script[j], "sh ")
		}
		rounds = append(rounds, sensing, []string{
			"sh (" + strings.Join(script, "; ") + ") & sleep 0.0" + strconv.Itoa(i%10),
			fmt.Sprintf("taken 1 %d %s/", 20*i, dir),
		}, stopped(1), []string{"bpf"})
	}
	got := watch(t, rounds...)
	if strings.Count(got+"\n", "bpf\n") != 12 || strings.Contains(got, "bpf prog") {
		t.Errorf("%s", got)
	}
}

// The framework tries a changed configuration out beside the running one, then destroys
// that and makes the plugin anew. The sensor of the new one knows what was written before,
// and what was found and not handed over is.
func TestSensorHotReload(t *testing.T) {
	dir := t.TempDir()
	f, g := filepath.Join(dir, "f"), filepath.Join(dir, "g")
	watches(t, `
init 1 rc 0
took 1 events with a flow
init 2 rc 0
init 3 rc 0
thread cat of process itself, container []
crosses [dd -> `+g+` -> cat]
thread cat erased
thread cat of process itself, container []
crosses [dd -> `+f+` -> cat]`,
		sensing, []string{
			write(f), write(g), "lose 1 " + g, read(g),
		}, settled(1, dir), []string{
			`init 2 {"sensor":"kernel","granularity":"pod"}`, "nohandler 2", "destroy 2",
		}, stopped(1), []string{
			`init 3 {"sensor":"kernel","granularity":"process"}`, "handler 3", "open 3", taken(3, g),
			read(f), taken(3, f), "nohandler 3", "destroy 3",
		})
}

// The memory of one sensor means nothing to the other.
func TestSensorChanged(t *testing.T) {
	dir := t.TempDir()
	watches(t, `
init 1 rc 0
took 1 events with a flow
init 2 rc 0
metric objects 0`,
		sensing, settled(1, dir), stopped(1), []string{`init 2 {}`, "handler 2", "open 2", "metric 2 objects"}, stopped(2))
}

// A snapshot keeps what the sensor is told of at the next start.
func TestSensorState(t *testing.T) {
	dir := t.TempDir()
	f := filepath.Join(dir, "f")
	start := []string{fmt.Sprintf(`init 1 {"sensor":"kernel","state_file":%q}`, filepath.Join(dir, "state")), "handler 1", "open 1"}
	watches(t, "init 1 rc 0\ntook 1 events with a flow", start, []string{write(f)}, settled(1, dir), stopped(1))
	watches(t, `
init 1 rc 0
thread cat of process itself, container []
crosses [dd -> `+f+` -> cat]`, start, []string{"sh sleep 1", read(f), taken(1, f)}, stopped(1))
}

// An object that had no more room is passed on again when it is written again.
func TestSensorForgets(t *testing.T) {
	dir := t.TempDir()
	f, script := filepath.Join(dir, "f"), exchange(dir, 0, 2000)
	watches(t, `
init 1 rc 0
took 1 events with a flow
thread cat of process itself, container []
crosses [dd -> `+f+` -> cat]`,
		[]string{`init 1 {"sensor":"kernel","max_objects":1024}`, "handler 1", "open 1"},
		[]string{write(f), script[0]}, settled(1, dir), []string{"sh echo | dd status=none conv=notrunc of=" + f, read(f), taken(1, f)}, stopped(1))
}

func TestSensorExcludes(t *testing.T) {
	dir := t.TempDir()
	out, in := filepath.Join(dir, "out"), filepath.Join(dir, "in", "f")
	if err := os.Mkdir(filepath.Dir(in), 0o755); err != nil {
		t.Fatal(err)
	}
	watches(t, `
init 1 rc 0
thread tail of process itself, container []
crosses [dd -> `+out+` -> tail]`,
		[]string{fmt.Sprintf(`init 1 {"sensor":"kernel","exclude":{"processes":["cat"],"path_prefixes":[%q]}}`, filepath.Dir(in)), "handler 1", "open 1"},
		[]string{write(in), write(out), reread(in), read(out), reread(out), taken(1, dir)}, stopped(1))
}

// A replay gives no handler: there is nothing to watch, which is said, and nothing is
// loaded.
func TestSensorInAReplay(t *testing.T) {
	answers(t, `
init 1 rc 0
log 3 xim: sensor: kernel watches a running machine; in a capture it finds nothing (sensor: falco does)
bpf
1 -
2 -`,
		append(twoOnOneFile, `init 1 {"sensor":"kernel"}`, "open 1", "bpf", writes(1, 100, 3), reads(2, 200, 4), "destroy 1")...)
}

// Where the sensor is not wanted, a handler changes nothing.
func TestHandlerWithoutSensor(t *testing.T) {
	answers(t, `
init 1 rc 0
bpf
1 -
2 crosses [alice -> /data/x -> bob]
metric events_sent 0`,
		append(twoOnOneFile, `init 1 {}`, "nohandler 1", "handler 1", "open 1", "bpf", writes(1, 100, 3), reads(2, 200, 4),
			"metric 1 events_sent", "nohandler 1", "close 1", "nohandler 1", "destroy 1")...)
}

// The framework refuses to start, and says what is missing.
func TestSensorWithoutCapabilities(t *testing.T) {
	drive(t) // builds the driver
	cmd := exec.Command("setpriv", "--inh-caps=-all", "--bounding-set=-all",
		filepath.Join(built.dir, "driver"), filepath.Join(built.dir, "libxim.so"))
	cmd.Stdin = strings.NewReader(strings.Join(append(append([]string{}, sensing...), "bpf", "nohandler 1", "destroy 1"), "\n") + "\n")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("XIM_E2E") != "required" {
		t.Skip(err)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := string(out); !strings.Contains(got, "open 1 failed: sensor: kernel: the kernel sensor cannot run here: this process lacks CAP_BPF and CAP_PERFMON") ||
		!strings.Contains(got, "bpf\n") {
		t.Errorf("%s", got)
	}
}

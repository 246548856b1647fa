package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/live"
	"github.com/xim-monitor/xim/test/scap"
)

// These have the plugin's own sensor watch this machine's kernel. It sees everybody: a
// test goes by the paths of its files.

// watch starts a host whose plugin has the sensor, and which shows what concerns files
// below dir.
func watch(t *testing.T, config, dir, format, filter string) *live.Host {
	t.Helper()
	if os.Geteuid() != 0 && os.Getenv("XIM_E2E") != "required" {
		t.Skip("the sensor wants root")
	}
	filter = fmt.Sprintf("xim.path startswith %s/ and (%s)", dir, filter)
	return live.Start(t, `{"sensor":"kernel"`+config+`}`, format, filter)
}

// expect takes as many lines as are wanted, and compares them.
func expect(t *testing.T, h *live.Host, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := strings.TrimSpace(h.Line()); got != w {
			t.Errorf("got  %s\nwant %s", got, w)
		}
	}
}

// end stops the host, and wants no more lines nor complaints.
func end(t *testing.T, h *live.Host) {
	t.Helper()
	if lines, errs := h.Stop(); len(lines) > 0 || errs != "" {
		t.Errorf("more lines: %q\n%s", lines, errs)
	}
}

// Two processes exchange a file: one event, of the thread that read, and none where
// nothing is new to tell.
func TestSensorEvent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	alice, bob := live.NewAgent(t, scap.Proc{Comm: "alice"}), live.NewAgent(t, scap.Proc{Comm: "bob"})
	h := watch(t, "", dir, "%evt.type %evt.asynctype %evt.is_async %evt.category %thread.tid %proc.name %proc.pname "+
		"%xim.flows %xim.process.new %xim.container.crossflow %xim.op %fd.name", "xim.crossflow=true")
	h.Tell(alice.PID, bob.PID)
	alice.Write(file)
	alice.Read(file)
	for range 3 {
		bob.Read(file)
	}
	line := fmt.Sprintf("xim xim true other %d bob e2e.test (alice -> %s -> bob) %%s false read <NA>", bob.PID, file)
	expect(t, h, fmt.Sprintf(line, "true"))
	alice.Write(file) // anew: the flow is known
	bob.Read(file)
	expect(t, h, fmt.Sprintf(line, "false"))
	end(t, h)
}

// A thread that the host does not know is made known for its event, and no longer.
func TestSensorThreadUnknown(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	web := scap.Proc{Comm: "web", Container: scap.ID("web")}
	alice, bob := live.NewAgent(t, scap.Proc{Comm: "alice"}), live.NewAgent(t, web)
	const format = "%evt.type %thread.tid %proc.pid %proc.name"
	h := live.Start(t, `{"sensor":"kernel"}`, format, "(evt.type=chdir) or (xim.path startswith "+dir+"/)")
	alice.Write(file)
	bob.Read(file)
	expect(t, h, fmt.Sprintf("xim %d %[1]d web", bob.PID))
	h.Send(func(w *scap.Writer) {
		w.Procexit(1<<22+1, 0) // any event that the plugin looks at
		w.Chdir(int64(bob.PID), "/tmp", 0)
	})
	expect(t, h, fmt.Sprintf("chdir %d -1 <NA>", bob.PID))
	end(t, h)
}

// Containers come from cgroups, and pods' names from the container plugin's events.
func TestSensorPods(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	app := scap.Proc{Comm: "app", Container: scap.ID("app"), Pod: scap.UID("shop")}
	store := scap.Proc{Comm: "store", Container: scap.ID("store"), Pod: scap.UID("bank")}
	a, b := live.NewAgent(t, app), live.NewAgent(t, store)
	h := watch(t, "", dir, "%proc.name %xim.container.flows %xim.pod.flows", "xim.pod.crossflow=true")
	h.Tell(a.PID, b.PID)
	h.Send(func(w *scap.Writer) {
		w.Container(scap.Container{ID: app.Container, Name: "main", Labels: scap.PodLabels("town", "shop", app.Pod)})
	})
	a.Write(file)
	b.Read(file)
	expect(t, h, fmt.Sprintf("store (%s -> %s -> %s) (town/shop -> %[2]s -> pod:%[4]s)", app.Container[:12], file, store.Container[:12], store.Pod))
	end(t, h)
}

// A recording has the events, and what they tell by themselves. The fields have no value
// there, whatever the sensor, and a flow is found neither by nor beside them.
func TestSensorRecorded(t *testing.T) {
	const data = `{"seq":1,"time":5,"op":"read"}`
	file := tell(t, func(w *scap.Writer) {
		f := w.Process(scap.Proc{PID: 100, Comm: "bob"}).Open("/x", create, disk, 7)
		f.Write(5)
		w.Raw(scap.EvAsync, 100, scap.U32(0), scap.Str("xim"), scap.Str(data))
		f.Close()
	})
	for _, config := range []string{`{"sensor":"falco"}`, `{"sensor":"kernel"}`} {
		const format = "%evt.type %evt.asynctype %proc.name %xim.crossflow %xim.flow %evt.args"
		for filter, want := range map[string][]string{
			"evt.type=xim":       {"xim xim bob false <NA> plugin_id=0 name=xim data=" + data + "."},
			"xim.crossflow=true": nil,
		} {
			if got := play(t, file, config, format, filter); !slices.Equal(got, want) {
				t.Errorf("%s, %s: got %q, want %q", config, filter, got, want)
			}
		}
	}
}

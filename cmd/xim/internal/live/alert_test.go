package live

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/forward"
	"github.com/xim-monitor/xim/plugin/flow"
	shipped "github.com/xim-monitor/xim/test/rules"
)

const rulesFile = "../../../../rules/xim_rules.yaml"

// at is when all that these tests make up was read; it was written a second before.
const at = int64(1_700_000_000_000_000_000)

// An access is one side of a flow that a test makes up.
type access struct {
	process, container, pod string // pod is namespace/name's uid too
	path                    string
}

// verdict is what the engine says of a read, once others wrote.
func verdict(t *testing.T, reader access, op flow.Op, writers ...access) *flow.Verdict {
	t.Helper()
	engine, err := flow.New(flow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key := flow.InodeKey(8, 42)
	subject := func(a access) flow.Subject {
		place := flow.Place{Container: a.container, PodUID: a.pod}
		if a.pod != "" {
			engine.Describe(flow.Description{Place: place, PodNamespace: "oran", PodName: a.pod})
		}
		return engine.Subject(a.process, place)
	}
	for i, w := range writers {
		engine.Write(key, subject(w), w.path, at-int64(time.Second)+int64(i))
	}
	return engine.Read(key, subject(reader), reader.path, op, at)
}

func TestAlert(t *testing.T) {
	v := verdict(t, access{"cat", "bbbbbbbbbbbb", "xapp-1", "/srv/b/key"}, flow.OpRead,
		access{"sh", "aaaaaaaaaaaa", "ran-ctl", "/mnt/a/key"}, access{"cp", "", "", "/var/key"})
	maker := alerts{host: "node1", granularity: flow.Pod}
	a := maker.of(v, actor{pid: 7, tid: 8, uid: 9, name: "cat"})
	want := []alert.Flow{
		{Host: "node1", Granularity: "pod", Writer: "host", Path: "/srv/b/key", Reader: "oran/xapp-1"},
		{Host: "node1", Granularity: "pod", Writer: "oran/ran-ctl", Path: "/srv/b/key", Reader: "oran/xapp-1"},
	}
	if !slices.Equal(a.Flows, want) {
		t.Errorf("flows are %q", a.Flows)
	}
	if !a.Time.Equal(time.Unix(0, at)) || a.Age != time.Second-1 || !a.HasAge || a.Op != "read" {
		t.Errorf("time %v, age %v, operation %s", a.Time, a.Age, a.Op)
	}

	// What falcosidekick gets is what it gets of Falco's alerts.
	var sent struct {
		Rule, Priority, Source, Hostname, Output string
		Time                                     time.Time
		Tags                                     []string
		Fields                                   map[string]any `json:"output_fields"`
	}
	payload := forward.AppendPayload(nil, a, a.Flows[1], a.Time)
	if err := json.Unmarshal(payload, &sent); err != nil {
		t.Fatalf("%v: %s", err, payload)
	}
	for key, want := range map[string]any{
		"xim.granularity": "pod", "xim.writer": "oran/ran-ctl", "xim.path": "/srv/b/key", "xim.reader": "oran/xapp-1",
		"xim.op": "read", "evt.type": "read", "proc.name": "cat", "proc.pid": 7.0, "thread.tid": 8.0, "user.uid": 9.0,
		"container.id": "bbbbbbbbbbbb", "k8s.ns.name": "oran", "k8s.pod.name": "xapp-1",
	} {
		if sent.Fields[key] != want {
			t.Errorf("%s is %v, want %v", key, sent.Fields[key], want)
		}
	}
	if sent.Rule != "Cross-Pod Flow" || sent.Priority != "Warning" || sent.Source != "syscall" || sent.Hostname != "node1" {
		t.Errorf("sent %s", payload)
	}

	if a := (&alerts{granularity: flow.Container}).of(verdict(t, access{"b", "", "", "/f"}, flow.OpRead, access{"a", "", "", "/f"}), actor{}); a != nil {
		t.Errorf("an alert of what crosses no border between containers: %q", a.Flows)
	}
}

// What an alert tells of its rule is what the shipped rule has.
func TestRulesAreTheShippedOnes(t *testing.T) {
	file, err := shipped.Load(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	priorities := map[string]string{
		"ERROR": "Error", "WARNING": "Warning", "NOTICE": "Notice", "INFO": "Informational", // as Falco's alerts spell them
	}
	ours := map[string]rule{}
	for _, of := range rules {
		for _, r := range of {
			ours[r.name] = r
		}
	}
	for _, theirs := range file.Rules {
		r, ok := ours[theirs.Name]
		delete(ours, theirs.Name)
		if !ok {
			t.Errorf("nothing stands for %s", theirs.Name)
			continue
		}
		var tags []string
		if err := json.Unmarshal(r.tags, &tags); err != nil {
			t.Fatal(err)
		}
		if r.priority != priorities[theirs.Priority] || !slices.Equal(tags, theirs.Tags) {
			t.Errorf("%s: %s %q, want %s %q", r.name, r.priority, tags, theirs.Priority, theirs.Tags)
		}
	}
	for name := range ours {
		t.Errorf("no shipped rule is called %s", name)
	}
}

package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/sysdig"
)

// Names that are put in while a file is expanded, and so must not be left over.
var ownName = regexp.MustCompile(`\b(xim_|user_known_)\w+`)

// The fields that any host without other plugins has.
var anywhere = regexp.MustCompile(`^(xim|evt|proc|user|fd)\.`)

func shipped(t *testing.T) *File {
	t.Helper()
	f, err := Load(filepath.Join(sysdig.Root(t), "rules", "xim_rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func plugin(t *testing.T) string {
	t.Helper()
	path := filepath.Join(sysdig.Root(t), "build", "libxim.so")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("XIM_E2E") == "required" {
			t.Fatalf("no plugin: %v (make build makes it)", err)
		}
		t.Skipf("no plugin: %v (make build makes it)", err)
	}
	return path
}

func recording(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(sysdig.Root(t), "test", "testdata", name)
}

func TestShippedFile(t *testing.T) {
	f := shipped(t)
	if f.EngineVersion != "0.57.0" {
		t.Errorf("required_engine_version is %q, Falco 0.42's is 0.57.0", f.EngineVersion)
	}
	if want := []Plugin{{"xim", "0.1.0"}}; !slices.Equal(f.Plugins, want) {
		t.Errorf("required_plugin_versions are %v, want %v", f.Plugins, want)
	}
	if unused := f.Unused(); len(unused) > 0 {
		t.Errorf("nothing uses %v", unused)
	}
	priorities := []string{"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"}
	var off []string
	for _, r := range f.Rules {
		if !r.Enabled {
			off = append(off, r.Name)
		}
		if r.Desc == "" || !slices.Contains(priorities, r.Priority) {
			t.Errorf("%s: desc %q, priority %q", r.Name, r.Desc, r.Priority)
		}
		for _, tag := range []string{"maturity_incubating", "container", "filesystem"} {
			if !slices.Contains(r.Tags, tag) {
				t.Errorf("%s: no tag %s", r.Name, tag)
			}
		}
		if name := ownName.FindString(r.Filter); name != "" {
			t.Errorf("%s: %s is not defined", r.Name, name)
		}
		// Falco sorts the rules by the event types of their conditions.
		if !strings.HasPrefix(strings.TrimSpace(r.Condition), "evt.type in (") {
			t.Errorf("%s: the condition does not begin with evt.type", r.Name)
		}
		sentence, keys, ok := strings.Cut(r.Output, " | ")
		if !ok || strings.ContainsAny(sentence, "%=|") {
			t.Errorf("%s: the output is not 'Sentence | key=%%field ...': %s", r.Name, r.Output)
		}
		for _, pair := range strings.Fields(keys) {
			if key, field, ok := strings.Cut(pair, "=%"); !ok || key == "" || !anywhere.MatchString(field) {
				t.Errorf("%s: %q in the output", r.Name, pair)
			}
		}
		// From these the client builds flows, and of one granularity only.
		var complete []string
		for _, g := range []string{"process", "container", "pod"} {
			if strings.Contains(keys, "%xim."+g+".writers ") && strings.Contains(keys, "%xim."+g+".reader ") {
				complete = append(complete, g)
			}
		}
		if len(complete) != 1 || !strings.Contains(keys, "%xim.path ") {
			t.Errorf("%s: the output has the flows of %v", r.Name, complete)
		}
	}
	if want := []string{"Cross-Process Flow"}; !slices.Equal(off, want) {
		t.Errorf("not enabled: %v, want %v", off, want)
	}
}

// Every condition and output goes through libsinsp's own compilers. In an output
// libsinsp takes %field.name and whatever letters follow for a field and a text, so the
// fields there are tried as conditions too.
func TestRulesCompile(t *testing.T) {
	lib := plugin(t)
	for _, r := range shipped(t).Rules {
		t.Run(r.Name, func(t *testing.T) {
			sysdig.Run(t, "-r", recording(t, "pods.scap"), "-H", lib, "-n", "1", "-p", "*"+r.Output, r.Filter)
			var exist []string
			for _, m := range regexp.MustCompile(`%([\w.]+)`).FindAllStringSubmatch(r.Output, -1) {
				exist = append(exist, m[1]+" exists")
			}
			sysdig.Run(t, "-r", recording(t, "pods.scap"), "-H", lib, "-n", "1", strings.Join(exist, " or "))
		})
	}
}

// What the comments tell people to write must work.
func TestTuningCompiles(t *testing.T) {
	lib, f := plugin(t), shipped(t)
	for _, condition := range []string{
		"(xim.pod.reader=monitoring/collector and xim.path startswith /var/log/pods/)",
		"(xim.pod.crossflow=true)",
		`xim.pod.writers intersects (host, "a b", oran/app1)`,
	} {
		filter, err := f.Expand(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		sysdig.Run(t, "-r", recording(t, "pods.scap"), "-H", lib, "-n", "1", filter)
	}
}

func TestUnknownFieldIsTheHostsError(t *testing.T) {
	lib := plugin(t)
	f, err := shipped(t).With(map[string]string{"xim_report_pod": "(xim.pod.nonsense=true)"})
	if err != nil {
		t.Fatal(err)
	}
	const field = "xim.pod.nonsense"
	_, stderr, err := sysdig.Try(t, "-r", recording(t, "pods.scap"), "-H", lib, "-n", "1", f.Rules[0].Filter)
	if err == nil || !strings.Contains(stderr, field) {
		t.Errorf("condition: %v, %s", err, stderr)
	}
	_, stderr, err = sysdig.Try(t, "-r", recording(t, "pods.scap"), "-H", lib, "-n", "1", "-p", "%"+field)
	if err == nil || !strings.Contains(stderr, field) {
		t.Errorf("output: %v, %s", err, stderr)
	}
}

// An alert is an event that a rule matched.
type alert struct {
	Num     int      `json:"evt.num"`
	Op      string   `json:"xim.op"`
	Path    string   `json:"xim.path"`
	Pods    []string `json:"xim.pod.writers"`
	Pod     string   `json:"xim.pod.reader"`
	Conts   []string `json:"xim.container.writers"`
	Cont    string   `json:"xim.container.reader"`
	Procs   []string `json:"xim.process.writers"`
	Proc    string   `json:"xim.process.reader"`
	rule    string
	Process string `json:"proc.name"`
}

// flows are the alert's, as the truth writes them: granularity, writer, path, reader.
func (a *alert) flows() []string {
	var flows []string
	for _, side := range []struct {
		granularity string
		writers     []string
		reader      string
	}{{"pod", a.Pods, a.Pod}, {"container", a.Conts, a.Cont}} {
		for _, w := range side.writers {
			flows = append(flows, strings.Join([]string{side.granularity, w, a.Path, side.reader}, "\t"))
		}
	}
	return flows
}

func (a *alert) String() string {
	return fmt.Sprintf("%d %s: %s %s -> %s -> %s (%s)", a.Num, a.rule, a.Op, a.Pods, a.Path, a.Pod, a.Process)
}

// match runs one rule over a capture file.
func match(t *testing.T, r *Rule, capture string) []*alert {
	t.Helper()
	out := sysdig.Run(t, "-r", capture, "-H", plugin(t), "-j", "-p",
		"*%evt.num %xim.op %xim.path %xim.pod.writers %xim.pod.reader %xim.container.writers %xim.container.reader "+
			"%xim.process.writers %xim.process.reader %proc.name", r.Filter)
	var alerts []*alert
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		a := &alert{rule: r.Name}
		if err := json.Unmarshal([]byte(line), a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// firstMatch gives each event to the first of the enabled rules that matches it.
func firstMatch(t *testing.T, f *File, capture string) []*alert {
	t.Helper()
	taken := map[int]bool{}
	var alerts []*alert
	for i := range f.Rules {
		if !f.Rules[i].Enabled {
			continue
		}
		for _, a := range match(t, &f.Rules[i], recording(t, capture)) {
			if !taken[a.Num] {
				taken[a.Num] = true
				alerts = append(alerts, a)
			}
		}
	}
	return alerts
}

func truth(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(recording(t, "pods.truth.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	flows := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, '\t')
		flows[line[:at]] = strings.TrimSpace(line[at:])
	}
	return flows
}

// On the recorded pods the rules say what is true and nothing else: what the runtimes do
// while 22 containers come and go is left out.
func TestTheRecordedPods(t *testing.T) {
	want := truth(t)
	found := map[string]bool{}
	var rest []*alert
	for _, a := range firstMatch(t, shipped(t), "pods.scap") {
		expected := false
		for _, flow := range a.flows() {
			if _, ok := want[flow]; ok {
				expected, found[flow] = true, true
			}
		}
		if !expected {
			rest = append(rest, a)
		}
		// What dropped a program is reported as that.
		if program := strings.HasPrefix(a.rule, "Cross-Pod Program"); program != (a.Op == "exec") {
			t.Errorf("the wrong rule: %s", a)
		}
	}
	for flow, scenario := range want {
		if !found[flow] {
			t.Errorf("not reported: %q (%s)", flow, scenario)
		}
	}
	t.Logf("%d of %d true flows, %d alerts beside them", len(found), len(want), len(rest))
	for _, a := range rest {
		t.Errorf("not a flow, or a runtime's: %s", a)
	}
}

// everyEvent makes the rules report every event of a flow, not only the first.
var everyEvent = map[string]string{
	"xim_report_pod":       "(xim.pod.crossflow=true)",
	"xim_report_container": "(xim.container.crossflow=true)",
	"xim_report_process":   "(xim.process.crossflow=true)",
}

// No event may match two rules, nor what one leaves out turn up in another: so the
// rules must not overlap even with nothing left out and with every event reported.
func TestRulesExcludeOneAnother(t *testing.T) {
	all := maps.Clone(everyEvent)
	all["xim_runtime_flows"] = "(xim_never)"
	f, err := shipped(t).With(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, capture := range []string{"pods.scap", "host.scap"} {
		by := map[int]*alert{}
		counts := map[string]int{}
		for i := range f.Rules {
			for _, a := range match(t, &f.Rules[i], recording(t, capture)) {
				counts[a.rule]++
				if other := by[a.Num]; other != nil {
					t.Errorf("%s: two rules for one event:\n%s\n%s", capture, other, a)
				}
				by[a.Num] = a
			}
		}
		// And together they leave no flow out.
		flow := Rule{Name: "any", Filter: "xim.process.crossflow=true or xim.container.crossflow=true or xim.pod.crossflow=true"}
		for _, a := range match(t, &flow, recording(t, capture)) {
			if by[a.Num] == nil {
				t.Errorf("%s: no rule for %s", capture, a)
			}
		}
		t.Logf("%s: %v", capture, counts)
	}
}

// Trusting a writer takes its flows away, and nothing else.
func TestTrustedWriters(t *testing.T) {
	f := shipped(t)
	before := flowsOf(firstMatch(t, f, "pods.scap"))
	trusting, err := f.WithLists(map[string][]string{"xim_trusted_pods": {"host", "oran/app1", "oran/dropper"}})
	if err != nil {
		t.Fatal(err)
	}
	after := flowsOf(firstMatch(t, trusting, "pods.scap"))
	for flow := range after {
		if !before[flow] {
			t.Errorf("only with trusted writers: %q", flow)
		}
	}
	var gone []string
	for flow := range before {
		if !after[flow] {
			gone = append(gone, flow)
		}
	}
	slices.Sort(gone)
	// Not the log, which the other writer wrote too, and not the program, which is
	// another rule's.
	want := []string{
		"container\thost\t/srv/b/fromhost\tc1a293fb69a9",
		"pod\thost\t/srv/b/fromhost\toran/podhost",
	}
	if !slices.Equal(gone, want) {
		t.Errorf("gone with trusted writers: %q, want %q", gone, want)
	}
}

// What a user_known macro leaves out of one rule no other picks up.
func TestUserKnown(t *testing.T) {
	f := shipped(t)
	before := firstMatch(t, f, "pods.scap")
	for _, r := range f.Rules {
		name := regexp.MustCompile(`user_known_\w+`).FindString(r.Condition)
		quiet, err := f.With(map[string]string{name: "(evt.num>0)"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]string{}
		for _, a := range before {
			if a.rule != r.Name {
				want[a.Num] = a.rule
			}
		}
		got := map[int]string{}
		for _, a := range firstMatch(t, quiet, "pods.scap") {
			got[a.Num] = a.rule
		}
		if !maps.Equal(got, want) {
			t.Errorf("with %s: events %v, want %v", name, got, want)
		}
	}
}

func flowsOf(alerts []*alert) map[string]bool {
	flows := map[string]bool{}
	for _, a := range alerts {
		for _, flow := range a.flows() {
			flows[flow] = true
		}
	}
	return flows
}

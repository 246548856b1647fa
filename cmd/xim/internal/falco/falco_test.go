package falco

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"go.yaml.in/yaml/v3"

	"github.com/xim-monitor/xim/plugin/flow"
	shipped "github.com/xim-monitor/xim/test/rules"
)

const rulesOfXIM = "../../../../rules/xim_rules.yaml"

// The rules that are on are the shipped ones, but that they do not ask whether a wider
// border is crossed, and that what runtimes do is left out all the same.
func TestChanges(t *testing.T) {
	file, err := shipped.Load(rulesOfXIM)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range flow.Granularities {
		c := Config{Rules: []string{rulesOfXIM}, Granularity: g}
		text, err := c.changes()
		if err != nil {
			t.Fatal(err)
		}
		var entries []struct {
			Rule, Condition string
			Enabled         bool
			Override        map[string]string
		}
		if err := yaml.Unmarshal(text, &entries); err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
		if len(entries) != len(file.Rules) {
			t.Fatalf("%d rules, want %d", len(entries), len(file.Rules))
		}
		for i, r := range file.Rules {
			e := entries[i]
			on := strings.HasPrefix(strings.ToLower(r.Name), "cross-"+g.String())
			if e.Rule != r.Name || e.Enabled != on || e.Override["enabled"] != "replace" {
				t.Errorf("%s: %+v", r.Name, e)
			}
			if changed := on && g != flow.Pod; changed != (e.Override["condition"] == "replace") || changed != (e.Condition != "") {
				t.Errorf("%s: %+v", r.Name, e)
			}
			if e.Condition == "" {
				continue
			}
			if strings.Contains(e.Condition, "crossflow") || !strings.Contains(e.Condition, "xim_report_"+g.String()) {
				t.Errorf("%s is on where %s", r.Name, e.Condition)
			}
			if executed := strings.HasSuffix(r.Name, "Executed"); executed == strings.HasSuffix(e.Condition, notRuntimes) {
				t.Errorf("%s is on where %s", r.Name, e.Condition)
			}
			if _, err := file.Expand(e.Condition); err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
		}
	}
}

// What a file changes that is loaded later holds.
func TestChangesOfTheUsers(t *testing.T) {
	tuned := filepath.Join(t.TempDir(), "tuned.yaml")
	if err := os.WriteFile(tuned, []byte(`
- rule: Cross-Container Flow
  condition: and xim.path=/srv
  override: {condition: append}
- list: xim_trusted_pods
  items: [host]
  override: {items: append}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Rules: []string{rulesOfXIM, tuned}, Granularity: flow.Container}
	text, err := c.changes()
	if err != nil || !bytes.Contains(text, []byte("and xim.path=/srv)"+notRuntimes)) {
		t.Errorf("%v:\n%s", err, text)
	}
	c.Rules = c.Rules[1:]
	if _, err := c.changes(); err == nil || !strings.Contains(err.Error(), `has no rule "Cross-Pod Program Executed"`) {
		t.Errorf("the error is %v", err)
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	c := Config{
		Plugin: `/opt/a "b"/libxim.so`, Rules: []string{rulesOfXIM}, Granularity: flow.Container,
		Process: "pid", MaxObjects: 5, Users: []string{"backup"}, Paths: []string{"/var/cache"}, Runtimes: true,
	}
	if err := c.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		BaseSyscalls struct{ All bool } `yaml:"base_syscalls"`
		JSON         bool               `yaml:"json_output"`
		Stdout       struct{ Enabled bool }
		Rules        []string `yaml:"rules_files"`
		Plugins      []struct {
			Name    string
			Library string         `yaml:"library_path"`
			Init    map[string]any `yaml:"init_config"`
		}
	}
	if err := yaml.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	last := got.Plugins[len(got.Plugins)-1]
	if !got.BaseSyscalls.All || !got.JSON || last.Name != "xim" || last.Library != c.Plugin ||
		len(got.Rules) != 2 || got.Rules[0] != c.Rules[0] || got.Rules[1] != filepath.Join(dir, rulesFile) {
		t.Errorf("wrote\n%s", text)
	}
	if last.Init["granularity"] != "container" || last.Init["process_identity"] != "pid" || last.Init["max_objects"] != 5 {
		t.Errorf("the plugin is told %v", last.Init)
	}
	for _, name := range []string{configFile, rulesFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if text, _ := c.changes(); !bytes.Contains(text, []byte("macro: xim_runtime_flows")) {
		t.Error("runtimes' own doings are left out still")
	}
}

// Falco puts environment variables into the values of its configuration.
func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"":           "",
		"/a":         "/a",
		"/${A}":      "/$${A}",
		"${A}${B}":   "$${A}$${B}",
		"${A":        "${A",
		"}${A":       "}${A",
		"${A}${":     "$${A}${",
		"${${A}}":    "$${$${A}}",
		"$A${B}":     "$A${B}", // it stops at the first
		"${A}$b${C}": "$${A}$b${C}",
		"$$${A}":     "$$${A}",
		"$${A":       "$${A",
	} {
		if got, err := literal(text); err != nil || got != want {
			t.Errorf("%s is written as %s, %v, want %s", text, got, err, want)
		}
	}
	if got, err := literal("/$${A}"); err == nil {
		t.Errorf("$${A} is written as %s", got)
	}
	dir := t.TempDir()
	c := Config{Plugin: "/${A}/libxim.so", Rules: []string{rulesOfXIM}, Paths: []string{"/${B}"}}
	if err := c.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil || !bytes.Contains(text, []byte(`"/$${A}/libxim.so"`)) || !bytes.Contains(text, []byte(`"/$${B}"`)) {
		t.Errorf("%v:\n%s", err, text)
	}
	c.Paths = []string{"/$${B}"}
	if err := c.write(dir); err == nil {
		t.Error("what cannot be written is")
	}
}

// Every key of the configuration is one of the example's, which Falco takes.
func TestConfigHasTheExamplesKeys(t *testing.T) {
	var example, ours map[string]any
	text, err := os.ReadFile("../../../../falco.yaml.example")
	if err == nil {
		err = yaml.Unmarshal(text, &example)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := Config{Rules: []string{rulesOfXIM}}
	if err := c.write(dir); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(filepath.Join(dir, configFile)); err == nil {
		err = yaml.Unmarshal(text, &ours)
	}
	if err != nil {
		t.Fatal(err)
	}
	// These are off there by leaving them out.
	known := map[string]bool{"buffered_outputs": true, "file_output": true, "program_output": true}
	for key := range ours {
		if _, ok := example[key]; !ok && !known[key] {
			t.Errorf("%s is not in falco.yaml.example", key)
		}
	}
}

func TestObjects(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", 100) + `"}`
	text := "Events detected: 1\n{\"b\":1}\n" + strings.Repeat("y", 100) + "{\n" + long + "\n\n{\"no\":\"end\"}"
	want := "{\"b\":1}\n" + long + "\n{\"no\":\"end\"}"
	for _, one := range []bool{false, true} {
		var other bytes.Buffer
		var from io.Reader = &objects{from: bufio.NewReaderSize(strings.NewReader(text), 16), other: &other}
		if one {
			from = iotest.OneByteReader(from)
		}
		got, err := io.ReadAll(from)
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
		if other.String() != "Events detected: 1\n"+strings.Repeat("y", 100)+"{\n\n" {
			t.Errorf("left out %q", &other)
		}
	}
}

func TestMessages(t *testing.T) {
	var said []string
	m := &messages{debug: func(_ string, a ...any) { said = append(said, string(a[0].([]byte))) }}
	io.WriteString(m, "one\ntw")
	io.WriteString(m, "o\nthree\n\n")
	if got := strings.Join(said, "|"); got != "one|two|three|" {
		t.Errorf("said %q", got)
	}
	m = &messages{}
	io.WriteString(m, strings.Repeat("x", 2*maxMessages)+"\n1\n2\n3\n4\n5\n")
	if got := m.last(); got != ": 1 / 2 / 3 / 4 / 5" {
		t.Errorf("last is %q", got)
	}
}

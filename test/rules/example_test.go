package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/xim-monitor/xim/test/sysdig"
)

// A falcoConfig is what of Falco's configuration the plugin and the client depend on.
type falcoConfig struct {
	BaseSyscalls struct {
		All    bool `yaml:"all"`
		Repair bool `yaml:"repair"`
	} `yaml:"base_syscalls"`
	LoadPlugins []string `yaml:"load_plugins"`
	Plugins     []struct {
		Name        string         `yaml:"name"`
		LibraryPath string         `yaml:"library_path"`
		InitConfig  map[string]any `yaml:"init_config"`
	} `yaml:"plugins"`
	RulesFiles   []string `yaml:"rules_files"`
	JSONOutput   bool     `yaml:"json_output"`
	OutputFields bool     `yaml:"json_include_output_fields_property"`
	HTTPOutput   struct {
		Enabled bool   `yaml:"enabled"`
		URL     string `yaml:"url"`
	} `yaml:"http_output"`
}

func exampleText(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sysdig.Root(t), "falco.yaml.example"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func example(t *testing.T) falcoConfig { return parsed(t, exampleText(t)) }

func parsed(t *testing.T, text string) falcoConfig {
	t.Helper()
	var c falcoConfig
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExampleConfiguration(t *testing.T) {
	c := example(t)
	if !c.BaseSyscalls.All || c.BaseSyscalls.Repair {
		t.Errorf("base_syscalls: %+v: no reads and writes", c.BaseSyscalls)
	}
	if want := []string{"container", "xim"}; !slices.Equal(c.LoadPlugins, want) {
		t.Errorf("load_plugins: %v, want %v in this order", c.LoadPlugins, want)
	}
	var names []string
	for _, p := range c.Plugins {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, c.LoadPlugins) {
		t.Errorf("plugins: %v, load_plugins: %v", names, c.LoadPlugins)
	}
	if !slices.ContainsFunc(c.RulesFiles, func(f string) bool { return filepath.Base(f) == "xim_rules.yaml" }) {
		t.Errorf("rules_files: %v", c.RulesFiles)
	}
	if !c.JSONOutput || !c.OutputFields || !c.HTTPOutput.Enabled || c.HTTPOutput.URL != "http://127.0.0.1:2802/" {
		t.Errorf("alerts do not reach the client: %+v", c)
	}
}

// The plugin takes the example's init_config as Falco hands it over: as JSON, in which
// an empty list has become null.
func TestExampleInitConfig(t *testing.T) {
	takesInitConfig(t, example(t))
}

// So is the variant in its comments.
func TestExampleWithSensor(t *testing.T) {
	text := regexp.MustCompile(`(?m)^      # (sensor: kernel|kernel:|  (attach|ring|objects|deeds): \w+)$`).ReplaceAllString(exampleText(t), "      $1")
	c := parsed(t, text)
	init := c.Plugins[len(c.Plugins)-1].InitConfig
	if inner, ok := init["kernel"].(map[string]any); init["sensor"] != "kernel" || !ok || len(inner) != 4 {
		t.Fatalf("%v", init)
	}
	takesInitConfig(t, c)
}

func takesInitConfig(t *testing.T, c falcoConfig) {
	t.Helper()
	lib := plugin(t)
	for _, p := range c.Plugins {
		if p.Name != "xim" {
			continue
		}
		init, err := json.Marshal(p.InitConfig)
		if err != nil {
			t.Fatal(err)
		}
		given := strings.ReplaceAll(string(init), "[]", "null")
		sysdig.Run(t, "-r", recording(t, "pods.scap"), "-H", lib+":"+given, "-n", "1")
	}
}

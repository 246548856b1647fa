package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
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

func example(t *testing.T) falcoConfig {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sysdig.Root(t), "falco.yaml.example"))
	if err != nil {
		t.Fatal(err)
	}
	var c falcoConfig
	if err := yaml.Unmarshal(data, &c); err != nil {
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
	lib := plugin(t)
	for _, p := range example(t).Plugins {
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

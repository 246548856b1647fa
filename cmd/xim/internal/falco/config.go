package falco

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/xim-monitor/xim/plugin/flow"
)

// Config is what Falco is to be told.
type Config struct {
	Plugin string   // libxim.so; "" to look for it
	Rules  []string // files, loaded in this order; none to look for the shipped one

	Granularity flow.Granularity
	Runtimes    bool // what container runtimes do by themselves is no alert's business, unless this is set

	Process    string // the plugin's process_identity
	MaxObjects int    // 0 is the plugin's default, as below
	MaxWriters int

	Users, Processes, Paths []string // the plugin's exclude
}

const (
	configFile = "falco.yaml"
	rulesFile  = "run_rules.yaml"

	// container is Falco's own plugin, which knows the names of pods.
	container = "/usr/share/falco/plugins/libcontainer.so"
)

// locate finds the parts that were not named, and whether those are there that were.
func (c *Config) locate() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	beside := filepath.Dir(program)
	if c.Plugin == "" {
		c.Plugin, err = first("--plugin", filepath.Join(beside, "libxim.so"), "/usr/share/falco/plugins/libxim.so")
	} else {
		c.Plugin, err = first("--plugin", c.Plugin)
	}
	if err != nil {
		return err
	}
	if len(c.Rules) == 0 {
		c.Rules = []string{""}
		c.Rules[0], err = first("--rules", filepath.Join(beside, "xim_rules.yaml"),
			filepath.Join(filepath.Dir(beside), "rules", "xim_rules.yaml"), "/etc/falco/xim_rules.yaml")
		return err
	}
	for i := range c.Rules {
		if c.Rules[i], err = first("--rules", c.Rules[i]); err != nil {
			return err
		}
	}
	return nil
}

// first is the first file that is there, by its absolute path: Falco takes others for
// names in folders of its own.
func first(flag string, paths ...string) (string, error) {
	for _, path := range paths {
		if path, err := filepath.Abs(path); err == nil && isFile(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %q: %s PATH names it", paths, flag)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// initConfig is the plugin's configuration. It takes no empty lists: Falco would hand
// them on as null.
type initConfig struct {
	Granularity string   `json:"granularity"`
	Process     string   `json:"process_identity,omitempty"`
	MaxObjects  int      `json:"max_objects,omitempty"`
	MaxWriters  int      `json:"max_writers,omitempty"`
	Exclude     *exclude `json:"exclude,omitempty"`
}

type exclude struct {
	Users     []string `json:"users,omitempty"`
	Processes []string `json:"processes,omitempty"`
	Paths     []string `json:"path_prefixes,omitempty"`
}

// quote writes a value as JSON, which YAML takes.
func quote(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // texts, numbers and lists of them have none
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// literal writes a text so that Falco takes it as it is. In the values of its
// configuration, though not in those of rules, ${NAME} stands for an environment variable
// and $${NAME} for ${NAME}; what follows any other $ is left alone.
func literal(text string) (string, error) {
	done, rest := "", text
	for {
		at := strings.IndexByte(rest, '$')
		if at < 0 || !strings.Contains(rest[at:], "}") {
			return done + rest, nil
		}
		switch after := rest[at+1:]; {
		case strings.HasPrefix(after, "{"):
			done, rest = done+rest[:at]+"$$", after
		case strings.HasPrefix(after, "${"):
			return "", fmt.Errorf("falco cannot be told of %q: it takes $${ for ${", text)
		default:
			return done + rest, nil
		}
	}
}

func literals(texts []string) ([]string, error) {
	all := make([]string, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = literal(text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var config = template.Must(template.New("").Funcs(template.FuncMap{"json": quote}).Parse(`# Made by "xim run --engine falco", for one run of it.
engine: {kind: modern_ebpf} # else it looks for a kernel module

# Without this, Falco drops reads and writes of files, whatever the rules ask for.
base_syscalls:
  custom_set: []
  repair: false
  all: true

load_plugins: [{{if .Container}}container, {{end}}xim]
plugins:
{{- if .Container}}
  - name: container
    library_path: {{json .Container}}
    init_config: {label_max_len: 100, with_size: false}
{{- end}}
  - name: xim
    library_path: {{json .Plugin}}
    init_config: {{json .Init}}

rules_files: {{json .Rules}}
rule_matching: all
watch_config_files: false
priority: debug

json_output: true
json_include_output_property: true
json_include_output_fields_property: true
json_include_tags_property: true
{{- if .Container}}
append_output:
  - suggested_output: true
{{- end}}
buffered_outputs: false
stdout_output: {enabled: true}
syslog_output: {enabled: false}
file_output: {enabled: false}
http_output: {enabled: false}
program_output: {enabled: false}
log_stderr: true
log_syslog: false
log_level: info
syscall_event_drops:
  threshold: .1
  actions: [log]
  rate: .03333
  max_burst: 1
webserver: {enabled: false}
metrics: {enabled: false}
`))

// write writes the configuration into a folder.
func (c *Config) write(dir string) error {
	rules := filepath.Join(dir, rulesFile)
	data := struct {
		Container, Plugin string
		Init              initConfig
		Rules             []string
	}{
		Init: initConfig{c.Granularity.String(), c.Process, c.MaxObjects, c.MaxWriters, nil},
	}
	var wrong [5]error
	data.Plugin, wrong[0] = literal(c.Plugin)
	data.Rules, wrong[1] = literals(append(append([]string{}, c.Rules...), rules))
	if len(c.Users)+len(c.Processes)+len(c.Paths) > 0 {
		var out exclude
		out.Users, wrong[2] = literals(c.Users)
		out.Processes, wrong[3] = literals(c.Processes)
		out.Paths, wrong[4] = literals(c.Paths)
		data.Init.Exclude = &out
	}
	if err := errors.Join(wrong[:]...); err != nil {
		return err
	}
	if isFile(container) {
		data.Container = container
	}
	changes, err := c.changes()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := config.Execute(&text, data); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, configFile), text.Bytes(), 0o600),
		os.WriteFile(rules, changes, 0o600),
	)
}

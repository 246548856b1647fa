package falco

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A shipped rule tells of a flow at the widest border that it crosses only, so that
// each makes one alert. Here one granularity is asked for, whatever else is crossed: its
// rules are on, without that condition, and the others are off.
var rules = []struct {
	name        string
	granularity flow.Granularity
	runtimes    bool // what runtimes do by themselves has to be left out, without that condition
}{
	{"Cross-Pod Program Executed", flow.Pod, false},
	{"Cross-Container Program Executed", flow.Container, false},
	{"Cross-Pod Flow", flow.Pod, false},
	{"Cross-Container Flow", flow.Container, true},
	{"Cross-Process Flow", flow.Process, true},
}

// wider are the conditions that no wider border be crossed.
var wider = strings.NewReplacer(" and xim.pod.crossflow=false", "", " and xim.container.crossflow=false", "")

// notRuntimes is what Cross-Pod Flow has of its own.
const notRuntimes = " and not xim_runtime_flows"

// changes are to be loaded after the rules.
func (c *Config) changes() ([]byte, error) {
	conditions, err := c.conditions()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("# Made by \"xim run --engine falco\", for one run of it.\n")
	if c.Runtimes {
		b.WriteString("- macro: xim_runtime_flows\n  condition: (xim_never)\n  override: {condition: replace}\n")
	}
	for _, r := range rules {
		condition, ok := conditions[r.name]
		if !ok {
			return nil, fmt.Errorf("%q has no rule %q: --rules takes xim_rules.yaml, and files that are loaded after it", c.Rules, r.name)
		}
		on := r.granularity == c.Granularity
		fmt.Fprintf(&b, "- rule: %s\n  enabled: %t\n", r.name, on)
		if !on || r.granularity == flow.Pod {
			b.WriteString("  override: {enabled: replace}\n")
			continue
		}
		condition = wider.Replace(condition)
		if r.runtimes {
			condition = "(" + condition + ")" + notRuntimes
		}
		fmt.Fprintf(&b, "  condition: %s\n  override: {enabled: replace, condition: replace}\n", quote(condition))
	}
	return []byte(b.String()), nil
}

// conditions are those of the rules, on one line each.
func (c *Config) conditions() (map[string]string, error) {
	found := map[string]string{}
	for _, path := range c.Rules {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var entries []struct {
			Rule, Condition string
			Override        map[string]string
		}
		if err := yaml.Unmarshal(text, &entries); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, e := range entries {
			condition := strings.Join(strings.Fields(e.Condition), " ")
			switch {
			case e.Rule == "" || condition == "":
			case e.Override["condition"] == "append":
				found[e.Rule] += " " + condition
			default:
				found[e.Rule] = condition
			}
		}
	}
	return found, nil
}

package falco

import (
	"fmt"
	"strings"

	"github.com/xim-monitor/xim/plugin/flow"
)

// A shipped rule tells of a flow at the widest border that it crosses only, so that
// each makes one alert. Here one granularity is asked for, whatever else is crossed: its
// rules are on, without that condition, and the others are off.
type change struct {
	granularity flow.Granularity
	name        string
	condition   string // without it; "" where there is none
}

var rules = []change{
	{flow.Pod, "Cross-Pod Program Executed", ""},
	{flow.Container, "Cross-Container Program Executed", `evt.type in (xim_exec_events) and xim_report_container ` +
		`and not xim.container.writers in (xim_trusted_program_containers) and not user_known_cross_container_programs`},
	{flow.Pod, "Cross-Pod Flow", ""},
	{flow.Container, "Cross-Container Flow", `evt.type in (xim_read_events) and xim_report_container ` +
		`and not xim.container.writers in (xim_trusted_containers) and not user_known_cross_container_flows` + notRuntimes},
	{flow.Process, "Cross-Process Flow", `evt.type in (xim_read_events, xim_exec_events) and xim_report_process ` +
		`and not xim.process.writers in (xim_trusted_processes) and not user_known_cross_process_flows` + notRuntimes},
}

// notRuntimes is what Cross-Pod Flow has of its own: what container runtimes do crosses
// the borders of pods.
const notRuntimes = ` and not xim_runtime_flows`

// changes are to be loaded after the shipped rules.
func (c *Config) changes() []byte {
	var b strings.Builder
	b.WriteString("# Made by \"xim run --engine falco\", for one run of it.\n")
	if c.Runtimes {
		b.WriteString("- macro: xim_runtime_flows\n  condition: (xim_never)\n  override: {condition: replace}\n")
	}
	for _, r := range rules {
		on := r.granularity == c.Granularity
		fmt.Fprintf(&b, "- rule: %s\n  enabled: %t\n", r.name, on)
		if on && r.condition != "" {
			fmt.Fprintf(&b, "  condition: %s\n  override: {enabled: replace, condition: replace}\n", r.condition)
		} else {
			b.WriteString("  override: {enabled: replace}\n")
		}
	}
	return []byte(b.String())
}

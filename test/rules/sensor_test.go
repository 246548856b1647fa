package rules

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/live"
	"github.com/xim-monitor/xim/test/scap"
)

// The same rules speak of events of the plugin's own sensor: each of what is its own to
// tell, once, and of nothing else.
func TestRulesOnEventsOfTheSensor(t *testing.T) {
	dir := t.TempDir()
	agents := map[string]*live.Agent{}
	var pids []int
	for name, where := range map[string]scap.Proc{"host": host, "app": app, "side": side, "other": other, "mate": app} {
		agents[name] = live.NewAgent(t, by(where, name))
		pids = append(pids, agents[name].PID)
	}
	told := []struct{ writer, reader, rule string }{
		{"app", "other", podFlow},
		{"host", "app", podFlow},
		{"other", "host", podFlow},
		{"app", "side", containerFlow},
		{"app", "mate", processFlow},
	}
	f := shipped(t)
	hosts := map[string]*live.Host{}
	for _, r := range f.Rules {
		format := r.Name + ": %xim.path %evt.type %proc.name"
		hosts[r.Name] = live.Start(t, `{"sensor":"kernel"}`, format, fmt.Sprintf("xim.path startswith %s/ and (%s)", dir, r.Filter))
		hosts[r.Name].Tell(pids...)
	}
	want := map[string][]string{}
	for i, s := range told {
		path := filepath.Join(dir, fmt.Sprint(i))
		agents[s.writer].Write(path)
		agents[s.reader].Read(path)
		want[s.rule] = append(want[s.rule], fmt.Sprintf("%s: %s xim %s", s.rule, path, s.reader))
	}
	for i, s := range []struct{ writer, reader, rule string }{
		{"app", "other", podProgram},
		{"app", "side", containerProgram},
	} {
		// A program of another's, which the reader's child becomes.
		path := filepath.Join(dir, fmt.Sprintf("program%d", i))
		agents[s.writer].Do("cat /bin/true > " + path + "; chmod 755 " + path)
		agents[s.reader].Do(path)
		want[s.rule] = append(want[s.rule], fmt.Sprintf("%s: %s xim program%d", s.rule, path, i))
	}
	for name, h := range hosts {
		for _, line := range want[name] {
			if got := strings.TrimSpace(h.Line()); got != line {
				t.Errorf("got  %s\nwant %s", got, line)
			}
		}
	}
	for _, h := range hosts {
		if lines, errs := h.Stop(); len(lines) > 0 || errs != "" {
			t.Errorf("more lines: %q\n%s", lines, errs)
		}
	}
}

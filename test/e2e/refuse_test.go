package e2e

import (
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/sysdig"
)

// playCut plays a capture at whose end the host complains.
func playCut(t *testing.T, file string) []string {
	t.Helper()
	out, stderr, err := sysdig.Try(t, "-r", file, "-H", plugin(t)+`:{"granularity":"pod"}`, "-p", "%xim.flows", "xim.new=true")
	if !strings.Contains(stderr, "truncated") {
		t.Fatalf("the host read a cut capture without a word: %v\n%s", err, stderr)
	}
	return strings.Split(strings.TrimRight(out, "\n"), "\n")
}

func TestHostRefusesBadConfiguration(t *testing.T) {
	for _, c := range []struct{ config, says string }{
		{`{"granularity":"pods"}`, `configuration key "granularity": got "pods", expected one of process, container, pod`},
		{`{"granularty":"pod"}`, `configuration key "granularty" is unknown (its value: "pod"): expected one of granularity, compat,`},
		{`{"max_objects":0}`, `configuration key "max_objects": got 0, expected a whole number from 1 to 67108864`},
		{`{"exclude":{"users":["nobody-knows-me"]}}`, `configuration key "exclude.users": got "nobody-knows-me", expected each item to be a user name or number`},
		{`{"compat":"yes"}`, `configuration key "compat": got "yes", expected true or false`},
	} {
		_, stderr, err := sysdig.Try(t, "-r", capture(t, "pods.scap"), "-H", plugin(t)+":"+c.config, "-n", "1")
		if err == nil || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: got %v\n%s\nwant a refusal that says %s", c.config, err, stderr, c.says)
		}
	}
}

func TestHostNamesUnknownField(t *testing.T) {
	_, stderr, err := sysdig.Try(t, "-r", capture(t, "pods.scap"), "-H", plugin(t), "xim.nosuch=true")
	if err == nil || !strings.Contains(stderr, "xim.nosuch") {
		t.Errorf("got %v\n%s\nwant a refusal that names xim.nosuch", err, stderr)
	}
}

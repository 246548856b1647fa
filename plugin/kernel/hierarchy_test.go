package kernel

import (
	"strings"
	"testing"
)

func TestSeparateController(t *testing.T) {
	const header = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
	for _, c := range []struct{ name, text, want string }{
		{"unified", "cpu\t0\t50\t1\nmemory\t0\t50\t1\npids\t0\t50\t1\n", ""},
		{"v1", "cpu\t3\t50\t1\nmemory\t5\t50\t1\npids\t8\t50\t1\n", "pids"},
		{"v1 without pids", "cpuset\t3\t1\t1\nmemory\t5\t50\t1\npids\t0\t50\t1\n", "memory"},
		{"switched off", "pids\t8\t1\t0\nfreezer\t2\t1\t1\n", "freezer"},
		{"one that holds no containers", "net_cls\t8\t1\t1\n", ""},
		{"nothing", "", ""},
		{"nonsense", "pids\npids 1 2\n\n", ""},
	} {
		if got := separateController(strings.NewReader(header + c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

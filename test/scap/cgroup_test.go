package scap_test

import (
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
	"github.com/xim-monitor/xim/test/sysdig"
)

func TestCgroup(t *testing.T) {
	web, shop := scap.ID("web"), scap.UID("shop")
	for _, c := range []struct {
		name string
		proc scap.Proc
		want string
	}{
		{"host", scap.Proc{}, "/"},
		{"container", scap.Proc{Container: web}, "/docker/" + web},
		{"pod", scap.Proc{Container: web, Pod: shop}, "/kubepods/besteffort/pod" + shop + "/" + web},
		{"literal", scap.Proc{Cgroup: "/libpod_parent/libpod-" + web}, "/libpod_parent/libpod-" + web},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := scap.New()
			c.proc.PID, c.proc.Comm = 100, "web"
			listed := w.Process(c.proc)
			listed.Chdir("/")
			forked := listed.Fork(scap.Proc{PID: 200})
			forked.Chdir("/")
			forked.Exec("/bin/x", 1, 0)

			got := sysdig.Run(t, "-r", file(t, w), "-p", "*%evt.type %thread.cgroup.memory %thread.cgroup.cpu")
			var want strings.Builder
			for _, typ := range []string{"chdir", "fork", "fork", "chdir", "execve"} {
				want.WriteString(typ + " " + c.want + " " + c.want + "\n")
			}
			if got != want.String() {
				t.Errorf("got:\n%swant:\n%s", got, &want)
			}
		})
	}
}

func TestMadeUpNames(t *testing.T) {
	if got := scap.ID("web"); len(got) != 64 || got == scap.ID("db") {
		t.Errorf("ID: %q", got)
	}
	if got := scap.UID("web"); len(got) != 36 || strings.Count(got, "-") != 4 || got == scap.UID("db") {
		t.Errorf("UID: %q", got)
	}
}

package live

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/xim-monitor/xim/plugin/flow"
	shipped "github.com/xim-monitor/xim/test/rules"
)

func TestOfRuntimes(t *testing.T) {
	pod := func(process, path string) access { return access{process, "aaaaaaaaaaaa", "xapp-1", path} }
	onHost := func(process, path string) access { return access{process, "", "", path} }
	for _, c := range []struct {
		what           string
		writer, reader access
		want           bool
	}{
		{"runc reads what holds the container back", pod("runc:[2:INIT]", "/exec.fifo"), onHost("runc", "/run/containerd/runc/k8s.io/1/exec.fifo"), true},
		{"the same in a container", pod("runc", "/exec.fifo"), access{"x", "bbbbbbbbbbbb", "xapp-2", "/run/containerd/runc/k8s.io/1/exec.fifo"}, false},
		{"another file there", pod("x", "/f"), onHost("runc", "/run/containerd/runc/k8s.io/1/state.json"), false},
		{"crun's filter", onHost("crun", "/run/crun/1/seccomp.bpf"), pod("crun", "/seccomp.bpf"), true},
		{"a container's own", pod("crun", "/run/crun/1/seccomp.bpf"), onHost("x", "/f"), false},
		{"names", onHost("containerd", "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/1/resolv.conf"), pod("app", "/etc/resolv.conf"), true},
		{"names of the kubelet's", onHost("kubelet", "/var/lib/kubelet/pods/1/etc-hosts"), pod("app", "/etc/hosts"), true},
		{"names from elsewhere", onHost("containerd", "/tmp/hosts"), pod("app", "/etc/hosts"), false},
		{"a secret", onHost("kubelet", "/var/lib/kubelet/pods/1/volumes/kubernetes.io~secret/s/..data/key"), pod("app", "/etc/key"), true},
		{"an empty folder's file", onHost("kubelet", "/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/s/key"), pod("app", "/etc/key"), false},
		{"last words", pod("app", "/dev/termination-log"), onHost("kubelet", "/var/lib/kubelet/pods/1/containers/app/2"), true},
		{"last words, to another", pod("app", "/dev/termination-log"), onHost("cat", "/var/lib/kubelet/pods/1/containers/app/2"), false},
	} {
		v := verdict(t, c.reader, flow.OpRead, c.writer)
		if got := ofRuntimes(v, c.reader.process); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}

	// Where a container wrote as well, it is nobody's own doing.
	secret := "/var/lib/kubelet/pods/1/volumes/kubernetes.io~secret/s/key"
	v := verdict(t, pod("app", "/etc/key"), flow.OpRead, access{"x", "bbbbbbbbbbbb", "xapp-2", "/k"}, onHost("kubelet", secret))
	if ofRuntimes(v, "app") {
		t.Error("a secret that a pod wrote too is left out")
	}
}

// The paths and names are those of the macro in the shipped rules.
func TestRuntimesAreThoseOfTheRules(t *testing.T) {
	file, err := shipped.Load(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	filter, err := file.Expand("xim_runtime_flows")
	if err != nil {
		t.Fatal(err)
	}
	var theirs []string
	for _, word := range regexp.MustCompile(`[^\s(),]+`).FindAllString(filter, -1) {
		if strings.HasPrefix(word, "/") || slices.Contains(kubelets, word) {
			theirs = append(theirs, word)
		}
	}
	var ours []string
	for _, list := range [][]string{
		startReadBelow, startReadEnds, startWroteAt, startWroteEnds, networkFiles, networkWroteBelow,
		{kubeletPods, hostsEnd, messagesHave}, volumes, kubelets,
	} {
		ours = append(ours, list...)
	}
	for _, of := range []*[]string{&ours, &theirs} {
		slices.Sort(*of)
		*of = slices.Compact(*of)
	}
	if !slices.Equal(ours, theirs) {
		t.Errorf("here:\n%s\nin the rules:\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
	if got := list(t, "xim_kubelets"); !slices.Equal(got, kubelets) {
		t.Errorf("kubelets are %q, in the rules %q", kubelets, got)
	}
}

// list reads a list of the shipped rules.
func list(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		List  string
		Items []string
	}
	if err := yaml.Unmarshal(text, &entries); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.List == name {
			return e.Items
		}
	}
	t.Fatalf("no list %s", name)
	return nil
}

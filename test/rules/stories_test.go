package rules

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xim-monitor/xim/test/scap"
)

const (
	podProgram       = "Cross-Pod Program Executed"
	containerProgram = "Cross-Container Program Executed"
	podFlow          = "Cross-Pod Flow"
	containerFlow    = "Cross-Container Flow"
	processFlow      = "Cross-Process Flow"
	nobody           = ""
)

// Where processes run: two containers of one pod, one of another, one of none.
var (
	host  = scap.Proc{}
	app   = scap.Proc{Container: scap.ID("app"), Pod: scap.UID("shop")}
	side  = scap.Proc{Container: scap.ID("side"), Pod: scap.UID("shop")}
	other = scap.Proc{Container: scap.ID("other"), Pod: scap.UID("bank")}
	lone  = scap.Proc{Container: scap.ID("lone")}
)

func by(where scap.Proc, comm string) scap.Proc {
	where.Comm = comm
	return where
}

const (
	kubelet = "/var/lib/kubelet/pods/" + "ac04f3f2-1f2c-11e9-b015-1ebee232acfa"
	fifo    = "/run/containerd/runc/k8s.io/" + "605439acbd4f" + "/exec.fifo"
)

// Each story: one or two wrote a file, one read or executed it, one rule speaks.
var stories = []struct {
	what    string
	writers []scap.Proc
	written string // as the writers see it
	reader  scap.Proc
	read    string // as the reader sees it
	exec    bool
	want    string
}{
	{"two pods", []scap.Proc{by(other, "sh")}, "/a/x", by(app, "cat"), "/b/x", false, podFlow},
	{"host and pod", []scap.Proc{by(host, "sh")}, "/a/x", by(app, "cat"), "/b/x", false, podFlow},
	{"pod and host", []scap.Proc{by(app, "sh")}, "/a/x", by(host, "cat"), "/b/x", false, podFlow},
	{"a container in no pod, and a pod", []scap.Proc{by(lone, "sh")}, "/a/x", by(app, "cat"), "/b/x", false, podFlow},
	{"one pod", []scap.Proc{by(side, "sh")}, "/a/x", by(app, "cat"), "/b/x", false, containerFlow},
	{"one container", []scap.Proc{by(app, "sh")}, "/a/x", by(app, "cat"), "/a/x", false, processFlow},
	{"one process", []scap.Proc{by(app, "sh")}, "/a/x", by(app, "sh"), "/a/x", false, nobody},
	{"the widest border counts", []scap.Proc{by(other, "sh"), by(side, "sh"), by(app, "sh")}, "/a/x", by(app, "cat"), "/b/x", false, podFlow},

	{"program, two pods", []scap.Proc{by(other, "sh")}, "/a/x", by(app, "run"), "/b/x", true, podProgram},
	{"program, host and pod", []scap.Proc{by(host, "sh")}, "/a/x", by(app, "run"), "/b/x", true, podProgram},
	{"program, pod and host", []scap.Proc{by(app, "sh")}, "/a/x", by(host, "run"), "/b/x", true, podProgram},
	{"program, one pod", []scap.Proc{by(side, "sh")}, "/a/x", by(app, "run"), "/b/x", true, containerProgram},
	{"program, one container", []scap.Proc{by(app, "sh")}, "/a/x", by(app, "run"), "/a/x", true, processFlow},

	{"runc starts a container", []scap.Proc{by(app, "runc:[2:INIT]")}, "/proc/self/fd/5", by(host, "runc"), fifo, false, nobody},
	{"a pod that calls itself runc", []scap.Proc{by(app, "sh")}, "/a/x", by(other, "runc"), fifo, false, podFlow},
	{"another file by that name", []scap.Proc{by(app, "sh")}, "/a/exec.fifo", by(host, "runc"), "/data/exec.fifo", false, podFlow},
	{"crun starts a container", []scap.Proc{by(host, "crun")}, "/run/crun/605439acbd4f/exec.fifo", by(app, "crun"), "/run/crun/605439acbd4f/exec.fifo", false, nobody},
	{"crun's filter", []scap.Proc{by(host, "crun")}, "/run/crun/605439acbd4f/seccomp.bpf", by(app, "crun"), "/run/crun/605439acbd4f/seccomp.bpf", false, nobody},
	{"a pod that calls itself crun", []scap.Proc{by(other, "crun")}, "/run/crun/605439acbd4f/seccomp.bpf", by(app, "crun"), "/run/crun/605439acbd4f/seccomp.bpf", false, podFlow},

	{"the kubelet's hosts", []scap.Proc{by(host, "kubelet")}, kubelet + "/etc-hosts", by(app, "cat"), "/etc/hosts", false, nobody},
	{"containerd's resolver", []scap.Proc{by(host, "containerd")}, "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/605439acbd4f/resolv.conf", by(app, "cat"), "/etc/resolv.conf", false, nobody},
	{"docker's name", []scap.Proc{by(host, "dockerd")}, "/var/lib/docker/containers/605439acbd4f/hostname", by(lone, "cat"), "/etc/hostname", false, nobody},
	{"podman's hosts", []scap.Proc{by(host, "podman")}, "/run/containers/storage/overlay-containers/605439acbd4f/userdata/hosts", by(lone, "cat"), "/etc/hosts", false, nobody},
	{"hosts from elsewhere", []scap.Proc{by(host, "kubelet")}, "/srv/hosts", by(app, "cat"), "/etc/hosts", false, podFlow},
	{"hosts of another pod", []scap.Proc{by(other, "kubelet")}, kubelet + "/etc-hosts", by(app, "cat"), "/etc/hosts", false, podFlow},

	{"a token", []scap.Proc{by(host, "kubelet")}, kubelet + "/volumes/kubernetes.io~projected/t/..1/token", by(app, "cat"), "/var/run/secrets/token", false, nobody},
	{"a secret", []scap.Proc{by(host, "kubelet")}, kubelet + "/volumes/kubernetes.io~secret/t/..1/key", by(app, "cat"), "/keys/key", false, nobody},
	{"a config map", []scap.Proc{by(host, "k3s-server")}, kubelet + "/volumes/kubernetes.io~configmap/t/..1/conf", by(app, "cat"), "/etc/conf", false, nobody},
	{"a pod writes another's secret", []scap.Proc{by(other, "kubelet")}, kubelet + "/volumes/kubernetes.io~secret/t/..1/key", by(app, "cat"), "/keys/key", false, podFlow},
	{"host and pod write a secret", []scap.Proc{by(other, "sh"), by(host, "kubelet")}, kubelet + "/volumes/kubernetes.io~secret/t/..1/key", by(app, "cat"), "/keys/key", false, podFlow},
	{"another kind of volume", []scap.Proc{by(host, "sh")}, kubelet + "/volumes/kubernetes.io~empty-dir/t/x", by(app, "cat"), "/t/x", false, podFlow},

	{"last words", []scap.Proc{by(app, "sh")}, "/run/last-words", by(host, "kubelet"), kubelet + "/containers/main/1", false, nobody},
	{"last words, to others on the host", []scap.Proc{by(app, "sh")}, "/run/last-words", by(host, "cat"), kubelet + "/containers/main/1", false, podFlow},
	{"last words, to a pod that calls itself kubelet", []scap.Proc{by(app, "sh")}, "/run/last-words", by(other, "kubelet"), kubelet + "/containers/main/1", false, podFlow},

	{"a program is not a secret", []scap.Proc{by(host, "kubelet")}, kubelet + "/volumes/kubernetes.io~secret/t/..1/run", by(app, "run"), "/keys/run", true, podProgram},
}

func TestStories(t *testing.T) {
	w := scap.New()
	pid := int64(100)
	start := func(p scap.Proc) *scap.Process {
		pid++
		p.PID = pid
		return w.Process(p)
	}
	reads := make([]int, len(stories))
	for i, s := range stories {
		// An inode of its own, on the one device behind every mount point.
		const dev = 0x800001
		ino := uint64(1000 + i)
		flags := scap.OWronly | scap.OCreat | scap.OCreated
		for _, p := range s.writers {
			writer := start(p)
			file := writer.Open(s.written, flags, dev, ino)
			file.Write(10)
			file.Close()
			flags = scap.OWronly
		}
		reader := start(s.reader)
		if s.exec {
			reads[i] = reader.Exec(s.read, ino, 0)
			continue
		}
		file := reader.Open(s.read, scap.ORdonly, dev, ino)
		reads[i] = file.Read(10)
		file.Close()
	}
	capture := filepath.Join(t.TempDir(), "stories.scap")
	if err := w.WriteFile(capture); err != nil {
		t.Fatal(err)
	}

	// Every event, since stories tell of the same flows.
	f, err := shipped(t).With(everyEvent)
	if err != nil {
		t.Fatal(err)
	}
	spoke := map[int][]string{}
	for i := range f.Rules {
		for _, a := range match(t, &f.Rules[i], capture) {
			spoke[a.Num] = append(spoke[a.Num], a.rule)
			if !slices.Contains(reads, a.Num) {
				t.Errorf("no story: %s", a)
			}
		}
	}
	for i, s := range stories {
		if got := strings.Join(spoke[reads[i]], " and "); got != s.want {
			t.Errorf("%s: %q, want %q", s.what, got, s.want)
		}
	}
}

// A name with a comma in it is trusted as the comment in the rules file says.
func TestTrustedNameWithAComma(t *testing.T) {
	w := scap.New()
	file := w.Process(scap.Proc{PID: 100, Comm: "a,b"}).Open("/x", scap.OWronly|scap.OCreat|scap.OCreated, 1, 2)
	file.Write(10)
	w.Process(scap.Proc{PID: 101, Comm: "cat"}).Open("/x", scap.ORdonly, 1, 2).Read(10)
	capture := filepath.Join(t.TempDir(), "comma.scap")
	if err := w.WriteFile(capture); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		trusted []string
		want    int
	}{
		{nil, 1},
		{[]string{`a`, `b`}, 1},
		{[]string{`"a\\,b"`}, 0},
	} {
		f, err := shipped(t).WithLists(map[string][]string{"xim_trusted_processes": tt.trusted})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(f.Rules, func(r Rule) bool { return r.Name == processFlow })
		if got := len(match(t, &f.Rules[at], capture)); got != tt.want {
			t.Errorf("trusting %q: %d alerts, want %d", tt.trusted, got, tt.want)
		}
	}
}

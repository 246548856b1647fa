package cri_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xim-monitor/xim/plugin/flow"
	"github.com/xim-monitor/xim/plugin/kernel"
	"github.com/xim-monitor/xim/plugin/kernel/cri"
	"github.com/xim-monitor/xim/test/containers"
)

// A machine is this one: its kernel, a container runtime, and what the sensor tells of
// the flows in directories that were handed out for sharing.
type machine struct {
	*containers.Runtime
	t       *testing.T
	sensor  *kernel.Sensor
	names   *cri.Names
	tracker *flow.Tracker
	tools   string // a directory with the program mapper
	markers string // a directory, and how many markers were written there
	marks   int

	mu    sync.Mutex // over what follows, and the tracker
	found map[string]bool
	news  chan struct{} // something was found
}

// deadline bounds everything that is waited for.
const deadline = 60 * time.Second

// sharedPrefix begins the names of shared directories, wherever they are mounted.
const sharedPrefix = "xim-shared-"

// newMachine starts to watch, or skips the test where the kernel or the user does not
// allow it, or there are no containers. With XIM_E2E=required it fails.
func newMachine(t *testing.T, limits flow.Options) *machine {
	t.Helper()
	m := &machine{t: t, Runtime: containers.Start(t), found: map[string]bool{}, news: make(chan struct{}, 1)}
	m.tools, m.markers = m.directory("", "xim-tools-"), m.directory("", sharedPrefix)
	build := exec.Command("go", "build", "-o", m.tools, "./testdata/mapper")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	var err error
	m.sensor, err = kernel.Open(kernel.Options{})
	if errors.Is(err, kernel.ErrUnavailable) && os.Getenv("XIM_E2E") != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.sensor.Close() })
	if m.names, err = cri.Dial(m.CRISocket(), t.Logf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.names.Close() })

	var feed *kernel.Feed
	limits.Evicted = func(k flow.Key) { feed.Evicted(k) }
	if m.tracker, err = flow.New(limits); err != nil {
		t.Fatal(err)
	}
	feed = kernel.NewFeed(m.sensor, kernel.FeedOptions{Tracker: m.tracker, Lock: &m.mu, Names: m.names})
	ended := make(chan error, 1)
	go func() { ended <- feed.Run(m.take) }()
	t.Cleanup(func() {
		s, err := m.sensor.Stats()
		if lost := s.Lost(); lost != 0 || err != nil {
			t.Errorf("%d records were lost, %v", lost, err)
		}
		m.sensor.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if f := feed.Stats(); f.UnknownPlace != 0 {
			t.Errorf("of %d subjects it is not known where they are", f.UnknownPlace)
		}
	})
	return m
}

// directory makes one that containers can mount. In is the place for it, "" for a file
// system on a disk.
func (m *machine) directory(in, prefix string) string {
	m.t.Helper()
	dir, err := os.MkdirTemp(in, prefix)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			m.t.Error(err)
		}
	})
	return dir
}

// take is called with m.mu held.
func (m *machine) take(v *flow.Verdict, _ *kernel.Record) {
	if !strings.Contains(v.Path, "/"+sharedPrefix) {
		return
	}
	for _, g := range flow.Granularities {
		for i := range v.Crossing(g).Writers {
			m.found[g.String()+": "+v.Flow(g, &v.Crossing(g).Writers[i])] = true
		}
	}
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// await waits until a flow is found.
func (m *machine) await(flow string) {
	m.t.Helper()
	late := time.After(deadline)
	for {
		m.mu.Lock()
		ok := m.found[flow]
		m.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-m.news:
		case <-late:
			m.t.Fatalf("not found: %s", flow)
		}
	}
}

// settle waits until all that was done before is taken in: the sensor tells of things
// in their order.
func (m *machine) settle() {
	m.t.Helper()
	m.marks++
	path := filepath.Join(m.markers, fmt.Sprint(m.marks))
	m.host("sh", "-c", "echo >"+path)
	m.host("cat", path)
	m.await("process: sh -> " + path + " -> cat")
}

// host runs a command outside all containers.
func (m *machine) host(args ...string) string {
	m.t.Helper()
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		m.t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}

// A share is a directory of the host that containers mount.
type share struct {
	dir    string
	inside string // where containers see it
	mounts []containers.Mount
}

// share makes a directory to be shared.
func (m *machine) share(in string) share {
	m.t.Helper()
	s := share{dir: m.directory(in, sharedPrefix)}
	s.inside = "/" + filepath.Base(s.dir)
	s.mounts = []containers.Mount{
		{Source: s.dir, Target: s.inside},
		{Source: m.tools, Target: "/tools", ReadOnly: true},
	}
	return s
}

// in runs a command in a container.
func (m *machine) in(c *containers.Container, args ...string) string {
	m.t.Helper()
	out, err := c.Exec(args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// A side is who writes or reads, at each granularity, finest first.
type side [3]string

func onHost(process string) side { return side{process, flow.HostName, flow.HostName} }

func plain(process string, c *containers.Container) side {
	return side{process, c.ID[:12], c.ID[:12]}
}

func pod(process string, c *containers.Container, p *containers.Pod) side {
	return side{process, c.ID[:12], p.Namespace + "/" + p.Name}
}

// crossing is what has to be found of a read: it crosses a border where the sides are
// not the same.
func crossing(writer side, path string, reader side) (flows []string) {
	for i, g := range flow.Granularities {
		if writer[i] != reader[i] {
			flows = append(flows, fmt.Sprintf("%v: %s -> %s -> %s", g, writer[i], path, reader[i]))
		}
	}
	return flows
}

// scenarios share files each in its own way, and tell what has to be found of that.
var scenarios = []struct {
	name string
	play func(m *machine) (wanted []string, in share)
}{
	{"containers outside pods", func(m *machine) ([]string, share) {
		s := m.share("")
		a, b := m.Container(s.mounts), m.Container(s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/file")
		m.in(b, "cat", s.inside+"/file")
		m.in(b, "cat", s.inside+"/file")
		m.in(a, "cat", s.inside+"/file")
		return slices.Concat(
			crossing(plain("sh", a), s.inside+"/file", plain("cat", b)),
			crossing(plain("sh", a), s.inside+"/file", plain("cat", a)),
		), s
	}},
	{"two pods of one name", func(m *machine) ([]string, share) {
		s := m.share("")
		blue, green := m.Pod("blue", "shop"), m.Pod("green", "shop")
		a, b := blue.Container("app", s.mounts), green.Container("app", s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/there")
		m.in(b, "cat", s.inside+"/there")
		m.in(b, "sh", "-c", "echo two >"+s.inside+"/back; echo three >>"+s.inside+"/there")
		m.in(a, "cat", s.inside+"/back", s.inside+"/there")
		return slices.Concat(
			crossing(pod("sh", a, blue), s.inside+"/there", pod("cat", b, green)),
			crossing(pod("sh", b, green), s.inside+"/back", pod("cat", a, blue)),
			crossing(pod("sh", b, green), s.inside+"/there", pod("cat", a, blue)),
		), s
	}},
	{"two containers of one pod", func(m *machine) ([]string, share) {
		s := m.share("")
		p := m.Pod("blue", "pair")
		a, b := p.Container("left", s.mounts), p.Container("right", s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/file")
		m.in(b, "cat", s.inside+"/file")
		return crossing(pod("sh", a, p), s.inside+"/file", pod("cat", b, p)), s
	}},
	{"a pod that is started again", func(m *machine) ([]string, share) {
		s := m.share("")
		p := m.Pod("blue", "again")
		a := p.Container("app", s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/file")
		p.Stop()
		again := m.Pod("blue", "again")
		b := again.Container("app", s.mounts)
		m.in(b, "cat", s.inside+"/file")
		return crossing(pod("sh", a, p), s.inside+"/file", pod("cat", b, again)), s
	}},
	{"the host", func(m *machine) ([]string, share) {
		s := m.share("")
		p := m.Pod("blue", "guest")
		a := p.Container("app", s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/out")
		m.host("cat", s.dir+"/out")
		m.host("sh", "-c", "echo two >"+s.dir+"/in")
		m.in(a, "cat", s.inside+"/in")
		return slices.Concat(
			crossing(pod("sh", a, p), s.dir+"/out", onHost("cat")),
			crossing(onHost("sh"), s.inside+"/in", pod("cat", a, p)),
		), s
	}},
	{"a program", func(m *machine) ([]string, share) {
		s := m.share("")
		p := m.Pod("blue", "smith")
		a, b := p.Container("app", s.mounts), m.Container(s.mounts)
		// It is called as what it is to do.
		m.in(a, "cp", "/bin/busybox", s.inside+"/echo")
		if out := m.in(b, s.inside+"/echo", "done"); out != "done\n" {
			m.t.Errorf("the program says %q", out)
		}
		return crossing(pod("cp", a, p), s.inside+"/echo", plain("echo", b)), s
	}},
	{"shared memory", func(m *machine) ([]string, share) {
		s := m.share("/dev/shm")
		red, blue := m.Pod("red", "memory"), m.Pod("blue", "memory")
		a, b := red.Container("app", s.mounts), blue.Container("app", s.mounts)
		m.in(a, "/tools/mapper", "write", s.inside+"/file", "one")
		if out := m.in(b, "/tools/mapper", "read", s.inside+"/file"); !strings.HasPrefix(out, "one\x00") {
			m.t.Errorf("in memory is %.10q", out)
		}
		return crossing(pod("mapper", a, red), s.inside+"/file", pod("mapper", b, blue)), s
	}},
	{"gone at once", func(m *machine) ([]string, share) {
		s := m.share("")
		p := m.Pod("blue", "brief")
		a := p.Container("once", s.mounts, "sh", "-c", "echo one >"+s.inside+"/pod")
		b := m.Container(s.mounts, "sh", "-c", "echo two >"+s.inside+"/plain")
		a.Wait()
		b.Wait()
		b.Stop()
		m.host("cat", s.dir+"/pod", s.dir+"/plain")
		return slices.Concat(
			crossing(pod("sh", a, p), s.dir+"/pod", onHost("cat")),
			crossing(plain("sh", b), s.dir+"/plain", onHost("cat")),
		), s
	}},
	{"nothing to tell", func(m *machine) ([]string, share) {
		s := m.share("")
		a, b := m.Container(s.mounts), m.Container(s.mounts)
		m.in(a, "sh", "-c", "echo one >"+s.inside+"/file")
		m.in(b, "sh", "-c", "echo two >"+s.inside+"/file; read line <"+s.inside+"/file; ls "+s.inside)
		m.in(b, "sh", "-c", "echo three >>"+s.inside+"/other; : >"+s.inside+"/other")
		m.in(a, "cat", s.inside+"/other")
		return nil, s
	}},
}

// Of everything that containers and pods hand around, exactly that is found which
// crosses a border, under the right names.
func TestFlows(t *testing.T) {
	m := newMachine(t, flow.Options{})
	var right, wrong, missing int
	for _, s := range scenarios {
		start := time.Now()
		wanted, in := s.play(m)
		m.settle()
		found := m.flows(in)
		for _, f := range wanted {
			if !slices.Contains(found, f) {
				missing++
				t.Errorf("%s: not found: %s", s.name, f)
			}
		}
		for _, f := range found {
			if slices.Contains(wanted, f) {
				right++
			} else {
				wrong++
				t.Errorf("%s: found, but is none: %s", s.name, f)
			}
		}
		t.Logf("%s: %d flows, %v", s.name, len(found), time.Since(start).Round(time.Millisecond))
	}
	t.Logf("of %d flows %d were found (recall %.3f), and of what was found %d were none (precision %.3f)",
		right+missing, right, ratio(right, missing), wrong, ratio(right, wrong))
	stats, err := m.sensor.Stats()
	t.Logf("sensor %+v, %v; runtime %+v", stats, err, m.names.Stats())
}

func ratio(a, b int) float64 { return float64(a) / float64(max(1, a+b)) }

// flows are those in a shared directory, sorted.
func (m *machine) flows(in share) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Sorted(maps.Keys(m.found))
	return slices.DeleteFunc(all, func(f string) bool { return !strings.Contains(f, in.inside+"/") })
}

// What is known of a container goes with it, once nothing is known that it wrote.
func TestContainersLeave(t *testing.T) {
	const objects = 64
	m := newMachine(t, flow.Options{MaxObjects: objects})
	s := m.share("")
	p := m.Pod("blue", "shop")
	kept := m.Container(s.mounts)
	leaving := []*containers.Container{m.Container(s.mounts), p.Container("app", s.mounts)}
	for _, c := range append(leaving, kept) {
		m.in(c, "sh", "-c", "echo one >"+s.inside+"/"+c.ID)
		m.in(kept, "cat", s.inside+"/"+c.ID)
	}
	m.settle()
	if got := m.stats().Containers; got < 1+len(leaving) {
		t.Fatalf("the engine knows %d containers, want at least %d", got, 1+len(leaving))
	}
	for _, c := range leaving {
		c.Stop()
	}
	p.Stop()
	m.host("sh", "-c", fmt.Sprintf("for i in $(seq %d); do echo >%s/$i; done", 2*objects, s.dir))
	m.in(kept, "sh", "-c", "echo one >"+s.inside+"/last")
	m.settle()
	m.until(func(s flow.Stats) bool { return s.Containers == 1 })
}

func (m *machine) stats() flow.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tracker.Stats()
}

// until waits for the engine to be so.
func (m *machine) until(so func(flow.Stats) bool) {
	m.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(deadline); !so(m.stats()); {
		select {
		case <-tick.C:
		case <-late:
			m.t.Fatalf("the engine stays at %+v", m.stats())
		}
	}
}

package flow

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// A scenario is told in steps, a line each, and a second passes with each.
//
//	A/c1/u1 writes 7 as /a/x            process A, in container c1 of the pod with uid u1
//	B reads 7 as /b/x => new process A -> B
//	B maps 7 as /b/x => process A -> B
//	B copies 7 as /in to 8 as /out => nothing
//	B executes 7 as /bin/x => nothing
//	B/c1 executes 7 on its overlay as /bin/x => nothing
//	B writes /b/x                       the inode is unknown: the path names the object
//	7 is created                        or truncated, or a pipe
//	c1 is of u1                         metadata: or "is ns/pod", "is ns/pod of u1", "is known"
//	c1 claims ns/pod of u1              metadata that is not to be trusted
//	c1 is gone
//	device 5 is an overlay of c1
//	count objects 1 subjects 2
//
// Objects lie on device 1, "5:7" on device 5. After => stand the granularities
// at which the read crosses a border, with the writers, latest first, and the
// reader; "new" goes before those with a new flow.
type scenario struct {
	*testing.T
	tracker *Tracker
	now     int64
}

type scenarios []struct {
	name   string
	opts   Options
	script string
}

func (all scenarios) play(t *testing.T) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) { play(t, s.opts, s.script) })
	}
}

// play runs a scenario and returns the Tracker as it is afterwards.
func play(t *testing.T, opts Options, script string) *Tracker {
	t.Helper()
	s := &scenario{t, newTracker(t, opts), 0}
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" {
			s.now += int64(time.Second)
			s.step(line)
		}
	}
	return s.tracker
}

func newTracker(t testing.TB, opts Options) *Tracker {
	t.Helper()
	tr, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func (s *scenario) step(line string) {
	s.Helper()
	what, want, _ := strings.Cut(line, " => ")
	w := strings.Fields(what)
	got := ""
	switch w[1] {
	case "is":
		s.is(w[0], w[2:])
	case "claims":
		d := description(w[0], w[2:])
		d.Claimed = true
		s.tracker.Describe(d)
	case "objects", "subjects", "containers", "pods", "unclear", "flows":
		got, want = s.count(w[1:]), strings.Join(w[1:], " ")
	default:
		if w[0] == "device" {
			s.tracker.Overlay(uint32(s.number(w[1])), strings.TrimPrefix(w[len(w)-1], HostName))
			return
		}
		got = s.access(w[0], w[1], w[2:])
	}
	if got != want {
		s.Errorf("%s\n got %s\nwant %s", line, got, want)
	}
}

func (s *scenario) access(who, does string, w []string) string {
	process, at := where(who)
	subject := s.tracker.Subject(process, at)
	defer s.tracker.Release(subject)
	k, path, rest := s.object(at, w)
	switch does {
	case "writes":
		s.tracker.Write(k, subject, path, s.now)
		return ""
	case "reads":
		return verdictText(s.tracker.Read(k, subject, path, OpRead, s.now))
	case "maps":
		return verdictText(s.tracker.Read(k, subject, path, OpMmap, s.now))
	case "copies":
		v := s.tracker.Read(k, subject, path, OpSendfile, s.now)
		to, toPath, _ := s.object(at, rest[1:])
		s.tracker.Write(to, subject, toPath, s.now)
		return verdictText(v)
	case "executes":
		p := Program{Inode: k.ino, Overlay: w[1] == "on", Container: at.Container, Path: path}
		return verdictText(s.tracker.Exec(p, subject, s.now))
	}
	s.Fatalf("who %s?", does)
	return ""
}

// where understands A, A/c1 and A/c1/u1.
func where(who string) (process string, at Place) {
	process, rest, _ := strings.Cut(who, "/")
	at.Container, at.PodUID, _ = strings.Cut(rest, "/")
	return process, at
}

// object understands "7 as /x", "7 on its overlay as /x" and "/x".
func (s *scenario) object(at Place, w []string) (k Key, path string, rest []string) {
	if strings.HasPrefix(w[0], "/") {
		return s.tracker.PathKey(at.Container, w[0]), w[0], w[1:]
	}
	for i := range w {
		if w[i] == "as" {
			return s.key(w[0]), w[i+1], w[i+2:]
		}
	}
	s.Fatalf("%s as what path?", w[0])
	return
}

func (s *scenario) key(text string) Key {
	dev, ino, ok := strings.Cut(text, ":")
	if !ok {
		dev, ino = "1", text
	}
	return InodeKey(uint32(s.number(dev)), s.number(ino))
}

func (s *scenario) number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

func (s *scenario) is(it string, w []string) {
	switch w[0] {
	case "created":
		s.tracker.Created(s.key(it))
	case "truncated":
		s.tracker.Truncated(s.key(it))
	case "a":
		s.tracker.Pipe(s.key(it))
	case "gone":
		s.tracker.Remove(it)
	default:
		s.tracker.Describe(description(it, w))
	}
}

// description understands "of u1", "ns/pod", "ns/pod of u1", and "known".
func description(container string, w []string) Description {
	at := Place{Container: container}
	namespace, name, _ := strings.Cut(w[0], "/")
	if n := len(w); n > 1 && w[n-2] == "of" {
		at.PodUID = w[n-1]
	}
	return told(at, namespace, name)
}

// told is what Kubernetes' runtime tells of a container.
func told(at Place, namespace, name string) Description {
	return Description{Place: at, PodNamespace: namespace, PodName: name}
}

// count says what there is, of the things that are named.
func (s *scenario) count(names []string) string {
	st := s.tracker.Stats()
	numbers := map[string]int{
		"objects": st.Objects, "subjects": st.Subjects, "containers": st.Containers, "pods": st.Pods,
		"flows": st.KnownFlows, "unclear": int(st.UnclearExecs),
	}
	var b []string
	for i := 0; i < len(names); i += 2 {
		b = append(b, names[i], strconv.Itoa(numbers[names[i]]))
	}
	return strings.Join(b, " ")
}

func verdictText(v *Verdict) string {
	if v == nil {
		return "nothing"
	}
	var parts []string
	for _, g := range Granularities {
		c := v.Crossing(g)
		if len(c.Writers) == 0 {
			continue
		}
		text := g.String() + " "
		if c.New {
			text = "new " + text
		}
		for i, w := range c.Writers {
			if i > 0 {
				text += ","
			}
			text += w.Domain
		}
		parts = append(parts, text+" -> "+v.ReaderDomain(g))
	}
	return strings.Join(parts, ", ")
}
